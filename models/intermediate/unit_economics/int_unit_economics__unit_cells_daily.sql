with usage_cells as (

    select
        deployment_id,
        customer_tier,
        geography,
        unit,
        units,
        date_day
    from {{ ref('int_unit_economics__usage_cells_daily') }}

),

cost_cells as (

    select
        deployment_id,
        customer_tier,
        geography,
        cost_origin,
        unit,
        token_cost_method,
        effective_cost,
        effective_cost_low,
        effective_cost_high,
        date_day
    from {{ ref('int_unit_economics__cost_cells_daily') }}

),

deployment_days as (

    select
        deployment_id,
        kind,
        date_day
    from {{ ref('int_unit_economics__deployment_days') }}

),

units as (

    select
        unit,
        split(counted_units, ' ') as counted_units,
        cost_scope,
        split(deployment_kinds, ' ') as deployment_kinds
    from {{ ref('units') }}

),

places as (

    select * from {{ ref('int_unit_economics__places_daily') }}

),

known_units as (

    select
        deployment_id,
        unit,
        date_day
    from {{ ref('int_unit_economics__counted_days') }}
    where are_units_known

),

-- every place has a row of each unit that its kind of deployment is meant for, whether or not it was used
place_units as (

    select
        places.deployment_id,
        places.customer_tier,
        places.geography,
        units.unit,
        places.date_day
    from places
    inner join deployment_days
        on places.deployment_id = deployment_days.deployment_id and places.date_day = deployment_days.date_day
    inner join units on array_contains(units.deployment_kinds, deployment_days.kind)

),

unit_counts as (

    select
        usage_cells.deployment_id,
        usage_cells.customer_tier,
        usage_cells.geography,
        units.unit,
        sum(usage_cells.units) as units,
        usage_cells.date_day
    from usage_cells
    inner join units on array_contains(units.counted_units, usage_cells.unit)
    group by
        usage_cells.deployment_id,
        usage_cells.customer_tier,
        usage_cells.geography,
        units.unit,
        usage_cells.date_day

),

unit_costs as (

    select
        cost_cells.deployment_id,
        cost_cells.customer_tier,
        cost_cells.geography,
        units.unit,
        {{ merge_methods('cost_cells.token_cost_method') }} as token_cost_method,
        sum(case when cost_cells.cost_origin = 'usage' then cost_cells.effective_cost else 0 end)
            as usage_cost,
        sum(case when cost_cells.cost_origin = 'unused_commitment' then cost_cells.effective_cost else 0 end)
            as unused_commitment_cost,
        sum(case when cost_cells.cost_origin = 'idle' then cost_cells.effective_cost else 0 end)
            as idle_cost,
        sum(case when cost_cells.cost_origin = 'unobserved' then cost_cells.effective_cost else 0 end)
            as unobserved_cost,
        sum(case when cost_cells.cost_origin = 'shared' then cost_cells.effective_cost else 0 end)
            as shared_cost,
        sum(cost_cells.effective_cost) as effective_cost,
        -- what is not split has no band
        sum(
            case
                when units.cost_scope = 'token_kind' then cost_cells.effective_cost_low
                else cost_cells.effective_cost
            end
        ) as effective_cost_low,
        sum(
            case
                when units.cost_scope = 'token_kind' then cost_cells.effective_cost_high
                else cost_cells.effective_cost
            end
        ) as effective_cost_high,
        cost_cells.date_day
    from cost_cells
    inner join units on units.cost_scope != 'token_kind' or cost_cells.unit = units.unit
    group by
        cost_cells.deployment_id,
        cost_cells.customer_tier,
        cost_cells.geography,
        units.unit,
        cost_cells.date_day

)

select
    place_units.deployment_id,
    place_units.customer_tier,
    place_units.geography,
    place_units.unit,
    unit_costs.token_cost_method,
    -- where somebody looked and saw none there are 0, where nobody did nobody knows
    cast(case when known_units.unit is not null then coalesce(unit_counts.units, 0) end as bigint) as units,
    cast(coalesce(unit_costs.usage_cost, 0) as {{ money_type() }}) as usage_cost,
    cast(coalesce(unit_costs.unused_commitment_cost, 0) as {{ money_type() }}) as unused_commitment_cost,
    cast(coalesce(unit_costs.idle_cost, 0) as {{ money_type() }}) as idle_cost,
    cast(coalesce(unit_costs.unobserved_cost, 0) as {{ money_type() }}) as unobserved_cost,
    cast(coalesce(unit_costs.shared_cost, 0) as {{ money_type() }}) as shared_cost,
    cast(coalesce(unit_costs.effective_cost, 0) as {{ money_type() }}) as effective_cost,
    cast(coalesce(unit_costs.effective_cost_low, 0) as {{ money_type() }}) as effective_cost_low,
    cast(coalesce(unit_costs.effective_cost_high, 0) as {{ money_type() }}) as effective_cost_high,
    place_units.date_day
from place_units
left join unit_counts
    on
        place_units.date_day = unit_counts.date_day
        and place_units.deployment_id = unit_counts.deployment_id
        and place_units.customer_tier = unit_counts.customer_tier
        and place_units.geography = unit_counts.geography
        and place_units.unit = unit_counts.unit
left join unit_costs
    on
        place_units.date_day = unit_costs.date_day
        and place_units.deployment_id = unit_costs.deployment_id
        and place_units.customer_tier = unit_costs.customer_tier
        and place_units.geography = unit_costs.geography
        and place_units.unit = unit_costs.unit
left join known_units
    on
        place_units.date_day = known_units.date_day
        and place_units.deployment_id = known_units.deployment_id
        and place_units.unit = known_units.unit
