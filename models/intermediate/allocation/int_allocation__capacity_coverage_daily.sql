with pool_shares as (

    select date_day, pool_id, deployment_id, pool_capacity_seconds, pool_unobserved_seconds, resource_seconds
    from {{ ref('int_allocation__pool_shares_daily') }}
    where resource_kind = 'accelerator'

),

deployments as (

    select
        deployment_id,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ ref('deployments') }}

),

accelerator_seconds as (

    select date_day, deployment_id, resource_id, accelerator_seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    where accelerator_seconds > 0

),

billed_nodes as (

    select date_day, resource_id, least(sum(node_seconds), 86400) as billed_seconds
    from {{ ref('int_costs__pool_resources_daily') }}
    group by date_day, resource_id

),

watched_seconds as (

    select date_day, resource_id, watched_seconds
    from {{ ref('int_usage__watched_seconds_daily') }}

),

direct_days as (

    select distinct date_day, target as deployment_id
    from {{ ref('int_costs__cost_lines_daily') }}
    where treatment = 'direct'

),

pool_days as (

    select distinct date_day, pool_id, pool_capacity_seconds, pool_unobserved_seconds
    from pool_shares

),

-- a configuration may hold something in each pool in which it was ever seen, on each of its days
configured_pools as (

    select distinct deployments.deployment_id, deployments.valid_from, deployments.valid_to, pool_shares.pool_id
    from deployments
    inner join pool_shares
        on
            deployments.deployment_id = pool_shares.deployment_id
            and deployments.valid_from <= pool_shares.date_day
            and deployments.valid_to > pool_shares.date_day
            and pool_shares.resource_seconds > 0

),

watched_pools as (

    select
        pool_days.date_day,
        pool_days.pool_id,
        configured_pools.deployment_id,
        greatest(pool_days.pool_capacity_seconds, 1) as capacity_seconds,
        case when pool_days.pool_capacity_seconds = 0 then 1 else pool_days.pool_unobserved_seconds end
            as unobserved_seconds
    from configured_pools
    inner join pool_days
        on
            configured_pools.pool_id = pool_days.pool_id
            and configured_pools.valid_from <= pool_days.date_day
            and configured_pools.valid_to > pool_days.date_day

),

ranked_pools as (

    select
        *,
        row_number() over (
            partition by date_day, deployment_id
            order by
                {{ quotient('cast(unobserved_seconds as ' ~ wide_integer() ~ ') * 1000000', 'capacity_seconds') }} desc,
                capacity_seconds desc,
                pool_id
        ) as place
    from watched_pools

),

least_watched as (

    select *
    from ranked_pools
    where place = 1

),

-- what was held on a node that no pool has, or for longer than the bill says that it ran. A node's edges are not to the second.
held as (

    select
        accelerator_seconds.date_day,
        accelerator_seconds.deployment_id,
        sum(accelerator_seconds.accelerator_seconds) as held_seconds,
        sum(
            case
                when direct_days.deployment_id is not null then 0
                when billed_nodes.resource_id is null then accelerator_seconds.accelerator_seconds
                else {{ quotient(
                    'accelerator_seconds.accelerator_seconds * greatest('
                    ~ 'watched_seconds.watched_seconds - billed_nodes.billed_seconds - 2 * ' ~ var('scrape_max_gap_seconds')
                    ~ ', 0)',
                    'greatest(watched_seconds.watched_seconds, 1)'
                ) }}
            end
        ) as unbilled_seconds
    from accelerator_seconds
    left join billed_nodes
        on
            accelerator_seconds.date_day = billed_nodes.date_day
            and accelerator_seconds.resource_id = billed_nodes.resource_id
    left join watched_seconds
        on
            accelerator_seconds.date_day = watched_seconds.date_day
            and accelerator_seconds.resource_id = watched_seconds.resource_id
    left join direct_days
        on
            accelerator_seconds.date_day = direct_days.date_day
            and accelerator_seconds.deployment_id = direct_days.deployment_id
    group by accelerator_seconds.date_day, accelerator_seconds.deployment_id

)

select
    coalesce(least_watched.date_day, held.date_day) as date_day,
    coalesce(least_watched.deployment_id, held.deployment_id) as deployment_id,
    cast(coalesce(least_watched.capacity_seconds, 0) as bigint) as capacity_seconds,
    cast(coalesce(least_watched.unobserved_seconds, 0) as bigint) as unobserved_seconds,
    cast(coalesce(held.held_seconds, 0) as bigint) as held_seconds,
    cast(coalesce(held.unbilled_seconds, 0) as bigint) as unbilled_seconds,
    coalesce(least_watched.unobserved_seconds, 0)
    <= {{ var('max_unknown_share') }} * coalesce(least_watched.capacity_seconds, 0) as is_watched,
    coalesce(held.unbilled_seconds, 0) <= {{ var('max_unknown_share') }} * coalesce(held.held_seconds, 0) as is_billed
from least_watched
full outer join held
    on least_watched.date_day = held.date_day and least_watched.deployment_id = held.deployment_id
