-- dividing the meters' counts over tiers and geographies neither adds a unit nor loses one
with metered_usage as (

    select
        date_day,
        deployment_id,
        unit,
        sum(units) as units
    from {{ ref('int_usage__metered_usage_daily') }}
    group by date_day, deployment_id, unit
    having sum(units) > 0

),

cells as (

    select
        date_day,
        deployment_id,
        unit,
        sum(units) as units
    from {{ ref('int_unit_economics__usage_cells_daily') }}
    group by date_day, deployment_id, unit

)

select
    coalesce(metered_usage.date_day, cells.date_day) as date_day,
    coalesce(metered_usage.deployment_id, cells.deployment_id) as deployment_id,
    coalesce(metered_usage.unit, cells.unit) as unit,
    metered_usage.units as metered_units,
    cells.units as cell_units
from metered_usage
full outer join cells
    on
        metered_usage.date_day = cells.date_day
        and metered_usage.deployment_id = cells.deployment_id
        and metered_usage.unit = cells.unit
where metered_usage.units is distinct from cells.units
