with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select distinct
        series_id,
        semantic,
        cluster,
        namespace,
        pod,
        node,
        labels['resource'] as resource
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('accelerators_requested', 'unknown_resource') and node is not null

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
    where integrals.held_value > 0 and coalesce(phases.active_value, 1) > 0

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
    known_nodes.node is not null as is_node_known
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
