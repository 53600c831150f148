with budgets as (

    select * from {{ ref('budgets') }}

),

whole_cost_units as (

    select unit
    from {{ ref('units') }}
    where cost_scope != 'token_kind'

),

series_daily as (

    select * from {{ ref('int_forecasting__series_daily') }}

),

-- all units that carry a workload's whole cost forecast the same money: one of them speaks for it.
workloads as (

    select
        outlooks.environment,
        outlooks.workload,
        outlooks.as_of_date,
        outlooks.unit,
        outlooks.forecasts,
        row_number() over (partition by outlooks.environment, outlooks.workload order by outlooks.unit) as rank
    from {{ ref('int_forecasting__outlooks') }} as outlooks
    inner join whole_cost_units on outlooks.unit = whole_cost_units.unit
    where outlooks.null_reason is null

),

forecasts as (

    select
        environment,
        workload,
        as_of_date,
        {{ each_of('forecasts') }} as forecast
    from workloads
    where rank = 1

),

days as (

    select
        environment,
        workload,
        as_of_date,
        forecast.period_start as forecast_date,
        cast(date_trunc('month', forecast.period_start) as date) as period_start,
        {{ money_of_double('forecast.month_to_date_cost') }} as cost,
        {{ money_of_double('forecast.month_to_date_cost_low_80') }} as cost_low_80,
        {{ money_of_double('forecast.month_to_date_cost_high_80') }} as cost_high_80
    from forecasts
    where forecast.grain = 'day'

),

spent as (

    select
        workloads.environment,
        workloads.workload,
        cast(sum(series_daily.effective_cost) as {{ money_type() }}) as spent_to_date
    from workloads
    inner join series_daily
        on
            workloads.environment = series_daily.environment
            and workloads.workload = series_daily.workload
            and workloads.unit = series_daily.unit
            and workloads.as_of_date > series_daily.date_day
            and cast(date_trunc('month', workloads.as_of_date) as date) <= series_daily.date_day
    where workloads.rank = 1
    group by workloads.environment, workloads.workload

),

months as (

    select
        budgets.budget_id,
        budgets.environment,
        budgets.workload,
        budgets.amount_per_month,
        days.period_start,
        days.as_of_date,
        cast(days.period_start + interval 1 month as date) as period_end,
        max(days.forecast_date) + 1 as known_until,
        count(days.forecast_date) = count(days.cost) as is_known,
        max_by(days.cost, days.forecast_date) as cost,
        max_by(days.cost_low_80, days.forecast_date) as cost_low_80,
        max_by(days.cost_high_80, days.forecast_date) as cost_high_80,
        min(days.forecast_date) filter (where {{ is_above('days.cost', 'budgets.amount_per_month') }})
            as expected_breach_date,
        min(days.forecast_date) filter (where {{ is_above('days.cost_high_80', 'budgets.amount_per_month') }})
            as earliest_breach_date,
        min(days.forecast_date) filter (where {{ is_above('days.cost_low_80', 'budgets.amount_per_month') }})
            as latest_breach_date
    from budgets
    left join days
        on
            budgets.environment = days.environment
            and budgets.workload = days.workload
            and budgets.valid_from <= days.period_start
            and coalesce(budgets.valid_to, date '9999-12-31') > days.period_start
    group by all

),

-- only the month that is running has days that are over
with_spent as (

    select
        months.*,
        case
            when months.period_start >= months.as_of_date then cast(0 as {{ money_type() }})
            else spent.spent_to_date
        end as spent_to_date,
        months.known_until >= months.period_end as is_whole_month
    from months
    left join spent
        on
            months.environment = spent.environment
            and months.workload = spent.workload

)

select
    budget_id,
    environment,
    workload,
    period_start,
    period_end,
    as_of_date,
    amount_per_month,
    spent_to_date,
    case when is_whole_month then cost end as expected_cost,
    case when is_whole_month then cost_low_80 end as expected_cost_low_80,
    case when is_whole_month then cost_high_80 end as expected_cost_high_80,
    earliest_breach_date,
    expected_breach_date,
    latest_breach_date,
    case
        when period_start is null or not is_known then 'no_forecast'
        when {{ is_above('spent_to_date', 'amount_per_month') }} then 'spent'
        when expected_breach_date is not null then 'breach_expected'
        when earliest_breach_date is not null then 'at_risk'
        -- of a month whose end nobody forecast no more can be said, with an interval or without
        when not is_whole_month then 'within_so_far'
        when cost_high_80 is null then 'within_expected'
        else 'within'
    end as status,
    '{{ var('reporting_currency') }}' as currency
from with_spent
