{%- set whole = 'cast(1000000000000000000 as hugeint)' -%}
{#- Each round looks twice as many hand-overs ahead as the one before: twenty are a million of them. -#}
{%- set rounds = 20 -%}
with recursive

pool_days as (

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

),

flow as (

    select 0 as round, date_day, pool_id, receiving_pool_id, is_exit, share
    from hand_overs
    where share > 0
    union all
    (
        select
            round + 1 as round,
            date_day,
            pool_id,
            receiving_pool_id,
            is_exit,
            cast(sum(share) as hugeint) as share
        from (
            select round, date_day, pool_id, receiving_pool_id, is_exit, share
            from flow
            where is_exit
            union all
            select
                flow.round,
                flow.date_day,
                flow.pool_id,
                onward.receiving_pool_id,
                onward.is_exit,
                flow.share * onward.share // {{ whole }} as share
            from flow
            inner join flow as onward
                on flow.date_day = onward.date_day and flow.receiving_pool_id = onward.pool_id
            where not flow.is_exit
        )
        where round < {{ rounds }} and share > 0
        group by round, date_day, pool_id, receiving_pool_id, is_exit
    )

),

reached as (

    select date_day, pool_id, receiving_pool_id, is_exit, share
    from flow
    where round = {{ rounds }}

),

open_pools as (

    select distinct date_day, pool_id
    from reached
    where is_exit

),

-- what is still among services has either no way out, or has not found it
circling as (

    select
        reached.date_day,
        reached.pool_id,
        coalesce(sum(reached.share) filter (where open_pools.pool_id is null), 0) as locked_in,
        coalesce(sum(reached.share) filter (where open_pools.pool_id is not null), 0) as on_its_way
    from reached
    left join open_pools
        on reached.date_day = open_pools.date_day and reached.receiving_pool_id = open_pools.pool_id
    where not reached.is_exit
    group by reached.date_day, reached.pool_id

),

exits as (

    select
        date_day,
        pool_id,
        receiving_pool_id as exit_pool_id,
        cast(null as varchar) as allocation_note,
        {{ whole }} as whole,
        share
    from reached
    where is_exit
    union all
    select
        date_day,
        pool_id,
        '(unallocated)' as exit_pool_id,
        'closed_loop' as allocation_note,
        {{ whole }} as whole,
        locked_in as share
    from circling
    where
        locked_in > 0
        -- a trillionth of the cost
        or case
            when on_its_way > 1000000
                then {{ stop(
                    'seeds/config/shared_pools.csv, row {}: on {} its cost circles among shared pools that hardly pass '
                    ~ 'anything on to deployments, and does not come to rest; lower the weights that they give each '
                    ~ 'other in seeds/config/shared_pool_weights.csv, or use method step_down',
                    ['pool_id', 'date_day']
                ) }} is not null
            else false
        end

),

-- the rounds lose a few units to the floors of their products
weights as (

    {{ largest_remainder(
        'exits',
        amount='whole',
        weight='share',
        partition_by=['date_day', 'pool_id'],
        order_by=['exit_pool_id'],
        part='weight'
    ) }}

)

select
    date_day,
    pool_id,
    exit_pool_id,
    allocation_note,
    cast(weight as hugeint) as weight
from weights
where weight > 0
