with series as (

    select distinct
        scrape_series_id,
        series_id,
        replica
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

states as (

    select
        date_day,
        scrape_series_id,
        samples,
        first_sampled_at,
        last_sampled_at
    from {{ ref('int_usage__counter_states_daily') }}

    union all

    select
        date_day,
        scrape_series_id,
        samples,
        first_sampled_at,
        last_sampled_at
    from {{ ref('int_usage__gauge_states_daily') }}

),

-- replicas count the same thing: adding them doubles it, and mixing their samples makes resets that never were
ranked as (

    select
        states.date_day,
        series.series_id,
        states.scrape_series_id,
        series.replica,
        states.samples,
        count(*) over series_day as replicas,
        min(states.first_sampled_at) over series_day as seen_from,
        max(states.last_sampled_at) over series_day as seen_until,
        row_number() over (
            partition by states.date_day, series.series_id
            order by states.samples desc, series.replica, states.scrape_series_id
        ) as rank
    from states
    inner join series on states.scrape_series_id = series.scrape_series_id
    window series_day as (partition by states.date_day, series.series_id)

)

select
    date_day,
    series_id,
    scrape_series_id,
    replica,
    replicas,
    samples,
    seen_from,
    seen_until
from ranked
where rank = 1
