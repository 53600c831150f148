{%- set max_gap_us = var('scrape_max_gap_seconds') * 1000000 -%}
{%- set run = as_sorted('date_day, scrape_series_id', 'sampled_us') -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days'), counting_settings()) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_counter_days', counting_settings()) }}"
    ]
) }}

with days as (

    select
        date_day,
        {{ day_version(counting_settings()) }} as day_version
    from {{ ref('stg_prometheus__days') }}

),

samples as (

    select
        date_day,
        scrape_series_id,
        {{ microseconds('sampled_at') }} as sampled_us,
        value
    from {{ ref('stg_prometheus__samples') }}
    where
        {{ is_chosen('new_counter_days', 'date_day') }}
        and value is not null
        and not is_gauge
        and is_created is not true

),

-- a new time of creation is a restart, even where the counter has passed its old value since
recreations as (

    select
        date_day,
        scrape_series_id,
        {{ each_of('changed_at') }} as changed_at
    from {{ ref('int_usage__counter_creations_daily') }}
    where {{ is_chosen('new_counter_days', 'date_day') }}

),

-- between two samples of such a row a database scraped, and nothing fell
thinned as (

    select
        *,
        {{ microseconds('sampled_at') }} as sampled_us
    from {{ ref('int_usage__thinned_scrapes') }}
    where {{ is_chosen('new_counter_days', 'date_day') }}

),

neighbours as (

    select
        *,
        lag(date_day) over {{ run }} as previous_date,
        lag(scrape_series_id, 1, -1) over {{ run }} as previous_series_id,
        lag(sampled_us) over {{ run }} as previous_us,
        lag(value) over {{ run }} as previous_value,
        lead(date_day) over {{ run }} as next_date,
        lead(scrape_series_id, 1, -1) over {{ run }} as next_series_id,
        row_number() over {{ run }} as row_number
    from samples

),

judged as (

    select
        *,
        {{ has_fallen('value', 'previous_value') }} as is_fall,
        (date_day, scrape_series_id, sampled_us) in (
            select date_day, scrape_series_id, {{ microseconds('changed_at') }} from recreations
        ) as is_recreated
    from neighbours

),

-- in a run that just rises nothing has to be looked at but its ends; a fall, a gap, a step back in time or one to more than
-- twice the value is rare
turns as {{ kept_once() }} (

    select
        *,
        is_fall or is_recreated as is_reset,
        -- a zero a microsecond after a sample is how a delta of OTLP begins, and no fall
        is_fall
        and not is_recreated
        and sampled_us - previous_us <= {{ max_gap_us }}
        and not (value = 0 and sampled_us - previous_us = 1) as is_bare_fall,
        previous_series_id = scrape_series_id and previous_date = date_day as is_continued,
        next_series_id != scrape_series_id or next_date != date_day as is_last
    from judged
    where
        previous_series_id != scrape_series_id
        or previous_date != date_day
        or next_series_id != scrape_series_id
        or next_date != date_day
        or is_fall
        or is_recreated
        or sampled_us - previous_us not between 1 and {{ max_gap_us }}
        or value > 2 * previous_value

),

runs as (

    select
        date_day,
        scrape_series_id,
        count(*) filter (where is_continued is not true) as starts,
        max(sampled_us) filter (where is_continued is not true) as first_us,
        max(value) filter (where is_continued is not true) as first_value,
        max(sampled_us) filter (where is_last) as last_us,
        max(value) filter (where is_last) as last_value,
        max(row_number) filter (where is_last) - max(row_number) filter (where is_continued is not true) + 1 as samples
    from turns
    group by date_day, scrape_series_id

),

interruptions as (

    select
        turns.date_day,
        turns.scrape_series_id,
        count(*) filter (where is_reset and not (value = 0 and turns.sampled_us - previous_us = 1)) as resets,
        count(*) filter (where is_bare_fall) as falls,
        count(*) filter (where is_bare_fall and value > previous_value / 2) as shallow_falls,
        count(*) filter (where turns.sampled_us <= previous_us) as steps_back,
        sum(cast({{ to_thousandths('previous_value') }} as {{ wide_integer() }})) filter (where is_reset)
            as lost_by_resets,
        array_sort(array_agg({{ struct_of({
            'starts_at': time_of('previous_us'), 'ends_at': time_of('turns.sampled_us'), 'is_reset': 'is_reset'
        }) }}) filter (
            where turns.sampled_us - previous_us > {{ max_gap_us }} * coalesce(thinned.scrapes, 1)
        )) as gaps
    from turns
    left join thinned
        on
            turns.date_day = thinned.date_day
            and turns.scrape_series_id = thinned.scrape_series_id
            and turns.sampled_us = thinned.sampled_us
    where turns.is_continued
    group by turns.date_day, turns.scrape_series_id

),

