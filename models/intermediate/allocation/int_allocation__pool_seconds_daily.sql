with pool_resources as (

    select date_day, pool_id, resource_id, accelerator_seconds, node_seconds
    from {{ ref('int_costs__pool_resources_daily') }}

),

watched_seconds as (

    select date_day, resource_id, watched_seconds
    from {{ ref('int_usage__watched_seconds_daily') }}

),

unnamed_activity as (

    select date_day, resource_id, unnamed_seconds
    from {{ ref('int_usage__unnamed_activity_daily') }}

),

host_capacity as (

    select date_day, resource_id, resource_kind, capacity_seconds
    from {{ ref('int_usage__host_capacity_daily') }}

),

-- for how long a node was billed, in whatever pools, and for how long of that an exporter watched who held it
watched_nodes as (

    select
        pool_resources.date_day,
        pool_resources.resource_id,
        cast(greatest(least(sum(pool_resources.node_seconds), 86400), 1) as {{ wide_integer() }}) as billed_seconds,
        cast(greatest(sum(pool_resources.accelerator_seconds), 1) as {{ wide_integer() }}) as accelerator_seconds,
        cast(coalesce(max(unnamed_activity.unnamed_seconds), 0) as {{ wide_integer() }}) as unnamed_seconds,
        cast(least(
            coalesce(max(watched_seconds.watched_seconds), 0),
            greatest(least(sum(pool_resources.node_seconds), 86400), 1)
        ) as {{ wide_integer() }}) as watched_seconds
    from pool_resources
    left join watched_seconds
        on
            pool_resources.date_day = watched_seconds.date_day
            and pool_resources.resource_id = watched_seconds.resource_id
    left join unnamed_activity
        on
            pool_resources.date_day = unnamed_activity.date_day
            and pool_resources.resource_id = unnamed_activity.resource_id
    group by pool_resources.date_day, pool_resources.resource_id

),

host_seconds as (

    select
        host_capacity.date_day,
        host_capacity.resource_id,
        host_capacity.resource_kind,
        host_capacity.capacity_seconds,
        {{ quotient('host_capacity.capacity_seconds * watched_nodes.billed_seconds', 'watched_nodes.watched_seconds') }}
            as billed_capacity_seconds
    from host_capacity
    inner join watched_nodes
        on
            host_capacity.date_day = watched_nodes.date_day
            and host_capacity.resource_id = watched_nodes.resource_id
    where watched_nodes.watched_seconds > 0

),

-- what telemetry says of a node: who holds how much of it, and what there is. Its accelerators the bill counts. A gap of the
-- exporter shortens what a node seems to have of the rest: it had as much in the time that nobody watched.
node_seconds as (

    select date_day, resource_id, 'accelerator' as resource_kind, deployment_id, accelerator_seconds as seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    union all
    select date_day, resource_id, resource_kind, deployment_id, reserved_seconds as seconds
    from {{ ref('int_usage__host_requests_daily') }}
    union all
    select date_day, resource_id, resource_kind, '(capacity)' as deployment_id, billed_capacity_seconds as seconds
    from host_seconds
    union all
    select
        date_day,
        resource_id,
        resource_kind,
        '(unobserved)' as deployment_id,
        billed_capacity_seconds - capacity_seconds as seconds
    from host_seconds

),

pooled as (

    select
        pool_resources.date_day,
        pool_resources.pool_id,
        pool_resources.resource_id,
        node_seconds.resource_kind,
        node_seconds.deployment_id,
        cast(node_seconds.seconds as {{ wide_integer() }}) as seconds_on_node,
        cast(greatest(pool_resources.accelerator_seconds, 1) as {{ wide_integer() }}) as capacity_weight
    from pool_resources
    inner join node_seconds
        on
            pool_resources.date_day = node_seconds.date_day
            and pool_resources.resource_id = node_seconds.resource_id

),

-- a node that changed pools within the day: what it offers and who holds it is divided as its accelerators were billed.
divided as (

    {{ largest_remainder(
        'pooled',
        amount='seconds_on_node',
        weight='capacity_weight',
        partition_by=['date_day', 'resource_id', 'resource_kind', 'deployment_id'],
        order_by=['pool_id'],
        part='seconds_in_pool'
    ) }}

),

accounts as (

    select date_day, pool_id, resource_kind, deployment_id, seconds_in_pool as seconds
    from divided
    union all
    select
        date_day,
        pool_id,
        'accelerator' as resource_kind,
        '(capacity)' as deployment_id,
        accelerator_seconds as seconds
    from pool_resources
    union all
    select
        pool_resources.date_day,
        pool_resources.pool_id,
        'accelerator' as resource_kind,
        '(unobserved)' as deployment_id,
        -- what was busy without a name may be what nobody watched
        greatest(
            {{ quotient(
                'pool_resources.accelerator_seconds * (watched_nodes.billed_seconds - watched_nodes.watched_seconds)',
                'watched_nodes.billed_seconds'
            ) }},
            {{ quotient(
                'pool_resources.accelerator_seconds * '
                ~ 'least(watched_nodes.unnamed_seconds, watched_nodes.accelerator_seconds)',
                'watched_nodes.accelerator_seconds'
            ) }}
        ) as seconds
    from pool_resources
    inner join watched_nodes
        on
            pool_resources.date_day = watched_nodes.date_day
            and pool_resources.resource_id = watched_nodes.resource_id

)

select
    date_day,
    pool_id,
    resource_kind,
    deployment_id,
    cast(sum(seconds) as bigint) as resource_seconds
from accounts
group by date_day, pool_id, resource_kind, deployment_id
having sum(seconds) > 0
