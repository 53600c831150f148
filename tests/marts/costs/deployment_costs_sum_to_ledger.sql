-- Every cent of the ledger is in the mart, or of a closed month in an adjustment, by source and date.
with ledger as (
    select
        charge_date,
        source,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}
    group by charge_date, source
),

entries as (
    select
        charge_date,
        source,
        effective_cost
    from {{ ref('fct_deployment_costs_daily') }}
    {%- if shows_signed() %}
    union all
    select
        date_day as charge_date,
        source,
        effective_cost
    from {{ ref('fct_cost_adjustments') }}
    {%- endif %}
),

costs as (
    select
        charge_date,
        source,
        sum(effective_cost) as effective_cost
    from entries
    group by charge_date, source
)

select
    coalesce(ledger.charge_date, costs.charge_date) as charge_date,
    coalesce(ledger.source, costs.source) as source,
    ledger.effective_cost as ledger_cost,
    costs.effective_cost as mart_cost
from ledger
full outer join costs on ledger.charge_date = costs.charge_date and ledger.source = costs.source
where coalesce(ledger.effective_cost, 0) != coalesce(costs.effective_cost, 0)
