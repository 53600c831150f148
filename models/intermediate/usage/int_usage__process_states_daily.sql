{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('stg_prometheus__days')) }}",
        "{{ choose_changed_days(ref('stg_prometheus__days'), 'new_process_days') }}"
    ]
) }}

with answer_lists as (

    select
        date_day,
        scrape_series_id,
        day_version,
        {{ each_of('answers') }} as answer
    from {{ ref('int_usage__counter_creations_daily') }}
    where {{ is_chosen('new_process_days', 'date_day') }} and answers is not null

),

answers as (

    select
        date_day,
        scrape_series_id,
        day_version,
        answer.sampled_at,
        answer.created_at
    from answer_lists

),

samples as (

    select
        samples.date_day,
        samples.scrape_series_id,
        samples.sampled_at,
        {{ to_thousandths('samples.value') }} as thousandths
    from {{ ref('stg_prometheus__samples') }} as samples
    where
        {{ is_chosen('new_process_days', 'samples.date_day') }}
        and samples.value is not null
        and not samples.is_gauge
        and samples.is_created is not true
        and (samples.date_day, samples.scrape_series_id) in (
            select date_day, scrape_series_id from answers
        )

),

-- whoever answered last answers until another one does
moments as (

    select
        date_day,
        scrape_series_id,
        sampled_at,
        0 as kind,
        created_at,
        day_version,
        cast(null as bigint) as thousandths
    from answers

    union all

    select
        date_day,
        scrape_series_id,
        sampled_at,
        1 as kind,
        cast(null as timestamp) as created_at,
        cast(null as bigint) as day_version,
        thousandths
    from samples

),

heard as (

    select
        date_day,
        scrape_series_id,
        sampled_at,
        kind,
        thousandths,
        {{ known_value('last', 'created_at') }} over so_far as created_at,
        {{ known_value('last', 'day_version') }} over so_far as day_version
    from moments
    window so_far as (
        partition by date_day, scrape_series_id order by sampled_at, kind
        rows between unbounded preceding and current row
    )

),

answered as (

    select * from heard
    where kind = 1 and created_at is not null

),

followed as (

    select
        *,
        lag(thousandths) over (
            partition by date_day, scrape_series_id, created_at order by sampled_at
        ) as previous_thousandths
    from answered

)

select
    date_day,
    scrape_series_id,
    created_at as process_created_at,
    day_version,
    count(*) as samples,
    count(*) filter (where thousandths < previous_thousandths) as falls,
    cast(min_by(thousandths, sampled_at) as {{ wide_integer() }}) as first_value,
    cast(max_by(thousandths, sampled_at) as {{ wide_integer() }}) as last_value,
    cast(coalesce(sum(greatest(thousandths - previous_thousandths, 0)), 0) as {{ wide_integer() }}) as increase,
    min(sampled_at) as first_sampled_at,
    max(sampled_at) as last_sampled_at
from followed
group by date_day, scrape_series_id, created_at, day_version
