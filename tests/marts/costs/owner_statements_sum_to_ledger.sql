-- what all owners pay of a month, and what is booked in it of earlier ones, are the ledger's month and adjustments, to the last decimal
with entries as (

    select
        period_start,
        effective_cost,
        adjustment_cost,
        effective_cost + adjustment_cost - statement_cost as sum_difference
    from {{ ref('fct_owner_statements_monthly') }}
    union all
    select
        {{ period_start('date_day', "'month'") }} as period_start,
        -effective_cost as effective_cost,
        0 as adjustment_cost,
        0 as sum_difference
    from {{ ref('fct_deployment_costs_daily') }}
    union all
    select
        booked_month as period_start,
        0 as effective_cost,
        -effective_cost as adjustment_cost,
        0 as sum_difference
    from {{ ref('fct_cost_adjustments') }}

)

select
    period_start,
    sum(effective_cost) as cost_difference,
    sum(adjustment_cost) as adjustment_difference
from entries
group by period_start
having sum(effective_cost) != 0 or sum(adjustment_cost) != 0 or count(*) filter (where sum_difference != 0) > 0
