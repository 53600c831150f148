{# Hours in which a log implausibly has no row. `relation` has `log_rows` of each hour (`hour_starts_at`) of each log, and the column
   `log` names the log. From the first day of its rows to the last, a row a day: a quiet hour and a lost one look the same. #}
{% macro silent_hours_daily(relation, log) -%}
with spans as (

    select
        {{ log }},
        date_trunc('day', min(hour_starts_at)) as first_day,
        date_trunc('day', max(hour_starts_at)) as last_day,
        min(hour_starts_at) as first_hour,
        max(hour_starts_at) as last_hour,
        median(log_rows) as rows_an_hour
    from {{ relation }}
    group by {{ log }}

),

hours as (

    select
        {{ log }},
        first_hour,
        last_hour,
        rows_an_hour,
        cast(unnest(range(first_day, last_day + interval 1 day, interval 1 hour)) as timestamp) as hour_starts_at
    from spans

),

compared as (

    select
        hours.{{ log }},
        hours.hour_starts_at,
        hours.hour_starts_at not between hours.first_hour and hours.last_hour as is_outside,
        hours.rows_an_hour,
        count(*) over (
            partition by hours.{{ log }}, hour(hours.hour_starts_at), isodow(hours.hour_starts_at) >= 6
        ) as days_of_kind,
        coalesce(logs.log_rows, 0) as log_rows,
        median(coalesce(logs.log_rows, 0)) over (
            partition by hours.{{ log }}, hour(hours.hour_starts_at), isodow(hours.hour_starts_at) >= 6
        ) as usual_rows,
        median(coalesce(logs.log_rows, 0)) over (
            partition by hours.{{ log }}, hour(hours.hour_starts_at)
        ) as usual_rows_any_day,
        count(*) over weekday as weeks,
        median(coalesce(logs.log_rows, 0)) over weekday as weekday_rows,
        lag(coalesce(logs.log_rows, 0), 1, 0) over walk as rows_before,
        lead(coalesce(logs.log_rows, 0), 1, 0) over walk as rows_after
    from hours
    left join {{ relation }} as logs on hours.{{ log }} = logs.{{ log }} and hours.hour_starts_at = logs.hour_starts_at
    window
        walk as (partition by hours.{{ log }} order by hours.hour_starts_at),
        weekday as (
            partition by hours.{{ log }}, hour(hours.hour_starts_at), isodow(hours.hour_starts_at)
        )

),

-- a silence is implausible where ten requests are usual, or twenty came before it and after. Of fewer than three days of a kind nobody can
-- say what is usual: what is on any day counts, and before the first row and after the last what an hour with rows has.
judged as (

    select
        *,
        log_rows = 0
        and (
            (usual_rows >= 10 and (weekday_rows >= 10 or weeks < 3))
            or (rows_before >= 20 and rows_after >= 20)
            or (days_of_kind < 3 and usual_rows_any_day >= 10)
            or (is_outside and days_of_kind < 3 and rows_an_hour >= 10)
        ) as is_silent
    from compared

)

select
    cast(hour_starts_at as date) as date_day,
    {{ log }},
    cast(count(*) filter (where is_silent) as bigint) as silent_hours
from judged
group by cast(hour_starts_at as date), {{ log }}
{%- endmacro %}
