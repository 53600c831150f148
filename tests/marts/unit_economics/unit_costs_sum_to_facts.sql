-- The cells that any cohort can be put together from are those of the facts: same cost and units, by tier.
with cells as (
    select
        usage_date as period_start,
        environment,
        workload,
        customer_tier,
        unit,
        sum(units) as units,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_unit_costs_daily') }}
    group by usage_date, environment, workload, customer_tier, unit
),

facts as (
    select
        period_start,
        environment,
        workload,
        cohort as customer_tier,
        unit,
        units,
        effective_cost
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
    cells.units is distinct from facts.units
    or cells.effective_cost is distinct from facts.effective_cost
