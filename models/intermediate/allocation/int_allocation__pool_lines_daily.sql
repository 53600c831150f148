with cost_lines as (

    select date_day, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

pool_shares as (

    select date_day, pool_id, resource_kind, deployment_id, resource_weight
    from {{ ref('int_allocation__pool_shares_daily') }}

),

pool_lines as (

    select
        date_day,
        source,
        billing_period_start,
        target as pool_id,
        cost_origin,
        {{ money_to_units('sum(effective_cost)') }} as amount
    from cost_lines
    where treatment = 'pool'
    group by date_day, source, billing_period_start, target, cost_origin

),

resource_weights as (

    select
        pool_lines.date_day,
        pool_lines.source,
        pool_lines.billing_period_start,
        pool_lines.pool_id,
        pool_lines.cost_origin,
        pool_shares.resource_kind,
        pool_lines.amount,
        pool_shares.resource_weight
    from pool_lines
    inner join pool_shares
        on pool_lines.date_day = pool_shares.date_day and pool_lines.pool_id = pool_shares.pool_id
    where pool_shares.deployment_id = '(idle)' and pool_shares.resource_weight > 0

),

resource_lines as (

    {{ largest_remainder(
        'resource_weights',
        amount='amount',
        weight='resource_weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'pool_id', 'cost_origin'],
        order_by=['resource_kind'],
        part='resource_amount'
    ) }}

)

select
    date_day,
    source,
    billing_period_start,
    pool_id,
    resource_kind,
    cost_origin,
    {{ units_to_money('resource_amount') }} as effective_cost
from resource_lines
