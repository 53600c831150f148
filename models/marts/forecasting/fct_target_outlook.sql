-- a target that has ended looks at nothing ahead
with targets as (

    select targets.*
    from {{ ref('targets') }} as targets
    cross join {{ ref('int_decisions__reach') }} as reach
    where coalesce(targets.valid_to > reach.known_until, true)

),

forecasts as (

    select * from {{ ref('fct_unit_economics_forecast') }}
    where environment = '{{ var('target_environment') }}'

),

-- a forecast is made of whole workloads, so a target of a cohort has none
periods as (

    select
        targets.target_id,
        targets.workload,
        targets.cohort_dimension,
        targets.cohort,
        targets.unit,
        targets.grain,
        targets.severity,
        targets.max_cost_per_unit,
        forecasts.as_of_date,
        forecasts.period_start,
        forecasts.cost_per_unit,
        forecasts.cost_per_unit_low_80,
        forecasts.cost_per_unit_high_80
    from targets
    left join forecasts
        on
            targets.workload = forecasts.workload
            and targets.unit = forecasts.unit
            and targets.grain = forecasts.grain
            and targets.cohort_dimension = 'all'
            and targets.valid_from <= forecasts.period_start
            and coalesce(targets.valid_to, date '9999-12-31') > forecasts.period_start

),

breaches as (

    select
        target_id,
        workload,
        cohort_dimension,
        cohort,
        unit,
        grain,
        severity,
        max_cost_per_unit,
        max(as_of_date) as as_of_date,
        count(cost_per_unit) as forecast_periods,
        count(cost_per_unit_high_80) as interval_periods,
        min(period_start) filter (where {{ is_above('cost_per_unit', 'max_cost_per_unit') }}) as expected_breach,
        min(period_start) filter (where {{ is_above('cost_per_unit_high_80', 'max_cost_per_unit') }})
            as earliest_breach,
        min(period_start) filter (where {{ is_above('cost_per_unit_low_80', 'max_cost_per_unit') }}) as latest_breach
    from periods
    group by all

)

select
    target_id,
    '{{ var('target_environment') }}' as environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    grain,
    severity,
    as_of_date,
    max_cost_per_unit,
    forecast_periods,
    earliest_breach,
    expected_breach,
    latest_breach,
    case
        when forecast_periods = 0 then 'no_forecast'
        when expected_breach is not null then 'breach_expected'
        when earliest_breach is not null then 'at_risk'
        when interval_periods > 0 then 'within'
        else 'within_expected'
    end as status,
    '{{ var('reporting_currency') }}' as currency
from breaches
