with

cost_lines as (
    select charge_date, treatment, target
    from {{ ref('int_costs__cost_lines_daily') }}
),

pool_resources as (
    select charge_date, pool_id, resource_id, accelerator_seconds
    from {{ ref('int_costs__pool_resources_daily') }}
),

accelerator_seconds as (
    select usage_date, deployment_id, resource_id, accelerator_seconds
    from {{ ref('int_usage__accelerator_seconds_daily') }}
),

resource_use as (
    select
        pool_resources.charge_date,
        pool_resources.pool_id,
        pool_resources.resource_id,
        accelerator_seconds.deployment_id,
        cast(accelerator_seconds.accelerator_seconds as hugeint) as seconds_on_resource,
        cast(greatest(pool_resources.accelerator_seconds, 1) as hugeint) as capacity_weight
    from pool_resources
    inner join accelerator_seconds
        on
            pool_resources.charge_date = accelerator_seconds.usage_date
            and pool_resources.resource_id = accelerator_seconds.resource_id
),

-- A resource that changed pools within the day: its use is divided as its capacity was, never counted twice.
resource_use_by_pool as (
    {{ largest_remainder(
        'resource_use',
        amount='seconds_on_resource',
        weight='capacity_weight',
        partition_by=['charge_date', 'resource_id', 'deployment_id'],
        order_by=['pool_id'],
        part='seconds_in_pool'
    ) }}
),

deployment_use as (
    select charge_date, pool_id, deployment_id, sum(seconds_in_pool) as accelerator_seconds
    from resource_use_by_pool
    group by charge_date, pool_id, deployment_id
    having sum(seconds_in_pool) > 0
),

-- Days with cost but no known capacity are kept: their cost must have somewhere to go.
pool_days as (
    select charge_date, pool_id
    from pool_resources
    union
    select charge_date, target as pool_id
    from cost_lines
    where treatment = 'pool'
),

pool_capacity as (
    select charge_date, pool_id, sum(accelerator_seconds) as capacity_seconds
    from pool_resources
    group by charge_date, pool_id
),

pool_use as (
    select charge_date, pool_id, sum(accelerator_seconds) as used_seconds
    from deployment_use
    group by charge_date, pool_id
),

pool_balance as (
    select
        pool_days.charge_date,
        pool_days.pool_id,
        coalesce(pool_capacity.capacity_seconds, 0) as capacity_seconds,
        coalesce(pool_use.used_seconds, 0) as used_seconds
    from pool_days
    left join pool_capacity
        on pool_days.charge_date = pool_capacity.charge_date and pool_days.pool_id = pool_capacity.pool_id
    left join pool_use
        on pool_days.charge_date = pool_use.charge_date and pool_days.pool_id = pool_use.pool_id
),

receivers as (
    select charge_date, pool_id, deployment_id, accelerator_seconds
    from deployment_use
    union all
    select charge_date, pool_id, '(idle)' as deployment_id, capacity_seconds - used_seconds as accelerator_seconds
    from pool_balance
)

select
    receivers.charge_date,
    receivers.pool_id,
    receivers.deployment_id,
    case
        when pool_balance.used_seconds > pool_balance.capacity_seconds then 'use_above_capacity'
        when pool_balance.used_seconds > 0 then null
        when pool_balance.capacity_seconds > 0 then 'no_use'
        else 'no_capacity'
    end as allocation_note,
    cast(receivers.accelerator_seconds as bigint) as accelerator_seconds,
    cast(pool_balance.capacity_seconds as bigint) as pool_capacity_seconds,
    cast(pool_balance.used_seconds as bigint) as pool_used_seconds,
    cast(
        case
            when pool_balance.used_seconds = 0 then 1
            else greatest(receivers.accelerator_seconds, 0)
        end as hugeint
    ) as weight
from receivers
inner join pool_balance
    on receivers.charge_date = pool_balance.charge_date and receivers.pool_id = pool_balance.pool_id
