with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

-- the month that margins are read in: the last complete one, else the newest.
months as (

    select coalesce(max(period_start) filter (where is_complete), max(period_start)) as period_start
    from {{ ref('fct_tier_margin') }}
    where grain = 'month'

),

sold_below_cost as (

    select
        margins.*,
        case
            when margins.is_complete then 30
            else {{ days_between(
                'greatest(margins.period_start, finding_period.bill_from)',
                'least(margins.period_end, finding_period.bill_until)'
            ) }}
        end as month_days
    from {{ ref('fct_tier_margin') }} as margins
    inner join months on margins.period_start = months.period_start
    cross join finding_period
    where margins.grain = 'month' and margins.is_sold_below_cost and margins.workload != '(all)'

)

select
    'tier_below_cost' as finding_kind,
    environment || ':' || workload || ':' || customer_tier as thing,
    environment,
    workload,
    customer_tier || ' of ' || workload as subject,
    {{ money_text('revenue') }} as measure,
    {{ money_text('counted_cost') }} as compared_with,
    {{ date_text('period_start', '%B %Y') }} as moment,
    {{ map_of({
        'grain': "'month'",
        'period_start': date_text('period_start', '%Y-%m-%d'),
        'environment': 'environment',
        'workload': 'workload',
        'customer_tier': 'customer_tier'
    }) }} as evidence,
    {{ per_month('(-margin)', 'month_days') }} as amount_per_month,
    cast(null as {{ money_type() }}) as amount_per_month_low,
    cast(null as {{ money_type() }}) as amount_per_month_high,
    period_start,
    period_end
from sold_below_cost
