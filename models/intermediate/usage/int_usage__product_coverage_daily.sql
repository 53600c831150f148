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

told as (

    select
        days.date_day,
        days.workload,
        kinds.unit,
        case kinds.unit when 'active_user' then days.has_active_user else days.has_session end as is_told
    from days
    cross join (values ('active_user'), ('session')) as kinds (unit)

),

units as (

    select
        *,
        bool_or(is_told) over (partition by workload, unit) as is_ever_told
    from told

)

-- what a day does not tell and others do is missing; what no day tells, product activity is not asked for
select
    units.date_day,
    units.workload,
    units.unit,
    units.is_told,
    cast(least(3600 * silences.silent_hours, 86400) as bigint) as lost_seconds
from units
inner join silences on units.workload = silences.logged_for and units.date_day = silences.date_day
where units.is_ever_told
