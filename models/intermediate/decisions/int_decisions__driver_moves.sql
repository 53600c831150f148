with moves as (

    select * from {{ ref('int_decisions__driver_moves_daily') }}

),

daily as (

    select
        environment,
        workload,
        unit,
        sum(units) as units,
        sum(effective_cost) as effective_cost,
        date_day
    from {{ ref('int_decisions__deployment_unit_days') }}
    group by environment, workload, unit, date_day

),

period_days as (

    select
        grains.grain,
        daily.*,
        {{ period_start('daily.date_day', 'grains.grain') }} as period_start
    from daily
    cross join {{ grains() }}

),

periods as (

    select
        grain,
        environment,
        workload,
        unit,
        period_start,
        sum(units) as units,
        sum(effective_cost) as effective_cost,
        sum(case when units = 0 then effective_cost else 0 end) / sum(units) as rate_without_units
    from period_days
    group by grain, environment, workload, unit, period_start
    having sum(units) > 0

),

neighbours as (

    select
        *,
        lag(period_start) over series as period_start_before,
        lag(units) over series as units_before,
        lag(effective_cost) over series as effective_cost_before,
        lag(rate_without_units) over series as rate_without_units_before,
        lead(period_start) over series as period_start_after
    from periods
    window series as (partition by grain, environment, workload, unit order by period_start)

),

-- a day's move counts in its own period by the share of the period's units that came with it or later, and in the
-- next period by the share of this one that came before it. So weighted, the moves of days sum to the move of periods.
weighted_days as (

    select
        period_days.grain,
        period_days.environment,
        period_days.workload,
        period_days.unit,
        period_days.date_day,
        neighbours.period_start,
        neighbours.period_start_after,
        sum(period_days.units) over later / neighbours.units as weight_within,
        1 - sum(period_days.units) over later / neighbours.units as weight_after
    from period_days
    inner join neighbours
        on
            period_days.grain = neighbours.grain
            and period_days.environment = neighbours.environment
            and period_days.workload = neighbours.workload
            and period_days.unit = neighbours.unit
            and period_days.period_start = neighbours.period_start
    where period_days.units > 0
    window later as (
        partition by
            period_days.grain,
            period_days.environment,
            period_days.workload,
            period_days.unit,
            period_days.period_start
        order by period_days.date_day
        rows between current row and unbounded following
    )

),

weights as (

    select grain, environment, workload, unit, date_day, period_start, weight_within as weight
    from weighted_days
    union all
    select grain, environment, workload, unit, date_day, period_start_after as period_start, weight_after as weight
    from weighted_days
    where period_start_after is not null

),

{% set chained = drivers() | reject('equalto', 'days_without_units') | list %}
summed as (

    select
        weights.grain,
        weights.environment,
        weights.workload,
        weights.unit,
        weights.period_start,
        {{ columns(
            chained,
            sum_in_order('weights.weight * moves.{0}_change', 'weights.date_day') ~ ' as {0}_change'
        ) }},
        bool_or(weights.weight > 0 and moves.has_unmetered_utilization) as has_unmetered_utilization
    from weights
    inner join moves
        on
            weights.environment = moves.environment
            and weights.workload = moves.workload
            and weights.unit = moves.unit
            and weights.date_day = moves.date_day
    group by weights.grain, weights.environment, weights.workload, weights.unit, weights.period_start

)

select
    neighbours.grain,
    neighbours.environment,
    neighbours.workload,
    neighbours.unit,
    neighbours.units_before,
    neighbours.units,
    neighbours.effective_cost_before,
    neighbours.effective_cost,
    neighbours.effective_cost / neighbours.units
    - neighbours.effective_cost_before / neighbours.units_before as rate_change,
    {{ columns(chained, 'summed.{0}_change') }},
    neighbours.rate_without_units - neighbours.rate_without_units_before as days_without_units_change,
    summed.has_unmetered_utilization,
    neighbours.period_start_before,
    neighbours.period_start
from neighbours
inner join summed
    on
        neighbours.grain = summed.grain
        and neighbours.environment = summed.environment
        and neighbours.workload = summed.workload
        and neighbours.unit = summed.unit
        and neighbours.period_start = summed.period_start
where neighbours.period_start_before is not null
