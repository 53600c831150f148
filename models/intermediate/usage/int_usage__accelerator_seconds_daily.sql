with integrals as (

    select * from {{ ref('int_usage__accelerator_integrals_daily') }}

),

series as (

    select
        *,
        coalesce(labels['node'], labels['Hostname'], labels['hostname']) as node,
        coalesce(labels['namespace'], '') as namespace,
        coalesce(labels['pod'], '') as pod
    from {{ ref('int_usage__series_deployments') }}

),

nodes as (

    select * from {{ ref('int_usage__nodes_daily') }}

),

measured as (

    select
        integrals.usage_date,
        series.*,
        integrals.held_value,
        integrals.slices < integrals.slices_of_accelerator as is_sliced
    from integrals
    inner join series on integrals.series_id = series.series_id

),

-- several instances of kube-state-metrics report one container: the highest, not the sum
reserved as (

    select
        usage_date,
        namespace,
        pod,
        max(node) as node,
        max(deployment_id) as deployment_id,
        bool_or(is_sliced) as is_sliced,
        sum(held_value) as reserved
    from (
        select
            usage_date,
            namespace,
            pod,
            node,
            labels['container'] as container,
            labels['resource'] as resource,
            max(deployment_id) as deployment_id,
            bool_or(is_sliced) as is_sliced,
            max(held_value) as held_value
        from measured
        where semantic = 'accelerators_requested'
        group by all
    )
    group by usage_date, namespace, pod

),

busy as (

    select
        usage_date,
        namespace,
        pod,
        max(node) as node,
        max(deployment_id) as deployment_id,
        bool_or(is_sliced) as is_sliced,
        sum(held_value) as busy
    from (
        select *
        from measured
        where semantic = 'accelerator_activity' and pod != ''
        qualify preference = min(preference) over (
                partition by usage_date, namespace, pod, coalesce(labels['UUID'], labels['uuid'], labels['gpu'])
            )
    )
    group by usage_date, namespace, pod

),

pods as (

    select
        coalesce(reserved.usage_date, busy.usage_date) as usage_date,
        coalesce(reserved.namespace, busy.namespace) as namespace,
        coalesce(reserved.pod, busy.pod) as pod,
        coalesce(reserved.node, busy.node) as node,
        coalesce(reserved.deployment_id, busy.deployment_id) as deployment_id,
        coalesce(reserved.is_sliced, false) or coalesce(busy.is_sliced, false) as is_sliced,
        coalesce(reserved.reserved, 0) as reserved,
        coalesce(busy.busy, 0) as busy
    from reserved
    full outer join busy
        on reserved.usage_date = busy.usage_date and reserved.namespace = busy.namespace and reserved.pod = busy.pod

),

placed as (

    select
        pods.usage_date,
        coalesce(pods.deployment_id, '(unattributed)') as deployment_id,
        coalesce(nodes.resource_id, lower(pods.node), '(unknown)') as resource_id,
        pods.is_sliced,
        pods.reserved,
        pods.busy,
        greatest(pods.reserved, pods.busy) as charged
    from pods
    left join nodes on pods.usage_date = nodes.usage_date and pods.node = nodes.node

),

-- from thousandths of an accelerator and milliseconds to seconds, rounded once; slices down, or seven sevenths would be more than one
rounded as (

    select
        usage_date,
        deployment_id,
        resource_id,
        sum(reserved) as reserved,
        sum(busy) as busy,
        sum(charged) as charged,
        case when bool_or(is_sliced) then 500 else 500000 end as rounding
    from placed
    group by usage_date, deployment_id, resource_id

)

select
    usage_date,
    deployment_id,
    resource_id,
    cast((reserved + rounding) // 1000000 as bigint) as reserved_accelerator_seconds,
    cast((busy + rounding) // 1000000 as bigint) as busy_accelerator_seconds,
    cast((charged + rounding) // 1000000 as bigint) as accelerator_seconds
from rounded
