with outlooks as (

    select * from {{ ref('fct_budget_outlook') }}
    where status in ('spent', 'breach_expected', 'at_risk')

),

-- one row a budget: its first month in trouble.
first_months as (

    select
        *,
        coalesce(expected_cost, case status when 'spent' then spent_to_date end) - amount_per_month as excess
    from outlooks
    qualify row_number() over (partition by budget_id order by period_start) = 1

)

select
    case status
        when 'spent' then 'budget_spent'
        when 'breach_expected' then 'budget_breach_expected'
        else 'budget_at_risk'
    end as finding_kind,
    budget_id as thing,
    environment,
    workload,
    budget_id || ' of ' || strftime(period_start, '%B %Y') as subject,
    {{ money_text('coalesce(expected_cost, spent_to_date)') }} as measure,
    {{ money_text('amount_per_month') }} as compared_with,
    strftime(coalesce(expected_breach_date, earliest_breach_date), '%Y-%m-%d') as moment,
    map { 'budget_id': budget_id, 'period_start': strftime(period_start, '%Y-%m-%d') } as evidence,
    -- what may be spent below its budget is no loss
    case when excess > 0 then cast(excess as {{ money_type() }}) end as amount_per_month,
    case when excess > 0 then cast(expected_cost_low_80 - amount_per_month as {{ money_type() }}) end
        as amount_per_month_low,
    cast(expected_cost_high_80 - amount_per_month as {{ money_type() }}) as amount_per_month_high,
    period_start,
    period_end
from first_months
