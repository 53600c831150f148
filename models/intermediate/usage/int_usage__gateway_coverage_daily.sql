with request_hours as (

    select
        hour_starts_at,
        sum(request_rows) as request_rows
    from {{ ref('int_usage__request_hours') }}
    group by hour_starts_at

),

hours as (

    select cast(unnest(range(
        date_trunc('day', min(hour_starts_at)), date_trunc('day', max(hour_starts_at)) + interval 1 day, interval 1 hour
    )) as timestamp) as hour_starts_at
    from request_hours

),

rows_by_hour as (

    select
        hours.hour_starts_at,
        coalesce(request_hours.request_rows, 0) as request_rows
    from hours
    left join request_hours on hours.hour_starts_at = request_hours.hour_starts_at

),

compared as (

    select
        *,
        median(request_rows) over (
            partition by hour(hour_starts_at), isodow(hour_starts_at) >= 6
        ) as usual_rows,
        lag(request_rows, 1, 0) over (order by hour_starts_at) as rows_before,
        lead(request_rows, 1, 0) over (order by hour_starts_at) as rows_after
    from rows_by_hour

)

-- a silence is implausible where ten requests are usual, or twenty came before it and after
select
    cast(hour_starts_at as date) as usage_date,
    cast(count(*) filter (
        where request_rows = 0 and (usual_rows >= 10 or (rows_before >= 20 and rows_after >= 20))
    ) as bigint) as lost_hours
from compared
group by cast(hour_starts_at as date)
