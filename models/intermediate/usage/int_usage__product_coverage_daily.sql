with product_hours as (

    select * from {{ ref('int_usage__product_hours') }}

),

silences as (

    select * from {{ ref('int_usage__log_silences_daily') }}
    where log = 'product'

),

days as (

    select
        workload,
        cast(hour_starts_at as date) as date_day,
        sum(user_rows) > 0 as has_active_user,
        sum(session_rows) > 0 as has_session
    from product_hours
    group by workload, cast(hour_starts_at as date)

),

units as (

    unpivot days
    on has_active_user, has_session
    into name unit value is_told

)

-- what a day does not tell and others do is missing; what no day tells, product activity is not asked for
select
    units.date_day,
    units.workload,
    replace(units.unit, 'has_', '') as unit,
    units.is_told,
    cast(least(3600 * silences.silent_hours, 86400) as bigint) as lost_seconds
from units
inner join silences on units.workload = silences.logged_for and units.date_day = silences.date_day
qualify bool_or(units.is_told) over (partition by units.workload, units.unit)
