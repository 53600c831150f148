with

pool_resources as (
    select charge_date, pool_id, resource_id, accelerator_seconds
    from {{ ref('int_costs__pool_resources_daily') }}
),

-- What telemetry says of a node: who holds how much of it, and what there is. Its accelerators the bill counts.
node_seconds as (
    select usage_date, resource_id, 'accelerator' as resource_kind, deployment_id, accelerator_seconds as seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    union all
    select usage_date, resource_id, resource_kind, deployment_id, reserved_seconds as seconds
    from {{ ref('int_usage__host_requests_daily') }}
    union all
    select usage_date, resource_id, resource_kind, '(capacity)' as deployment_id, capacity_seconds as seconds
    from {{ ref('int_usage__host_capacity_daily') }}
),

pooled as (
    select
        pool_resources.charge_date,
        pool_resources.pool_id,
        pool_resources.resource_id,
        node_seconds.resource_kind,
        node_seconds.deployment_id,
        cast(node_seconds.seconds as hugeint) as seconds_on_node,
        cast(greatest(pool_resources.accelerator_seconds, 1) as hugeint) as capacity_weight
    from pool_resources
    inner join node_seconds
        on
            pool_resources.charge_date = node_seconds.usage_date
            and pool_resources.resource_id = node_seconds.resource_id
),

-- A node that changed pools within the day: what it offers and who holds it is divided as its accelerators were billed.
divided as (
    {{ largest_remainder(
        'pooled',
        amount='seconds_on_node',
        weight='capacity_weight',
        partition_by=['charge_date', 'resource_id', 'resource_kind', 'deployment_id'],
        order_by=['pool_id'],
        part='seconds_in_pool'
    ) }}
),

accounts as (
    select charge_date, pool_id, resource_kind, deployment_id, seconds_in_pool as seconds
    from divided
    union all
    select
        charge_date,
        pool_id,
        'accelerator' as resource_kind,
        '(capacity)' as deployment_id,
        accelerator_seconds as seconds
    from pool_resources
)

select
    charge_date,
    pool_id,
    resource_kind,
    deployment_id,
    cast(sum(seconds) as bigint) as resource_seconds
from accounts
group by charge_date, pool_id, resource_kind, deployment_id
having sum(seconds) > 0
