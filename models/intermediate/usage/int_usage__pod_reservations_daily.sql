with integrals as (

    select * from {{ ref('int_usage__accelerator_integrals_daily') }}

),

phases as (

    select * from {{ ref('int_usage__pod_phases_daily') }}

),

series as (

    select
        *,
        bool_or(node is not null) over (partition by scrape_group, metric) as is_node_named
    from {{ ref('int_usage__series_deployments') }}
    where semantic = 'accelerators_requested' and pod is not null

),

-- a pod on no node waits
containers as (

    select
        integrals.date_day,
        series.cluster,
        series.namespace,
        series.pod,
        series.node,
        series.labels['container'] as container,
        series.labels['resource'] as resource,
        max(series.deployment_id) as deployment_id,
        max(series.role) as role,
        bool_or(integrals.slices < integrals.slices_of_accelerator) as is_sliced,
        cast(sum(integrals.held_value) as {{ wide_integer() }}) as held_value
    from integrals
    inner join series
        on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    where series.node is not null or not series.is_node_named
    group by all

)

-- a pod that succeeded or failed keeps its request and holds nothing
select
    containers.date_day,
    containers.cluster,
    containers.namespace,
    containers.pod,
    containers.node,
    max(containers.deployment_id) as deployment_id,
    max(containers.role) as role,
    bool_or(containers.is_sliced) as is_sliced,
    cast(sum(
        case
            when phases.pod is null then containers.held_value
            else {{ quotient('(containers.held_value * phases.active_value)', 'phases.known_value') }}
        end
    ) as {{ wide_integer() }}) as reserved_value
from containers
left join phases
    on
        containers.date_day = phases.date_day
        and containers.cluster = phases.cluster
        and containers.namespace = phases.namespace
        and containers.pod = phases.pod
group by containers.date_day, containers.cluster, containers.namespace, containers.pod, containers.node
