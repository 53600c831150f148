{{ config(
    materialized='incremental',
    incremental_strategy='append',
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
        unnest(answers) as answer
    from {{ ref('int_usage__counter_creations_daily') }}
    where {{ is_chosen('new_process_days', 'date_day') }} and answers is not null

),

answers as (

    select
        date_day,
        scrape_series_id,
        day_version,
        answer['sampled_at'] as sampled_at,
        answer['created_at'] as created_at
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
            select (answers.date_day, answers.scrape_series_id) from answers
        )

),

-- whoever answered last answers until another one does
answered as (

    select
        samples.*,
        answers.created_at,
        answers.day_version
    from samples
    asof inner join answers
        on
            samples.date_day = answers.date_day
            and samples.scrape_series_id = answers.scrape_series_id
            and samples.sampled_at >= answers.sampled_at

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
