with integrals as (

    select * from {{ ref('int_usage__accelerator_integrals_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where semantic = 'accelerator_activity' and pod is not null

),

reserved as (

    select * from {{ ref('int_usage__pod_reservations_daily') }}

),

nodes as (

    select * from {{ ref('int_usage__node_resources_daily') }}

),

devices as (

    select
        integrals.date_day,
        series.cluster,
        series.namespace,
        series.pod,
        series.node,
        coalesce(series.labels['UUID'], series.labels['uuid'], series.labels['gpu']) as device,
        series.labels['GPU_I_ID'] as device_instance,
        series.preference,
        max(series.deployment_id) as deployment_id,
        max(series.role) as role,
        bool_or(integrals.slices < integrals.slices_of_accelerator and integrals.held_value > 0) as is_sliced,
        cast(sum(integrals.held_value) as {{ wide_integer() }}) as held_value
    from integrals
    inner join series
        on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    group by all

),

-- a metric that tells of a whole device repeats what a better one tells of its slices
sliced as (

    select
        *,
        coalesce(device_instance, '') = ''
        and coalesce(
            preference > min(case when device_instance != '' then preference end) over (
                partition by date_day, cluster, namespace, pod, device
            ),
            false
        ) as is_repeated
    from devices

),

held as (

    select
        date_day,
        cluster,
        namespace,
        pod,
        array_agg(node) as nodes
    from reserved
    group by date_day, cluster, namespace, pod

),

-- where DCGM spells a node otherwise than the cluster, a pod's only node is meant
busy as (

    select
        devices.date_day,
        devices.cluster,
        devices.namespace,
        devices.pod,
        case
            when array_contains(held.nodes, devices.node) or {{ length_of('held.nodes') }} != 1 then devices.node
            else coalesce({{ element_of('held.nodes', 1) }}, devices.node)
        end as node,
        max(devices.deployment_id) as deployment_id,
        max(devices.role) as role,
        bool_or(devices.is_sliced) as is_sliced,
        sum(devices.held_value) as busy_value
    from sliced as devices
    left join held
        on
            devices.date_day = held.date_day
            and devices.cluster = held.cluster
            and devices.namespace = held.namespace
            and devices.pod = held.pod
    where not devices.is_repeated
    group by all

),

pods as (

    select
        coalesce(reserved.date_day, busy.date_day) as date_day,
        coalesce(reserved.cluster, busy.cluster) as cluster,
        coalesce(reserved.namespace, busy.namespace) as namespace,
        coalesce(reserved.pod, busy.pod) as pod,
        coalesce(reserved.node, busy.node) as node,
        coalesce(reserved.deployment_id, busy.deployment_id) as deployment_id,
        coalesce(reserved.role, busy.role) as role,
        coalesce(reserved.is_sliced, false) or coalesce(busy.is_sliced, false) as is_sliced,
        coalesce(reserved.reserved_value, 0) as reserved_value,
        coalesce(busy.busy_value, 0) as busy_value
    from reserved
    full outer join busy
        on
            reserved.date_day = busy.date_day
            and reserved.cluster = busy.cluster
            and reserved.namespace = busy.namespace
            and reserved.pod = busy.pod
            and reserved.node is not distinct from busy.node

)

select
    pods.date_day,
    pods.cluster,
    pods.namespace,
    pods.pod,
    coalesce(pods.node, '') as node,
    pods.deployment_id,
    pods.role,
    coalesce(nodes.resource_id, lower(pods.node), '(unknown)') as resource_id,
    pods.is_sliced,
    cast(
        {{ quotient('pods.reserved_value * coalesce(nodes.part_value, 1)', 'coalesce(nodes.whole_value, 1)') }}
        as {{ wide_integer() }}
    ) as reserved_value,
    cast(
        {{ quotient('pods.busy_value * coalesce(nodes.part_value, 1)', 'coalesce(nodes.whole_value, 1)') }}
        as {{ wide_integer() }}
    ) as busy_value
from pods
left join nodes
    on pods.date_day = nodes.date_day and pods.cluster = nodes.cluster and pods.node = nodes.node
