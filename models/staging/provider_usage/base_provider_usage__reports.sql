{{ config(materialized='view') }}
-- noqa: disable=ambiguous.column_count
-- both sides have the landed columns; stg_provider_usage__usage names them

with landed as (

    select * from {{ ref('landed_provider_usage') }}
    where source_row is not null

),

files as (

    select * from {{ ref('stg_telemetry__files') }}

),

-- of an invocation that several files hold the newest counts
invocations as (

    select landed.*
    from landed
    inner join files on landed.source_file = files.source_file
    where landed.shape = 'bedrock_invocations'
    qualify
        landed.other_dimensions is null
        or row_number() over (
            partition by landed.other_dimensions
            order by files.modified_at desc, landed.source_file desc, landed.source_row
        ) = 1

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
                then cast(sum({{ token_count('uncached_input_tokens') }}) as varchar)
            else 'unusable'
        end as uncached_input_tokens,
        case
            when count(cached_input_tokens) = count({{ token_count('cached_input_tokens') }})
                then cast(sum({{ token_count('cached_input_tokens') }}) as varchar)
            else 'unusable'
        end as cached_input_tokens,
        case
            when count(cache_write_tokens) = count({{ token_count('cache_write_tokens') }})
                then cast(sum({{ token_count('cache_write_tokens') }}) as varchar)
            else 'unusable'
        end as cache_write_tokens,
        case
            when count(output_tokens) = count({{ token_count('output_tokens') }})
                then cast(sum({{ token_count('output_tokens') }}) as varchar)
            else 'unusable'
        end as output_tokens,
        cast(count(bucket_start) as varchar) as requests,
        date_trunc('hour', bucket_start) as bucket_start,
        date_trunc('hour', bucket_start) + interval 1 hour as bucket_end
    from invocations
    group by source_file, provider, model, user_id, region, resource_id, date_trunc('hour', bucket_start)

)

select * exclude (file_version, problem, shape) from landed
where shape != 'bedrock_invocations'
union all by name
select * from hours_of_invocations
