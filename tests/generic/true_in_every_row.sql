{# A condition that holds in every row; a row in which it is null fails too. #}
{% test true_in_every_row(model, condition) %}
    select *
    from {{ model }}
    where ({{ condition }}) is not true
{% endtest %}
