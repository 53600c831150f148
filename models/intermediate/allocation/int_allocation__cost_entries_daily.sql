with cost_lines as (

    select date_day, source, billing_period_start, treatment, target, cost_origin, effective_cost
    from {{ ref('int_costs__cost_lines_daily') }}

),

pool_costs as (

    select
        date_day, source, billing_period_start, pool_id, deployment_id, cost_origin, allocation_note, effective_cost
    from {{ ref('int_allocation__pool_costs_daily') }}

),

shared_costs as (

    select
        date_day,
        source,
        billing_period_start,
        pool_id,
        exit_pool_id,
        deployment_id,
        cost_origin,
        allocation_note,
        effective_cost
    from {{ ref('int_allocation__shared_costs_daily') }}

),

-- from the bill to what the cost rule names
matched as (

    select
        date_day,
        source,
        billing_period_start,
        treatment,
        case when treatment in ('pool', 'shared') then target else '(none)' end as origin_pool,
        'cost_rule' as movement,
        '(bill)' as from_account,
        case treatment
            when 'direct' then target
            when 'pool' then 'pool:' || target
            when 'shared' then 'shared:' || target
            else '(' || treatment || ')'
        end as to_account,
        cost_origin,
        case treatment
            when 'excluded' then 'excluded_by_rule'
            when 'unallocated' then 'no_rule_matched'
        end as allocation_note,
        effective_cost
    from cost_lines

),

-- from a capacity pool by use, its idle part by policy
pooled as (

    select
        date_day,
        source,
        billing_period_start,
        'pool' as treatment,
        pool_id as origin_pool,
        'capacity_pool' as movement,
        'pool:' || pool_id as from_account,
        deployment_id as to_account,
        cost_origin,
        allocation_note,
        effective_cost
    from pool_costs

),

-- from one shared pool to another, where they serve each other
served as (

    select
        date_day,
        source,
        billing_period_start,
        'shared' as treatment,
        pool_id as origin_pool,
        'shared_service' as movement,
        'shared:' || pool_id as from_account,
        'shared:' || exit_pool_id as to_account,
        cost_origin,
        cast(null as string) as allocation_note,
        effective_cost
    from shared_costs
    where exit_pool_id not in (pool_id, '(unallocated)')

),

-- from a shared pool by its driver
shared as (

    select
        date_day,
        source,
        billing_period_start,
        'shared' as treatment,
        pool_id as origin_pool,
        'shared_pool' as movement,
        'shared:' || case exit_pool_id when '(unallocated)' then pool_id else exit_pool_id end as from_account,
        deployment_id as to_account,
        cost_origin,
        allocation_note,
        effective_cost
    from shared_costs

),

movements as (

    select * from matched
    union all
    select * from pooled
    union all
    select * from served
    union all
    select * from shared

),

-- what was handed out is what is taken off, so that a movement is 0 whatever it meant to do
entries as (

    select
        {{ all_but('to_account, allocation_note, effective_cost') }},
        from_account as account,
        cast(null as string) as allocation_note,
        -effective_cost as amount
    from movements
    union all
    select
        {{ all_but('to_account, allocation_note, effective_cost') }},
        to_account as account,
        allocation_note,
        effective_cost as amount
    from movements

)

select
    date_day,
    source,
    billing_period_start,
    treatment,
    origin_pool,
    movement,
    from_account,
    account,
    case
        when account = '(bill)' then 'bill'
        when account like 'pool:%' or account like 'shared:%' then 'pool'
        when account like '(%' then 'line'
        else 'deployment'
    end as account_kind,
    cost_origin,
    allocation_note,
    cast(sum(amount) as {{ money_type() }}) as amount
from entries
group by
    date_day,
    source,
    billing_period_start,
    treatment,
    origin_pool,
    movement,
    from_account,
    account,
    cost_origin,
    allocation_note
