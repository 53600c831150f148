with

cost_lines as (
    select charge_date, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}
),

pool_shares as (
    select
        charge_date, pool_id, resource_kind, deployment_id, allocation_note, pool_used_seconds, resource_weight, weight
    from {{ ref('int_allocation__pool_shares_daily') }}
),

capacity_pools as (
    select pool_id, idle_treatment
    from {{ ref('capacity_pools') }}
),

pool_lines as (
    select
        charge_date,
        source,
        billing_period_start,
        target as pool_id,
        cost_origin,
        {{ money_to_units('sum(effective_cost)') }} as amount
    from cost_lines
    where treatment = 'pool'
    group by charge_date, source, billing_period_start, target, cost_origin
),

-- First over accelerators, CPU and memory by their prices; each then divides on its own, with an idle part of its own.
resource_weights as (
    select
        pool_lines.charge_date,
        pool_lines.source,
        pool_lines.billing_period_start,
        pool_lines.pool_id,
        pool_lines.cost_origin,
        pool_shares.resource_kind,
        pool_lines.amount,
        pool_shares.resource_weight
    from pool_lines
    inner join pool_shares
        on pool_lines.charge_date = pool_shares.charge_date and pool_lines.pool_id = pool_shares.pool_id
    where pool_shares.deployment_id = '(idle)' and pool_shares.resource_weight > 0
),

resource_lines as (
    {{ largest_remainder(
        'resource_weights',
        amount='amount',
        weight='resource_weight',
        partition_by=['charge_date', 'source', 'billing_period_start', 'pool_id', 'cost_origin'],
        order_by=['resource_kind'],
        part='resource_amount'
    ) }}
),

usage_receivers as (
    select
        resource_lines.charge_date,
        resource_lines.source,
        resource_lines.billing_period_start,
        resource_lines.pool_id,
        resource_lines.resource_kind,
        pool_shares.deployment_id,
        pool_shares.allocation_note,
        resource_lines.resource_amount as amount,
        pool_shares.weight
    from resource_lines
    inner join pool_shares
        on
            resource_lines.charge_date = pool_shares.charge_date
            and resource_lines.pool_id = pool_shares.pool_id
            and resource_lines.resource_kind = pool_shares.resource_kind
    where resource_lines.cost_origin = 'usage' and pool_shares.weight > 0
),

usage_parts as (
    {{ largest_remainder(
        'usage_receivers',
        amount='amount',
        weight='weight',
        partition_by=['charge_date', 'source', 'billing_period_start', 'pool_id', 'resource_kind'],
        order_by=['deployment_id']
    ) }}
),

-- What nobody used: the idle part of the lines above, and commitments paid for but not drawn on.
unused_lines as (
    select charge_date, source, billing_period_start, pool_id, resource_kind, 'idle' as cost_origin, part as amount
    from usage_parts
    where deployment_id = '(idle)'
    union all
    select
        charge_date, source, billing_period_start, pool_id, resource_kind, cost_origin, resource_amount as amount
    from resource_lines
    where cost_origin != 'usage'
),

-- The pool's policy: to the deployments by their use, or to one visible line, as on any day without use.
policy_receivers as (
    select
        pool_shares.charge_date,
        pool_shares.pool_id,
        pool_shares.resource_kind,
        pool_shares.deployment_id,
        pool_shares.allocation_note,
        pool_shares.weight
    from pool_shares
    inner join capacity_pools on pool_shares.pool_id = capacity_pools.pool_id
    where
        capacity_pools.idle_treatment = 'share'
        and pool_shares.pool_used_seconds > 0
        and pool_shares.deployment_id != '(idle)'
    union all
    select
        pool_shares.charge_date,
        pool_shares.pool_id,
        pool_shares.resource_kind,
        pool_shares.deployment_id,
        coalesce(pool_shares.allocation_note, 'kept_separate') as allocation_note,
        cast(1 as hugeint) as weight
    from pool_shares
    left join capacity_pools on pool_shares.pool_id = capacity_pools.pool_id
    where
        pool_shares.deployment_id = '(idle)'
        and (capacity_pools.idle_treatment is distinct from 'share' or pool_shares.pool_used_seconds = 0)
),

unused_receivers as (
    select
        unused_lines.charge_date,
        unused_lines.source,
        unused_lines.billing_period_start,
        unused_lines.pool_id,
        unused_lines.resource_kind,
        policy_receivers.deployment_id,
        unused_lines.cost_origin,
        policy_receivers.allocation_note,
        unused_lines.amount,
        policy_receivers.weight
    from unused_lines
    inner join policy_receivers
        on
            unused_lines.charge_date = policy_receivers.charge_date
            and unused_lines.pool_id = policy_receivers.pool_id
            and unused_lines.resource_kind = policy_receivers.resource_kind
),

unused_parts as (
    {{ largest_remainder(
        'unused_receivers',
        amount='amount',
        weight='weight',
        partition_by=['charge_date', 'source', 'billing_period_start', 'pool_id', 'resource_kind', 'cost_origin'],
        order_by=['deployment_id']
    ) }}
),

parts as (
    select
        charge_date,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        deployment_id,
        'usage' as cost_origin,
        allocation_note,
        part
    from usage_parts
    where deployment_id != '(idle)'
    union all
    select
        charge_date,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        deployment_id,
        cost_origin,
        allocation_note,
        part
    from unused_parts
)

select
    charge_date,
    source,
    billing_period_start,
    pool_id,
    resource_kind,
    deployment_id,
    cost_origin,
    allocation_note,
    {{ units_to_money('part') }} as effective_cost
from parts
