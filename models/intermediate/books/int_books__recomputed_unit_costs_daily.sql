with unit_cells as (

    select * from {{ ref('int_unit_economics__unit_cells_daily') }}

),

deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

counted_days as (

    select * from {{ ref('int_unit_economics__counted_days') }}

),

-- users and sessions of two days or two places are not those of both
summed_units as (

    select unit
    from {{ ref('units') }}
    where counting = 'sum'

)

select
    unit_cells.date_day,
    unit_cells.deployment_id,
    unit_cells.customer_tier,
    unit_cells.geography,
    unit_cells.unit,
    deployment_days.configuration_id,
    deployment_days.environment,
    deployment_days.workload,
    deployment_days.kind,
    {{ columns(deployment_attributes(), 'deployment_days.{0}') }},
    unit_cells.token_cost_method,
    unit_cells.units,
    {{ columns(cost_origins(), 'unit_cells.{0}_cost') }},
    unit_cells.effective_cost,
    case when counted_days.null_reason is null then unit_cells.units end as counted_units,
    cast(case when counted_days.null_reason is null then unit_cells.effective_cost else 0 end as {{ money_type() }})
        as counted_cost,
    counted_days.null_reason,
    counted_days.attribution_null_reason,
    '{{ var('reporting_currency') }}' as currency
from unit_cells
inner join summed_units on unit_cells.unit = summed_units.unit
left join deployment_days
    on
        unit_cells.deployment_id = deployment_days.deployment_id
        and unit_cells.date_day = deployment_days.date_day
left join counted_days
    on
        unit_cells.deployment_id = counted_days.deployment_id
        and unit_cells.date_day = counted_days.date_day
        and unit_cells.unit = counted_days.unit
