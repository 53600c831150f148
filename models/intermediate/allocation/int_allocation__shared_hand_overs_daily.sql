{%- set whole = 'cast(1000000000000000000 as ' ~ wide_integer() ~ ')' -%}
with pool_days as (

    select date_day, pool_id
    from {{ ref('int_allocation__shared_pool_days') }}

),

service_weights as (

    select date_day, pool_id, receiving_pool_id, weight
    from {{ ref('int_allocation__shared_service_weights_daily') }}

),

servings as (

    select distinct date_day, pool_id
    from service_weights

),

deployment_weights as (

    select date_day, pool_id, sum(weight) as weight
    from {{ ref('int_allocation__shared_weights_daily') }}
    group by date_day, pool_id

),

-- what is for deployments leaves the network of services at the pool itself. So does the cost that nobody may carry.
receivers as (

    select date_day, pool_id, receiving_pool_id, false as is_exit, {{ whole }} as whole, weight
    from service_weights
    union all
    select
        pool_days.date_day,
        pool_days.pool_id,
        pool_days.pool_id as receiving_pool_id,
        true as is_exit,
        {{ whole }} as whole,
        case
            when deployment_weights.weight > 0 then deployment_weights.weight
            when servings.pool_id is null then 1
            else 0
        end as weight
    from pool_days
    left join deployment_weights
        on
            pool_days.date_day = deployment_weights.date_day
            and pool_days.pool_id = deployment_weights.pool_id
    left join servings
        on pool_days.date_day = servings.date_day and pool_days.pool_id = servings.pool_id

),

hand_overs as (

    {{ largest_remainder(
        'receivers',
        amount='whole',
        weight='weight',
        partition_by=['date_day', 'pool_id'],
        order_by=['is_exit', 'receiving_pool_id'],
        part='share'
    ) }}

)

select date_day, pool_id, receiving_pool_id, is_exit, share
from hand_overs
where share > 0
