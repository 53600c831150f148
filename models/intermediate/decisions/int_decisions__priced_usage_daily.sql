with capacity_pools as (

    select pool_id from {{ ref('capacity_pools') }}

),

pool_costs as (

    select
        deployment_id,
        origin_pool as pool_id,
        sum(effective_cost) as cost,
        date_day
    from {{ ref('fct_deployment_costs_daily') }}
    where cost_origin = 'usage' and origin_pool in (select pool_id from capacity_pools)
    group by deployment_id, origin_pool, date_day

),

pool_use as (

    select
        deployment_id,
        pool_id,
        resource_seconds as accelerator_seconds,
        date_day
    from {{ ref('int_allocation__pool_shares_daily') }}
    where resource_kind = 'accelerator' and deployment_id not in ('(idle)', '(unobserved)') and resource_seconds > 0

),

-- what a schedule spreads over days is not what a day's quantity cost
charges as (

    select
        source,
        billing_currency,
        attribute_key,
        sum(effective_cost) as cost_billing_currency,
        date_day
    from {{ ref('int_costs__scheduled_charges_daily') }}
    where schedule_id is null
    group by source, billing_currency, attribute_key, date_day

),

quantities as (

    select
        source,
        billing_currency,
        attribute_key,
        sum(consumed_quantity) as quantity,
        date_day
    from {{ ref('int_costs__charges_daily') }}
    group by source, billing_currency, attribute_key, date_day

),

-- a SKU keeps its name when its price changes, and when a commitment begins or ends
skus as (

    select
        matches.target as deployment_id,
        attributes.attribute_key,
        coalesce(attributes.sku_id, attributes.sku_meter, attributes.charge_description) as sku,
        coalesce(attributes.consumed_unit, '') as consumed_unit,
        matches.valid_from,
        matches.valid_to
    from {{ ref('int_costs__charge_matches') }} as matches
    inner join {{ ref('int_costs__charge_attributes') }} as attributes
        on matches.attribute_key = attributes.attribute_key
    where
        matches.treatment = 'direct'
        and attributes.charge_category = 'Usage'
        and coalesce(attributes.commitment_discount_status, '') != 'Unused'
        and coalesce(attributes.capacity_reservation_status, '') != 'Unused'

),

-- one rate for a deployment's charges of a day, whatever the exchange rate came from
rates as (

    select
        source,
        target as deployment_id,
        billing_currency,
        sum(effective_cost) / nullif(sum(effective_cost_billing_currency), 0) as rate,
        date_day
    from {{ ref('int_costs__cost_lines_daily') }}
    where treatment = 'direct' and cost_origin = 'usage'
    group by source, target, billing_currency, date_day

),

sku_use as (

    select
        skus.deployment_id,
        concat_ws(' ', charges.source, skus.sku, skus.consumed_unit) as priced_item,
        sum(quantities.quantity) as quantity,
        sum(charges.cost_billing_currency * rates.rate) as cost,
        charges.date_day
    from charges
    inner join skus on charges.attribute_key = skus.attribute_key and {{ in_effect('skus', 'charges.date_day') }}
    inner join quantities
        on
            charges.source = quantities.source
            and charges.billing_currency = quantities.billing_currency
            and charges.attribute_key = quantities.attribute_key
            and charges.date_day = quantities.date_day
    inner join rates
        on
            charges.source = rates.source
            and skus.deployment_id = rates.deployment_id
            and charges.billing_currency = rates.billing_currency
            and charges.date_day = rates.date_day
    where skus.sku is not null
    group by all

)

select
    pool_use.deployment_id,
    'accelerator_second' as priced_by,
    pool_use.pool_id as priced_item,
    cast(pool_use.accelerator_seconds as {{ money_type() }}) as quantity,
    cast(coalesce(pool_costs.cost, 0) as {{ money_type() }}) as cost,
    pool_use.date_day
from pool_use
left join pool_costs
    on
        pool_use.deployment_id = pool_costs.deployment_id
        and pool_use.pool_id = pool_costs.pool_id
        and pool_use.date_day = pool_costs.date_day
union all
select
    deployment_id,
    'sku' as priced_by,
    priced_item,
    cast(quantity as {{ money_type() }}) as quantity,
    cast(cost as {{ money_type() }}) as cost,
    date_day
from sku_use
where quantity > 0 and cost is not null
