-- the cells that any cohort can be put together from are those of the facts: the same cost by tier, and where nothing hinders
-- the counting, the same units.
with cells as (

    select
        date_day as period_start,
        environment,
        workload,
        customer_tier,
        unit,
        sum(counted_units) filter (where attribution_null_reason is null) as units,
        sum(counted_cost) filter (where attribution_null_reason is null) as counted_cost,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_unit_costs_daily') }}
    group by date_day, environment, workload, customer_tier, unit

),

facts as (

    select
        period_start,
        environment,
        workload,
        cohort as customer_tier,
        unit,
        units,
        counted_cost,
        effective_cost,
        null_reason is null or null_reason = 'no_units' as is_counted
    from {{ ref('fct_unit_economics_daily') }}
    where
        cohort_dimension = 'customer_tier'
        and unit not in ('active_user', 'session')

)

select
    coalesce(cells.period_start, facts.period_start) as period_start,
    coalesce(cells.workload, facts.workload) as workload,
    coalesce(cells.customer_tier, facts.customer_tier) as customer_tier,
    coalesce(cells.unit, facts.unit) as unit
from cells
full outer join facts
    on
        cells.period_start = facts.period_start
        and cells.environment = facts.environment
        and cells.workload = facts.workload
        and cells.customer_tier = facts.customer_tier
        and cells.unit = facts.unit
where
    (facts.is_counted and cells.units is distinct from facts.units)
    or coalesce(cells.counted_cost, 0) is distinct from facts.counted_cost
    or cells.effective_cost is distinct from facts.effective_cost
