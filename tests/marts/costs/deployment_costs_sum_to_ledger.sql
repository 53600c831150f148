-- Every cent of the ledger is in the mart, by source and date.
with ledger as (
    select
        charge_date,
        source,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}
    group by charge_date, source
),

costs as (
    select
        charge_date,
        source,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_deployment_costs_daily') }}
    group by charge_date, source
)

select
    coalesce(ledger.charge_date, costs.charge_date) as charge_date,
    coalesce(ledger.source, costs.source) as source,
    ledger.effective_cost as ledger_cost,
    costs.effective_cost as mart_cost
from ledger
full outer join costs on ledger.charge_date = costs.charge_date and ledger.source = costs.source
where ledger.effective_cost is distinct from costs.effective_cost
