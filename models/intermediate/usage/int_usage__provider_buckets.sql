with usage as (

    select * from {{ ref('stg_provider_usage__usage') }}
    where bucket_start is not null and not is_superseded

),

-- how finely a file divides the same usage: over time, and over models, keys, projects …
described as (

    select
        *,
        cast(bucket_start as date) as bucket_date,
        coalesce(
            cast(({{ microseconds('bucket_end') }} - {{ microseconds('bucket_start') }}) / 1000000 as bigint), 0
        ) as own_seconds,
        max(bucket_end) over (
            partition by source_file, provider, operation order by bucket_start
            range between unbounded preceding and interval '1 microsecond' preceding
        ) as ended_before,
        min(bucket_start) over (
            partition by source_file, provider, operation order by bucket_start
            range between interval '1 microsecond' following and unbounded following
        ) as starts_next,
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

-- a report that was fetched during a bucket, or from its middle, has a shorter one at its edge: it is a bucket of that report
-- if it shares its time with no other
sized as (

    select
        *,
        case
            when
                coalesce(ended_before <= bucket_start, true)
                and coalesce(starts_next >= bucket_end, true)
                and min(own_seconds) over by_start = max(own_seconds) over by_start
                then max(own_seconds) over (partition by source_file, provider, operation)
            else own_seconds
        end as bucket_seconds
    from described
    window by_start as (partition by source_file, provider, operation, bucket_start)

),

-- of a bucket that one file has in part and another in full, the longer one says all
longest as (

    select
        *,
        own_seconds = max(own_seconds) over (
            partition by
                provider, operation, shape, dimensions, resource_id, model, deployment_id, project_id, workspace_id,
                api_key_id, user_id, service_tier, region, other_dimensions, bucket_seconds, bucket_start
        ) as is_longest
    from sized

),

starts as (

    select
        provider,
        operation,
        shape,
        resource_id,
        bucket_date,
        bucket_seconds,
        dimensions,
        max(own_seconds) as covered_seconds,
        max(reported_at) as reported_at
    from longest
    group by provider, operation, shape, resource_id, bucket_date, bucket_seconds, dimensions, bucket_start

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
        sum(covered_seconds) as covered_seconds,
        max(reported_at) as reported_at
    from starts
    group by provider, operation, shape, resource_id, bucket_date, bucket_seconds, dimensions

),

-- of the shapes one counts, and in it one report of each account, region or organisation
ranked as (

    select
        *,
        first_value(shape) over (
            partition by provider, operation, bucket_date
            order by covered_seconds desc, reported_at desc, dimensions desc
        ) as fullest_shape,
        row_number() over (
            partition by provider, operation, bucket_date, shape, resource_id
            order by covered_seconds desc, reported_at desc, dimensions desc
        ) as place
    from reports

),

fullest as (

    select * from ranked
    where shape = fullest_shape and place = 1

)

select
    longest.source_file,
    longest.source_row,
    longest.shape,
    longest.provider,
    longest.operation,
    longest.model,
    longest.deployment_id,
    longest.project_id,
    longest.workspace_id,
    longest.api_key_id,
    longest.user_id,
    longest.service_tier,
    longest.region,
    longest.resource_id,
    longest.dimensions,
    longest.input_tokens,
    longest.uncached_input_tokens,
    longest.cached_input_tokens,
    longest.cache_write_tokens,
    longest.output_tokens,
    longest.requests,
    longest.has_unusable_counts,
    longest.unread_tokens is not null as has_unread_output,
    fullest.provider is not null and longest.is_longest as is_counted,
    longest.bucket_start,
    longest.bucket_end
from longest
left join fullest
    on
        longest.provider = fullest.provider
        and longest.operation is not distinct from fullest.operation
        and longest.resource_id is not distinct from fullest.resource_id
        and longest.bucket_date = fullest.bucket_date
        and longest.bucket_seconds = fullest.bucket_seconds
        and longest.dimensions = fullest.dimensions
