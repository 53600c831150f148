with unit_costs as (

    select
        environment,
        workload,
        cohort as deployment_id,
        unit,
        units,
        usage_cost,
        idle_cost,
        unobserved_cost,
        unused_commitment_cost,
        shared_cost,
        effective_cost,
        period_start as date_day
    from {{ ref('int_books__unit_economics') }}
    -- a day that is not counted has no rate
    where
        grain = 'day'
        and cohort_dimension = 'deployment'
        and units is not null
        and counted_cost = effective_cost
        and null_reason is distinct from 'no_cost'

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
