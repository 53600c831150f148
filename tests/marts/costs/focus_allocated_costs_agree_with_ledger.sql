-- deployments have in FOCUS rows what they have in the ledger, but for the rounding of shares to trillionths.
-- Sources that bill in another currency are left out: their rows are not converted.
with sources as (

    select source
    from {{ ref('int_costs__scheduled_charges_daily') }}
    group by source
    having bool_and(billing_currency = '{{ var('reporting_currency') }}')

),

ledger as (

    select source, date_day, deployment_id, sum(effective_cost) as effective_cost
    from {{ ref('int_allocation__cost_ledger_daily') }}
    where not {{ begins_with('deployment_id', "'('") }}
    group by source, date_day, deployment_id

),

lines as (

    select source, date_day, sum(abs(effective_cost)) as gross_cost
    from {{ ref('int_costs__scheduled_charges_daily') }}
    group by source, date_day

),

allocated as (

    select
        x_source as source,
        cast(charge_period_start as date) as date_day,
        allocated_resource_id as deployment_id,
        sum(effective_cost) as effective_cost
    from {{ ref('fct_focus_allocated_costs') }}
    where allocated_resource_id is not null
    group by x_source, charge_period_start, allocated_resource_id

)

select
    ledger.source,
    ledger.date_day,
    ledger.deployment_id,
    ledger.effective_cost as in_ledger,
    allocated.effective_cost as in_focus_rows
from ledger
inner join sources on ledger.source = sources.source
inner join lines on ledger.source = lines.source and ledger.date_day = lines.date_day
left join allocated
    on
        ledger.source = allocated.source
        and ledger.date_day = allocated.date_day
        and ledger.deployment_id = allocated.deployment_id
-- a trillionth of each of ten lines at most
where abs(ledger.effective_cost - coalesce(allocated.effective_cost, 0)) > lines.gross_cost / 100000000000
