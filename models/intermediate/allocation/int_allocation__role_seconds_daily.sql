with

series as (
    select series_id, deployment_id, role, labels
    from {{ ref('int_usage__series_deployments') }}
    where semantic = 'accelerators_requested' and role in ('prefill', 'decode') and deployment_id is not null
),

integrals as (
    select usage_date, series_id, held_value
    from {{ ref('int_usage__accelerator_integrals_daily') }}
),

-- Several instances of kube-state-metrics report one container: the highest, not the sum.
containers as (
    select
        integrals.usage_date,
        series.deployment_id,
        series.role,
        series.labels['namespace'] as namespace,
        series.labels['pod'] as pod,
        series.labels['container'] as container,
        series.labels['resource'] as resource,
        max(integrals.held_value) as held_value
    from integrals
    inner join series on integrals.series_id = series.series_id
    group by
        integrals.usage_date, series.deployment_id, series.role, namespace, pod, container, resource
)

-- from thousandths of an accelerator and milliseconds to seconds, rounded once
select
    usage_date,
    deployment_id,
    role,
    cast((sum(held_value) + 500000) // 1000000 as bigint) as accelerator_seconds
from containers
group by usage_date, deployment_id, role
having sum(held_value) >= 500000
