with budgets as (

    select * from {{ ref('budgets') }}

),

whole_cost_units as (

    select unit
    from {{ ref('units') }}
    where cost_scope != 'token_kind'

),

reach as (

    select billed_until from {{ ref('int_decisions__reach') }}

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

-- without a forecast today is where the bill ends
dated as (

    select
        budgets.*,
        coalesce(workloads.as_of_date, reach.billed_until) as as_of_date,
        -- where telemetry ends before the bill does, the bill knows more than the forecast begins with
        greatest(workloads.as_of_date, reach.billed_until) as spent_until,
        cast(date_trunc('month', coalesce(workloads.as_of_date, reach.billed_until)) as date) as running_month
    from budgets
    left join workloads
        on
            budgets.environment = workloads.environment
            and budgets.workload = workloads.workload
            and workloads.rank = 1
    cross join reach

),

-- one that ended before this month is history
held as (

    select * from dated
    where coalesce(valid_to > running_month, true)

),

spent as (

    select
        held.budget_id,
        held.valid_from,
        {{ period_start('costs.date_day', "'month'") }} as period_start,
        cast(sum(costs.effective_cost) as {{ money_type() }}) as spent_to_date
    from held
    inner join {{ ref('fct_deployment_costs_daily') }} as costs
        on
            held.environment = costs.environment
            and held.workload = costs.workload
            and held.running_month <= costs.date_day
            and held.spent_until > costs.date_day
    group by held.budget_id, held.valid_from, {{ period_start('costs.date_day', "'month'") }}

),

months as (

    select
        held.budget_id,
        held.environment,
        held.workload,
        held.amount_per_month,
        held.valid_from,
        held.as_of_date,
        held.spent_until,
        coalesce(days.period_start, case when held.valid_from <= held.running_month then held.running_month end)
            as period_start,
        count(days.forecast_date) > 0 as is_forecast,
        max(days.forecast_date) + 1 as known_until,
        count(days.forecast_date) = count(days.cost) as is_known,
        max_by(days.cost, days.forecast_date) as cost,
        max_by(days.cost_low_80, days.forecast_date) as cost_low_80,
        max_by(days.cost_high_80, days.forecast_date) as cost_high_80,
        min(days.forecast_date) filter (where {{ is_above('days.cost', 'held.amount_per_month') }})
            as expected_breach_date,
        min(days.forecast_date) filter (where {{ is_above('days.cost_high_80', 'held.amount_per_month') }})
            as earliest_breach_date,
        min(days.forecast_date) filter (where {{ is_above('days.cost_low_80', 'held.amount_per_month') }})
            as latest_breach_date
    from held
    left join days
        on
            held.environment = days.environment
            and held.workload = days.workload
            and held.valid_from <= days.period_start
            and coalesce(held.valid_to, date '9999-12-31') > days.period_start
    group by all

),

-- of a month that has not begun nothing is spent
with_spent as (

    select
        months.*,
        cast(months.period_start + interval 1 month as date) as period_end,
        case
            when months.is_forecast and months.period_start >= months.spent_until then cast(0 as {{ money_type() }})
            when months.period_start < months.spent_until then spent.spent_to_date
        end as spent_to_date,
        coalesce(months.known_until >= months.period_start + interval 1 month, false) as is_whole_month
    from months
    left join spent
        on
            months.budget_id = spent.budget_id
            and months.valid_from = spent.valid_from
            and months.period_start = spent.period_start

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
        when {{ is_above('spent_to_date', 'amount_per_month') }} then 'spent'
        when not is_forecast or not is_known then 'no_forecast'
        when expected_breach_date is not null then 'breach_expected'
        when earliest_breach_date is not null then 'at_risk'
        -- of a month whose end nobody forecast no more can be said, with an interval or without
        when not is_whole_month then 'within_so_far'
        when cost_high_80 is null then 'within_expected'
        else 'within'
    end as status,
    '{{ var('reporting_currency') }}' as currency
from with_spent
