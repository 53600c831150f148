with costs as (

    select * from {{ ref('fct_deployment_costs_daily') }}

),

arrivals as (

    select max(complete_until) as complete_until
    from {{ ref('int_costs__source_arrivals') }}

),

missing_months as (

    select distinct {{ period_start('date_day', "'month'") }} as period_start
    from {{ ref('int_costs__missing_days') }}

),

placed as (

    select
        case
            when environment is not null then environment
            when deployment_id like '(%' then deployment_id
            else '(no environment)'
        end as place,
        {{ period_start('date_day', "'month'") }} as period_start,
        effective_cost
    from costs

),

months as (

    select
        place,
        sum(effective_cost) as effective_cost,
        period_start,
        {{ period_end('period_start', "'month'") }} as period_end
    from placed
    group by place, period_start

)

select
    months.period_start,
    months.period_end,
    months.period_end <= arrivals.complete_until and missing_months.period_start is null as is_complete,
    coalesce(months.period_start < arrivals.complete_until, false) as has_begun,
    months.place,
    cast(months.effective_cost as {{ money_type() }}) as effective_cost,
    '{{ var('reporting_currency') }}' as currency
from months
cross join arrivals
left join missing_months on months.period_start = missing_months.period_start