-- what the counter had before it last fell, if that may have been no restart
steps as (

    select
        turns.date_day,
        turns.scrape_series_id,
        turns.value,
        turns.previous_value,
        turns.is_reset,
        turns.is_bare_fall,
        turns.sampled_us - turns.previous_us between 1 and {{ max_gap_us }}
        and coalesce(thinned.scrapes, 1) = 1 as is_step,
        {{ known_value(
            'last', 'case when turns.is_bare_fall then turns.previous_value when turns.is_reset then -1 end'
        ) }} over (
            partition by turns.date_day, turns.scrape_series_id order by turns.row_number
            rows between unbounded preceding and current row
        ) as fallen_from
    from turns
    left join thinned
        on
            turns.date_day = thinned.date_day
            and turns.scrape_series_id = thinned.scrape_series_id
            and turns.sampled_us = thinned.sampled_us
    where turns.is_continued

),

judged_steps as (

    select
        *,
        is_step and not is_reset and previous_value < fallen_from and value >= fallen_from as is_return
    from steps

),

-- a fall to more than half, and a step back to what there was before a fall, are restarts only if the counter is that fast
rises as (

    select
        date_day,
        scrape_series_id,
        max(value - previous_value) filter (
            where is_step and not is_reset and value > 2 * previous_value and is_return is not true
        ) as ordinary_step,
        sum(cast({{ to_thousandths(
            'case when is_bare_fall then value else value - previous_value end'
        ) }} as {{ wide_integer() }})) filter (
            where is_return or (is_bare_fall and value > previous_value / 2)
        ) as doubtful_increase
    from judged_steps
    group by date_day, scrape_series_id

),

scrapes_left_out as (

    select
        date_day,
        scrape_series_id,
        sum(scrapes - 1) as scrapes
    from thinned
    group by date_day, scrape_series_id

),

counted as (

    select
        runs.date_day,
        runs.scrape_series_id,
        runs.starts,
        runs.first_us,
        runs.last_us,
        runs.samples + coalesce(scrapes_left_out.scrapes, 0) as samples,
        cast({{ to_thousandths('runs.first_value') }} as {{ wide_integer() }}) as first_value,
        cast({{ to_thousandths('runs.last_value') }} as {{ wide_integer() }}) as last_value,
        coalesce(interruptions.resets, 0) as resets,
        coalesce(interruptions.falls, 0) as falls,
        coalesce(interruptions.shallow_falls, 0) as shallow_falls,
        coalesce(interruptions.steps_back, 0) as steps_back,
        cast(coalesce(interruptions.lost_by_resets, 0) as {{ wide_integer() }}) as lost_by_resets,
        cast({{ to_thousandths('rises.ordinary_step') }} as {{ wide_integer() }}) as ordinary_step,
        cast(coalesce(rises.doubtful_increase, 0) as {{ wide_integer() }}) as doubtful_increase,
        coalesce(interruptions.gaps, {{ list_of([]) }}) as gaps
    from runs
    left join interruptions
        on runs.date_day = interruptions.date_day and runs.scrape_series_id = interruptions.scrape_series_id
    left join rises
        on runs.date_day = rises.date_day and runs.scrape_series_id = rises.scrape_series_id
    left join scrapes_left_out
        on runs.date_day = scrapes_left_out.date_day and runs.scrape_series_id = scrapes_left_out.scrape_series_id

)

select
    counted.date_day,
    counted.scrape_series_id,
    days.day_version,
    cast(counted.samples as bigint) as samples,
    counted.resets,
    counted.falls,
    counted.shallow_falls,
    counted.ordinary_step,
    counted.doubtful_increase,
    counted.first_value,
    counted.last_value,
    -- a counter that falls has begun again at 0: what it had before is no decrease
    counted.last_value - counted.first_value + counted.lost_by_resets as increase,
    counted.gaps,
    {{ time_of('counted.first_us') }} as first_sampled_at,
    {{ time_of('counted.last_us') }} as last_sampled_at
from counted
inner join days on counted.date_day = days.date_day
where {{ stop_for_unsorted('counted') }}
