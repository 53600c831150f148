with pool_lines as (

    select
        date_day,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        cost_origin,
        {{ money_to_units('effective_cost') }} as amount
    from {{ ref('int_allocation__pool_lines_daily') }}

),

pool_shares as (

    select date_day, pool_id, resource_kind, deployment_id, allocation_note, pool_used_seconds, weight
    from {{ ref('int_allocation__pool_shares_daily') }}

),

capacity_pools as (

    select
        pool_id,
        idle_treatment,
        coalesce(unobserved_treatment, idle_treatment) as unobserved_treatment,
        valid_from,
        valid_to
    from {{ ref('capacity_pools') }}

),

usage_receivers as (

    select
        pool_lines.*,
        pool_shares.deployment_id,
        pool_shares.allocation_note,
        pool_shares.weight
    from pool_lines
    inner join pool_shares
        on
            pool_lines.date_day = pool_shares.date_day
            and pool_lines.pool_id = pool_shares.pool_id
            and pool_lines.resource_kind = pool_shares.resource_kind
    where pool_lines.cost_origin = 'usage' and pool_shares.weight > 0

),

usage_parts as (

    {{ largest_remainder(
        'usage_receivers',
        amount='amount',
        weight='weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'pool_id', 'resource_kind'],
        order_by=['deployment_id']
    ) }}

),

-- what nobody used or nobody watched of the lines above, and commitments paid for but not drawn on
unused_lines as (

    select
        date_day,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        case deployment_id when '(idle)' then 'idle' else 'unobserved' end as cost_origin,
        case deployment_id when '(idle)' then '(idle)' else '(unobserved)' end as line,
        part as amount
    from usage_parts
    where deployment_id in ('(idle)', '(unobserved)')
    union all
    select
        date_day,
        source,
        billing_period_start,
        pool_id,
        resource_kind,
        cost_origin,
        '(idle)' as line,
        amount
    from pool_lines
    where cost_origin != 'usage'

),

-- the pool's policy: to the deployments by their use, or to one visible line, as on any day without use.
unused_receivers as (

    select
        unused_lines.{{ all_but('line') }},
        pool_shares.deployment_id,
        case
            when pool_shares.deployment_id = unused_lines.line
                then coalesce(pool_shares.allocation_note, 'kept_separate')
            else pool_shares.allocation_note
        end as allocation_note,
        case
            when pool_shares.deployment_id = unused_lines.line then cast(1 as {{ wide_integer() }})
            else pool_shares.weight
        end as weight
    from unused_lines
    left join capacity_pools
        on
            unused_lines.pool_id = capacity_pools.pool_id
            and {{ in_effect('capacity_pools', 'unused_lines.date_day') }}
    inner join pool_shares
        on
            unused_lines.date_day = pool_shares.date_day
            and unused_lines.pool_id = pool_shares.pool_id
            and unused_lines.resource_kind = pool_shares.resource_kind
            and case
                when
                    pool_shares.pool_used_seconds > 0
                    and 'share' = case unused_lines.cost_origin
                        when 'unobserved' then capacity_pools.unobserved_treatment
                        else capacity_pools.idle_treatment
                    end
                    then pool_shares.deployment_id not in ('(idle)', '(unobserved)')
                else unused_lines.line = pool_shares.deployment_id
            end

),

unused_parts as (

    {{ largest_remainder(
        'unused_receivers',
        amount='amount',
        weight='weight',
        partition_by=['date_day', 'source', 'billing_period_start', 'pool_id', 'resource_kind', 'cost_origin'],
        order_by=['deployment_id']
    ) }}

),

parts as (

    select * from usage_parts
    where deployment_id not in ('(idle)', '(unobserved)')
    union all
    select * from unused_parts

)

select
    date_day,
    source,
    billing_period_start,
    pool_id,
    resource_kind,
    deployment_id,
    cost_origin,
    allocation_note,
    {{ units_to_money('part') }} as effective_cost
from parts
