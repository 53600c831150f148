{%- set gap = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}

with series_days as (

    select * from {{ ref('int_usage__series_days') }}

),

counter_states as (

    select * from {{ ref('int_usage__counter_states_daily') }}

),

process_states as (

    select * from {{ ref('int_usage__process_states_daily') }}

),

creations as (

    select * from {{ ref('int_usage__counter_creations_daily') }}

),

dark_intervals as (

    select * from {{ ref('int_usage__dark_intervals') }}

),

dark_beginnings as (

    select * from {{ ref('int_usage__dark_beginnings') }}

),

looks as (

    select
        scrape_series_id,
        {{ each_of('looked_first_at') }} as created_at
    from creations

),

first_looks as (

    select distinct
        scrape_series_id,
        created_at
    from looks

),

-- when a collector looked first says nothing of the process, on the days after as well
known_creations as (

    select
        creations.date_day,
        creations.scrape_series_id,
        case when first_of_day.created_at is null then {{ microseconds('creations.first_created_at') }} end
            as first_created_us,
        case when last_of_day.created_at is null then {{ microseconds('creations.last_created_at') }} end
            as last_created_us
    from creations
    left join first_looks as first_of_day
        on
            creations.scrape_series_id = first_of_day.scrape_series_id
            and creations.first_created_at = first_of_day.created_at
    left join first_looks as last_of_day
        on
            creations.scrape_series_id = last_of_day.scrape_series_id
            and creations.last_created_at = last_of_day.created_at

),

series as (

    select
        series_id,
        scrape_group,
        max(target_id) as target_id
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter'
    group by series_id, scrape_group

),

-- one process behind a port is one counter; where several answer in turn, each is
states as (

    select
        counter_states.date_day,
        counter_states.scrape_series_id,
        cast(null as bigint) as process_created_us,
        known_creations.first_created_us,
        known_creations.last_created_us,
        counter_states.samples,
        counter_states.first_value,
        counter_states.last_value,
        counter_states.increase,
        counter_states.resets,
        counter_states.falls,
        counter_states.shallow_falls,
        counter_states.ordinary_step,
        counter_states.doubtful_increase,
        counter_states.gaps,
        counter_states.first_sampled_at,
        counter_states.last_sampled_at
    from counter_states
    left join known_creations
        on
            counter_states.date_day = known_creations.date_day
            and counter_states.scrape_series_id = known_creations.scrape_series_id
    anti join process_states
        on
            counter_states.date_day = process_states.date_day
            and counter_states.scrape_series_id = process_states.scrape_series_id

    union all

    select
        date_day,
        scrape_series_id,
        {{ microseconds('process_created_at') }} as process_created_us,
        {{ microseconds('process_created_at') }} as first_created_us,
        {{ microseconds('process_created_at') }} as last_created_us,
        samples,
        first_value,
        last_value,
        increase,
        0 as resets,
        falls,
        falls as shallow_falls,
        null as ordinary_step,
        0 as doubtful_increase,
        {{ list_of([]) }} as gaps,
        first_sampled_at,
        last_sampled_at
    from process_states

)

select
    states.date_day,
    series.series_id,
    series_days.scrape_series_id,
    states.process_created_us,
    series.scrape_group,
    states.first_created_us,
    states.last_created_us,
    case
        when dark_intervals.starts_at is not null
            then least(
                    {{ microseconds('coalesce(dark_beginnings.began_at, dark_intervals.starts_at)') }},
                    {{ microseconds('states.first_sampled_at') }} - 1
                )
    end as unseen_from_us,
    states.samples,
    states.first_value,
    states.last_value,
    states.increase,
    states.resets,
    states.falls,
    states.shallow_falls,
    states.ordinary_step,
    states.doubtful_increase,
    states.gaps,
    states.first_sampled_at,
    states.last_sampled_at,
    series_days.seen_from,
    series_days.seen_until
from series_days
inner join states
    on series_days.date_day = states.date_day and series_days.scrape_series_id = states.scrape_series_id
inner join series on series_days.series_id = series.series_id
left join dark_intervals
    on
        series.scrape_group = dark_intervals.scrape_group
        and states.first_sampled_at >= dark_intervals.ends_at
        and states.first_sampled_at <= dark_intervals.ends_at + {{ gap }}
left join dark_beginnings
    on
        series.target_id = dark_beginnings.target_id
        and series.scrape_group = dark_beginnings.scrape_group
        and dark_intervals.starts_at = dark_beginnings.dark_from
