with request_hours as (

    select * from {{ ref('int_usage__request_hours') }}

),

-- the gateway as a whole, and each deployment's part of it: one of two gateways may be lost
logs as (

    select
        '(all)' as deployment_id,
        hour_starts_at,
        sum(request_rows) as log_rows
    from request_hours
    group by hour_starts_at

    union all

    select
        deployment_id,
        hour_starts_at,
        sum(request_rows) as log_rows
    from request_hours
    where deployment_id is not null
    group by deployment_id, hour_starts_at

),

silences as (

    {{ silent_hours_daily('logs', 'deployment_id') }}

)

select
    date_day,
    deployment_id,
    silent_hours
from silences
