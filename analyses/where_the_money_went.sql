-- where the newest month of the bill went: deployments, and lines in parentheses for what is on none of them.
--     dbt show --profiles-dir profiles --select where_the_money_went --limit 20
with ledger as (

    select date_day, treatment, origin_pool, deployment_id, cost_origin, allocation_note, effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}

),

source_arrivals as (

    select complete_until, is_live
    from {{ ref('int_costs__source_arrivals') }}

),

-- the month that holds the last day whose charges have arrived from everywhere
newest_month as (

    select
        cast(date_trunc('month', min(complete_until) - 1) as date) as starts_on,
        min(complete_until) as ends_on
    from source_arrivals
    where is_live

),

places as (

    select
        newest_month.starts_on as bill_month,
        ledger.deployment_id,
        ledger.treatment
        || case ledger.origin_pool when '(none)' then '' else ' ' || ledger.origin_pool end
        || ', ' || replace(ledger.cost_origin, '_', ' ') as way,
        ledger.allocation_note,
        sum(ledger.effective_cost) as effective_cost
    from ledger
    inner join newest_month
        on ledger.date_day >= newest_month.starts_on and ledger.date_day < newest_month.ends_on
    group by newest_month.starts_on, ledger.deployment_id, way, ledger.allocation_note

)

select
    bill_month,
    deployment_id,
    way,
    allocation_note,
    round(effective_cost, 2) as effective_cost,
    round(100 * effective_cost / sum(effective_cost) over (), 2) as percent_of_bill
from places
where effective_cost != 0
order by places.effective_cost desc, deployment_id, way
