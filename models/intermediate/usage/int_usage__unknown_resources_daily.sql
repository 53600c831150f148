with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series_deployments as (

    select * from {{ ref('int_usage__series_deployments') }}

),

-- a claim names no node, and what DCGM says of a claimed device may spell it otherwise
pod_nodes as (

    select distinct cluster, namespace, pod, node
    from series_deployments
    where {{ ends_in('semantic', "'_requested'") }} and pod is not null and node is not null

),

-- a device that a pod has through a ResourceClaim is in no request
series as (

    select distinct
        series_deployments.series_id,
        case
            when series_deployments.semantic = 'accelerator_activity' then 'unknown_resource'
            else series_deployments.semantic
        end as semantic,
        series_deployments.cluster,
        series_deployments.namespace,
        series_deployments.pod,
        case
            when series_deployments.labels['resource'] is null then coalesce(pod_nodes.node, series_deployments.node)
            else series_deployments.node
        end as node,
        series_deployments.labels['resource'] as resource,
        series_deployments.semantic = 'accelerator_activity' as is_claimed
    from series_deployments
    left join pod_nodes
        on
            series_deployments.labels['resource'] is null
            and series_deployments.cluster = pod_nodes.cluster
            and series_deployments.namespace = pod_nodes.namespace
            and series_deployments.pod = pod_nodes.pod
    where
        series_deployments.semantic in ('accelerators_requested', 'unknown_resource')
        or (
            series_deployments.semantic = 'accelerator_activity'
            and series_deployments.pod is not null
            and series_deployments.labels['dra_claim_name'] != ''
        )

),

phases as (

    select * from {{ ref('int_usage__pod_phases_daily') }}

),

-- a pod that succeeded or failed keeps its request and holds nothing
requests as (

    select
        integrals.date_day,
        series.*
    from integrals
    inner join series on integrals.series_id = series.series_id
    left join phases
        on
            integrals.date_day = phases.date_day
            and series.cluster = phases.cluster
            and series.namespace = phases.namespace
            and series.pod = phases.pod
    where
        series.node is not null
        and (integrals.held_value > 0 or series.is_claimed)
        and coalesce(phases.active_value, 1) > 0

),

known as (

    select distinct date_day, cluster, namespace, pod, node
    from requests
    where semantic = 'accelerators_requested'

),

known_nodes as (

    select distinct date_day, cluster, node
    from known

)

-- beside an accelerator that it holds, a pod needs a network card or its memory: that is no second accelerator
select
    requests.date_day,
    requests.series_id,
    requests.cluster,
    requests.node,
    requests.resource,
    requests.is_claimed,
    known_nodes.node is not null and not requests.is_claimed as is_node_known
from requests
left join known_nodes
    on
        requests.date_day = known_nodes.date_day
        and requests.cluster = known_nodes.cluster
        and requests.node = known_nodes.node
anti join known
    on
        requests.date_day = known.date_day
        and requests.cluster = known.cluster
        and requests.namespace = known.namespace
        and requests.pod = known.pod
where requests.semantic = 'unknown_resource'
