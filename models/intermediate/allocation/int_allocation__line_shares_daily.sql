with cost_lines as (

    select date_day, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

direct_costs as (

    select * from {{ ref('int_allocation__direct_costs_daily') }}

),

shared_costs as (

    select * from {{ ref('int_allocation__shared_costs_daily') }}

),

pool_shares as (

    select date_day, pool_id, resource_kind, deployment_id, resource_seconds
    from {{ ref('int_allocation__pool_shares_daily') }}

),

shared_weights as (

    select date_day, pool_id, driver, deployment_id, quantity
    from {{ ref('int_allocation__shared_weights_daily') }}

),

parts as (

    select
        date_day,
        source,
        billing_period_start,
        treatment,
        case treatment when 'direct' then deployment_id else origin_pool end as target,
        case cost_origin when 'unused_commitment' then cost_origin else 'usage' end as line_origin,
        deployment_id,
        cost_origin,
        origin_pool as exit_pool_id,
        resource_kind,
        allocation_note,
        effective_cost
    from direct_costs
    union all
    select
        date_day,
        source,
        billing_period_start,
        'shared' as treatment,
        pool_id as target,
        case cost_origin when 'unused_commitment' then cost_origin else 'usage' end as line_origin,
        deployment_id,
        cost_origin,
        exit_pool_id,
        '(none)' as resource_kind,
        allocation_note,
        effective_cost
    from shared_costs
    union all
    select
        date_day,
        source,
        billing_period_start,
        treatment,
        target,
        cost_origin as line_origin,
        '(' || treatment || ')' as deployment_id,
        cost_origin,
        '(none)' as exit_pool_id,
        '(none)' as resource_kind,
        case treatment when 'excluded' then 'excluded_by_rule' else 'no_rule_matched' end as allocation_note,
        sum(effective_cost) as effective_cost
    from cost_lines
    where treatment in ('excluded', 'unallocated')
    group by date_day, source, billing_period_start, treatment, target, cost_origin

),

-- a line that sums to 0 has no parts to take shares from: its charges cancel each other wherever they stand.
weighed as (

    select
        *,
        cast(1000000000000 as {{ wide_integer() }}) as whole,
        case
            when
                bool_and(effective_cost = 0) over (
                    partition by date_day, source, billing_period_start, treatment, target, line_origin
                )
                then 1
            else abs({{ money_to_units('effective_cost') }})
        end as weight
    from parts

),

with_totals as (

    select
        *,
        sum(weight) over (
            partition by date_day, source, billing_period_start, treatment, target, line_origin
        ) as total_weight
    from weighed

),

-- a line of 10 million or more is brought to 25 digits, so that the products of the division fit into a wide integer
scaled as (

    select
        *,
        {{ quotient('weight', 'greatest(' ~ quotient('total_weight', '10000000000000000000000000') ~ ', 1)') }}
            as scaled_weight
    from with_totals

),

shares as (

    {{ largest_remainder(
        'scaled',
        amount='whole',
        weight='scaled_weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'treatment', 'target', 'line_origin'],
        order_by=['deployment_id', 'cost_origin', 'exit_pool_id', 'resource_kind'],
        part='share'
    ) }}

)

select
    shares.date_day,
    shares.source,
    shares.billing_period_start,
    shares.treatment,
    shares.target,
    shares.line_origin,
    shares.deployment_id,
    shares.cost_origin,
    shares.exit_pool_id,
    shares.resource_kind,
    shares.allocation_note,
    case shares.treatment
        when 'direct' then 'cost_rule'
        when 'pool'
            then case shares.cost_origin
                    when 'usage' then shares.resource_kind || '_time'
                    when 'unobserved' then 'unobserved_policy'
                    else 'idle_policy'
                end
        when 'shared' then coalesce(shared_weights.driver, 'unallocated')
        else shares.treatment
    end as method,
    coalesce(shared_weights.quantity, pool_shares.resource_seconds) as quantity,
    shares.effective_cost,
    cast(shares.share as bigint) as share
from shares
left join pool_shares
    on
        shares.treatment = 'pool'
        and shares.date_day = pool_shares.date_day
        and shares.target = pool_shares.pool_id
        and shares.resource_kind = pool_shares.resource_kind
        and shares.deployment_id = pool_shares.deployment_id
left join shared_weights
    on
        shares.treatment = 'shared'
        and shares.date_day = shared_weights.date_day
        and shares.exit_pool_id = shared_weights.pool_id
        and shares.deployment_id = shared_weights.deployment_id
where shares.share > 0
