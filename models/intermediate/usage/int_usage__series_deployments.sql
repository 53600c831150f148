with series as (

    select * from {{ ref('int_usage__series_labels') }}

),

days as (

    select
        series_id,
        cast(min(first_sampled_at) as date) as first_day,
        cast(max(last_sampled_at) as date) as last_day
    from {{ ref('stg_prometheus__series') }}
    group by series_id

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
        catalog.unit_divisor,
        bool_or(catalog.semantic != 'unknown_resource') over (partition by series.series_id) as is_known
    from series
    inner join catalog
        on
            series.metric = catalog.metric
            and {{ labels_match('series.labels', 'catalog.matchers') }}

),

eras as (

    select
        valid_from,
        valid_to
    from {{ ref('int_usage__rule_eras') }}

),

-- the eras in which a series has samples
series_eras as (

    select
        series.series_id,
        eras.valid_from,
        eras.valid_to
    from series
    cross join eras
    left join days on series.series_id = days.series_id
    where coalesce(days.last_day >= eras.valid_from and days.first_day < eras.valid_to, true)

),

matches as (

    {{ match_series_rules('series', 'series_id') }}

),

ruled as (

    select
        measured.*,
        series_eras.valid_from,
        series_eras.valid_to,
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
    inner join series_eras on measured.series_id = series_eras.series_id
    left join matches
        on series_eras.series_id = matches.series_id and series_eras.valid_from = matches.valid_from
    where measured.semantic != 'unknown_resource' or not measured.is_known

),

-- what a cluster says of a pod that no rule knows belongs to the server that runs in it
server_pods as (

    select
        cluster,
        namespace,
        pod,
        valid_from,
        min(deployment_id) as deployment_id
    from ruled
    where metric_type = 'counter' and not is_ambiguous
    group by cluster, namespace, pod, valid_from

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
    coalesce(contains('|' || ruled.roles || '|', '|' || ruled.role || '|'), true) as is_counted,
    ruled.valid_from,
    ruled.valid_to
from ruled
left join server_pods
    on
        ruled.cluster = server_pods.cluster
        and ruled.namespace = server_pods.namespace
        and ruled.pod = server_pods.pod
        and ruled.valid_from = server_pods.valid_from
        and not ruled.is_ambiguous
