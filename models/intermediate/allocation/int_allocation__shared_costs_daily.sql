with cost_lines as (

    select date_day, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

shared_exits as (

    select date_day, pool_id, exit_pool_id, allocation_note, weight
    from {{ ref('int_allocation__shared_exits_daily') }}

),

shared_shares as (

    select date_day, pool_id, deployment_id, allocation_note, weight
    from {{ ref('int_allocation__shared_shares_daily') }}

),

-- what a shared service leaves unused of a commitment stays unused commitment; the rest is shared cost
shared_lines as (

    select
        date_day,
        source,
        billing_period_start,
        target as pool_id,
        case cost_origin when 'usage' then 'shared' else cost_origin end as cost_origin,
        {{ money_to_units('sum(effective_cost)') }} as amount
    from cost_lines
    where treatment = 'shared'
    group by date_day, source, billing_period_start, target, cost_origin

),

-- first over the pools by whose drivers the cost reaches deployments: one, unless shared pools serve each other.
exit_receivers as (

    select
        shared_lines.date_day,
        shared_lines.source,
        shared_lines.billing_period_start,
        shared_lines.pool_id,
        shared_exits.exit_pool_id,
        shared_lines.cost_origin,
        shared_exits.allocation_note,
        shared_lines.amount,
        shared_exits.weight
    from shared_lines
    inner join shared_exits
        on shared_lines.date_day = shared_exits.date_day and shared_lines.pool_id = shared_exits.pool_id

),

exit_parts as (

    {{ largest_remainder(
        'exit_receivers',
        amount='amount',
        weight='weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'pool_id', 'cost_origin'],
        order_by=['exit_pool_id'],
        part='exit_amount'
    ) }}

),

receivers as (

    select
        exit_parts.date_day,
        exit_parts.source,
        exit_parts.billing_period_start,
        exit_parts.pool_id,
        exit_parts.exit_pool_id,
        coalesce(shared_shares.deployment_id, '(unallocated)') as deployment_id,
        exit_parts.cost_origin,
        coalesce(shared_shares.allocation_note, exit_parts.allocation_note) as allocation_note,
        exit_parts.exit_amount,
        coalesce(shared_shares.weight, 1) as weight
    from exit_parts
    left join shared_shares
        on exit_parts.date_day = shared_shares.date_day and exit_parts.exit_pool_id = shared_shares.pool_id

),

parts as (

    {{ largest_remainder(
        'receivers',
        amount='exit_amount',
        weight='weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'pool_id', 'cost_origin', 'exit_pool_id'],
        order_by=['deployment_id']
    ) }}

)

select
    date_day,
    source,
    billing_period_start,
    pool_id,
    exit_pool_id,
    deployment_id,
    cost_origin,
    allocation_note,
    {{ units_to_money('part') }} as effective_cost
from parts
