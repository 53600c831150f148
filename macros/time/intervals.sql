{# Intervals [starts_at, ends_at) of one key that overlap, or are no farther apart than a tolerance, as one. #}
{% macro merge_intervals(relation, key, tolerance_seconds=0) -%}
    {%- set names = key | join(', ') -%}
    select
        {{ names }},
        min(starts_at) as starts_at,
        max(ends_at) as ends_at
    from (
        select
            *,
            sum(case when starts_at <= latest_end + interval '{{ tolerance_seconds }} seconds' then 0 else 1 end) over (
                partition by {{ names }} order by starts_at, ends_at rows unbounded preceding
            ) as island
        from (
            select
                *,
                max(ends_at) over (
                    partition by {{ names }} order by starts_at, ends_at
                    rows between unbounded preceding and 1 preceding
                ) as latest_end
            from (select distinct {{ names }}, starts_at, ends_at from {{ relation }})
        )
    )
    group by {{ names }}, island
{%- endmacro %}

{# How many microseconds of a UTC day, given by its midnight, lie in [starts_at, ends_at). #}
{% macro microseconds_of_day(starts_at, ends_at, day) -%}
    greatest(
        {{ microseconds('least(' ~ ends_at ~ ', ' ~ day ~ ' + interval 1 day)') }}
        - {{ microseconds('greatest(' ~ starts_at ~ ', ' ~ day ~ ')') }},
        0
    )
{%- endmacro %}
