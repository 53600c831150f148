{# Every value is one of cost_origins(), which is the only list of them. #}
{% test is_cost_origin(model, column_name) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} not in ('{{ cost_origins() | join("', '") }}')
{% endtest %}
