with attributes as (

    select * from {{ ref('int_costs__charge_attributes') }}

),

matches as (

    select * from {{ ref('int_costs__charge_matches') }}

),

token_meters as (

    select * from {{ ref('int_costs__token_meters') }}

),

charges as (

    select * from {{ ref('int_costs__charges_daily') }}

),

rates as (

    select * from {{ ref('int_costs__exchange_rates') }}

),

-- usage of tokens that a rule sends to a deployment, and of which nothing says which kind of token it is
unnamed as (

    select
        attributes.attribute_key,
        matches.valid_from,
        matches.valid_to,
        matches.target as deployment_id,
        coalesce(attributes.sku_meter, attributes.sku_id, attributes.charge_description, attributes.consumed_unit)
            as meter
    from attributes
    inner join matches on attributes.attribute_key = matches.attribute_key
    anti join token_meters
        on
            attributes.attribute_key = token_meters.attribute_key
            and matches.valid_from = token_meters.valid_from
    where
        matches.treatment = 'direct'
        and attributes.charge_category is not distinct from 'Usage'
        and lower(concat_ws(' ', attributes.consumed_unit, attributes.pricing_unit, attributes.sku_meter))
        like '%token%'
        and not {{ matches("lower(coalesce(attributes.consumed_unit, ''))", "'hour|hrs'") }}

),

lines as (

    select
        charges.source,
        unnamed.deployment_id,
        unnamed.meter,
        charges.billing_currency,
        cast(sum(charges.effective_cost) as {{ money_type() }}) as effective_cost_billing_currency,
        charges.date_day
    from charges
    inner join unnamed
        on charges.attribute_key = unnamed.attribute_key and {{ in_effect('unnamed', 'charges.date_day') }}
    group by charges.source, unnamed.deployment_id, unnamed.meter, charges.billing_currency, charges.date_day

)

select
    lines.source,
    lines.deployment_id,
    lines.meter,
    lines.billing_currency,
    {{ in_reporting_currency(
        'lines.effective_cost_billing_currency', 'lines.billing_currency', 'lines.date_day', 'lines.source', 'rates.rate'
    ) }} as effective_cost,
    lines.date_day
from lines
left join rates
    on
        lines.billing_currency = rates.from_currency
        and lines.date_day >= rates.rate_date
        and lines.date_day < rates.next_rate_date
