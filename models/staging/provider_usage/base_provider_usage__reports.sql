{{ config(materialized='view') }}

with landed as (

    select * from {{ ref('landed_provider_usage') }}
    where source_row is not null

),

files as (

    select * from {{ ref('stg_telemetry__files') }}

),

-- of an invocation that several files hold the newest counts
invocations_by_age as (

    select
        landed.*,
        row_number() over (
            partition by landed.other_dimensions
            order by files.modified_at desc, landed.source_file desc, landed.source_row
        ) as place
    from landed
    inner join files on landed.source_file = files.source_file
    where landed.shape = 'bedrock_invocations'

),

invocations as (

    select * from invocations_by_age
    where other_dimensions is null or place = 1

),

-- many files of a log share an hour, so that the file is part of the key
hours_of_invocations as (

    select
        source_file,
        min(source_row) as source_row,
        provider,
        model,
        user_id,
        region,
        resource_id,
        source_file as other_dimensions,
        case
            when count(uncached_input_tokens) = count({{ token_count('uncached_input_tokens') }})
                then cast(sum({{ token_count('uncached_input_tokens') }}) as string)
            else 'unusable'
        end as uncached_input_tokens,
        case
            when count(cached_input_tokens) = count({{ token_count('cached_input_tokens') }})
                then cast(sum({{ token_count('cached_input_tokens') }}) as string)
            else 'unusable'
        end as cached_input_tokens,
        case
            when count(cache_write_tokens) = count({{ token_count('cache_write_tokens') }})
                then cast(sum({{ token_count('cache_write_tokens') }}) as string)
            else 'unusable'
        end as cache_write_tokens,
        case
            when count(output_tokens) = count({{ token_count('output_tokens') }})
                then cast(sum({{ token_count('output_tokens') }}) as string)
            else 'unusable'
        end as output_tokens,
        cast(count(bucket_start) as string) as requests,
        date_trunc('hour', bucket_start) as bucket_start,
        date_trunc('hour', bucket_start) + interval 1 hour as bucket_end
    from invocations
    group by source_file, provider, model, user_id, region, resource_id, date_trunc('hour', bucket_start)

)

select
    source_file,
    source_row,
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
    input_tokens,
    uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    unread_tokens,
    bucket_start,
    bucket_end
from landed
where shape != 'bedrock_invocations'
union all
select
    source_file,
    source_row,
    provider,
    cast(null as string) as operation,
    model,
    cast(null as string) as deployment_id,
    cast(null as string) as project_id,
    cast(null as string) as workspace_id,
    cast(null as string) as api_key_id,
    user_id,
    cast(null as string) as service_tier,
    region,
    resource_id,
    other_dimensions,
    cast(null as string) as input_tokens,
    uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    cast(null as string) as unread_tokens,
    bucket_start,
    bucket_end
from hours_of_invocations
