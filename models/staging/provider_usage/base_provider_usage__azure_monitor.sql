{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
with answers as (

    {{ read_reports('azure_monitor') }}

),

named as (

    select
        source_file,
        source_row,
        document ->> '$.interval' as bucket_interval,
        document ->> '$.resourceregion' as region,
        {{ elements('document', '$.value') }} as metric
    from answers

),

series as (

    select
        * exclude (metric),
        metric ->> '$.name.value' as metric_name,
        -- a metric's id is that of its resource, and its name
        regexp_replace(lower(metric ->> '$.id'), '/providers/microsoft\.insights/metrics/.*$', '') as resource_id,
        {{ elements('metric', '$.timeseries') }} as one_series
    from named

),

points as (

    select
        *,
        list_transform(
            coalesce(json_extract(one_series, '$.metadatavalues[*]'), []),
            lambda dimension: {
                name: lower(dimension ->> '$.name.value'),
                value: dimension ->> '$.value'
            }
        ) as dimensions,
        {{ elements('one_series', '$.data') }} as point
    from series

),

metrics as (

    select
        source_file,
        source_row,
        list_filter(dimensions, lambda dimension: dimension.name = 'modelname')[1].value as model,
        list_filter(dimensions, lambda dimension: dimension.name = 'modeldeploymentname')[1].value as deployment_id,
        list_filter(dimensions, lambda dimension: dimension.name = 'statuscode')[1].value as status_code,
        region,
        resource_id,
        coalesce(metric_name, 'ProcessedPromptTokens') as metric,
        -- the service leaves out what is nothing
        coalesce(try_cast(point ->> '$.total' as double), 0) as value,
        {{ time_from_text("(point ->> '$.timeStamp')") }} as bucket_start,
        try_cast(regexp_extract(bucket_interval, '(\d+)', 1) as bigint) * case
            when bucket_interval like 'PT%M' then 60
            when bucket_interval like 'PT%H' then 3600
            when bucket_interval like 'P%D' then 86400
        end as bucket_seconds
    from points

),

delivered as (

    select * from metrics
    where status_code is null or status_code like '2%'

),

counts as (

    {{ pivot_metrics('delivered', 'azure_monitor') }}

)

select
    source_file,
    source_row,
    'azure.openai' as provider,
    cast(null as varchar) as operation,
    model,
    deployment_id,
    cast(null as varchar) as project_id,
    cast(null as varchar) as workspace_id,
    cast(null as varchar) as api_key_id,
    cast(null as varchar) as user_id,
    cast(null as varchar) as service_tier,
    region,
    resource_id,
    cast(null as varchar) as other_dimensions,
    input_tokens,
    cast(null as varchar) as uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    bucket_start,
    bucket_end
from counts
