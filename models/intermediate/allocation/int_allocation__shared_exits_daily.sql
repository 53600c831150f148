{%- set whole = 'cast(1000000000000000000 as ' ~ wide_integer() ~ ')' -%}
{#- Each round looks twice as many hand-overs ahead as the one before: twenty are a million of them. -#}
{%- set rounds = 20 -%}
with recursive

hand_overs as (

    select * from {{ ref('int_allocation__shared_hand_overs_daily') }}

),

flow as (

    select 0 as round, date_day, pool_id, receiving_pool_id, is_exit, share
    from hand_overs
    union all
    (
        select
            round + 1 as round,
            date_day,
            pool_id,
            receiving_pool_id,
            is_exit,
            cast(sum(share) as {{ wide_integer() }}) as share
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
        cast(null as string) as allocation_note,
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
    cast(weight as {{ wide_integer() }}) as weight
from weights
where weight > 0
