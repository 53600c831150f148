with series as (

    select
        series_id,
        metric,
        min_by(labels, (first_sampled_at, source_file)) as labels
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued
    group by series_id, metric

),

-- DCGM's exporter names itself in `pod` and the workload in `exported_pod`
labelled as (

    select
        series_id,
        metric,
        case
            when metric like 'dcgm_%'
                then map_concat(labels, map_from_entries(list_transform(
                        list_filter(map_entries(labels), lambda entry: starts_with(entry.key, 'exported_')),
                        lambda entry: { key: substr(entry.key, 10), value: entry.value }
                    )))
            else labels
        end as labels
    from series

),

catalog as (

    select
        *,
        {{ parse_matchers('label_conditions') }} as matchers
    from {{ ref('metric_catalog') }}

),

rules as (

    select * from {{ ref('series_rules') }}

),

measured as (

    select
        labelled.series_id,
        labelled.metric,
        labelled.labels,
        catalog.server,
        catalog.semantic,
        catalog.metric_type,
        catalog.roles,
        catalog.scope,
        catalog.preference,
        catalog.sign,
        catalog.unit_divisor
    from labelled
    inner join catalog
        on
            labelled.metric = catalog.metric
            and {{ labels_match('labelled.labels', 'catalog.matchers') }}

),

candidates as (

    select
        labelled.series_id,
        rules.role,
        case
            when rules.deployment_id != '$value' then rules.deployment_id
            -- the first group of an expression that has one, else the whole label
            when rules.operator = 'regex'
                then coalesce(
                        nullif(regexp_extract(labelled.labels[rules.label], rules.value || '()', 1), ''),
                        labelled.labels[rules.label]
                    )
            else labelled.labels[rules.label]
        end as deployment_id,
        row_number() over (partition by labelled.series_id order by rules.priority) as rank
    from labelled
    inner join rules
        on case rules.operator
                when 'equals' then labelled.labels[rules.label] = rules.value
                when 'like' then labelled.labels[rules.label] like rules.value
                when 'regex' then regexp_matches(labelled.labels[rules.label], rules.value)
                when 'exists' then coalesce(labelled.labels[rules.label], '') != ''
            end

),

matches as (

    select * from candidates
    where rank = 1

),

ruled as (

    select
        measured.*,
        matches.deployment_id,
        -- what a server says of itself (Dynamo's and SGLang's do) goes before a rule
        coalesce(
            case when measured.labels['worker_type'] in ('prefill', 'decode') then measured.labels['worker_type'] end,
            case when measured.labels['engine_type'] in ('prefill', 'decode') then measured.labels['engine_type'] end,
            matches.role,
            'aggregated'
        ) as role,
        coalesce(measured.labels['namespace'], '') || '/' || measured.labels['pod'] as pod
    from measured
    left join matches on measured.series_id = matches.series_id

),

-- what a cluster says of a pod that no rule knows belongs to the server that runs in it
server_pods as (

    select
        pod,
        min(deployment_id) as deployment_id
    from ruled
    where metric_type = 'counter'
    group by pod

)

select
    ruled.series_id,
    ruled.server,
    ruled.metric,
    ruled.semantic,
    ruled.metric_type,
    coalesce(ruled.deployment_id, server_pods.deployment_id) as deployment_id,
    ruled.role,
    coalesce(ruled.pod, ruled.labels['instance'], '') as target_id,
    coalesce(ruled.labels['cluster'], '') || '/' || coalesce(ruled.labels['job'], ruled.server) as scrape_group,
    ruled.labels,
    ruled.scope,
    ruled.preference,
    ruled.sign,
    ruled.unit_divisor,
    coalesce(list_contains(string_split(ruled.roles, '|'), ruled.role), true) as is_counted
from ruled
left join server_pods on ruled.pod = server_pods.pod
