with meters as (

    select
        source,
        column_name,
        cast(null as string) as tag_key,
        operator,
        value,
        unit,
        unit_multiplier,
        deployment_id,
        valid_from,
        valid_to
    from {{ ref('sku_meters') }}

),

eras as (

    select
        valid_from,
        valid_to
    from {{ ref('int_costs__rule_eras') }}

),

matched as (

    select
        attributes.attribute_key,
        eras.valid_from,
        max(attributes.consumed_unit) as consumed_unit,
        max(attributes.sku_meter) as sku_meter,
        max(meters.unit) as unit,
        max(meters.unit_multiplier) as unit_multiplier,
        case
            when count(distinct concat_ws(
                    chr(31),
                    meters.unit,
                    coalesce(meters.deployment_id, ''),
                    cast(coalesce(meters.unit_multiplier, 0) as string)
                )) > 1
                then {{ stop(
                    'seeds/config/sku_meters.csv: rows {} and {} both match a meter and differ; make one of them narrower',
                    ['min(meters.value)', 'max(meters.value)']
                ) }}
            else max(meters.deployment_id)
        end as deployment_id
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join meters on attributes.source = coalesce(meters.source, attributes.source)
    inner join eras on {{ in_effect('meters', 'eras.valid_from') }}
    where {{ value_matches(attribute_value('attributes', 'meters'), 'meters') }}
    group by attributes.attribute_key, eras.valid_from

),

-- what a charge says itself in SkuPriceDetails (draft of FOCUS 1.5), where its rule names the deployment
described as (

    select
        attributes.attribute_key,
        matches.valid_from,
        attributes.consumed_unit,
        attributes.sku_meter,
        token_kinds.unit,
        cast(null as bigint) as unit_multiplier,
        matches.target as deployment_id
    from {{ ref('int_costs__charge_attributes') }} as attributes
    inner join {{ ref('int_costs__charge_matches') }} as matches on attributes.attribute_key = matches.attribute_key
    inner join {{ ref('focus_token_kinds') }} as token_kinds
        on
            coalesce(
                {{ text_in_json('attributes.sku_price_details', "'TokenDirection'") }},
                {{ text_in_json('attributes.sku_price_details', "'TokenType'") }}
            ) = token_kinds.token_direction
            and {{ text_in_json('attributes.sku_price_details', "'TokenCacheAction'") }}
            is not distinct from token_kinds.token_cache_action
    left join matched
        on attributes.attribute_key = matched.attribute_key and matches.valid_from = matched.valid_from
    where matches.treatment = 'direct' and matched.attribute_key is null

),

-- whose tokens they are says the rule that sends their cost to a deployment: several may share a meter, and a row that names
-- another one would part tokens from their cost. What no cost comes of has no tokens
placed as (

    select
        matched.attribute_key,
        matched.valid_from,
        matched.consumed_unit,
        matched.sku_meter,
        matched.unit,
        matched.unit_multiplier,
        case when matches.treatment = 'direct' then matches.target else matched.deployment_id end as deployment_id
    from matched
    left join {{ ref('int_costs__charge_matches') }} as matches
        on matched.attribute_key = matches.attribute_key and matched.valid_from = matches.valid_from
    where
        (matched.deployment_id is not null or matches.treatment = 'direct')
        and matches.treatment is distinct from 'excluded'

),

metered as (

    select attribute_key, valid_from, consumed_unit, sku_meter, unit, unit_multiplier, deployment_id from placed
    union all
    select attribute_key, valid_from, consumed_unit, sku_meter, unit, unit_multiplier, deployment_id from described

)

-- what is kept over time, such as Token-Hours of a cache, is no number of tokens; Units are what the meter says
select
    metered.attribute_key,
    metered.deployment_id,
    metered.unit,
    case
        when {{ matches('lower(metered.consumed_unit)', "'hour|hrs'") }} then null
        when metered.unit_multiplier is not null then metered.unit_multiplier
        when not token_units.is_of_the_meter then token_units.tokens
        when {{ says_tokens('metered.sku_meter') }} then token_units.tokens
    end as unit_multiplier,
    eras.valid_from,
    eras.valid_to
from metered
inner join eras on metered.valid_from = eras.valid_from
left join {{ ref('int_costs__token_units') }} as token_units on metered.consumed_unit = token_units.consumed_unit
