{{ config(materialized='ephemeral') }}

with records as (

    {{ read_reports('bedrock_invocations') }}

),

files as (

    select * from {{ ref('stg_telemetry__files') }}

),

invocations as (

    select
        records.source_file,
        records.source_row,
        files.modified_at,
        records.document ->> '$.requestId' as request_id,
        regexp_replace(records.document ->> '$.modelId', '^.*/', '') as model,
        records.document ->> '$.region' as region,
        records.document ->> '$.identity.arn' as user_id,
        records.document ->> '$.input.inputTokenCount' as input_tokens,
        records.document ->> '$.input.cacheReadInputTokenCount' as cached_input_tokens,
        records.document ->> '$.input.cacheWriteInputTokenCount' as cache_write_tokens,
        records.document ->> '$.output.outputTokenCount' as output_tokens,
        {{ time_from_text("(records.document ->> '$.timestamp')") }} as invoked_at
    from records
    inner join files on records.source_file = files.source_file
    -- what failed was not metered
    where records.document ->> '$.errorCode' is null
    qualify
        request_id is null
        or row_number() over (
            partition by request_id order by files.modified_at desc, records.source_file desc, records.source_row
        ) = 1

),

-- many files of a log share an hour, so that the file is part of the key
hourly as (

    select
        source_file,
        min(source_row) as source_row,
        model,
        region,
        user_id,
        {% for name in ['input_tokens', 'cached_input_tokens', 'cache_write_tokens', 'output_tokens'] -%}
        case
            when count({{ name }}) = count(*) filter (where try_cast({{ name }} as bigint) >= 0)
                then cast(sum(try_cast({{ name }} as bigint)) as varchar)
            else 'unusable'
        end as {{ name }},
        {% endfor -%}
        cast(count(invoked_at) as varchar) as requests,
        date_trunc('hour', invoked_at) as bucket_start
    from invocations
    group by source_file, model, region, user_id, date_trunc('hour', invoked_at)

)

select
    source_file,
    source_row,
    'aws.bedrock' as provider,
    cast(null as varchar) as operation,
    model,
    cast(null as varchar) as deployment_id,
    cast(null as varchar) as project_id,
    cast(null as varchar) as workspace_id,
    cast(null as varchar) as api_key_id,
    user_id,
    cast(null as varchar) as service_tier,
    region,
    {{ report_resource() }} as resource_id,
    source_file as other_dimensions,
    cast(null as varchar) as input_tokens,
    input_tokens as uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    bucket_start,
    bucket_start + interval 1 hour as bucket_end
from hourly
