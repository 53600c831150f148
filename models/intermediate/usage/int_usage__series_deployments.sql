with series as (

    select * from {{ ref('int_usage__series_labels') }}

),

catalog as (

    select
        *,
        {{ parse_matchers('label_conditions') }} as matchers
    from {{ ref('metric_catalog') }}

),

measured as (

    select
        series.*,
        catalog.server,
        catalog.semantic,
        catalog.metric_type,
        catalog.roles,
        catalog.scope,
        catalog.preference,
        catalog.sign,
        catalog.unit_divisor
    from series
    inner join catalog
        on
            series.metric = catalog.metric
            and {{ labels_match('series.labels', 'catalog.matchers') }}

),

matches as (

    {{ match_series_rules('series', 'series_id') }}

),

ruled as (

    select
        measured.*,
        matches.deployment_id,
        matches.undeclared_value,
        -- what a server says of itself (Dynamo's and SGLang's do) goes before a rule
        coalesce(
            case when measured.labels['worker_type'] in ('prefill', 'decode') then measured.labels['worker_type'] end,
            case when measured.labels['engine_type'] in ('prefill', 'decode') then measured.labels['engine_type'] end,
            matches.role,
            'aggregated'
        ) as role
    from measured
    left join matches on measured.series_id = matches.series_id

),

-- what a cluster says of a pod that no rule knows belongs to the server that runs in it
server_pods as (

    select
        cluster,
        namespace,
        pod,
        min(deployment_id) as deployment_id
    from ruled
    where metric_type = 'counter' and not is_ambiguous
    group by cluster, namespace, pod

)

select
    ruled.series_id,
    ruled.server,
    ruled.metric,
    ruled.semantic,
    ruled.metric_type,
    coalesce(ruled.deployment_id, server_pods.deployment_id) as deployment_id,
    ruled.undeclared_value,
    ruled.role,
    ruled.cluster,
    ruled.namespace,
    ruled.pod,
    ruled.node,
    case
        when ruled.pod is not null then ruled.cluster || '/' || ruled.namespace || '/' || ruled.pod
        else coalesce(ruled.labels['instance'], '')
    end as target_id,
    coalesce(ruled.labels['cluster'], '') || '/' || coalesce(ruled.labels['job'], ruled.server) as scrape_group,
    ruled.labels,
    ruled.scope,
    ruled.preference,
    ruled.sign,
    ruled.unit_divisor,
    ruled.is_ambiguous,
    coalesce(list_contains(string_split(ruled.roles, '|'), ruled.role), true) as is_counted
from ruled
left join server_pods
    on
        ruled.cluster = server_pods.cluster
        and ruled.namespace = server_pods.namespace
        and ruled.pod = server_pods.pod
        and not ruled.is_ambiguous
