with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

metered_usage as (

    select
        deployment_id,
        unit,
        units,
        date_day
    from {{ ref('int_usage__metered_usage_daily') }}

),

unknown_units as (

    select
        deployment_id,
        unit,
        null_reason,
        date_day
    from {{ ref('int_usage__unknown_units_daily') }}
    where unit in ('token', 'training_token')

),

server_counts as (

    select
        deployment_id,
        semantic,
        units,
        date_day
    from {{ ref('int_usage__server_counts_daily') }}

),

accelerator_seconds as (

    select
        deployment_id,
        sum(reserved_accelerator_seconds) as reserved_accelerator_seconds,
        sum(busy_accelerator_seconds) as busy_accelerator_seconds,
        sum(accelerator_seconds) as accelerator_seconds,
        date_day
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    group by deployment_id, date_day

),

token_counts as (

    select
        deployment_id,
        sum(units) filter (where unit = 'input_token') as input_tokens,
        sum(units) filter (where unit = 'cached_input_token') as cached_input_tokens,
        sum(units) filter (where unit = 'prompt_token') as prompt_tokens,
        sum(units) filter (where unit = 'output_token') as output_tokens,
        sum(units) filter (where unit = 'training_token') as training_tokens,
        date_day
    from metered_usage
    group by deployment_id, date_day

),

drafts as (

    select
        deployment_id,
        sum(units) filter (where semantic = 'drafted_tokens') as draft_tokens,
        sum(units) filter (where semantic = 'accepted_tokens') as accepted_draft_tokens,
        date_day
    from server_counts
    group by deployment_id, date_day

),

measured as (

    select
        deployment_days.*,
        unknown_units.null_reason as meter_null_reason,
        cast(token_counts.prompt_tokens as bigint) as prompt_tokens,
        cast(token_counts.input_tokens as bigint) as input_tokens,
        cast(token_counts.cached_input_tokens as bigint) as cached_input_tokens,
        cast(token_counts.output_tokens as bigint) as output_tokens,
        cast(token_counts.training_tokens as bigint) as training_tokens,
        cast(drafts.draft_tokens as bigint) as draft_tokens,
        cast(drafts.accepted_draft_tokens as bigint) as accepted_draft_tokens,
        cast(accelerator_seconds.reserved_accelerator_seconds as bigint) as reserved_accelerator_seconds,
        -- nothing is what a missing exporter leaves too: rest and blindness are not told apart.
        cast(nullif(accelerator_seconds.busy_accelerator_seconds, 0) as bigint) as busy_accelerator_seconds,
        cast(accelerator_seconds.accelerator_seconds as bigint) as accelerator_seconds,
        case
            when deployment_days.expected_seconds > 0
                then least(cast(deployment_days.observed_seconds as double) / deployment_days.expected_seconds, 1)
            else 1
        end as telemetry_coverage
    from deployment_days
    left join token_counts
        on
            deployment_days.deployment_id = token_counts.deployment_id
            and deployment_days.date_day = token_counts.date_day
    left join unknown_units
        on
            deployment_days.deployment_id = unknown_units.deployment_id
            and deployment_days.date_day = unknown_units.date_day
            and unknown_units.unit = case deployment_days.kind when 'training' then 'training_token' else 'token' end
    left join drafts
        on deployment_days.deployment_id = drafts.deployment_id and deployment_days.date_day = drafts.date_day
    left join accelerator_seconds
        on
            deployment_days.deployment_id = accelerator_seconds.deployment_id
            and deployment_days.date_day = accelerator_seconds.date_day

),

totalled as (

    select
        *,
        case
            when
                meter_null_reason is null
                and coalesce(input_tokens, prompt_tokens, output_tokens, training_tokens) is not null
                then
                    coalesce(input_tokens, 0)
                    + coalesce(cached_input_tokens, 0)
                    + coalesce(prompt_tokens, 0)
                    + coalesce(output_tokens, 0)
                    + coalesce(training_tokens, 0)
        end as tokens
    from measured

),

judged as (

    select
        *,
        case
            when kind = 'hosted' then 'hosted'
            when coalesce(accelerator_seconds, 0) = 0 then 'no_accelerator_seconds'
            when meter_null_reason is not null then meter_null_reason
            when tokens is null then 'no_telemetry'
            when
                telemetry_coverage < {{ var('min_telemetry_coverage') }}
                or not is_usage_known
                or unobserved_seconds > {{ var('max_unknown_share') }} * capacity_seconds
                then 'coverage_below_minimum'
        end as null_reason
    from totalled

)

select
    date_day,
    deployment_id,
    configuration_id,
    environment,
    workload,
    kind,
    {{ columns(deployment_attributes()) }},
    input_tokens,
    cached_input_tokens,
    output_tokens,
    training_tokens,
    tokens,
    draft_tokens,
    accepted_draft_tokens,
    reserved_accelerator_seconds,
    busy_accelerator_seconds,
    accelerator_seconds,
    cached_input_tokens / nullif(cast(input_tokens + cached_input_tokens as double), 0) as cached_input_share,
    accepted_draft_tokens / nullif(cast(draft_tokens as double), 0) as accepted_draft_share,
    case when null_reason is null then tokens / cast(accelerator_seconds as double) end
        as tokens_per_accelerator_second,
    case when null_reason is null then tokens / cast(busy_accelerator_seconds as double) end
        as tokens_per_busy_accelerator_second,
    busy_accelerator_seconds / nullif(cast(accelerator_seconds as double), 0) as busy_share,
    null_reason,
    telemetry_coverage
from judged
