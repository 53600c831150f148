with integrals as (

    select * from {{ ref('int_usage__counted_gauges_daily') }}

),

series as (

    select
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        regexp_extract(semantic, '^(.*)_requested$', 1) as resource_kind,
        unit_divisor,
        cluster,
        namespace,
        pod,
        node,
        labels['container'] as container,
        bool_or(node is not null) over (partition by scrape_group, metric) as is_node_named
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('cpu_requested', 'memory_requested', 'storage_requested')

),

nodes as (

    select * from {{ ref('int_usage__node_resources_daily') }}

),

phases as (

    select * from {{ ref('int_usage__pod_phases_daily') }}

),

-- a pod on no node waits
containers as (

    select
        integrals.date_day,
        series.resource_kind,
        series.cluster,
        series.namespace,
        series.pod,
        series.container,
        series.node,
        max(series.deployment_id) as deployment_id,
        cast(sum({{ quotient('integrals.held_value', 'series.unit_divisor') }}) as {{ wide_integer() }}) as held_value
    from integrals
    inner join series
        on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    where series.node is not null or not series.is_node_named
    group by all

),

-- a pod that succeeded or failed keeps its request and holds nothing
placed as (

    select
        containers.date_day,
        coalesce(containers.deployment_id, '(unattributed)') as deployment_id,
        coalesce(nodes.resource_id, lower(containers.node), '(unknown)') as resource_id,
        containers.resource_kind,
        case
            when phases.pod is null then containers.held_value
            else {{ quotient('(containers.held_value * phases.active_value)', 'phases.known_value') }}
        end as held_value,
        coalesce(nodes.part_value, 1) as part_value,
        coalesce(nodes.whole_value, 1) as whole_value
    from containers
    left join nodes
        on
            containers.date_day = nodes.date_day
            and containers.cluster = nodes.cluster
            and containers.node = nodes.node
    left join phases
        on
            containers.date_day = phases.date_day
            and containers.cluster = phases.cluster
            and containers.namespace = phases.namespace
            and containers.pod = phases.pod

)

-- from thousandths and milliseconds to seconds, rounded down, so that a full node is never more than full
select
    date_day,
    deployment_id,
    resource_id,
    resource_kind,
    cast({{ quotient('sum(' ~ quotient('held_value * part_value', 'whole_value') ~ ')', '1000000') }} as bigint)
        as reserved_seconds
from placed
group by date_day, deployment_id, resource_id, resource_kind
