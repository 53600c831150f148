{%- set is_dcgm = begins_with('metric', "'dcgm_'") -%}

with series as (

    select
        series_id,
        metric,
        min_by(labels, {{ struct_of(['first_sampled_at', 'source_file']) }}) as labels
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued
    group by series_id, metric

),

-- DCGM's older labels name the workload by themselves; a resource is spelled as kube-state-metrics does it
spelled as (

    select
        series_id,
        metric,
        {{ maps_as_one('labels', labels_from({
            'exported_pod': "case when " ~ is_dcgm ~ " then nullif(labels['pod_name'], '') end",
            'exported_namespace': "case when " ~ is_dcgm ~ " then nullif(labels['pod_namespace'], '') end",
            'exported_container': "case when " ~ is_dcgm ~ " then nullif(labels['container_name'], '') end",
            'resource': replace_every("labels['resource']", '[^A-Za-z0-9_]', '_')
        })) }} as labels
    from series

),

-- where a scraper does not honour an exporter's labels, `exported_pod` is the workload and `pod` the exporter
honoured as (

    select
        series_id,
        metric,
        {{ maps_as_one('labels', 'map_from_entries(' ~ list_of_each(
            list_where(
                'map_entries(labels)', 'entry', begins_with('entry.key', "'exported_'") ~ " and entry.value != ''"
            ),
            'entry',
            struct_of({'key': 'substr(entry.key, 10)', 'value': 'entry.value'})
        ) ~ ')') }} as labels,
        -- a device at rest has no workload, and a node no pod: what is left in `pod` is the exporter's own
        coalesce(labels['exported_pod'], '') = ''
        and (
            metric like 'kube_node_%'
            or bool_or(coalesce(labels['exported_pod'], '') != '')
                over (partition by metric, labels['job'], nullif(labels['cluster'], ''))
        ) as is_pod_of_exporter
    from spelled

),

named as (

    select
        series_id,
        metric,
        case
            when is_pod_of_exporter
                then map_from_entries({{ list_where(
                    'map_entries(labels)', 'entry', "entry.key not in ('pod', 'namespace', 'container')"
                ) }})
            else labels
        end as labels
    from honoured

),

identified as (

    select
        *,
        {{ cluster_of('labels') }} as cluster,
        nullif(labels['namespace'], '') as namespace,
        -- a job of a batch scheduler stands where no pod does
        coalesce(nullif(labels['pod'], ''), case when {{ is_dcgm }} then nullif(labels['hpc_job'], '') end) as pod,
        nullif(coalesce(labels['node'], labels['Hostname'], labels['hostname']), '') as node
    from named

),

-- a pod without a namespace is the one of that name, if there is but one
pod_namespaces as (

    select
        pod,
        min(namespace) as namespace,
        count(distinct namespace) as namespaces
    from identified
    group by pod

),

node_clusters as (

    select
        node,
        min(cluster) as cluster
    from identified
    where node is not null
    group by node
    having count(distinct cluster) = 1

),

placed as (

    select
        identified.{{ all_but('cluster, namespace') }},
        coalesce(identified.cluster, node_clusters.cluster) as cluster,
        coalesce(identified.namespace, case when pod_namespaces.namespaces = 1 then pod_namespaces.namespace end)
            as namespace,
        identified.namespace is null and pod_namespaces.namespaces > 1 as is_namespace_ambiguous
    from identified
    left join node_clusters on identified.node = node_clusters.node
    left join pod_namespaces on identified.pod = pod_namespaces.pod

),

pod_clusters as (

    select
        namespace,
        pod,
        min(cluster) as cluster,
        count(distinct cluster) as clusters
    from placed
    where pod is not null
    group by namespace, pod

)

select
    placed.series_id,
    placed.metric,
    coalesce(placed.cluster, case when pod_clusters.clusters = 1 then pod_clusters.cluster end, '') as cluster,
    coalesce(placed.namespace, '') as namespace,
    placed.pod,
    placed.node,
    placed.labels,
    coalesce(placed.is_namespace_ambiguous, false)
    or coalesce(placed.cluster is null and pod_clusters.clusters > 1, false) as is_ambiguous
from placed
left join pod_clusters
    on placed.namespace is not distinct from pod_clusters.namespace and placed.pod = pod_clusters.pod
