-- every day, source, billing period and treatment: what went into the allocation came out, to the last decimal.
with lines as (

    select date_day, source, billing_period_start, treatment, sum(effective_cost) as cost_in
    from {{ ref('int_costs__cost_lines_daily') }}
    group by date_day, source, billing_period_start, treatment

),

ledger as (

    select date_day, source, billing_period_start, treatment, sum(effective_cost) as cost_out
    from {{ ref('int_allocation__cost_ledger_daily') }}
    group by date_day, source, billing_period_start, treatment

)

select
    coalesce(lines.date_day, ledger.date_day) as date_day,
    coalesce(lines.source, ledger.source) as source,
    coalesce(lines.billing_period_start, ledger.billing_period_start) as billing_period_start,
    coalesce(lines.treatment, ledger.treatment) as treatment,
    lines.cost_in,
    ledger.cost_out
from lines
full outer join ledger
    on
        lines.date_day = ledger.date_day
        and lines.source = ledger.source
        and lines.billing_period_start = ledger.billing_period_start
        and lines.treatment = ledger.treatment
where coalesce(lines.cost_in, 0) != coalesce(ledger.cost_out, 0)
