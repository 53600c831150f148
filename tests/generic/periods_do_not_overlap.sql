{# Stops the build with one line where two periods [valid_from, valid_to) of one key share a day, or one ends before it starts. #}
{% test periods_do_not_overlap(model, key) %}
    with periods as (
        select
            *,
            lead(valid_from) over (partition by {{ key }} order by valid_from, valid_to) as next_valid_from
        from {{ model }}
    )
    select {{ key }}
    from periods
    where
        case
            when valid_to <= valid_from
                then {{ stop(
                    model.identifier ~ ', ' ~ key ~ ' {} from {}: valid_to is not after valid_from; the end is exclusive',
                    [key, 'valid_from']
                ) }} is not null
            when next_valid_from < coalesce(valid_to, date '9999-12-31')
                then {{ stop(
                    model.identifier ~ ', ' ~ key ~ ' {} from {}: the next period begins before this one ends; end it with valid_to',
                    [key, 'valid_from']
                ) }} is not null
            else false
        end
{% endtest %}
