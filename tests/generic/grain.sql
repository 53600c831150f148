{# A row for each combination of `columns`, and a value in every column of `not_null`: one scan for all of a model. #}
{% test grain(model, columns, not_null=[]) %}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
        {%- for column in not_null %},
        count(*) - count({{ column }}) as {{ column }}_nulls
        {%- endfor %}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in not_null %}
        or count({{ column }}) < count(*)
        {%- endfor %}
{% endtest %}
