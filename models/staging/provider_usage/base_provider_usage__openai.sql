{{ config(materialized='ephemeral') }}

with pages as (

    {{ read_reports('openai_usage') }}

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
        bucket ->> '$.start_time' as starts_at,
        bucket ->> '$.end_time' as ends_at,
        {{ elements('bucket', '$.results') }} as result
    from buckets

)

select
    source_file,
    source_row,
    'openai' as provider,
    regexp_extract(result ->> '$.object', 'organization\.usage\.(\w+)\.result', 1) as operation,
    result ->> '$.model' as model,
    cast(null as varchar) as deployment_id,
    result ->> '$.project_id' as project_id,
    cast(null as varchar) as workspace_id,
    result ->> '$.api_key_id' as api_key_id,
    result ->> '$.user_id' as user_id,
    nullif(concat_ws(
        ' ', result ->> '$.service_tier', case when (result ->> '$.batch') = 'true' then 'batch' end
    ), '') as service_tier,
    cast(null as varchar) as region,
    {{ report_resource() }} as resource_id,
    cast(null as varchar) as other_dimensions,
    result ->> '$.input_tokens' as input_tokens,
    result ->> '$.input_uncached_tokens' as uncached_input_tokens,
    result ->> '$.input_cached_tokens' as cached_input_tokens,
    result ->> '$.input_cache_write_tokens' as cache_write_tokens,
    result ->> '$.output_tokens' as output_tokens,
    result ->> '$.num_model_requests' as requests,
    {{ time_from_text('starts_at') }} as bucket_start,
    {{ time_from_text('ends_at') }} as bucket_end
from results
