{%- set billion = 'cast(1000000000 as hugeint)' -%}
{%- set trillion = 'cast(1000000000000 as hugeint)' -%}
with

metered_usage as (
    select date_day, deployment_id, unit, units
    from {{ ref('int_usage__metered_usage_daily') }}
),

server_counts as (
    select date_day, deployment_id, semantic, units
    from {{ ref('int_usage__server_counts_daily') }}
    where semantic in ('prefill_execution_seconds', 'decode_execution_seconds', 'mixed_execution_seconds')
),

role_seconds as (
    select date_day, deployment_id, role, accelerator_seconds
    from {{ ref('int_allocation__role_seconds_daily') }}
),

deployments as (
    select deployment_id, kind, model, model_variant, accelerator, quantization, valid_from, valid_to
    from {{ ref('deployments') }}
),

token_rates as (
    select
        model,
        model_variant,
        accelerator,
        quantization,
        cast(prefill_tokens_per_second * 1000 as hugeint) as prefill_rate,
        cast(decode_tokens_per_second * 1000 as hugeint) as decode_rate,
        cast(cached_token_weight * 1000000000 as hugeint) as cached_billionths
    from {{ ref('token_rates') }}
),

-- The charges of a hosted model carry their kind.
billed_meters as (
    select
        date_day,
        deployment_id,
        'billed_meters' as method,
        cast(coalesce(sum(weight) filter (where unit = 'input_token'), 0) as hugeint) as input_token_weight,
        cast(coalesce(sum(weight) filter (where unit = 'cached_input_token'), 0) as hugeint)
            as cached_input_token_weight,
        cast(coalesce(sum(weight) filter (where unit = 'output_token'), 0) as hugeint) as output_token_weight
    from {{ ref('int_allocation__billed_weights_daily') }}
    group by date_day, deployment_id
    having count(*) = count(weight) and sum(weight) > 0
),

-- Where a kind of token is unknown, those of the others say nothing of the shares.
unknown_days as (
    select date_day, deployment_id
    from {{ ref('int_usage__unknown_units_daily') }}
    where unit = 'output_token'
    union
    select date_day, deployment_id
    from {{ ref('int_allocation__billed_weights_daily') }}
    where weight is null
),

tokens as (
    select
        metered_usage.date_day,
        metered_usage.deployment_id,
        cast(coalesce(sum(units) filter (where unit = 'input_token'), 0) as hugeint) as input_tokens,
        cast(coalesce(sum(units) filter (where unit = 'cached_input_token'), 0) as hugeint) as cached_input_tokens,
        cast(coalesce(sum(units) filter (where unit = 'output_token'), 0) as hugeint) as output_tokens
    from metered_usage
    anti join unknown_days
        on
            metered_usage.date_day = unknown_days.date_day
            and metered_usage.deployment_id = unknown_days.deployment_id
    where unit in ('input_token', 'cached_input_token', 'output_token')
    group by metered_usage.date_day, metered_usage.deployment_id
    having sum(units) > 0
),

configured_tokens as (
    select
        tokens.date_day,
        tokens.deployment_id,
        deployments.model,
        deployments.model_variant,
        deployments.accelerator,
        deployments.quantization,
        coalesce(deployments.kind, 'inference') as kind,
        tokens.input_tokens,
        tokens.cached_input_tokens,
        tokens.output_tokens
    from tokens
    left join deployments
        on
            tokens.deployment_id = deployments.deployment_id
            and tokens.date_day >= deployments.valid_from
            and (tokens.date_day < deployments.valid_to or deployments.valid_to is null)
    -- what the bill says need not be estimated
    left join billed_meters
        on tokens.date_day = billed_meters.date_day and tokens.deployment_id = billed_meters.deployment_id
    where billed_meters.deployment_id is null
),

-- What a cached token costs in proportion to an uncached one: as measured, else as the fixed weights have it.
rated_tokens as (
    select
        configured_tokens.date_day,
        configured_tokens.deployment_id,
        configured_tokens.input_tokens,
        configured_tokens.cached_input_tokens,
        configured_tokens.output_tokens,
        token_rates.prefill_rate,
        token_rates.decode_rate,
        coalesce(token_rates.cached_billionths, 100000000) as cached_billionths
    from configured_tokens
    left join token_rates
        on
            configured_tokens.model is not distinct from token_rates.model
            and configured_tokens.model_variant is not distinct from token_rates.model_variant
            and configured_tokens.accelerator is not distinct from token_rates.accelerator
            and configured_tokens.quantization is not distinct from token_rates.quantization
    where configured_tokens.kind not in ('embedding', 'training')
),

-- Each method says what its tokens weigh against each other; a method that knows nothing about a day has no row.
-- U/Rp : kappa*K/Rp : O/Rd, multiplied by Rp*Rd and by what makes the rates and kappa whole numbers.
measured_rates as (
    select
        date_day,
        deployment_id,
        'measured_rates' as method,
        input_tokens * decode_rate * {{ billion }} as input_token_weight,
        cached_input_tokens * decode_rate * cached_billionths as cached_input_token_weight,
        output_tokens * prefill_rate * {{ billion }} as output_token_weight
    from rated_tokens
    where prefill_rate is not null
),

