with usage as (

    select * from {{ ref('stg_provider_usage__usage') }}
    where bucket_start is not null and not is_superseded

),

-- how finely a file divides the same usage: over time, and over models, keys, projects …
described as (

    select
        *,
        cast(bucket_start as date) as bucket_date,
        coalesce(date_diff('second', bucket_start, bucket_end), 0) as bucket_seconds,
        concat_ws(
            ' ',
            shape,
            case when bool_or(model is not null) over by_file then 'model' end,
            case when bool_or(deployment_id is not null) over by_file then 'deployment_id' end,
            case when bool_or(project_id is not null) over by_file then 'project_id' end,
            case when bool_or(workspace_id is not null) over by_file then 'workspace_id' end,
            case when bool_or(api_key_id is not null) over by_file then 'api_key_id' end,
            case when bool_or(user_id is not null) over by_file then 'user_id' end,
            case when bool_or(service_tier is not null) over by_file then 'service_tier' end,
            case when bool_or(region is not null) over by_file then 'region' end
        ) as dimensions
    from usage
    window by_file as (partition by source_file, provider, operation)

),

-- two reports of one day that divide it otherwise say the same twice
reports as (

    select
        provider,
        operation,
        shape,
        resource_id,
        bucket_date,
        bucket_seconds,
        dimensions,
        count(distinct bucket_start) * bucket_seconds as covered_seconds,
        max(reported_at) as reported_at
    from described
    group by provider, operation, shape, resource_id, bucket_date, bucket_seconds, dimensions

),

-- of the shapes one counts, and in it one report of each account, region or organisation
fullest as (

    select *
    from reports
    qualify
        shape = first_value(shape)
            over (
                partition by provider, operation, bucket_date
                order by covered_seconds desc, reported_at desc, dimensions desc
            )
        and row_number() over (
            partition by provider, operation, bucket_date, shape, resource_id
            order by covered_seconds desc, reported_at desc, dimensions desc
        ) = 1

)

select
    described.source_file,
    described.source_row,
    described.provider,
    described.operation,
    described.model,
    described.deployment_id,
    described.project_id,
    described.workspace_id,
    described.api_key_id,
    described.user_id,
    described.service_tier,
    described.region,
    described.resource_id,
    described.dimensions,
    described.input_tokens,
    described.uncached_input_tokens,
    described.cached_input_tokens,
    described.cache_write_tokens,
    described.output_tokens,
    described.requests,
    fullest.provider is not null as is_counted,
    described.bucket_start,
    described.bucket_end
from described
left join fullest
    on
        described.provider = fullest.provider
        and described.operation is not distinct from fullest.operation
        and described.resource_id is not distinct from fullest.resource_id
        and described.bucket_date = fullest.bucket_date
        and described.bucket_seconds = fullest.bucket_seconds
        and described.dimensions = fullest.dimensions
