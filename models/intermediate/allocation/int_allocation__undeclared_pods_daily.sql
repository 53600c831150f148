with pods as (

    select
        date_day,
        cluster,
        namespace,
        pod,
        resource_id,
        cast({{ quotient('sum(greatest(reserved_value, busy_value))', '1000000') }} as bigint) as accelerator_seconds
    from {{ ref('int_usage__pod_accelerators_daily') }}
    where deployment_id is null
    group by date_day, cluster, namespace, pod, resource_id

),

pool_resources as (

    select date_day, pool_id, resource_id
    from {{ ref('int_costs__pool_resources_daily') }}

),

pool_costs as (

    select
        date_day,
        pool_id,
        {{ money_to_units('sum(effective_cost)') }} as cost_units
    from {{ ref('int_allocation__pool_costs_daily') }}
    where deployment_id = '(unattributed)' and resource_kind = 'accelerator'
    group by date_day, pool_id

),

-- what nobody declared pays for a pool together: by pod, as it held accelerators.
pooled as (

    select
        pool_costs.date_day,
        pool_costs.pool_id,
        pods.cluster,
        pods.namespace,
        pods.pod,
        pool_costs.cost_units,
        cast(sum(pods.accelerator_seconds) as {{ wide_integer() }}) as weight
    from pods
    inner join pool_resources
        on pods.date_day = pool_resources.date_day and pods.resource_id = pool_resources.resource_id
    inner join pool_costs
        on
            pool_resources.date_day = pool_costs.date_day
            and pool_resources.pool_id = pool_costs.pool_id
    where pods.accelerator_seconds > 0
    group by pool_costs.date_day, pool_costs.pool_id, pods.cluster, pods.namespace, pods.pod, pool_costs.cost_units

),

divided as (

    {{ largest_remainder(
        'pooled',
        amount='cost_units',
        weight='weight',
        partition_by=['date_day', 'pool_id'],
        order_by=['cluster', 'namespace', 'pod']
    ) }}

),

costs as (

    select date_day, cluster, namespace, pod, sum({{ units_to_money('part') }}) as effective_cost
    from divided
    group by date_day, cluster, namespace, pod

)

select
    pods.date_day,
    pods.cluster,
    pods.namespace,
    pods.pod,
    cast(sum(pods.accelerator_seconds) as bigint) as accelerator_seconds,
    cast(coalesce(max(costs.effective_cost), 0) as {{ money_type() }}) as effective_cost
from pods
left join costs
    on
        pods.date_day = costs.date_day
        and pods.cluster = costs.cluster
        and pods.namespace = costs.namespace
        and pods.pod = costs.pod
group by pods.date_day, pods.cluster, pods.namespace, pods.pod
