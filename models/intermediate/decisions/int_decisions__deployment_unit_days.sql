with counted as (

    select
        environment,
        workload,
        cohort as deployment_id,
        unit,
        counted_units,
        date_day
    from {{ ref('int_books__cohorts_daily') }}
    where cohort_dimension = 'deployment'

),

-- a day that is not counted has no rate. One that is counted and costs nothing beside dearer ones has the rate 0.
unit_costs as (

    select
        economics.environment,
        economics.workload,
        economics.cohort as deployment_id,
        economics.unit,
        economics.units,
        economics.usage_cost,
        economics.idle_cost,
        economics.unobserved_cost,
        economics.unused_commitment_cost,
        economics.shared_cost,
        economics.effective_cost,
        economics.period_start as date_day
    from {{ ref('int_books__unit_economics') }} as economics
    left join counted
        on
            economics.environment = counted.environment
            and economics.workload = counted.workload
            and economics.cohort = counted.deployment_id
            and economics.unit = counted.unit
            and economics.period_start = counted.date_day
    where
        economics.grain = 'day'
        and economics.cohort_dimension = 'deployment'
        and economics.units is not null
        and economics.counted_cost = economics.effective_cost
        and (economics.null_reason is distinct from 'no_cost' or counted.counted_units > 0)

),

-- users and sessions of two days are not those of both: their moves have no chain from day to month.
summed_units as (

    select unit
    from {{ ref('units') }}
    where counting = 'sum'

),

capacity_pools as (

    select distinct pool_id from {{ ref('capacity_pools') }}

),

deployment_costs as (

    select
        costs.deployment_id,
        sum(costs.effective_cost) as usage_cost,
        sum(case when capacity_pools.pool_id is not null then costs.effective_cost else 0 end) as accelerator_cost,
        costs.date_day
    from {{ ref('fct_deployment_costs_daily') }} as costs
    left join capacity_pools on costs.origin_pool = capacity_pools.pool_id
    where costs.cost_origin = 'usage'
    group by costs.deployment_id, costs.date_day

),

provisioned as (

    select
        deployment_id,
        sum(resource_seconds) as accelerator_seconds,
        date_day
    from {{ ref('int_allocation__pool_shares_daily') }}
    where resource_kind = 'accelerator' and deployment_id not in ('(idle)', '(unobserved)')
    group by deployment_id, date_day

),

busy as (

    select
        deployment_id,
        sum(busy_accelerator_seconds) as busy_accelerator_seconds,
        date_day
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    group by deployment_id, date_day

)

select
    unit_costs.environment,
    unit_costs.workload,
    unit_costs.deployment_id,
    unit_costs.unit,
    unit_costs.units,
    unit_costs.usage_cost,
    unit_costs.idle_cost,
    unit_costs.unobserved_cost,
    unit_costs.unused_commitment_cost,
    unit_costs.shared_cost,
    unit_costs.effective_cost,
    deployment_costs.accelerator_cost as deployment_accelerator_cost,
    cast(unit_costs.usage_cost as double) / nullif(cast(deployment_costs.usage_cost as double), 0) as unit_share,
    coalesce(provisioned.accelerator_seconds, 0) as accelerator_seconds,
    coalesce(busy.busy_accelerator_seconds, 0) as busy_accelerator_seconds,
    unit_costs.date_day
from unit_costs
inner join summed_units on unit_costs.unit = summed_units.unit
left join deployment_costs
    on
        unit_costs.deployment_id = deployment_costs.deployment_id
        and unit_costs.date_day = deployment_costs.date_day
left join provisioned
    on
        unit_costs.deployment_id = provisioned.deployment_id
        and unit_costs.date_day = provisioned.date_day
left join busy
    on
        unit_costs.deployment_id = busy.deployment_id
        and unit_costs.date_day = busy.date_day
