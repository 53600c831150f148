{{ config(materialized='table') }}

with files as (

    select * from {{ ref('stg_telemetry__files') }}

),

conventions as (

    select * from {{ ref('input_token_conventions') }}
    where shape = 'provider_usage'

),

reports as (

    select * from {{ ref('base_provider_usage__openai') }}
    union all
    select * from {{ ref('base_provider_usage__anthropic') }}
    union all
    select * from {{ ref('base_provider_usage__cloudwatch') }}
    union all
    select * from {{ ref('base_provider_usage__bedrock_invocations') }}
    union all
    select * from {{ ref('base_provider_usage__azure_monitor') }}
    union all
    select * from {{ ref('base_provider_usage__tables') }}

),

counted as (

    select
        reports.* exclude (
            input_tokens, uncached_input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, requests
        ),
        files.shape,
        files.modified_at,
        conventions.input_includes_cache is not false as input_includes_cache,
        {{ token_count('reports.input_tokens') }} as given_input_tokens,
        {{ token_count('reports.uncached_input_tokens') }} as given_uncached_tokens,
        {{ token_count('reports.cached_input_tokens') }} as cached_input_tokens,
        {{ token_count('reports.cache_write_tokens') }} as cache_write_tokens,
        {{ token_count('reports.output_tokens') }} as output_tokens,
        {{ token_count('reports.requests') }} as requests,
        -- a count that is there and cannot be used
        (reports.input_tokens is not null and given_input_tokens is null)
        or (reports.uncached_input_tokens is not null and given_uncached_tokens is null)
        or (reports.cached_input_tokens is not null and {{ token_count('reports.cached_input_tokens') }} is null)
        or (reports.cache_write_tokens is not null and {{ token_count('reports.cache_write_tokens') }} is null)
        or (reports.output_tokens is not null and {{ token_count('reports.output_tokens') }} is null)
        or (reports.requests is not null and {{ token_count('reports.requests') }} is null) as has_unusable_counts
    from reports
    inner join files on reports.source_file = files.source_file
    left join conventions on reports.provider = conventions.provider

),

split as (

    select
        *,
        coalesce(
            given_uncached_tokens,
            case
                when not input_includes_cache then given_input_tokens
                -- without cached counts nothing is known of the parts, unless the provider has no cache to count
                when given_input_tokens is not null and cached_input_tokens is not null
                    then greatest(given_input_tokens - cached_input_tokens - coalesce(cache_write_tokens, 0), 0)
                when operation = 'embeddings' then given_input_tokens
            end
        ) as uncached_input_tokens
    from counted

),

latest as (

    select *
    from split
    qualify
        bucket_start is null
        or row_number() over (
            partition by
                provider, shape, operation, model, deployment_id, project_id, workspace_id, api_key_id, user_id,
                service_tier, region, other_dimensions, bucket_start, bucket_end
            order by modified_at desc, source_file desc, source_row desc
        ) = 1

)

select
    source_file,
    source_row,
    shape,
    provider,
    operation,
    model,
    deployment_id,
    project_id,
    workspace_id,
    api_key_id,
    user_id,
    service_tier,
    region,
    other_dimensions,
    coalesce(
        case when input_includes_cache then given_input_tokens end,
        uncached_input_tokens + coalesce(cached_input_tokens, 0) + coalesce(cache_write_tokens, 0)
    ) as input_tokens,
    uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    has_unusable_counts,
    modified_at as reported_at,
    bucket_start,
    case when bucket_end > bucket_start then bucket_end end as bucket_end
from latest
