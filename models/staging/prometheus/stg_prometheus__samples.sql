{{ config(
    materialized='incremental',
    incremental_strategy='append',
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
        unnest(spellings) as spelling
    from {{ ref('stg_prometheus__series') }}
    where
        {{ is_chosen('new_sample_files', 'source_file') }}
        and is_catalogued

),

days as (

    select * from {{ ref('stg_prometheus__days') }}

),

-- kept, for DuckDB 2.0 holds in memory what it sorts out of a UNION ALL, whatever the limit; what is kept it spills
placed as materialized (

    select
        cast(samples.sampled_at as date) as date_day,
        series.scrape_series_id,
        series.is_gauge,
        series.is_created,
        samples.sampled_at,
        case when {{ is_countable('samples.value') }} then samples.value end as value,
        days.day_version
    from samples
    inner join series
        on
            samples.source_file = series.source_file
            and samples.metric = series.spelling.metric_name
            and samples.labels is not distinct from series.spelling.labels
            and samples.labels_json is not distinct from series.spelling.labels_json
    inner join days on cast(samples.sampled_at as date) = days.date_day

),

sorted as (

    select * from placed
    order by date_day, scrape_series_id, sampled_at, value desc nulls last

),

-- of samples of one scrape at one time the highest stays, of a time of creation what is new that day; a window without
-- an order streams over the sorted rows
compared as (

    select
        *,
        lag(scrape_series_id) over () = scrape_series_id and lag(sampled_at) over () = sampled_at as is_duplicate,
        is_created
        and (
            value is null
            or (
                lag(scrape_series_id) over () = scrape_series_id
                and lag(date_day) over () = date_day
                -- some scrapers store the last digits otherwise each time; no process begins anew within a tenth of a second
                and abs(lag(value) over () - value) < 0.1
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
