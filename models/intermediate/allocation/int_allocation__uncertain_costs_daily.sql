with shared_costs as (

    select date_day, exit_pool_id, deployment_id, effective_cost
    from {{ ref('int_allocation__shared_costs_daily') }}
    where deployment_id not like '(%'

),

shared_weights as (

    select date_day, pool_id, deployment_id, allocation_note, is_known, weight
    from {{ ref('int_allocation__shared_weights_daily') }}

),

-- where a driver was never known before, it may be anything
pools as (

    select
        date_day,
        pool_id,
        sum(weight) as weight,
        case
            when bool_or(not is_known and allocation_note is distinct from 'driver_carried_forward') then sum(weight)
            else sum(case when not is_known then weight else 0 end)
        end as unknown_weight
    from shared_weights
    group by date_day, pool_id
    having bool_or(not is_known)

),

parts as (

    select
        shared_costs.date_day,
        shared_costs.deployment_id,
        abs({{ money_to_units('shared_costs.effective_cost') }}) as cost_units,
        -- all of a part whose own weight is not known is uncertain
        case when shared_weights.is_known then pools.unknown_weight else pools.weight end as unknown_weight,
        pools.weight
    from shared_costs
    inner join pools
        on shared_costs.date_day = pools.date_day and shared_costs.exit_pool_id = pools.pool_id
    inner join shared_weights
        on
            shared_costs.date_day = shared_weights.date_day
            and shared_costs.exit_pool_id = shared_weights.pool_id
            and shared_costs.deployment_id = shared_weights.deployment_id
    where pools.weight > 0

)

select
    date_day,
    deployment_id,
    cast(
        sum({{ units_to_money(multiply_divide('cost_units', 'unknown_weight', 'weight')) }}) as {{ money_type() }}
    ) as uncertain_cost
from parts
group by date_day, deployment_id
