with closed_months as (

    select closed_month
    from {{ ref('int_books__closed_months') }}
    where is_shown_as_signed

),

distinct_units as (

    select unit
    from {{ ref('units') }}
    where counting = 'distinct'

),

cohorts as (

    select * from {{ ref('int_books__cohorts_daily') }}

),

counted_today as (

    select * from {{ ref('int_unit_economics__distinct_units') }}
    where grain = 'day'

),

signed as (

    select
        days.environment,
        days.workload,
        days.cohort_dimension,
        days.cohort,
        days.unit,
        days.units,
        days.period_start as date_day
    from {{ ref('int_books__closed_unit_counts') }} as days
    inner join closed_months on date_trunc('month', days.period_start) = closed_months.closed_month
    inner join distinct_units on days.unit = distinct_units.unit
    where days.grain = 'day' and days.units is not null

),

-- a cohort that has the day since a workload was renamed, or since telemetry came late
added as (

    select
        recomputed.environment,
        recomputed.workload,
        recomputed.cohort_dimension,
        recomputed.cohort,
        recomputed.unit,
        recomputed.date_day
    from {{ ref('int_unit_economics__cohorts_daily') }} as recomputed
    inner join closed_months on date_trunc('month', recomputed.date_day) = closed_months.closed_month
    inner join distinct_units on recomputed.unit = distinct_units.unit
    anti join cohorts
        on
            recomputed.date_day = cohorts.date_day
            and recomputed.environment = cohorts.environment
            and recomputed.workload = cohorts.workload
            and recomputed.cohort_dimension = cohorts.cohort_dimension
            and recomputed.cohort = cohorts.cohort
            and recomputed.unit = cohorts.unit

)

select
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    date_day
from added
union all
select
    signed.environment,
    signed.workload,
    signed.cohort_dimension,
    signed.cohort,
    signed.unit,
    signed.date_day
from signed
left join counted_today
    on
        signed.date_day = counted_today.period_start
        and signed.environment = counted_today.environment
        and signed.workload = counted_today.workload
        and signed.cohort_dimension = counted_today.cohort_dimension
        and signed.cohort = counted_today.cohort
        and signed.unit = counted_today.unit
where signed.units != coalesce(counted_today.units, 0)
