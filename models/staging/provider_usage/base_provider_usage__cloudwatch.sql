{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
with answers as (

    {{ read_reports('cloudwatch') }}

),

-- GetMetricData and GetMetricStatistics
metric_data as (

    select
        source_file,
        source_row,
        unnest(json_extract(document, '$.MetricDataResults[*]')) as result
    from answers

),

points as (

    select
        source_file,
        source_row,
        result ->> '$.Label' as label,
        unnest(json_extract_string(result, '$.Timestamps[*]')) as sampled_at,
        unnest(json_extract_string(result, '$.Values[*]')) as value
    from metric_data

    union all

    select
        source_file,
        source_row,
        document ->> '$.Label' as label,
        unnest(json_extract_string(document, '$.Datapoints[*].Timestamp')) as sampled_at,
        unnest(json_extract_string(document, '$.Datapoints[*].Sum')) as value
    from answers

    union all

    select
        source_file,
        source_row,
        cast(null as varchar) as label,
        cast(null as varchar) as sampled_at,
        cast(null as varchar) as value
    from answers
    where document is null

),

-- an answer repeats neither dimensions nor period: a label "model metric seconds region account" carries them
labelled as (

    select
        source_file,
        source_row,
        string_split(label, ' ') as words,
        list_filter(words, lambda word: regexp_full_match(word, '\w*(TokenCount|Invocations)'))[1] as metric,
        try_cast(list_filter(words, lambda word: regexp_full_match(word, '\d{1,11}'))[1] as bigint) as period_seconds,
        list_filter(words, lambda word: regexp_full_match(word, '[a-z]{2}(-[a-z]+)+-\d'))[1] as label_region,
        list_filter(words, lambda word: regexp_full_match(word, '\d{12}'))[1] as label_account,
        coalesce(
            list_filter(
                words, lambda word: not regexp_full_match(word, '\d+|\w*(TokenCount|Invocations)|[a-z]{2}(-[a-z]+)+-\d')
            )[1],
            {{ folder_value('model') }}
        ) as model,
        try_cast(value as double) as value,
        {{ time_from_text('sampled_at') }} as bucket_start
    from points

),

resources as (

    select
        *,
        coalesce(label_region, {{ folder_value('region') }}) as region,
        {{ report_resource('label_account', 'label_region') }} as resource_id,
        parse_dirpath(source_file) as folder
    from labelled

),

-- the spacing of all metrics that lie together: one of them alone may be a file of its own and have few points
spaced as (

    select
        *,
        date_diff('second', lag(bucket_start) over (
            partition by folder, resource_id, model order by bucket_start
        ), bucket_start) as seconds_since_last
    from resources

),

metrics as (

    select
        source_file,
        source_row,
        regexp_replace(model, '^.*/', '') as model,
        cast(null as varchar) as deployment_id,
        region,
        resource_id,
        coalesce(metric, 'InputTokenCount') as metric,
        value,
        bucket_start,
        coalesce(
            period_seconds,
            min(nullif(seconds_since_last, 0)) over (partition by folder, resource_id, model)
        ) as bucket_seconds
    from spaced
    where metric is not null or bucket_start is null

),

counts as (

    {{ pivot_metrics('metrics', 'cloudwatch') }}

)

select
    source_file,
    source_row,
    'aws.bedrock' as provider,
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
    cast(null as varchar) as input_tokens,
    input_tokens as uncached_input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    requests,
    bucket_start,
    bucket_end
from counts
