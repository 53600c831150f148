with cells as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from {{ ref('int_unit_economics__usage_cells_daily') }}

),

metered_usage as (

    select
        deployment_id,
        unit,
        meter,
        date_day
    from {{ ref('int_usage__metered_usage_daily') }}

),

usage_coverage as (

    select
        deployment_id,
        is_known,
        date_day
    from {{ ref('int_usage__usage_coverage_daily') }}

),

configurations as (

    select * from {{ ref('int_unit_economics__deployment_configurations') }}

),

deployment_kinds as (

    select * from {{ ref('int_usage__deployment_kinds') }}

)

select
    cells.date_day,
    cells.deployment_id,
    cells.customer_tier,
    cells.geography,
    cells.unit,
    metered_usage.meter,
    configurations.configuration_id,
    coalesce(configurations.environment, '(unattributed)') as environment,
    coalesce(configurations.workload, '(unattributed)') as workload,
    coalesce(configurations.kind, deployment_kinds.kind, 'inference') as kind,
    coalesce(configurations.model, '(unattributed)') as model,
    coalesce(configurations.accelerator, '(unattributed)') as accelerator,
    cells.units,
    coalesce(usage_coverage.is_known, false) as is_all_counted
from cells
left join metered_usage
    on
        cells.deployment_id = metered_usage.deployment_id
        and cells.date_day = metered_usage.date_day
        and cells.unit = metered_usage.unit
left join usage_coverage
    on cells.deployment_id = usage_coverage.deployment_id and cells.date_day = usage_coverage.date_day
left join configurations
    on
        cells.deployment_id = configurations.deployment_id
        and {{ in_effect('configurations', 'cells.date_day') }}
left join deployment_kinds on cells.deployment_id = deployment_kinds.deployment_id
