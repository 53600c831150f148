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

first_looks as (

    select
        scrape_series_id,
        unnest(looked_first_at) as created_at
    from creations

),

-- when a collector looked first says nothing of the process, on the days after as well
known_creations as (

    select
        date_day,
        scrape_series_id,
        case
            when (scrape_series_id, first_created_at) not in (
                    select (first_looks.scrape_series_id, first_looks.created_at) from first_looks
                )
                then epoch_us(first_created_at)
        end as first_created_us,
        case
            when (scrape_series_id, last_created_at) not in (
                    select (first_looks.scrape_series_id, first_looks.created_at) from first_looks
                )
                then epoch_us(last_created_at)
        end as last_created_us
    from creations

),

series as (

    select distinct
        series_id,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter'

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
        epoch_us(process_created_at) as process_created_us,
        epoch_us(process_created_at) as first_created_us,
        epoch_us(process_created_at) as last_created_us,
        samples,
        first_value,
        last_value,
        increase,
        0 as resets,
        falls,
        falls as shallow_falls,
        [] as gaps,
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
    states.samples,
    states.first_value,
    states.last_value,
    states.increase,
    states.resets,
    states.falls,
    states.shallow_falls,
    states.gaps,
    states.first_sampled_at,
    states.last_sampled_at
from series_days
inner join states
    on series_days.date_day = states.date_day and series_days.scrape_series_id = states.scrape_series_id
inner join series on series_days.series_id = series.series_id
