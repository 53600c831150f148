with token_meters as (

    select * from {{ ref('int_costs__token_meters') }}

),

attributes as (

    select
        attribute_key,
        {{ cost_origin('attributes') }} as cost_origin,
        {{ has_consumed_quantity() }} as is_quantity_expected,
        {{ is_consumption() }} as is_consumption
    from {{ ref('int_costs__charge_attributes') }} as attributes

),

matches as (

    select * from {{ ref('int_costs__charge_matches') }}

),

charges as (

    select * from {{ ref('int_costs__charges_daily') }}

),

rates as (

    select * from {{ ref('int_costs__exchange_rates') }}

),

-- a credit, a tax, a purchase or what nobody drew consumes nothing, also where it repeats a quantity; a correction of usage has
-- what it gives back, or none; usage without a quantity is unknown
quantities as (

    select
        charges.source,
        token_meters.deployment_id,
        token_meters.unit,
        charges.billing_currency,
        case when matches.target is not null then attributes.cost_origin end as cost_origin,
        charges.effective_cost,
        case
            when not attributes.is_consumption then 0
            when attributes.is_quantity_expected and charges.rows_without_quantity > 0 then null
            when charges.consumed_quantity is null then case when not attributes.is_quantity_expected then 0 end
            else {{ money_to_units('charges.consumed_quantity') }} * token_meters.unit_multiplier
        end as attounits,
        greatest(charges.effective_cost, 0) as charged,
        case
            when attributes.is_quantity_expected and charges.consumed_quantity = 0
                then greatest(charges.effective_cost, 0)
            else 0
        end as charged_for_none,
        case when attributes.is_quantity_expected then charges.effective_cost else 0 end as used_cost,
        case
            when attributes.is_consumption and not attributes.is_quantity_expected and charges.consumed_quantity is null
                then charges.effective_cost
            else 0
        end as corrected_cost,
        attributes.is_consumption
        and not attributes.is_quantity_expected
        and charges.rows_without_quantity > 0
        and coalesce(charges.consumed_quantity > 0, false) as is_billed_anew,
        charges.date_day
    from charges
    inner join token_meters
        on charges.attribute_key = token_meters.attribute_key and {{ in_effect('token_meters', 'charges.date_day') }}
    inner join attributes on charges.attribute_key = attributes.attribute_key
    left join matches
        on
            charges.attribute_key = matches.attribute_key
            and {{ in_effect('matches', 'charges.date_day') }}
            and matches.treatment = 'direct'
            and token_meters.deployment_id = matches.target

),

-- a sum is unknown where one of its parts is. Usage that costs something and is 0 was not counted, or rounded away
sums as (

    select
        source,
        deployment_id,
        unit,
        billing_currency,
        cost_origin,
        sum(used_cost) as used_cost,
        -- what corrections without a quantity take back as a whole was not used, or was for nothing, or is billed anew
        bool_or(is_billed_anew)
        or (sum(used_cost) > 0 and abs(sum(used_cost + corrected_cost)) <= 0.001 * sum(used_cost)) as is_reversed,
        case
            when count(*) = count(attounits) and sum(charged_for_none) <= {{ var('max_unknown_share') }} * sum(charged)
                then sum(attounits)
        end as known_attounits,
        sum(effective_cost) as effective_cost,
        date_day
    from quantities
    group by source, deployment_id, unit, billing_currency, cost_origin, date_day

),

lines as (

    select
        source,
        deployment_id,
        unit,
        billing_currency,
        cost_origin,
        case when not is_reversed then known_attounits end as billed_attounits,
        is_reversed,
        cast(used_cost as {{ money_type() }}) as used_cost_billing_currency,
        cast(effective_cost as {{ money_type() }}) as effective_cost_billing_currency,
        date_day
    from sums

)

select
    lines.source,
    lines.deployment_id,
    lines.unit,
    lines.billing_currency,
    lines.cost_origin,
    cast(
        ({{ sign_of('lines.billed_attounits') }})
        * {{ quotient('(abs(lines.billed_attounits) + 500000000000000000)', '1000000000000000000') }} as bigint
    ) as billed_units,
    lines.is_reversed,
    lines.used_cost_billing_currency,
    lines.effective_cost_billing_currency,
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
