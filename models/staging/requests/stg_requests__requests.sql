{{ config(materialized='view') }}

with requests as (

    select * from {{ ref('landed_requests') }}
    where source_row is not null

),

conventions as (

    select * from {{ ref('input_token_conventions') }}

),

repeated as (

    select * from {{ ref('repeated_call_types') }}

),

-- what the gateway answered from its own cache never reached a server
marked as (

    select
        *,
        coalesce(lower(trim(cache_hit)) in ('true', 't', '1', 'yes'), false) as is_cache_hit
    from requests

),

counted as (

    select
        *,
        case when not is_cache_hit then {{ token_count('input_tokens') }} end as given_input_tokens,
        case when not is_cache_hit then {{ token_count('cached_input_tokens') }} end as read_tokens,
        case when not is_cache_hit then {{ token_count('cache_write_tokens') }} end as written_tokens,
        case when not is_cache_hit then {{ token_count('output_tokens') }} end as generated_tokens,
        case when not is_cache_hit then {{ token_count('reasoning_tokens') }} end as reasoned_tokens,
        case when not is_cache_hit then {{ token_count('total_tokens') }} end as told_total_tokens
    from marked

),

-- the instrumentation goes before the type of call, and that before the provider alone
conventional as (

    select
        counted.*,
        coalesce(
            of_scopes.input_includes_cache, of_calls.input_includes_cache, of_providers.input_includes_cache, true
        ) as input_should_include_cache,
        repeated.call_type is not null
        and not (
            coalesce(repeated.counts_once, false)
            and coalesce(counted.given_input_tokens, 0) + coalesce(counted.generated_tokens, 0) > 0
        ) as repeats_usage,
        coalesce(repeated.counts_once, false) as is_told_at_each_look
    from counted
    left join conventions as of_scopes
        on
            counted.shape = of_scopes.shape
            and counted.instrumentation_scope = of_scopes.instrumentation_scope
            and (lower(counted.provider) = of_scopes.provider or of_scopes.provider is null)
    left join conventions as of_calls
        on
            counted.shape = of_calls.shape
            and lower(trim(counted.call_type)) = of_calls.call_type
            and (lower(counted.provider) = of_calls.provider or of_calls.provider is null)
    left join conventions as of_providers
        on
            counted.shape = of_providers.shape
            and lower(counted.provider) = of_providers.provider
            and of_providers.instrumentation_scope is null
            and of_providers.call_type is null
    left join repeated on counted.shape = repeated.shape and lower(trim(counted.call_type)) = repeated.call_type

),

-- more cached than input, or a total that has it besides, proves that input leaves the cached out, whatever the convention. The
-- same of reasoning and output
compared as (

    select
        *,
        input_should_include_cache
        and not coalesce(read_tokens + coalesce(written_tokens, 0) > given_input_tokens, false)
        and not coalesce(
            coalesce(read_tokens, 0) + coalesce(written_tokens, 0) not in (0, coalesce(reasoned_tokens, 0))
            and told_total_tokens
            - given_input_tokens
            - coalesce(read_tokens, 0)
            - coalesce(written_tokens, 0)
            - generated_tokens in (0, coalesce(reasoned_tokens, 0)),
            false
        ) as input_includes_cache,
        coalesce(reasoned_tokens > generated_tokens, false) as has_more_reasoning_than_output,
        coalesce(
            reasoned_tokens > 0
            and told_total_tokens
            - generated_tokens
            - reasoned_tokens in (
                given_input_tokens,
                given_input_tokens + coalesce(read_tokens, 0) + coalesce(written_tokens, 0)
            ),
            false
        ) as has_reasoning_in_total
    from conventional

),

-- input with what was read from and written to the cache, output with reasoning
whole as (

    select
        *,
        case
            when input_includes_cache then given_input_tokens
            else given_input_tokens + coalesce(read_tokens, 0) + coalesce(written_tokens, 0)
        end as whole_input_tokens,
        case
            when has_more_reasoning_than_output or has_reasoning_in_total then generated_tokens + reasoned_tokens
            else generated_tokens
        end as whole_output_tokens
    from compared

)

select
    source_file,
    source_row,
    file_version,
    -- a batch has another id at each look
    case
        when is_told_at_each_look
            then {{ stable_id("'batch ' || coalesce(given_input_tokens, 0) || ' ' || coalesce(generated_tokens, 0)") }}
        else request_key
    end as request_key,
    is_told_at_each_look,
    -- a folder deployment_id=…/ speaks for logs that do not name what they served
    coalesce(
        nullif(trim(deployment_id), ''), nullif(regexp_extract(source_file, '/deployment_id=([^/]+)/', 1), '')
    ) as deployment_id,
    nullif(trim(customer_id), '') as customer_id,
    nullif(trim(user_id), '') as user_id,
    nullif(trim(session_id), '') as session_id,
    nullif(trim(run_id), '') as run_id,
    nullif(trim(geography), '') as geography,
    case when is_cache_hit then 'cache_hit' else nullif(lower(trim(status)), '') end as status,
    nullif(lower(trim(call_type)), '') as call_type,
    whole_input_tokens as input_tokens,
    read_tokens as cached_input_tokens,
    written_tokens as cache_write_tokens,
    whole_output_tokens as output_tokens,
    reasoned_tokens as reasoning_tokens,
    not is_cache_hit and (
        (given_input_tokens is null and nullif(trim(input_tokens), '') is not null)
        or (read_tokens is null and nullif(trim(cached_input_tokens), '') is not null)
        or (generated_tokens is null and nullif(trim(output_tokens), '') is not null)
    ) as has_unusable_counts,
    has_more_reasoning_than_output and not has_reasoning_in_total as has_more_reasoning_than_output,
    not repeats_usage
    and coalesce(
        told_total_tokens > coalesce(whole_input_tokens, 0) + coalesce(whole_output_tokens, 0), false
    ) as has_more_in_total,
    unread_tokens,
    unread_operation,
    repeats_usage,
    requested_at
from whole
