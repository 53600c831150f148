with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select
        series_id,
        deployment_id,
        regexp_extract(semantic, '^(.*)_requested$', 1) as resource_kind,
        unit_divisor,
        labels
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('cpu_requested', 'memory_requested', 'storage_requested')

),

nodes as (

    select * from {{ ref('int_usage__nodes_daily') }}

),

-- several instances of kube-state-metrics report one container: the highest, not the sum
containers as (

    select
        integrals.usage_date,
        series.resource_kind,
        series.labels['namespace'] as namespace,
        series.labels['pod'] as pod,
        series.labels['container'] as container,
        series.labels['node'] as node,
        max(series.deployment_id) as deployment_id,
        max(integrals.held_value // series.unit_divisor) as held_value
    from integrals
    inner join series on integrals.series_id = series.series_id
    group by integrals.usage_date, series.resource_kind, namespace, pod, container, node

),

placed as (

    select
        containers.usage_date,
        coalesce(containers.deployment_id, '(unattributed)') as deployment_id,
        coalesce(nodes.resource_id, lower(containers.node), '(unknown)') as resource_id,
        containers.resource_kind,
        containers.held_value
    from containers
    left join nodes on containers.usage_date = nodes.usage_date and containers.node = nodes.node

)

-- from thousandths and milliseconds to seconds, rounded down, so that a full node is never more than full
select
    usage_date,
    deployment_id,
    resource_id,
    resource_kind,
    cast(sum(held_value) // 1000000 as bigint) as reserved_seconds
from placed
group by usage_date, deployment_id, resource_id, resource_kind
