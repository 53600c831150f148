with node_time as (

    select
        charges.date_day,
        matches.target as pool_id,
        -- telemetry names a node by the last part of its id, whatever the case
        coalesce(lower(regexp_extract(attributes.resource_id, '([^/]+)/*$', 1)), '(unknown)') as resource_id,
        case when {{ matches('lower(attributes.consumed_unit)', "'hour|hrs'") }} then charges.consumed_quantity end
            as node_hours,
        charges.consumed_quantity
        * coalesce(
            try_cast({{ text_in_json('attributes.sku_price_details', "'GpuCount'") }} as decimal(18, 6)),
            capacity_pools.accelerators_per_consumed_unit
        ) as accelerator_hours
    from {{ ref('int_costs__charges_daily') }} as charges
    inner join {{ ref('int_costs__charge_attributes') }} as attributes
        on charges.attribute_key = attributes.attribute_key
    inner join {{ ref('int_costs__charge_matches') }} as matches
        on charges.attribute_key = matches.attribute_key and {{ in_effect('matches', 'charges.date_day') }}
    inner join {{ ref('capacity_pools') }} as capacity_pools
        on
            matches.target = capacity_pools.pool_id
            and attributes.consumed_unit = capacity_pools.consumed_unit
            and {{ in_effect('capacity_pools', 'charges.date_day') }}
    where
        matches.treatment = 'pool'
        and attributes.charge_category = 'Usage'
        and attributes.commitment_discount_status is distinct from 'Unused'
        and attributes.capacity_reservation_status is distinct from 'Unused'

)

select
    pool_id,
    resource_id,
    cast(round(sum(accelerator_hours) * 3600) as bigint) as accelerator_seconds,
    -- hours of accelerators are more than a day has: the day is the most
    cast(least(coalesce(round(sum(node_hours) * 3600), 86400), 86400) as bigint) as node_seconds,
    date_day
from node_time
group by pool_id, resource_id, date_day
having sum(accelerator_hours) is not null
