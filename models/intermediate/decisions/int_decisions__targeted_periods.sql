with targets as (

    select * from {{ ref('targets') }}

),

target_days as (

    select * from {{ ref('int_decisions__target_days') }}

),

dates as (

    select date_day from {{ ref('dim_dates') }}

),

-- every period that begins while the target holds has a row, whether or not there is anything to hold against it
periods as (

    select distinct
        grains.grain,
        {{ period_start('date_day', 'grains.grain') }} as period_start,
        {{ period_end(period_start('date_day', 'grains.grain'), 'grains.grain') }} as period_end
    from dates
    cross join {{ grains() }}

),

target_periods as (

    select
        targets.target_id,
        targets.workload,
        targets.cohort_dimension,
        targets.cohort,
        targets.unit,
        targets.grain,
        targets.severity,
        targets.max_cost_per_unit,
        targets.valid_from,
        targets.valid_to,
        periods.period_start,
        periods.period_end
    from targets
    inner join periods
        on
            targets.grain = periods.grain
            and {{ in_effect('targets', 'periods.period_start') }}

),

days_within as (

    select
        target_periods.target_id,
        target_periods.period_start,
        sum(target_days.units) as units,
        sum(target_days.effective_cost) as effective_cost,
        count(*) as settled_days,
        count(*) filter (where target_days.is_in_breach) as days_in_breach,
        max(target_days.date_day) as last_settled_date
    from target_periods
    inner join target_days
        on
            target_periods.target_id = target_days.target_id
            and target_periods.valid_from = target_days.valid_from
            and target_periods.period_start <= target_days.date_day
            and target_periods.period_end > target_days.date_day
    group by target_periods.target_id, target_periods.period_start

)

select
    target_periods.target_id,
    target_periods.workload,
    target_periods.cohort_dimension,
    target_periods.cohort,
    target_periods.unit,
    target_periods.grain,
    target_periods.severity,
    target_periods.max_cost_per_unit,
    days_within.units as settled_units,
    days_within.effective_cost as settled_cost,
    coalesce(days_within.settled_days, 0) as settled_days,
    coalesce(days_within.days_in_breach, 0) as days_in_breach,
    target_periods.period_start,
    target_periods.period_end,
    days_within.last_settled_date,
    target_periods.valid_from,
    target_periods.valid_to
from target_periods
left join days_within
    on
        target_periods.target_id = days_within.target_id
        and target_periods.period_start = days_within.period_start
