{%- set lower_bounds = ['low_80', 'low_95'] -%}
{%- set upper_bounds = ['high_80', 'high_95'] -%}
{%- set bounds = lower_bounds + upper_bounds -%}
with outlooks as (

    select * from {{ ref('int_forecasting__outlooks') }}

),

units as (

    select
        unit,
        unit_scale,
        counting = 'distinct' as is_distinct
    from {{ ref('units') }}

),

periods as (

    select
        environment,
        workload,
        unit,
        usage_model,
        cost_model,
        null_reason,
        interval_null_reason,
        history_days,
        as_of_date,
        {{ each_of('forecasts') }} as forecast
    from outlooks

),

-- statistics end here: units are whole, and cost is money. Users of a week are not the sum of its days' users.
figures as (

    select
        periods.{{ all_but('forecast') }},
        units.unit_scale,
        units.is_distinct and forecast.grain != 'day' as is_not_additive,
        forecast.grain,
        forecast.period_start,
        forecast.period_end,
        forecast.observed_days,
        forecast.planned_changes,
        case when not is_not_additive then cast(round(forecast.units) as bigint) end as units,
        {{ money_of_double('forecast.effective_cost') }} as effective_cost,
        {{ columns(
            bounds,
            'case when not is_not_additive then cast(round(forecast.units_{0}) as bigint) end as units_{0}'
        ) }},
        {{ columns(bounds, money_of_double('forecast.effective_cost_{0}') ~ ' as effective_cost_{0}') }},
        {{ columns(bounds, money_of_double('forecast.cost_per_unit_{0} * units.unit_scale') ~ ' as ratio_{0}') }}
    from periods
    inner join units on periods.unit = units.unit

),

divided as (

    select
        *,
        {{ cost_per_unit('effective_cost', 'units', 'unit_scale') }} as cost_per_unit
    from figures

)

select
    grain,
    period_start,
    period_end,
    as_of_date,
    environment,
    workload,
    unit,
    unit_scale,
    units,
    {{ columns(bounds, 'units_{0}') }},
    effective_cost,
    {{ columns(bounds, 'effective_cost_{0}') }},
    cost_per_unit,
    {{ columns(
        lower_bounds,
        'case when cost_per_unit is not null and ratio_{0} is not null then least(ratio_{0}, cost_per_unit) end'
        ~ ' as cost_per_unit_{0}'
    ) }},
    {{ columns(
        upper_bounds,
        'case when cost_per_unit is not null and ratio_{0} is not null then greatest(ratio_{0}, cost_per_unit) end'
        ~ ' as cost_per_unit_{0}'
    ) }},
    case
        when null_reason is not null then null_reason
        when is_not_additive then 'distinct_units'
        when units is null or effective_cost is null then 'unknown_days'
        when units = 0 then 'no_units'
    end as null_reason,
    interval_null_reason,
    usage_model,
    cost_model,
    planned_changes,
    observed_days,
    history_days,
    '{{ var('reporting_currency') }}' as currency
from divided
