{%- set by_time = as_sorted('run_number', 'sampled_at, value desc nulls last') -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days')) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_sample_days') }}",
        "{{ choose_files_of_days(ref('stg_prometheus__days'), 'new_sample_days', 'new_sample_files') }}"
    ]
) }}

with samples as (

    select * from {{ ref('landed_prometheus_samples') }}
    where
        {{ is_chosen('new_sample_files', 'source_file') }}
        and {{ is_chosen('new_sample_days', 'cast(sampled_at as date)') }}

),

series as (

    select
        source_file,
        scrape_series_id,
        is_gauge,
        is_created,
        {{ each_of('sample_dates') }} as date_day,
        spellings
    from {{ ref('stg_prometheus__series') }}
    where
        {{ is_chosen('new_sample_files', 'source_file') }}
        and is_catalogued

),

days as (

    select * from {{ ref('stg_prometheus__days') }}

),

-- the samples of a series and day lie together; DuckDB sorts by keys of up to 24 bytes in a fraction of the time
numbered as (

    select
        series.source_file,
        series.scrape_series_id,
        series.is_gauge,
        series.is_created,
        series.date_day,
        days.day_version,
        cast(dense_rank() over (order by series.date_day, series.scrape_series_id) as integer) as run_number,
        series.spellings
    from series
    inner join days on series.date_day = days.date_day

),

runs as (

    select
        *,
        {{ each_of('spellings') }} as spelling
    from numbered

),

-- kept, for DuckDB 2.0 holds in memory what it sorts out of a UNION ALL, whatever the limit; what is kept it spills
placed as {{ kept_once() }} (

    select
        runs.run_number,
        runs.date_day,
        runs.scrape_series_id,
        runs.is_gauge,
        runs.is_created,
        samples.sampled_at,
        case when {{ is_countable('samples.value') }} then samples.value end as value,
        runs.day_version
    from samples
    inner join runs
        on
            samples.source_file = runs.source_file
            and cast(samples.sampled_at as date) = runs.date_day
            and samples.metric = runs.spelling.metric_name
            and {{ comparable_map('samples.labels') }} is not distinct from {{ comparable_map('runs.spelling.labels') }}
            and samples.labels_json is not distinct from runs.spelling.labels_json

),

sorted as (

    select * from placed
    {{ stored_in_order('run_number, sampled_at, value desc nulls last') }}

),

-- of samples of one scrape at one time the highest stays, of a time of creation what is new that day
compared as (

    select
        *,
        lag(run_number) over {{ by_time }} = run_number
        and lag(sampled_at) over {{ by_time }} = sampled_at as is_duplicate,
        is_created
        and (
            value is null
            or (
                lag(run_number) over {{ by_time }} = run_number
                -- some scrapers store the last digits otherwise each time; no process begins anew within a tenth of a second
                and abs(value - lag(value) over {{ by_time }}) < 0.1
            )
        ) as is_repeated
    from sorted

)

select
    date_day,
    scrape_series_id,
    sampled_at,
    value,
    is_gauge,
    is_created,
    day_version
from compared
where
    is_duplicate is not true
    and is_repeated is not true
