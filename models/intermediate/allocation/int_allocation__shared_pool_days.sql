with cost_lines as (

    select date_day, treatment, target, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

shared_pools as (

    select pool_id, method, driver, step, scope_column, scope_value, valid_from, valid_to
    from {{ ref('shared_pools') }}

),

shared_pool_weights as (

    select pool_id, deployment_id, valid_from, valid_to
    from {{ ref('shared_pool_weights') }}

),

own_costs as (

    select date_day, target as pool_id, sum(effective_cost) as own_cost
    from cost_lines
    where treatment = 'shared'
    group by date_day, target

),

-- a pool that others name as their receiver passes on what it got even on a day without a charge of its own
named_receivers as (

    select
        shared_pools.pool_id,
        greatest(shared_pools.valid_from, shared_pool_weights.valid_from) as valid_from,
        least(shared_pools.valid_to, shared_pool_weights.valid_to) as valid_to
    from shared_pools
    inner join shared_pool_weights on shared_pools.pool_id = shared_pool_weights.deployment_id

),

pool_days as (

    select date_day, pool_id
    from own_costs
    union
    select own_costs.date_day, named_receivers.pool_id
    from own_costs
    inner join named_receivers on {{ in_effect('named_receivers', 'own_costs.date_day') }}

)

select
    pool_days.date_day,
    pool_days.pool_id,
    shared_pools.method,
    shared_pools.driver,
    shared_pools.step,
    shared_pools.scope_column,
    shared_pools.scope_value,
    own_costs.own_cost
from pool_days
left join shared_pools
    on pool_days.pool_id = shared_pools.pool_id and {{ in_effect('shared_pools', 'pool_days.date_day') }}
left join own_costs on pool_days.date_day = own_costs.date_day and pool_days.pool_id = own_costs.pool_id
