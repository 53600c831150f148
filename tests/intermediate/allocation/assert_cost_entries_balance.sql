-- double entry: what a movement takes it gives, and no pool keeps anything.
with entries as (

    select
        date_day,
        source,
        billing_period_start,
        origin_pool,
        movement,
        from_account,
        account,
        account_kind,
        amount
    from {{ ref('int_allocation__cost_entries_daily') }}

),

movements as (

    select
        date_day,
        source,
        billing_period_start,
        movement || ' from ' || from_account || ' for ' || origin_pool as what,
        sum(amount) as balance
    from entries
    group by date_day, source, billing_period_start, movement, from_account, origin_pool

),

pools as (

    select date_day, source, billing_period_start, account || ' for ' || origin_pool as what, sum(amount) as balance
    from entries
    where account_kind = 'pool'
    group by date_day, source, billing_period_start, account, origin_pool

)

select date_day, source, billing_period_start, what, balance
from movements
where balance != 0
union all
select date_day, source, billing_period_start, what, balance
from pools
where balance != 0
