with pool_days as (

    select date_day, pool_id, method, driver, step, scope_column, own_cost
    from {{ ref('int_allocation__shared_pool_days') }}
    where method is not null

),

shared_pool_weights as (

    select pool_id, deployment_id, weight, valid_from, valid_to
    from {{ ref('shared_pool_weights') }}

),

-- step-down charges later steps only. A driver finds the pools of its own method; fixed weights name whom they charge.
pairs as (

    select
        givers.date_day,
        givers.pool_id,
        givers.driver,
        receivers.pool_id as receiving_pool_id,
        receivers.own_cost
    from pool_days as givers
    inner join pool_days as receivers
        on givers.date_day = receivers.date_day and givers.pool_id != receivers.pool_id
    where
        case givers.method
            when 'reciprocal' then givers.driver = 'fixed' or receivers.method = 'reciprocal'
            when 'step_down' then coalesce(receivers.step > givers.step, givers.driver = 'fixed')
            else false
        end
        and (givers.driver = 'fixed' or givers.scope_column is null)

),

weighed as (

    select
        pairs.date_day,
        pairs.pool_id,
        pairs.receiving_pool_id,
        case pairs.driver
            when 'direct_cost' then cast({{ whole_part('pairs.own_cost * 1000000') }} as {{ wide_integer() }})
            when 'even' then case when pairs.own_cost is not null then 1 end
            when 'fixed' then cast(shared_pool_weights.weight * 1000000000 as {{ wide_integer() }})
        end as weight
    from pairs
    left join shared_pool_weights
        on
            pairs.pool_id = shared_pool_weights.pool_id
            and pairs.receiving_pool_id = shared_pool_weights.deployment_id
            and {{ in_effect('shared_pool_weights', 'pairs.date_day') }}

)

select
    date_day,
    pool_id,
    receiving_pool_id,
    cast(weight as {{ wide_integer() }}) as weight
from weighed
where weight > 0
