with counts as (

    select * from {{ ref('int_usage__server_counts_daily') }}

),

gaps as (

    select
        date_day,
        deployment_id,
        bool_or(meter = 'prompt') as is_prompt_unknown,
        bool_or(meter = 'cached') as is_cached_unknown,
        bool_or(meter = 'output') as is_output_unknown,
        bool_or(meter = 'request') as is_request_unknown,
        bool_or(meter = 'embedding') as is_embedding_unknown
    from {{ ref('int_usage__server_gaps_daily') }}
    group by date_day, deployment_id

),

totals as (

    select
        date_day,
        deployment_id,
        sum(units) filter (where semantic = 'input_tokens') as input_tokens,
        sum(units) filter (where semantic = 'uncached_input_tokens') as uncached_input_tokens,
        sum(units) filter (where semantic = 'cached_input_tokens') as cached_input_tokens,
        sum(units) filter (where semantic = 'output_tokens') as output_tokens,
        sum(units) filter (where semantic = 'requests') as requests,
        sum(units) filter (where semantic = 'embeddings') as embeddings
    from counts
    group by date_day, deployment_id

),

known as (

    select
        totals.date_day,
        totals.deployment_id,
        coalesce(gaps.is_prompt_unknown, false) as is_prompt_unknown,
        coalesce(gaps.is_cached_unknown, false) as is_cached_unknown,
        case
            when gaps.is_prompt_unknown is not true
                then coalesce(
                        totals.input_tokens + totals.uncached_input_tokens,
                        totals.input_tokens,
                        totals.uncached_input_tokens
                    )
        end as prompt_tokens,
        totals.input_tokens is not null as has_cached_among_prompt,
        case when gaps.is_cached_unknown is not true then totals.cached_input_tokens end as cached_input_tokens,
        case when gaps.is_output_unknown is not true then totals.output_tokens end as output_token,
        -- what was aborted before it was counted is taken off all the same: below 0, nobody knows
        case when gaps.is_request_unknown is not true and totals.requests >= 0 then totals.requests end as request,
        case when gaps.is_embedding_unknown is not true then totals.embeddings end as embedding
    from totals
    left join gaps on totals.date_day = gaps.date_day and totals.deployment_id = gaps.deployment_id

),

-- most servers count cached tokens among the prompt's; where nobody knows how many, the prompt is all that is known of it
disjoint as (

    select
        date_day,
        deployment_id,
        case
            when is_prompt_unknown or is_cached_unknown then null
            when has_cached_among_prompt then prompt_tokens - coalesce(cached_input_tokens, 0)
            else prompt_tokens
        end as input_token,
        case when not is_prompt_unknown then cached_input_tokens end as cached_input_token,
        case when is_cached_unknown then prompt_tokens end as prompt_token,
        output_token,
        request,
        embedding
    from known

),

units as (

    select
        disjoint.date_day,
        disjoint.deployment_id,
        kinds.unit,
        case kinds.unit
            when 'input_token' then disjoint.input_token
            when 'cached_input_token' then disjoint.cached_input_token
            when 'prompt_token' then disjoint.prompt_token
            when 'output_token' then disjoint.output_token
            when 'request' then disjoint.request
            when 'embedding' then disjoint.embedding
        end as units
    from disjoint
    cross join (
        values ('input_token'), ('cached_input_token'), ('prompt_token'), ('output_token'), ('request'), ('embedding')
    ) as kinds (unit)

)

select
    date_day,
    deployment_id,
    unit,
    cast(units as bigint) as units
from units
where units is not null
