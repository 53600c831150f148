{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('int_usage__prompt_counters_daily')) }}",
        "{{ choose_changed_days(ref('int_usage__prompt_counters_daily'), 'new_prompt_days') }}"
    ]
) }}

with counters as (

    select date_day, scrape_series_id, day_version
    from {{ ref('int_usage__prompt_counters_daily') }}
    where {{ is_chosen('new_prompt_days', 'date_day') }}

),

samples as (

    select date_day, scrape_series_id, sampled_at, value
    from {{ ref('stg_prometheus__samples') }}
    where
        {{ is_chosen('new_prompt_days', 'date_day') }}
        and value is not null
        and not is_gauge
        and is_created is not true

),

hours as (

    select
        samples.date_day,
        samples.scrape_series_id,
        date_trunc('hour', samples.sampled_at) as hour_starts_at,
        min_by(samples.value, samples.sampled_at) as first_value,
        max_by(samples.value, samples.sampled_at) as last_value
    from samples
    semi join counters
        on samples.date_day = counters.date_day and samples.scrape_series_id = counters.scrape_series_id
    group by samples.date_day, samples.scrape_series_id, date_trunc('hour', samples.sampled_at)

)

select
    hours.date_day,
    hours.scrape_series_id,
    counters.day_version,
    hours.hour_starts_at,
    hours.first_value,
    hours.last_value
from hours
inner join counters
    on hours.date_day = counters.date_day and hours.scrape_series_id = counters.scrape_series_id
