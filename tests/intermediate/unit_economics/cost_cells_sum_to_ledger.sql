-- each deployment's day costs in its cells what the ledger put on it, by origin, to the last decimal
with ledger as (

    select
        date_day,
        deployment_id,
        cost_origin,
        sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where not {{ begins_with('deployment_id', "'('") }}
    group by date_day, deployment_id, cost_origin

),

cells as (

    select
        date_day,
        deployment_id,
        cost_origin,
        sum(effective_cost) as effective_cost
    from {{ ref('int_unit_economics__cost_cells_daily') }}
    group by date_day, deployment_id, cost_origin

)

select
    coalesce(ledger.date_day, cells.date_day) as date_day,
    coalesce(ledger.deployment_id, cells.deployment_id) as deployment_id,
    coalesce(ledger.cost_origin, cells.cost_origin) as cost_origin,
    ledger.effective_cost as ledger_cost,
    cells.effective_cost as cells_cost
from ledger
full outer join cells
    on
        ledger.date_day = cells.date_day
        and ledger.deployment_id = cells.deployment_id
        and ledger.cost_origin = cells.cost_origin
where ledger.effective_cost is distinct from cells.effective_cost
