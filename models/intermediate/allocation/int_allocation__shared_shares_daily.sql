with pool_days as (

    select date_day, pool_id, driver
    from {{ ref('int_allocation__shared_pool_days') }}

),

shared_weights as (

    select date_day, pool_id, deployment_id, allocation_note, weight
    from {{ ref('int_allocation__shared_weights_daily') }}

),

pool_totals as (

    select date_day, pool_id, sum(weight) as total_weight
    from shared_weights
    group by date_day, pool_id

)

select date_day, pool_id, deployment_id, allocation_note, weight
from shared_weights
where weight > 0
union all
-- a pool-day that nobody may carry: one receiver, which says why.
select
    pool_days.date_day,
    pool_days.pool_id,
    '(unallocated)' as deployment_id,
    case
        when pool_days.driver is null then 'unknown_pool'
        when pool_totals.total_weight is null then 'no_deployment_in_scope'
        else 'driver_is_zero'
    end as allocation_note,
    cast(1 as {{ wide_integer() }}) as weight
from pool_days
left join pool_totals
    on pool_days.date_day = pool_totals.date_day and pool_days.pool_id = pool_totals.pool_id
where coalesce(pool_totals.total_weight, 0) = 0
