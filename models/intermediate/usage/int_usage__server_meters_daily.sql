with target_counts as (

    select * from {{ ref('int_usage__target_counts_daily') }}

),

cached_excesses as (

    select * from {{ ref('int_usage__cached_excesses_daily') }}

),

-- the part of a prompt that a server computed stands in for the prompt
meters as (

    select
        date_day,
        deployment_id,
        role,
        server,
        target_id,
        case semantic
            when 'input_tokens' then 'prompt'
            when 'uncached_input_tokens' then 'prompt'
            when 'cached_input_tokens' then 'cached'
            when 'output_tokens' then 'output'
            when 'requests' then 'request'
            when 'embeddings' then 'embedding'
        end as meter,
        units
    from target_counts
    where
        semantic in (
            'input_tokens', 'uncached_input_tokens', 'cached_input_tokens', 'output_tokens', 'requests', 'embeddings'
        )
        and deployment_id != '(unattributed)'

),

targets as (

    select
        date_day,
        deployment_id,
        role,
        server,
        target_id,
        bool_or(meter = 'prompt') as has_prompt,
        bool_or(meter = 'cached') as has_cached,
        bool_or(meter = 'output') as has_output,
        sum(units) filter (where meter = 'prompt') as prompt_units,
        sum(units) filter (where meter = 'request') as requests,
        -- counted at admission and again after a preemption; what was admitted and not yet computed is a hundredth at most
        coalesce(
            sum(units) filter (where meter = 'cached') > 1.01 * sum(units) filter (where meter = 'prompt'), false
        ) as has_more_cached_than_prompt
    from meters
    group by date_day, deployment_id, role, server, target_id

),

-- in some hours of the day, by more than a small part of its prompt and than a few requests that were admitted in them
judged as (

    select
        targets.date_day,
        targets.deployment_id,
        targets.role,
        targets.server,
        targets.target_id,
        targets.has_prompt,
        targets.has_cached,
        targets.has_output,
        targets.has_more_cached_than_prompt
        or coalesce(
            cached_excesses.excess_units > {{ var('max_unknown_share') }} * targets.prompt_units
            and cached_excesses.excess_units
            > {{ var('metering_tolerance_requests') }} * targets.prompt_units / greatest(targets.requests, 1),
            false
        ) as has_more_cached_than_prompt
    from targets
    left join cached_excesses
        on
            targets.date_day = cached_excesses.date_day
            and targets.deployment_id = cached_excesses.deployment_id
            and targets.role = cached_excesses.role
            and targets.server = cached_excesses.server
            and targets.target_id = cached_excesses.target_id

),

-- what one process of a server and role counts, the others should
alike as (

    select
        bool_or(has_prompt) over (partition by date_day, deployment_id, role, server)
            as is_prompt_known_elsewhere,
        bool_or(has_cached) over (partition by date_day, deployment_id, role, server)
            as is_cached_known_elsewhere,
        bool_or(has_output) over (partition by date_day, deployment_id, role, server)
            as is_output_known_elsewhere,
        *
    from judged
    where has_prompt or has_output

),

unlike as (

    select
        date_day,
        deployment_id,
        bool_or(is_prompt_known_elsewhere and not has_prompt) as is_prompt_partial,
        bool_or(is_cached_known_elsewhere and not has_cached) as is_cached_partial,
        bool_or(is_output_known_elsewhere and not has_output) as is_output_partial,
        bool_or(has_more_cached_than_prompt) as has_more_cached_than_prompt
    from alike
    group by date_day, deployment_id

),

days as (

    select
        date_day,
        deployment_id,
        array_sort(array_agg(distinct server)) as servers,
        bool_or(meter = 'prompt') as has_prompt,
        bool_or(meter = 'prompt' and units is null) as is_prompt_broken,
        bool_or(meter = 'cached') as has_cached,
        bool_or(meter = 'cached' and units is null) as is_cached_broken,
        bool_or(meter = 'output') as has_output,
        bool_or(meter = 'output' and units is null) as is_output_broken,
        bool_or(meter = 'request') as has_request,
        bool_or(meter = 'request' and units is null) as is_request_broken,
        bool_or(meter = 'embedding') as has_embedding,
        bool_or(meter = 'embedding' and units is null) as is_embedding_broken,
        coalesce(
            sum(units) filter (where meter = 'cached') > sum(units) filter (where meter = 'prompt'), false
        ) as has_more_cached_than_prompt
    from meters
    group by date_day, deployment_id

)

select
    days.date_day,
    days.deployment_id,
    days.servers,
    days.has_prompt,
    days.is_prompt_broken,
    days.has_cached,
    days.is_cached_broken,
    days.has_output,
    days.is_output_broken,
    days.has_request,
    days.is_request_broken,
    days.has_embedding,
    days.is_embedding_broken,
    coalesce(unlike.is_prompt_partial, false) as is_prompt_partial,
    coalesce(unlike.is_cached_partial, false) as is_cached_partial,
    coalesce(unlike.is_output_partial, false) as is_output_partial,
    days.has_more_cached_than_prompt or coalesce(unlike.has_more_cached_than_prompt, false) as is_cached_impossible
from days
left join unlike on days.date_day = unlike.date_day and days.deployment_id = unlike.deployment_id
