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
        matched.unit,
        matched.unit_multiplier,
        coalesce(matched.deployment_id, matches.target) as deployment_id
    from matched
    left join {{ ref('int_costs__charge_matches') }} as matches on matched.attribute_key = matches.attribute_key
    where matched.deployment_id is not null or matches.treatment = 'direct'

),

metered as (

    select attribute_key, consumed_unit, unit, unit_multiplier, deployment_id from placed
    union all
    select attribute_key, consumed_unit, unit, unit_multiplier, deployment_id from described

),

-- '1K tokens', '1000000 Tokens', '1M': a number, a power and tokens, of which two may be missing
parsed as (

    select
        *,
        regexp_extract(
            lower(trim(consumed_unit)),
            '^([0-9][0-9,]*)? ?(k|m|b|thousand|million|billion)? ?(tokens?)?$',
            ['number', 'power', 'word']
        ) as consumed
    from metered

)

-- what is kept over time, such as Token-Hours of a cache, is no number of tokens
select
    attribute_key,
    deployment_id,
    unit,
    case
        when regexp_matches(lower(consumed_unit), 'hour|hrs') then null
        when unit_multiplier is not null then unit_multiplier
        when concat(consumed.number, consumed.power, consumed.word) != ''
            then
                cast(coalesce(nullif(replace(consumed.number, ',', ''), ''), '1') as bigint)
                * case left(consumed.power, 1)
                    when 'k' then 1000
                    when 't' then 1000
                    when 'm' then 1000000
                    when 'b' then 1000000000
                    else 1
                end
    end as unit_multiplier
from parsed
