with metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}
    where unit in ('input_token', 'cached_input_token', 'output_token')

),

deployments as (

    select * from {{ ref('deployments') }}

),

token_rates as (

    select
        model,
        model_variant,
        accelerator,
        quantization,
        cast(prefill_tokens_per_second * 1000 as {{ wide_integer() }}) as prefill_rate,
        cast(decode_tokens_per_second * 1000 as {{ wide_integer() }}) as decode_rate,
        cast(cached_token_weight * 1000000000 as {{ wide_integer() }}) as cached_billionths,
        valid_from,
        valid_to
    from {{ ref('token_rates') }}

),

billed_weights as (

    select * from {{ ref('int_allocation__billed_weights_daily') }}

),

-- what the bill says need not be estimated, and where a kind of token is unknown, the others say nothing of the shares
undivided_days as (

    select
        date_day,
        deployment_id
    from {{ ref('int_usage__unknown_units_daily') }}
    where unit = 'output_token'
    union
    select
        date_day,
        deployment_id
    from billed_weights
    group by date_day, deployment_id
    having count(*) > count(weight) or sum(weight) > 0

),

tokens as (

    select
        metered_usage.date_day,
        metered_usage.deployment_id,
        cast(coalesce(sum(units) filter (where unit = 'input_token'), 0) as {{ wide_integer() }}) as input_tokens,
        cast(coalesce(sum(units) filter (where unit = 'cached_input_token'), 0) as {{ wide_integer() }})
            as cached_input_tokens,
        cast(coalesce(sum(units) filter (where unit = 'output_token'), 0) as {{ wide_integer() }}) as output_tokens
    from metered_usage
    anti join undivided_days
        on
            metered_usage.date_day = undivided_days.date_day
            and metered_usage.deployment_id = undivided_days.deployment_id
    group by metered_usage.date_day, metered_usage.deployment_id
    having sum(units) > 0

)

select
    tokens.date_day,
    tokens.deployment_id,
    coalesce(deployments.kind, 'inference') as kind,
    tokens.input_tokens,
    tokens.cached_input_tokens,
    tokens.output_tokens,
    token_rates.prefill_rate,
    token_rates.decode_rate,
    -- without a measured rate, what the fixed weights have
    coalesce(token_rates.cached_billionths, 100000000) as cached_billionths
from tokens
left join deployments
    on
        tokens.deployment_id = deployments.deployment_id
        and {{ in_effect('deployments', 'tokens.date_day') }}
left join token_rates
    on
        deployments.model is not distinct from token_rates.model
        and deployments.model_variant is not distinct from token_rates.model_variant
        and deployments.accelerator is not distinct from token_rates.accelerator
        and deployments.quantization is not distinct from token_rates.quantization
        and {{ in_effect('token_rates', 'tokens.date_day') }}
