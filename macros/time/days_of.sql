{# A row for each day that [starts_at, ends_at) touches, as a timestamp of its midnight; at least the first. One in a select. #}
{% macro each_day_of(starts_at, ends_at) -%}
    {{ each_time(
        "date_trunc('day', " ~ starts_at ~ ')',
        'greatest(' ~ ends_at ~ ' - interval 1 microsecond, ' ~ starts_at ~ ')'
    ) }}
{%- endmacro %}

{# A day's part of whole units that arose evenly in [starts_at, ends_at): rounded down at each midnight, so that the parts
   are the whole and the remainder falls to the later day. Null stays null. #}
{% macro part_of_day(units, starts_at, ends_at, day) -%}
    cast(
        case
            when {{ ends_at }} > {{ starts_at }}
                then {{ units_until(units, starts_at, ends_at, day ~ ' + interval 1 day') }}
                    - {{ units_until(units, starts_at, ends_at, day) }}
            else {{ units }}
        end as bigint
    )
{%- endmacro %}

{% macro units_until(units, starts_at, ends_at, moment) -%}
    {{ quotient(
        'cast(' ~ units ~ ' as ' ~ wide_integer() ~ ') * greatest(least(' ~ microseconds(moment) ~ ', ' ~ microseconds(ends_at)
        ~ ') - ' ~ microseconds(starts_at) ~ ', 0)',
        '(' ~ microseconds(ends_at) ~ ' - ' ~ microseconds(starts_at) ~ ')'
    ) }}
{%- endmacro %}
