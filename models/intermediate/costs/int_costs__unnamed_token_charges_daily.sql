{# What hosted models are also billed for, in units such as 1K: no tokens. #}
{% set other_things = [
    'image', 'video', 'search', 'ground', 'call', 'request', 'quer', 'rerank', 'guardrail', 'page', 'document', 'char', 'speech',
    'session', 'second', 'minute', 'hour', 'storage', 'host', 'provision', 'container', 'tool', 'seat', 'user', 'transaction'
] %}
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

token_units as (

    select * from {{ ref('int_costs__token_units') }}

),

-- services that bill a deployment by the token: there a unit such as 1K or Units may be tokens, too
metered_services as (

    select distinct
        token_meters.deployment_id,
        attributes.source,
        attributes.service_name
    from token_meters
    inner join attributes on token_meters.attribute_key = attributes.attribute_key

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
    left join token_units on attributes.consumed_unit = token_units.consumed_unit
    left join metered_services
        on
            matches.target = metered_services.deployment_id
            and attributes.source = metered_services.source
            and attributes.service_name is not distinct from metered_services.service_name
    where
        matches.treatment = 'direct'
        and attributes.charge_category is not distinct from 'Usage'
        and (
            token_units.says_tokens
            or lower(concat_ws(' ', attributes.consumed_unit, attributes.pricing_unit, attributes.sku_meter))
            like '%token%'
            or {{ says_tokens("concat_ws(' ', attributes.pricing_unit, attributes.sku_meter)") }}
            or (
                token_units.tokens is not null
                and metered_services.deployment_id is not null
                and not {{ matches(
                    "lower(concat_ws(' ', attributes.sku_meter, attributes.sku_id, attributes.charge_description))",
                    "'" ~ other_things | join('|') ~ "'"
                ) }}
            )
        )
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
