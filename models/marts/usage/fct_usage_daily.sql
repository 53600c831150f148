with cells as (
    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        usage_date
    from {{ ref('int_unit_economics__usage_cells_daily') }}
),

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
)

select
    cells.usage_date,
    cells.deployment_id,
    cells.customer_tier,
    cells.geography,
    cells.unit,
    deployment_days.configuration_id,
    deployment_days.environment,
    deployment_days.workload,
    deployment_days.kind,
    deployment_days.model,
    deployment_days.accelerator,
    cells.units
from cells
left join deployment_days
    on cells.deployment_id = deployment_days.deployment_id and cells.usage_date = deployment_days.usage_date
