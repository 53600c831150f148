{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    full_refresh=false
) }}
with outlooks as (

    select * from {{ ref('int_forecasting__outlooks') }}

),

periods as (

    select
        environment,
        workload,
        unit,
        usage_model,
        cost_model,
        as_of_date,
        {{ each_of('forecasts') }} as forecast
    from outlooks
    where null_reason is null

)

select
    periods.as_of_date,
    periods.environment,
    periods.workload,
    periods.unit,
    periods.usage_model,
    periods.cost_model,
    forecast.grain,
    forecast.period_start,
    forecast.period_end,
    {{ columns(
        [
            'units', 'units_low_80', 'units_high_80', 'units_low_95', 'units_high_95',
            'effective_cost', 'effective_cost_low_80', 'effective_cost_high_80',
            'effective_cost_low_95', 'effective_cost_high_95',
            'cost_per_unit', 'cost_per_unit_low_80', 'cost_per_unit_high_80',
            'cost_per_unit_low_95', 'cost_per_unit_high_95'
        ],
        money_of_double('forecast.{0}') ~ ' as {0}'
    ) }},
    forecast.usage_naive_error,
    forecast.cost_naive_error,
    forecast.cost_per_unit_naive_error
from periods
where
    forecast.grain in ('day', 'week')
    and forecast.observed_days = 0
{% if is_incremental() -%}
-- what was said once stays as it was said, whatever is known by now
and not exists (
    select 1
    from {{ this }} as published
    where
        published.as_of_date = periods.as_of_date
        and published.environment = periods.environment
        and published.workload = periods.workload
        and published.unit = periods.unit

)
{%- endif %}
