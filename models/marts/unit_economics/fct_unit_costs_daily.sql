with unit_cells as (
    select * from {{ ref('int_unit_economics__unit_cells_daily') }}
),

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
),

-- Users and sessions of two days or two places are not those of both.
summed_units as (
    select unit
    from {{ ref('units') }}
    where counting = 'sum'
)

select
    unit_cells.usage_date,
    unit_cells.deployment_id,
    unit_cells.customer_tier,
    unit_cells.geography,
    unit_cells.unit,
    deployment_days.configuration_id,
    deployment_days.environment,
    deployment_days.workload,
    deployment_days.kind,
    {% for attribute in deployment_attributes() -%}
    deployment_days.{{ attribute }},
    {% endfor -%}
    unit_cells.token_cost_method,
    unit_cells.units,
    {% for origin in cost_origins() -%}
    unit_cells.{{ origin }}_cost,
    {% endfor -%}
    unit_cells.effective_cost,
    '{{ var('reporting_currency') }}' as currency
from unit_cells
inner join summed_units on unit_cells.unit = summed_units.unit
left join deployment_days
    on
        unit_cells.deployment_id = deployment_days.deployment_id
        and unit_cells.usage_date = deployment_days.usage_date
