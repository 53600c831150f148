{{ config(materialized='ephemeral') }}

with pages as (

    {{ read_reports('anthropic_usage') }}

),

buckets as (

    select
        source_file,
        source_row,
        {{ elements('document', '$.data') }} as bucket
    from pages

),

results as (

    select
        source_file,
        source_row,
        bucket ->> '$.starting_at' as starts_at,
        bucket ->> '$.ending_at' as ends_at,
        {{ elements('bucket', '$.results') }} as result
    from buckets

),

written as (

    select
        *,
        try_cast(result ->> '$.cache_creation.ephemeral_5m_input_tokens' as bigint) as five_minutes_tokens,
        try_cast(result ->> '$.cache_creation.ephemeral_1h_input_tokens' as bigint) as hour_tokens
    from results

)

select
    source_file,
    source_row,
    'anthropic' as provider,
    'messages' as operation,
    result ->> '$.model' as model,
    cast(null as varchar) as deployment_id,
    cast(null as varchar) as project_id,
    result ->> '$.workspace_id' as workspace_id,
    result ->> '$.api_key_id' as api_key_id,
    cast(null as varchar) as user_id,
    result ->> '$.service_tier' as service_tier,
    result ->> '$.inference_geo' as region,
    {{ report_resource() }} as resource_id,
    result ->> '$.context_window' as other_dimensions,
    cast(null as varchar) as input_tokens,
    result ->> '$.uncached_input_tokens' as uncached_input_tokens,
    result ->> '$.cache_read_input_tokens' as cached_input_tokens,
    cast(coalesce(five_minutes_tokens, 0) + coalesce(hour_tokens, 0) as varchar) as cache_write_tokens,
    result ->> '$.output_tokens' as output_tokens,
    cast(null as varchar) as requests,
    {{ time_from_text('starts_at') }} as bucket_start,
    {{ time_from_text('ends_at') }} as bucket_end
from written
