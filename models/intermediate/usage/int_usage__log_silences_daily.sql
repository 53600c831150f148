with request_hours as (

    select * from {{ ref('int_usage__request_hours') }}

),

product_hours as (

    select * from {{ ref('int_usage__product_hours') }}

),

-- the gateway as a whole, and each deployment's part of it: one of two gateways may be lost
hourly_rows as (

    select
        'requests' as log,
        '(all)' as logged_for,
        hour_starts_at,
        sum(request_rows) as log_rows
    from request_hours
    group by hour_starts_at
    union all
    select
        'requests' as log,
        deployment_id as logged_for,
        hour_starts_at,
        sum(request_rows) as log_rows
    from request_hours
    where deployment_id is not null
    group by deployment_id, hour_starts_at
    union all
    select
        'product' as log,
        workload as logged_for,
        hour_starts_at,
        sum(activity_rows) as log_rows
    from product_hours
    group by workload, hour_starts_at

),

spans as (

    select
        log,
        logged_for,
        date_trunc('day', min(hour_starts_at)) as first_day,
        date_trunc('day', max(hour_starts_at)) as last_day,
        min(hour_starts_at) as first_hour,
        max(hour_starts_at) as last_hour,
        median(log_rows) as rows_an_hour
    from hourly_rows
    group by log, logged_for

),

hours_of_spans as (

    select
        log,
        logged_for,
        first_hour,
        last_hour,
        rows_an_hour,
        {{ each_time('first_day', 'last_day + interval 23 hour', 'interval 1 hour') }} as hour_starts_at
    from spans

),

hours as (

    select
        *,
        hour(hour_starts_at) as hour_of_day,
        {{ weekday_of('hour_starts_at') }} as weekday
    from hours_of_spans

),

compared as (

    select
        hours.log,
        hours.logged_for,
        hours.hour_starts_at,
        hours.hour_starts_at not between hours.first_hour and hours.last_hour as is_outside,
        hours.rows_an_hour,
        count(*) over (
            partition by hours.log, hours.logged_for, hours.hour_of_day, hours.weekday >= 6
        ) as days_of_kind,
        coalesce(logs.log_rows, 0) as log_rows,
        median(coalesce(logs.log_rows, 0)) over (
            partition by hours.log, hours.logged_for, hours.hour_of_day, hours.weekday >= 6
        ) as usual_rows,
        median(coalesce(logs.log_rows, 0)) over (
            partition by hours.log, hours.logged_for, hours.hour_of_day
        ) as usual_rows_any_day,
        count(*) over weekday as weeks,
        median(coalesce(logs.log_rows, 0)) over weekday as weekday_rows,
        lag(coalesce(logs.log_rows, 0), 1, 0) over walk as rows_before,
        lead(coalesce(logs.log_rows, 0), 1, 0) over walk as rows_after
    from hours
    left join hourly_rows as logs
        on
            hours.log = logs.log
            and hours.logged_for = logs.logged_for
            and hours.hour_starts_at = logs.hour_starts_at
    window
        walk as (partition by hours.log, hours.logged_for order by hours.hour_starts_at),
        weekday as (
            partition by hours.log, hours.logged_for, hours.hour_of_day, hours.weekday
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
    log,
    logged_for,
    cast(count(*) filter (where is_silent) as bigint) as silent_hours
from judged
group by cast(hour_starts_at as date), log, logged_for
