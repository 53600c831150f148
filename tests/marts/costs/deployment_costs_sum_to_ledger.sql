-- every cent of the ledger is in the mart, or of a closed month in an adjustment, by source and date
with ledger as (

    select
        date_day,
        source,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}
    group by date_day, source

),

entries as (

    select
        date_day,
        source,
        effective_cost
    from {{ ref('fct_deployment_costs_daily') }}
    {%- if shows_signed() %}
    union all
    select
        date_day,
        source,
        effective_cost
    from {{ ref('fct_cost_adjustments') }}
    {%- endif %}

),

costs as (

    select
        date_day,
        source,
        sum(effective_cost) as effective_cost
    from entries
    group by date_day, source

)

select
    coalesce(ledger.date_day, costs.date_day) as date_day,
    coalesce(ledger.source, costs.source) as source,
    ledger.effective_cost as ledger_cost,
    costs.effective_cost as mart_cost
from ledger
full outer join costs on ledger.date_day = costs.date_day and ledger.source = costs.source
where coalesce(ledger.effective_cost, 0) != coalesce(costs.effective_cost, 0)
