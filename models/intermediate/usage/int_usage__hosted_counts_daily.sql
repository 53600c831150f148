with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where meter in ('gateway', 'provider', 'billed') and units is not null

),

-- who cannot tell the parts of a prompt still knows how many tokens there were
meters as (

    select
        date_day,
        deployment_id,
        meter,
        bool_or(unit = 'input_token') as has_parts,
        case
            when bool_or(unit = 'input_token')
                then sum(units) filter (where unit in ('input_token', 'cached_input_token', 'output_token'))
            when bool_or(unit = 'prompt_token')
                then sum(units) filter (where unit in ('prompt_token', 'output_token'))
        end as tokens,
        max(units) filter (where unit = 'request') as requests
    from readings
    group by date_day, deployment_id, meter

),

days as (

    select
        date_day,
        deployment_id,
        max(tokens) filter (where meter = 'gateway') as gateway_tokens,
        max(requests) filter (where meter = 'gateway') as gateway_requests,
        max(tokens) filter (where meter = 'provider') as provider_tokens,
        max(tokens) filter (where meter = 'billed') as billed_tokens
    from meters
    group by date_day, deployment_id

),

-- rows of a gateway that came twice without ids are counted twice: two who count apart from it and agree are believed against
-- it. A few requests more are those of a midnight
refused_days as (

    select
        date_day,
        deployment_id
    from days
    where
        abs(provider_tokens - billed_tokens) <= {{ metering_tolerance() }} * billed_tokens
        and gateway_tokens - greatest(provider_tokens, billed_tokens)
        > {{ tolerated_tokens('greatest(provider_tokens, billed_tokens)', 'gateway_tokens', 'gateway_requests') }}

)

select
    meters.date_day,
    meters.deployment_id,
    meters.meter,
    meters.has_parts,
    cast(meters.tokens as bigint) as tokens,
    meters.requests
from meters
left join refused_days
    on meters.date_day = refused_days.date_day and meters.deployment_id = refused_days.deployment_id
where meters.meter != 'gateway' or refused_days.deployment_id is null
