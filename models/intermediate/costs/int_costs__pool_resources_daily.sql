with node_time as (

    select
        charges.date_day,
        matches.target as pool_id,
        -- telemetry names a node by the last part of its id, whatever the case
        coalesce(lower(regexp_extract(attributes.resource_id, '([^/]+)/*$', 1)), '(unknown)') as resource_id,
        coalesce(attributes.service_name, '') as service_name,
        coalesce(attributes.charge_class = 'Correction', false) as is_correction,
        try_cast({{ text_in_json('attributes.sku_price_details', "'GpuCount'") }} as decimal(18, 6))
            as stated_accelerators,
        case when {{ matches('lower(attributes.consumed_unit)', "'hour|hrs'") }} then charges.consumed_quantity end
            as node_hours,
        charges.consumed_quantity * coalesce(stated_accelerators, capacity_pools.accelerators_per_consumed_unit)
            as accelerator_hours
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

),

billed as (

    select
        date_day,
        pool_id,
        resource_id,
        service_name,
        count(stated_accelerators) > 0 as states_accelerators,
        sum(node_hours) filter (where not is_correction) as node_hours,
        sum(node_hours) filter (where is_correction) as corrected_node_hours,
        sum(accelerator_hours) filter (where not is_correction) as accelerator_hours,
        sum(accelerator_hours) filter (where is_correction) as corrected_accelerator_hours
    from node_time
    group by date_day, pool_id, resource_id, service_name

),

-- a correction takes hours back. Hours that it bills are those that were billed before, at another price.
corrected as (

    select
        date_day,
        pool_id,
        resource_id,
        service_name,
        states_accelerators,
        {{ columns(
            ['node_hours', 'accelerator_hours'],
            'case when corrected_{0} > 0 then greatest({0}, corrected_{0})'
            ~ ' else coalesce({0} + corrected_{0}, {0}, corrected_{0}) end as {0}'
        ) }}
    from billed

),

-- a licence, an image of a marketplace or a cluster's fee is charged for the hours of the machine, and is no machine.
-- Hours on demand, spot and under a commitment are of one service and add up.
ranked as (

    select
        *,
        row_number() over (
            partition by date_day, pool_id, resource_id
            order by states_accelerators desc, coalesce(node_hours, 0) desc, accelerator_hours desc, service_name
        ) as place
    from corrected
    where accelerator_hours is not null

)

select
    pool_id,
    resource_id,
    cast(round(sum(accelerator_hours) * 3600) as bigint) as accelerator_seconds,
    -- hours of accelerators are more than a day has: the day is the most
    cast(least(coalesce(round(sum(node_hours) * 3600), 86400), 86400) as bigint) as node_seconds,
    date_day
from ranked
-- charges without a resource are of many machines
where place = 1 or resource_id = '(unknown)'
group by pool_id, resource_id, date_day
