with matched_costs as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        priority,
        {{ money_to_units('effective_cost') }} as cost_units
    from {{ ref('int_owners__matched_costs_daily') }}

),

owners as (

    select
        *,
        match_type || coalesce(' ' || match_key, '') || ' ' || match_value as matched_by
    from {{ ref('cost_owners') }}

),

payers as (

    select
        matched_costs.*,
        owners.owner,
        owners.matched_by,
        cast(owners.share * 1000000 as {{ wide_integer() }}) as share_units
    from matched_costs
    inner join owners
        on matched_costs.priority = owners.priority and {{ in_effect('owners', 'matched_costs.date_day') }}

),

-- what no row matches, or the shares of its rows leave
unowned as (

    select
        matched_costs.*,
        '(unowned)' as owner,
        max(owners.matched_by) as matched_by,
        1000000 - cast(coalesce(sum(owners.share), 0) * 1000000 as {{ wide_integer() }}) as share_units
    from matched_costs
    left join owners
        on matched_costs.priority = owners.priority and {{ in_effect('owners', 'matched_costs.date_day') }}
    group by all
    having coalesce(sum(owners.share), 0) < 1

),

shares as (

    select * from payers
    union all
    select * from unowned

),

divided as (

    {{ largest_remainder(
        relation='shares',
        amount='cost_units',
        weight='share_units',
        partition_by=['date_day', 'source', 'deployment_id', 'cost_origin', 'origin_pool', 'priority'],
        order_by=['owner']
    ) }}

),

costs as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        owner,
        {{ texts_of_group('matched_by', '; ') }} as matched_by,
        cast(sum({{ units_to_money('part') }}) as {{ money_type() }}) as effective_cost
    from divided
    group by date_day, source, deployment_id, cost_origin, origin_pool, owner
    having sum(part) != 0

)

select
    costs.date_day,
    costs.source,
    costs.deployment_id,
    costs.cost_origin,
    costs.origin_pool,
    costs.owner,
    costs.matched_by,
    case
        when shared_pools.driver = 'even' then 'shared evenly'
        when shared_pools.driver = 'fixed' then 'shared by fixed weights'
        when shared_pools.driver is not null then 'shared by ' || replace(shared_pools.driver, '_', ' ')
        when costs.origin_pool != '(none)' then 'accelerator time'
        else 'charged directly'
    end as method,
    ledger.environment,
    ledger.workload,
    costs.effective_cost,
    ledger.currency
from costs
inner join {{ ref('int_books__recomputed_costs_daily') }} as ledger
    on
        costs.date_day = ledger.date_day
        and costs.source = ledger.source
        and costs.deployment_id = ledger.deployment_id
        and costs.cost_origin = ledger.cost_origin
        and costs.origin_pool = ledger.origin_pool
left join {{ ref('shared_pools') }} as shared_pools
    on costs.origin_pool = shared_pools.pool_id and {{ in_effect('shared_pools', 'costs.date_day') }}
