{# In every period and cohort, uncached input, cached input and output cost what all tokens cost, by origin, exactly; and they are as
   many where the same days were counted for all four. Tokens can be known whose kinds are not. #}
{% test token_kinds_sum_to_token(model) %}
    {%- set key = 'period_start, environment, workload, cohort_dimension, cohort' -%}
    {%- set columns = ['effective_cost'] -%}
    {%- for origin in cost_origins() %}{% do columns.append(origin ~ '_cost') %}{% endfor %}
    select
        {{ key }},
        {% for column in columns -%}
        sum(case when unit = 'token' then {{ column }} else -{{ column }} end) as {{ column }}_difference,
        {% endfor -%}
        sum(case when unit = 'token' then units else -units end) as units_difference,
        count(*) as rows_found
    from {{ model }}
    where unit in ('input_token', 'cached_input_token', 'output_token', 'token')
    group by {{ key }}
    having
        count(*) != 4
        {% for column in columns -%}
        or sum(case when unit = 'token' then {{ column }} else -{{ column }} end) != 0
        {% endfor -%}
        or (
            count(*) filter (where unit != 'token' and null_reason != 'no_units') = 0
            and sum(case when unit = 'token' then counted_cost else -counted_cost end) = 0
            and sum(case when unit = 'token' then units else -units end) is distinct from 0
        )
{% endtest %}
