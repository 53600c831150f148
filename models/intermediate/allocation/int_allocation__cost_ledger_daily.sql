with entries as (

    select
        date_day,
        source,
        billing_period_start,
        treatment,
        origin_pool,
        account,
        account_kind,
        cost_origin,
        allocation_note,
        amount
    from {{ ref('int_allocation__cost_entries_daily') }}

),

-- cost has arrived where no movement takes it further
balances as (

    select
        date_day,
        source,
        billing_period_start,
        treatment,
        origin_pool,
        account as deployment_id,
        cost_origin,
        allocation_note,
        cast(sum(amount) as {{ money_type() }}) as effective_cost
    from entries
    where account_kind in ('deployment', 'line')
    group by date_day, source, billing_period_start, treatment, origin_pool, account, cost_origin, allocation_note

)

select
    date_day,
    source,
    billing_period_start,
    treatment,
    origin_pool,
    deployment_id,
    cost_origin,
    allocation_note,
    effective_cost
from balances
-- nothing that has no place needs no line: a free charge that is spread over years ahead, for one.
where effective_cost != 0 or deployment_id not like '(%'
