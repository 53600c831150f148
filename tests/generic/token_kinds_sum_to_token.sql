{# In every period and cohort, uncached input, cached input and output cost what all tokens cost, by origin, exactly. #}
{% test token_kinds_sum_to_token(model) %}
    {%- set key = 'period_start, environment, workload, cohort_dimension, cohort' -%}
    {%- set columns = ['units', 'effective_cost'] -%}
    {%- for origin in cost_origins() %}{% do columns.append(origin ~ '_cost') %}{% endfor %}
    select
        {{ key }},
        {% for column in columns -%}
        sum(case when unit = 'token' then {{ column }} else -{{ column }} end) as {{ column }}_difference,
        {% endfor -%}
        count(*) as rows_found
    from {{ model }}
    where unit in ('input_token', 'cached_input_token', 'output_token', 'token')
    group by {{ key }}
    having
        count(*) != 4
        {% for column in columns -%}
        or sum(case when unit = 'token' then {{ column }} else -{{ column }} end) != 0
        {% endfor %}
{% endtest %}
