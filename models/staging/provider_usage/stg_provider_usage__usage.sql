{{ config(materialized='table') }}

{% set counts = [
    'input_tokens', 'uncached_input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens', 'requests'
] %}

{% set newest_first %}
            partition by
                provider, shape, operation, model, deployment_id, project_id, workspace_id, api_key_id, user_id,
                service_tier, region, resource_id, other_dimensions, bucket_start, bucket_end
            order by modified_at desc, reports.source_file desc, source_row desc
{%- endset %}

with files as (

    select * from {{ ref('stg_telemetry__files') }}

),

reports as (

    select * from {{ ref('base_provider_usage__reports') }}

),

conventions as (

    select * from {{ ref('input_token_conventions') }}
    where shape = 'provider_usage'

),

ranked as (

    select
        reports.*,
        files.shape,
        files.modified_at,
        {{ columns(counts, known_value('first', '{0}') ~ ' over of_bucket as newest_{0}') }},
        bucket_start is not null and row_number() over newest_first > 1 as is_superseded
    from reports
    inner join files on reports.source_file = files.source_file
    window
        newest_first as ({{ newest_first }}),
        of_bucket as (
            {{ newest_first }}
            rows between unbounded preceding and unbounded following
        )

),

-- the newest file that tells a count says how much it is: a file may hold one metric of several
joined as (

    select
        {{ all_but(counts | join(', ')) }},
        {{ columns(counts, 'case when is_superseded or bucket_start is null then {0} else newest_{0} end as {0}') }},
        is_superseded and (
            {{ columns(
                counts,
                '({0} is not null and ' ~ token_count('{0}') ~ ' is distinct from ' ~ token_count('newest_{0}') ~ ')',
                separator=' or '
            ) }}
        ) as has_other_counts
    from ranked

),

counted as (

    select
        reports.{{ all_but(counts | join(', ')) }},
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
    from joined as reports
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
    resource_id,
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
    case when output_tokens is null then unread_tokens end as unread_tokens,
    is_superseded,
    has_other_counts,
    modified_at as reported_at,
    bucket_start,
    case when bucket_end > bucket_start then bucket_end end as bucket_end
from split
