with

pods as (
    select
        usage_date,
        cluster,
        namespace,
        pod,
        resource_id,
        cast(sum(greatest(reserved_value, busy_value)) // 1000000 as bigint) as accelerator_seconds
    from {{ ref('int_usage__pod_accelerators_daily') }}
    where deployment_id is null
    group by usage_date, cluster, namespace, pod, resource_id
),

pool_resources as (
    select charge_date, pool_id, resource_id
    from {{ ref('int_costs__pool_resources_daily') }}
),

pool_costs as (
    select
        charge_date,
        pool_id,
        {{ money_to_units('sum(effective_cost)') }} as cost_units
    from {{ ref('int_allocation__pool_costs_daily') }}
    where deployment_id = '(unattributed)' and resource_kind = 'accelerator'
    group by charge_date, pool_id
),

-- What nobody declared pays for a pool together: by pod, as it held accelerators.
pooled as (
    select
        pool_costs.charge_date,
        pool_costs.pool_id,
        pods.cluster,
        pods.namespace,
        pods.pod,
        pool_costs.cost_units,
        cast(sum(pods.accelerator_seconds) as hugeint) as weight
    from pods
    inner join pool_resources
        on pods.usage_date = pool_resources.charge_date and pods.resource_id = pool_resources.resource_id
    inner join pool_costs
        on
            pool_resources.charge_date = pool_costs.charge_date
            and pool_resources.pool_id = pool_costs.pool_id
    where pods.accelerator_seconds > 0
    group by pool_costs.charge_date, pool_costs.pool_id, pods.cluster, pods.namespace, pods.pod, pool_costs.cost_units
),

divided as (
    {{ largest_remainder(
        'pooled',
        amount='cost_units',
        weight='weight',
        partition_by=['charge_date', 'pool_id'],
        order_by=['cluster', 'namespace', 'pod']
    ) }}
),

costs as (
    select charge_date, cluster, namespace, pod, sum({{ units_to_money('part') }}) as effective_cost
    from divided
    group by charge_date, cluster, namespace, pod
)

select
    pods.usage_date as charge_date,
    pods.cluster,
    pods.namespace,
    pods.pod,
    cast(sum(pods.accelerator_seconds) as bigint) as accelerator_seconds,
    cast(coalesce(any_value(costs.effective_cost), 0) as {{ money_type() }}) as effective_cost
from pods
left join costs
    on
        pods.usage_date = costs.charge_date
        and pods.cluster = costs.cluster
        and pods.namespace = costs.namespace
        and pods.pod = costs.pod
group by pods.usage_date, pods.cluster, pods.namespace, pods.pod
