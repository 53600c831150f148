with target_periods as (

    select * from {{ ref('int_decisions__targeted_periods') }}

),

target_days as (

    select * from {{ ref('int_decisions__target_days') }}

),

units as (

    select
        unit,
        unit_scale,
        counting = 'sum' as is_additive
    from {{ ref('units') }}

),

facts as (

    select
        grain,
        workload,
        cohort_dimension,
        cohort,
        unit,
        units,
        counted_cost as effective_cost,
        cost_per_unit,
        null_reason,
        is_complete,
        period_start
    from {{ ref('int_books__unit_economics') }}
    where environment = '{{ var('target_environment') }}'

),

-- a settled period is what the mart says. A running one is the sum of its settled days, where units can be summed.
known as (

    select
        target_periods.*,
        units.unit_scale,
        units.is_additive,
        coalesce(facts.is_complete, false) as is_complete,
        facts.null_reason,
        case
            when facts.is_complete then facts.units
            when units.is_additive then target_periods.settled_units
        end as units,
        case
            when facts.is_complete then facts.effective_cost
            when units.is_additive then target_periods.settled_cost
        end as effective_cost
    from target_periods
    left join units on target_periods.unit = units.unit
    left join facts
        on
            target_periods.grain = facts.grain
            and target_periods.workload = facts.workload
            and target_periods.cohort_dimension = facts.cohort_dimension
            and target_periods.cohort = facts.cohort
            and target_periods.unit = facts.unit
            and target_periods.period_start = facts.period_start

),

month_to_date as (

    select
        known.target_id,
        known.period_start,
        sum(target_days.units) as month_to_date_units,
        sum(target_days.effective_cost) as month_to_date_cost
    from known
    inner join target_days
        on
            known.target_id = target_days.target_id
            and known.valid_from = target_days.valid_from
            and target_days.date_day >= date_trunc('month', known.last_settled_date)
            and known.last_settled_date >= target_days.date_day
    where known.is_additive
    group by known.target_id, known.period_start

)

select
    known.target_id,
    known.workload,
    known.cohort_dimension,
    known.cohort,
    known.unit,
    known.unit_scale,
    known.grain,
    known.severity,
    known.null_reason,
    known.max_cost_per_unit,
    cast(known.units as bigint) as units,
    cast(known.effective_cost as {{ money_type() }}) as effective_cost,
    case
        when not known.is_complete or known.null_reason is null
            then {{ cost_per_unit('known.effective_cost', 'known.units', 'known.unit_scale') }}
    end as cost_per_unit,
    known.settled_days,
    known.days_in_breach,
    cast(month_to_date.month_to_date_units as bigint) as month_to_date_units,
    cast(month_to_date.month_to_date_cost as {{ money_type() }}) as month_to_date_cost,
    known.is_complete,
    known.period_start,
    known.period_end,
    known.last_settled_date,
    known.valid_from,
    known.valid_to
from known
left join month_to_date
    on known.target_id = month_to_date.target_id and known.period_start = month_to_date.period_start
