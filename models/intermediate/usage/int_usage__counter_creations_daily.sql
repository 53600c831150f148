{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days')) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_creation_days') }}"
    ]
) }}

with samples as (

    select * from {{ ref('stg_prometheus__samples') }}
    where
        {{ is_chosen('new_creation_days', 'sample_date') }}
        and is_created

),

series as (

    select distinct
        scrape_series_id,
        unnest(created_series_ids) as counter_scrape_series_id
    from {{ ref('stg_prometheus__series') }}
    where is_created

),

creations as (

    select
        samples.sample_date,
        series.counter_scrape_series_id as scrape_series_id,
        samples.day_version,
        samples.sampled_at,
        -- scrapers round what clients write, but not to more than a millisecond
        make_timestamp(cast(round(samples.value * 1000) as bigint) * 1000) as created_at
    from samples
    inner join series on samples.scrape_series_id = series.scrape_series_id

)

select
    sample_date,
    scrape_series_id,
    day_version,
    list(sampled_at order by sampled_at)[2:] as changed_at,
    min_by(created_at, sampled_at) as first_created_at,
    max_by(created_at, sampled_at) as last_created_at
from creations
group by sample_date, scrape_series_id, day_version