-- Accelerator-time that is known to be prefill's or decode's: whose servers they are, or what the engine was at.
phase_times as (
    select
        date_day,
        deployment_id,
        'role_pools' as method,
        coalesce(sum(accelerator_seconds) filter (where role = 'prefill'), 0) as prefill_seconds,
        coalesce(sum(accelerator_seconds) filter (where role = 'decode'), 0) as decode_seconds,
        0 as mixed_seconds
    from role_seconds
    group by date_day, deployment_id
    -- one role alone is half of a deployment
    having count(distinct role) = 2
    union all
    select
        date_day,
        deployment_id,
        'engine_time' as method,
        coalesce(sum(units) filter (where semantic = 'prefill_execution_seconds'), 0) as prefill_seconds,
        coalesce(sum(units) filter (where semantic = 'decode_execution_seconds'), 0) as decode_seconds,
        coalesce(sum(units) filter (where semantic = 'mixed_execution_seconds'), 0) as mixed_seconds
    from server_counts
    group by date_day, deployment_id
),

-- A step that did both divides as the fixed weights would. Trillionths, so that the products fit into a hugeint.
phase_shares as (
    select
        rated_tokens.date_day,
        rated_tokens.deployment_id,
        phase_times.method,
        rated_tokens.input_tokens,
        rated_tokens.cached_input_tokens,
        rated_tokens.output_tokens,
        rated_tokens.cached_billionths,
        cast(
            {{ trillion }} * phase_times.prefill_seconds
            // (phase_times.prefill_seconds + phase_times.decode_seconds + phase_times.mixed_seconds)
            + {{ trillion }} * phase_times.mixed_seconds
            // (phase_times.prefill_seconds + phase_times.decode_seconds + phase_times.mixed_seconds)
            * (rated_tokens.input_tokens * 10 + rated_tokens.cached_input_tokens)
            // (rated_tokens.input_tokens * 10 + rated_tokens.cached_input_tokens + rated_tokens.output_tokens * 25)
            as hugeint
        ) as input_share
    from rated_tokens
    inner join phase_times
        on
            rated_tokens.date_day = phase_times.date_day
            and rated_tokens.deployment_id = phase_times.deployment_id
    where phase_times.prefill_seconds + phase_times.decode_seconds + phase_times.mixed_seconds > 0
),

-- Inside the input's share tokens weigh U : kappa*K; a side without tokens bears nothing.
phase_weights as (
    select
        date_day,
        deployment_id,
        method,
        input_share * input_tokens * {{ billion }} as input_token_weight,
        input_share * cached_input_tokens * cached_billionths as cached_input_token_weight,
        case
            when output_tokens = 0 then 0
            else
                ({{ trillion }} - input_share)
                * greatest(input_tokens * {{ billion }} + cached_input_tokens * cached_billionths, 1)
        end as output_token_weight
    from phase_shares
),

fixed_weights as (
    select
        date_day,
        deployment_id,
        'fixed_weights' as method,
        input_tokens * 10 as input_token_weight,
        cached_input_tokens as cached_input_token_weight,
        output_tokens * 25 as output_token_weight
    from configured_tokens
    where kind not in ('embedding', 'training')
),

input_only as (
    select
        date_day,
        deployment_id,
        'input_only' as method,
        input_tokens + cached_input_tokens + output_tokens as input_token_weight,
        cast(null as hugeint) as cached_input_token_weight,
        cast(null as hugeint) as output_token_weight
    from configured_tokens
    where kind = 'embedding'
),

methods as (
    select
        date_day, deployment_id, method, input_token_weight, cached_input_token_weight, output_token_weight
    from billed_meters
    union all
    select
        date_day, deployment_id, method, input_token_weight, cached_input_token_weight, output_token_weight
    from measured_rates
    union all
    select
        date_day, deployment_id, method, input_token_weight, cached_input_token_weight, output_token_weight
    from phase_weights
    union all
    select
        date_day, deployment_id, method, input_token_weight, cached_input_token_weight, output_token_weight
    from fixed_weights
    union all
    select
        date_day, deployment_id, method, input_token_weight, cached_input_token_weight, output_token_weight
    from input_only
),

unit_weights as (
    select date_day, deployment_id, method, 'input_token' as unit, input_token_weight as weight
    from methods
    where input_token_weight is not null
    union all
    select date_day, deployment_id, method, 'cached_input_token' as unit, cached_input_token_weight as weight
    from methods
    where cached_input_token_weight is not null
    union all
    select date_day, deployment_id, method, 'output_token' as unit, output_token_weight as weight
    from methods
    where output_token_weight is not null
),

method_totals as (
    select date_day, deployment_id, method, sum(weight) as total_weight
    from unit_weights
    group by date_day, deployment_id, method
    having sum(weight) > 0
),

-- Brought to 18 digits first, so that the products of the division fit into a hugeint.
scaled_weights as (
    select
        unit_weights.date_day,
        unit_weights.deployment_id,
        unit_weights.method,
        unit_weights.unit,
        cast(1000000000000 as hugeint) as whole,
        unit_weights.weight
        // greatest(method_totals.total_weight // cast(1000000000000000000 as hugeint), 1) as scaled_weight
    from unit_weights
    inner join method_totals
        on
            unit_weights.date_day = method_totals.date_day
            and unit_weights.deployment_id = method_totals.deployment_id
            and unit_weights.method = method_totals.method
),

shares as (
    {{ largest_remainder(
        'scaled_weights',
        amount='whole',
        weight='scaled_weight',
        partition_by=['date_day', 'deployment_id', 'method'],
        order_by=['unit'],
        part='share'
    ) }}
)

select
    date_day,
    deployment_id,
    method,
    unit,
    cast(share as bigint) as weight
from shares
