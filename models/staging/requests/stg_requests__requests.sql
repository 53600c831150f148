{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_files(ref('stg_files__inputs'), \"folder = 'telemetry/requests'\") }}"
) }}

with files as (

    select * from {{ ref('stg_telemetry__files') }}

),

conventions as (

    select * from {{ ref('input_token_conventions') }}

),

requests as (

    select * from {{ ref('base_requests__requests') }}
    union all by name
    select * from {{ ref('base_requests__litellm') }}
    union all by name
    select * from {{ ref('base_requests__sglang') }}
    union all by name
    select * from {{ ref('base_requests__otel_spans') }}

),

counted as (

    select
        * exclude (status),
        -- what the gateway answered from its own cache never reached a server
        coalesce(lower(trim(cache_hit)) in ('true', 't', '1', 'yes'), false) as is_cache_hit,
        case when is_cache_hit then 'cache_hit' else status end as status,
        case when not is_cache_hit then {{ token_count('input_tokens') }} end as given_input_tokens,
        case when not is_cache_hit then {{ token_count('cached_input_tokens') }} end as read_tokens,
        case when not is_cache_hit then {{ token_count('cache_write_tokens') }} end as written_tokens,
        case when not is_cache_hit then {{ token_count('output_tokens') }} end as generated_tokens,
        {{ token_count('reasoning_tokens') }} as thought_tokens
    from requests

)

select
    counted.source_file,
    cast(counted.source_row as bigint) as source_row,
    files.file_version,
    -- a folder deployment_id=…/ speaks for logs that do not name what they served
    coalesce(
        nullif(trim(counted.deployment_id), ''),
        nullif(regexp_extract(counted.source_file, '/deployment_id=([^/]+)/', 1), '')
    ) as deployment_id,
    nullif(trim(counted.customer_id), '') as customer_id,
    nullif(trim(counted.user_id), '') as user_id,
    nullif(trim(counted.session_id), '') as session_id,
    nullif(trim(counted.geography), '') as geography,
    nullif(lower(trim(counted.status)), '') as status,
    case
        when conventions.input_includes_cache is not false then counted.given_input_tokens
        else counted.given_input_tokens + coalesce(counted.read_tokens, 0) + coalesce(counted.written_tokens, 0)
    end as input_tokens,
    counted.read_tokens as cached_input_tokens,
    counted.written_tokens as cache_write_tokens,
    counted.generated_tokens as output_tokens,
    counted.thought_tokens as reasoning_tokens,
    not counted.is_cache_hit and (
        (counted.given_input_tokens is null and nullif(trim(counted.input_tokens), '') is not null)
        or (counted.read_tokens is null and nullif(trim(counted.cached_input_tokens), '') is not null)
        or (counted.generated_tokens is null and nullif(trim(counted.output_tokens), '') is not null)
    ) as has_unusable_counts,
    counted.requested_at
from counted
inner join files on counted.source_file = files.source_file
left join conventions
    on
        files.shape = conventions.shape
        and lower(counted.provider) = conventions.provider
