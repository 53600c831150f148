{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='append_new_columns',
    pre_hook=["{{ forget_changed_files(ref('stg_prometheus__files')) }}",
        "{{ choose_new_files(ref('stg_prometheus__files')) }}"]
) }}

with files as (

    select * from {{ ref('stg_prometheus__files') }}

),

written as (

    select
        {{ all_but('labels, problem') }},
        labels as labels_map,
        coalesce(labels, {{ labels_from_json('labels_json') }}) as labels
    from {{ ref('landed_prometheus_series') }}
    where problem is null and {{ is_not_landed() }}

),

catalog as (

    select
        metric,
        bool_or(metric_type = 'gauge') as is_gauge,
        bool_or(coalesce(label_conditions, '') != '') as has_conditions,
        false as is_created,
        {{ sql_texts([]) }} as counters
    from {{ ref('metric_catalog') }}
    group by metric

    union all

    -- beside a counter, or a histogram's sum, some clients say when it was created
    select
        {{ created_name('metric') }} as metric,
        false as is_gauge,
        false as has_conditions,
        true as is_created,
        array_agg(distinct metric) as counters
    from {{ ref('metric_catalog') }}
    where metric_type = 'counter'
    group by {{ created_name('metric') }}

),

named as (

    select
        written.{{ all_but('metric') }},
        written.metric as metric_name,
        -- where labels have no names, which series a condition excludes cannot be told
        catalog.metric is not null
        and written.labels is not null
        and written.date_day is not null
        and not (catalog.has_conditions and coalesce(files.shape, '') = 'victoria_metrics_csv') as is_catalogued,
        coalesce(catalog.is_gauge, false) as is_gauge,
        coalesce(catalog.is_created, false) as is_created,
        catalog.counters,
        case
            -- whose count it is, nobody can tell: half a line, or labels that are no JSON object
            when written.name is null or written.date_day is null then '(unreadable)'
            when catalog.metric is not null and written.labels is null then '(unreadable)'
            else written.name
        end as metric,
        {{ labels_text('written.labels') }} as labels_text,
        {{ labels_text('written.labels', except=replica_labels()) }} as shared_labels_text
    from written
    left join catalog on written.name = catalog.metric
    left join files on written.source_file = files.source_file

),

-- a metric that nobody asked for is one row a file, whatever its labels
identified as (

    select
        *,
        {{ stable_id("concat_ws(chr(10), metric, case when is_catalogued then labels_text end)") }} as scrape_series_id,
        {{ stable_id("concat_ws(chr(10), metric, case when is_catalogued then shared_labels_text end)") }} as series_id,
        {{ list_of_each('counters', 'counter', stable_id("concat_ws(chr(10), counter, labels_text)")) }}
            as created_series_ids
    from named

),

series as (

    select
        source_file,
        scrape_series_id,
        series_id,
        metric,
        is_catalogued,
        is_gauge,
        is_created,
        case when is_created then any_value(created_series_ids) end as created_series_ids,
        case when is_catalogued then any_value(labels) end as labels,
        array_agg(distinct {{ struct_of({
            'metric_name': 'metric_name', 'labels': 'labels_map', 'labels_json': 'labels_json'
        }) }}) filter (where is_catalogued) as spellings,
        array_sort(array_agg(distinct date_day) filter (where date_day is not null)) as sample_dates,
        cast(sum(samples) as bigint) as samples,
        cast(sum(uncountable_samples) as bigint) as uncountable_samples,
        cast(sum(negative_samples) as bigint) as negative_samples,
        cast(sum(unreadable_values) as bigint) as unreadable_values,
        min(unread_time) as unread_time,
        min(unread_value) as unread_value,
        sum(highest_value - lowest_value) as value_range,
        min(first_sampled_at) as first_sampled_at,
        min(lowest_millisecond) as lowest_millisecond,
        max(highest_millisecond) as highest_millisecond,
        max(last_sampled_at) as last_sampled_at,
        coalesce(
            flatten(array_agg(thinned) filter (where is_catalogued and thinned is not null)), {{ list_of([]) }}
        ) as thinned
    from identified
    group by source_file, scrape_series_id, series_id, metric, is_catalogued, is_gauge, is_created

)

select
    series.source_file,
    files.file_version,
    series.scrape_series_id,
    series.series_id,
    series.metric,
    {{ replica_of('series.labels') }} as replica,
    series.labels,
    series.spellings,
    series.sample_dates,
    series.created_series_ids,
    series.thinned,
    files.shape,
    series.samples,
    series.uncountable_samples,
    series.negative_samples,
    series.unreadable_values,
    series.unread_time,
    series.unread_value,
    series.value_range,
    series.lowest_millisecond,
    series.highest_millisecond,
    series.is_catalogued,
    series.is_gauge,
    series.is_created,
    series.first_sampled_at,
    series.last_sampled_at
from series
inner join files on series.source_file = files.source_file
