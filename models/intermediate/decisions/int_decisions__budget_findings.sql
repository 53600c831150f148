with outlooks as (

    select * from {{ ref('fct_budget_outlook') }}
    where status in ('spent', 'breach_expected', 'at_risk')

),

-- one row a budget: its first month in trouble.
ranked as (

    select
        *,
        -- the bill may have come further than what the forecast begins with
        case status
            when 'spent' then greatest(coalesce(expected_cost, spent_to_date), spent_to_date)
            else expected_cost
        end as month_cost,
        month_cost - amount_per_month as excess,
        row_number() over (partition by budget_id order by period_start) as rank
    from outlooks

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
    budget_id || ' of ' || {{ date_text('period_start', '%B %Y') }} as subject,
    -- a month that ends beyond the forecast has no total
    case
        when month_cost is not null then {{ money_text('month_cost') }}
        when status = 'breach_expected' then 'more than ' || {{ money_text('amount_per_month') }}
        else 'an unknown part'
    end as measure,
    {{ money_text('amount_per_month') }} as compared_with,
    {{ date_text('coalesce(expected_breach_date, earliest_breach_date)', '%Y-%m-%d') }} as moment,
    {{ map_of({'budget_id': 'budget_id', 'period_start': date_text('period_start', '%Y-%m-%d')}) }} as evidence,
    -- what may be spent below its budget is no loss
    case when excess > 0 then cast(excess as {{ money_type() }}) end as amount_per_month,
    case when excess > 0 then cast(expected_cost_low_80 - amount_per_month as {{ money_type() }}) end
        as amount_per_month_low,
    cast(expected_cost_high_80 - amount_per_month as {{ money_type() }}) as amount_per_month_high,
    period_start,
    period_end
from ranked
where rank = 1
