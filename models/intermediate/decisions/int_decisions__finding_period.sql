with arrivals as (

    select
        min(complete_from) as bill_from,
        max(complete_until) as bill_until
    from {{ ref('int_costs__source_arrivals') }}

),

last_whole_month as (

    select
        max(period_start) as period_start,
        max(period_end) as period_end
    from {{ ref('fct_spend_monthly') }}
    where is_complete

),

-- a month that ended longer ago says nothing about what runs today
chosen as (

    select
        arrivals.bill_from,
        arrivals.bill_until,
        coalesce(last_whole_month.period_start, greatest(arrivals.bill_from, arrivals.bill_until - 30)) as period_start,
        coalesce(last_whole_month.period_end, arrivals.bill_until) as period_end,
        last_whole_month.period_start is not null as is_whole_month
    from arrivals
    left join last_whole_month on arrivals.bill_until - 31 < last_whole_month.period_end

)

select
    case
        when is_whole_month then {{ date_text('period_start', '%B %Y') }}
        else {{ date_text('period_start', '%Y-%m-%d') }} || ' to ' || {{ date_text('period_end - 1', '%Y-%m-%d') }}
    end as period_text,
    case when is_whole_month then 30 else {{ days_between('period_start', 'period_end') }} end as month_days,
    is_whole_month,
    bill_from,
    bill_until,
    period_start,
    period_end
from chosen
where period_start < period_end
