{% set reporting_currency = sql_text(var('reporting_currency')) %}

with meters as (

    select
        source,
        column_name,
        cast(null as varchar) as tag_key,
        operator,
        value,
        unit,
        unit_multiplier,
        deployment_id
    from {{ ref('sku_meters') }}

),

matched as (

    select
        attributes.attribute_key,
        any_value(attributes.consumed_unit) as consumed_unit,
        any_value(attributes.sku_meter) as sku_meter,
        any_value(attributes.charge_category) as charge_category,
        any_value(meters.unit) as unit,
        any_value(meters.unit_multiplier) as unit_multiplier,
        case
            when count(distinct row(meters.unit, meters.deployment_id, coalesce(meters.unit_multiplier, 0))) > 1
                then {{ stop(
                    'seeds/config/sku_meters.csv: rows {} and {} both match a meter and differ; make one of them narrower',
                    ['min(meters.value)', 'max(meters.value)']
                ) }}
            else any_value(meters.deployment_id)
        end as deployment_id
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join meters on attributes.source = coalesce(meters.source, attributes.source)
    where {{ value_matches(attribute_value('attributes', 'meters'), 'meters') }}
    group by attributes.attribute_key

),

-- what a charge says itself in SkuPriceDetails (draft of FOCUS 1.5), where its rule names the deployment
described as (

    select
        attributes.attribute_key,
        attributes.consumed_unit,
        attributes.sku_meter,
        attributes.charge_category,
        token_kinds.unit,
        cast(null as bigint) as unit_multiplier,
        matches.target as deployment_id
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join {{ ref('int_costs__charge_matches') }} as matches on attributes.attribute_key = matches.attribute_key
    inner join {{ ref('focus_token_kinds') }} as token_kinds
        on
            coalesce(
                json_extract_string(attributes.sku_price_details, '$.TokenDirection'),
                json_extract_string(attributes.sku_price_details, '$.TokenType')
            ) = token_kinds.token_direction
            and json_extract_string(attributes.sku_price_details, '$.TokenCacheAction')
            is not distinct from token_kinds.token_cache_action
    left join matched on attributes.attribute_key = matched.attribute_key
    where matches.treatment = 'direct' and matched.attribute_key is null

),

-- deployments that share a meter are told apart by the rule that sends their charges to them
placed as (

    select
        matched.attribute_key,
        matched.consumed_unit,
        matched.sku_meter,
        matched.charge_category,
        matched.unit,
        matched.unit_multiplier,
        coalesce(matched.deployment_id, matches.target) as deployment_id
    from matched
    left join {{ ref('int_costs__charge_matches') }} as matches on matched.attribute_key = matches.attribute_key
    where matched.deployment_id is not null or matches.treatment = 'direct'

),

metered as (

    select * from placed
    union all by name
    select * from described

),

-- '1K tokens' is cut into 1, k and tokens
parts as (

    select
        units.consumed_unit,
        unnest(regexp_extract_all(lower(units.consumed_unit), '[0-9]+(?:,[0-9]{3})*|[a-z]+|[^a-z0-9 ]')) as part
    from (select distinct consumed_unit from metered) as units

),

-- what one unit stands for; null where a part of it is no number and no word that is known, as in Token-Hours
unit_sizes as (

    select
        parts.consumed_unit,
        case
            when count(*) = count(coalesce(try_cast(replace(parts.part, ',', '') as bigint), words.factor))
                then cast(product(coalesce(try_cast(replace(parts.part, ',', '') as bigint), words.factor)) as bigint)
        end as size,
        coalesce(bool_or(words.counts = 'meter'), false) as is_of_the_meter
    from parts
    left join {{ ref('unit_words') }} as words on parts.part = words.word
    group by parts.consumed_unit

),

multiplied as (

    select
        metered.attribute_key,
        metered.deployment_id,
        metered.unit,
        -- a credit or a tax uses nothing: FOCUS leaves its quantity empty, and that is no gap
        coalesce(metered.charge_category, 'Usage') = 'Usage' as is_usage,
        case
            when regexp_matches(lower(metered.consumed_unit), 'hour|hrs') then null
            when metered.unit_multiplier is not null then metered.unit_multiplier
            when not unit_sizes.is_of_the_meter then unit_sizes.size
            when regexp_matches(lower(metered.sku_meter), '(^|[^a-z])tok(en)?s?([^a-z]|$)') then unit_sizes.size
        end as unit_multiplier
    from metered
    left join unit_sizes on metered.consumed_unit = unit_sizes.consumed_unit

),

lines as (

    select
        charges.source,
        multiplied.deployment_id,
        multiplied.unit,
        charges.billing_currency,
        -- a sum is unknown where one of its parts is
        case
            when
                count(*) filter (where multiplied.is_usage)
                = count(multiplied.unit_multiplier * charges.consumed_quantity) filter (where multiplied.is_usage)
                then coalesce(
                        sum({{ money_to_units('charges.consumed_quantity') }} * multiplied.unit_multiplier)
                        filter (where multiplied.is_usage), 0
                    )
        end as billed_attounits,
        cast(sum(charges.effective_cost) as {{ money_type() }}) as effective_cost_billing_currency,
        charges.charge_date
    from {{ ref('int_costs__charges_daily') }} as charges
    inner join multiplied on charges.attribute_key = multiplied.attribute_key
    group by
        charges.source, multiplied.deployment_id, multiplied.unit, charges.billing_currency, charges.charge_date

),

-- a rate holds until the next one
rates as (

    select
        from_currency,
        rate,
        rate_date,
        lead(rate_date, 1, date '9999-12-31') over (partition by from_currency order by rate_date) as next_rate_date
    from {{ ref('exchange_rates') }}
    where to_currency = {{ reporting_currency }}

)

select
    lines.source,
    lines.deployment_id,
    lines.unit,
    lines.billing_currency,
    cast(
        sign(lines.billed_attounits)
        * ((abs(lines.billed_attounits) + cast(500000000000000000 as hugeint)) // cast(1000000000000000000 as hugeint))
        as bigint
    ) as billed_units,
    lines.effective_cost_billing_currency,
    case
        when lines.billing_currency = {{ reporting_currency }} then lines.effective_cost_billing_currency
        when rates.rate is null
            then {{ stop(
                'seeds/config/exchange_rates.csv: no rate from {} to {} on or before {}, which source {} needs; add it',
                ['lines.billing_currency', reporting_currency, 'lines.charge_date', 'lines.source']
            ) }}
        else {{ convert_money('lines.effective_cost_billing_currency', 'rates.rate') }}
    end as effective_cost,
    lines.charge_date
from lines
left join rates
    on
        lines.billing_currency = rates.from_currency
        and lines.charge_date >= rates.rate_date
        and lines.charge_date < rates.next_rate_date
