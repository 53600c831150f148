with series as (

    select
        *,
        coalesce(pod, '') as pod_name,
        case when pod is null then coalesce(labels['instance'], '') else '' end as instance
    from {{ ref('int_usage__series_deployments') }}
    where
        deployment_id is null
        and (metric_type = 'counter' or semantic in ('accelerators_requested', 'accelerator_activity'))
        -- a device that no pod holds is idle, and of nobody
        and (metric_type = 'counter' or pod is not null)

),

increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

pods as (

    select * from {{ ref('int_allocation__undeclared_pods_daily') }}

),

sources as (

    select
        cluster,
        namespace,
        pod_name,
        instance,
        {{ texts_of_group('metric') }} as metrics,
        min(undeclared_value) as undeclared_value
    from series
    group by cluster, namespace, pod_name, instance

),

tokens as (

    select
        series.cluster,
        series.namespace,
        series.pod_name,
        series.instance,
        sum(increases.increase) filter (
            where series.semantic in ('input_tokens', 'uncached_input_tokens', 'output_tokens')
        ) as tokens,
        min(increases.date_day) filter (where increases.increase > 0) as first_used_on,
        max(increases.date_day) filter (where increases.increase > 0) as last_used_on
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}
    group by series.cluster, series.namespace, series.pod_name, series.instance

),

accelerators as (

    select
        cluster,
        namespace,
        pod as pod_name,
        sum(accelerator_seconds) as accelerator_seconds,
        sum(effective_cost) as effective_cost,
        min(date_day) filter (where accelerator_seconds > 0) as first_used_on,
        max(date_day) filter (where accelerator_seconds > 0) as last_used_on
    from pods
    group by cluster, namespace, pod

)

select
    sources.cluster,
    sources.namespace,
    sources.pod_name as pod,
    sources.instance,
    sources.metrics,
    sources.undeclared_value,
    cast(coalesce(tokens.tokens, 0) as bigint) as tokens,
    cast(coalesce(accelerators.accelerator_seconds, 0) as bigint) as accelerator_seconds,
    cast(coalesce(accelerators.effective_cost, 0) as {{ money_type() }}) as effective_cost,
    '{{ var('reporting_currency') }}' as currency,
    least(tokens.first_used_on, accelerators.first_used_on) as first_used_on,
    greatest(tokens.last_used_on, accelerators.last_used_on) as last_used_on
from sources
left join tokens
    on
        sources.cluster = tokens.cluster
        and sources.namespace = tokens.namespace
        and sources.pod_name = tokens.pod_name
        and sources.instance = tokens.instance
left join accelerators
    on
        sources.cluster = accelerators.cluster
        and sources.namespace = accelerators.namespace
        and sources.pod_name = accelerators.pod_name
        and sources.instance = ''
