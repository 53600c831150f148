{%- set max_gap_us = var('scrape_max_gap_seconds') * 1000000 -%}
{%- set run = as_sorted('date_day, scrape_series_id', 'sampled_us') -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days'), var('scrape_max_gap_seconds')) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_gauge_days', var('scrape_max_gap_seconds')) }}"
    ]
) }}

with days as (

    select
        date_day,
        {{ day_version(var('scrape_max_gap_seconds')) }} as day_version
    from {{ ref('stg_prometheus__days') }}

),

-- stale markers stay: they end the time for which the value before them holds
samples as (

    select
        date_day,
        scrape_series_id,
        {{ microseconds('sampled_at') }} as sampled_us,
        {{ to_thousandths('value') }} as thousandths
    from {{ ref('stg_prometheus__samples') }}
    where
        {{ is_chosen('new_gauge_days', 'date_day') }}
        and is_gauge

),

neighbours as (

    select
        *,
        coalesce(
            lag(scrape_series_id) over {{ run }} = scrape_series_id and lag(date_day) over {{ run }} = date_day, false
        ) as is_continued,
        lag(sampled_us) over {{ run }} as previous_us,
        -- bytes of memory times a day are more than 64 bits hold
        cast(lag(thousandths) over {{ run }} as {{ wide_integer() }}) as previous_thousandths
    from samples

),

counted as (

    select
        date_day,
        scrape_series_id,
        count(thousandths) as samples,
        count(*) filter (where not is_continued) as starts,
        count(*) filter (where is_continued and previous_us >= sampled_us) as steps_back,
        min(sampled_us) as first_us,
        max(sampled_us) as last_us,
        {{ value_at('max', 'thousandths', 'sampled_us') }} as last_value,
        sum(
            previous_thousandths * cast(floor(least(sampled_us - previous_us, {{ max_gap_us }}) / 1000) as bigint)
        ) filter (where is_continued) as held_value,
        array_sort(array_agg({{ struct_of({
            'starts_at': time_of('previous_us'), 'ends_at': time_of('sampled_us')
        }) }}) filter (
            where is_continued and sampled_us - previous_us > {{ max_gap_us }}
        )) as gaps
    from neighbours
    group by date_day, scrape_series_id

)

select
    counted.date_day,
    counted.scrape_series_id,
    days.day_version,
    counted.samples,
    counted.last_value,
    cast(coalesce(counted.held_value, 0) as {{ wide_integer() }}) as held_value,
    coalesce(counted.gaps, {{ list_of([]) }}) as gaps,
    {{ time_of('counted.first_us') }} as first_sampled_at,
    {{ time_of('counted.last_us') }} as last_sampled_at
from counted
inner join days on counted.date_day = days.date_day
where {{ stop_for_unsorted('counted') }}
