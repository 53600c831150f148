with series as (

    select distinct
        scrape_series_id,
        series_id
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

counter_states as (

    select * from {{ ref('int_usage__counter_states_daily') }}

),

gauge_states as (

    select * from {{ ref('int_usage__gauge_states_daily') }}

),

states as (

    select date_day, scrape_series_id, first_sampled_at, last_sampled_at from counter_states
    union all
    select date_day, scrape_series_id, first_sampled_at, last_sampled_at from gauge_states

),

counter_gaps as (

    select date_day, scrape_series_id, last_sampled_at, {{ each_of('gaps') }} as gap
    from counter_states

),

gauge_gaps as (

    select date_day, scrape_series_id, last_sampled_at, {{ each_of('gaps') }} as gap
    from gauge_states

),

-- an interval begins with the day's first sample and after each gap, and ends before the next gap
beginnings as (

    select
        date_day,
        scrape_series_id,
        last_sampled_at,
        first_sampled_at as starts_at,
        cast(null as timestamp) as gap_starts_at
    from states
    union all
    select date_day, scrape_series_id, last_sampled_at, gap.ends_at as starts_at, gap.starts_at as gap_starts_at
    from counter_gaps
    union all
    select date_day, scrape_series_id, last_sampled_at, gap.ends_at as starts_at, gap.starts_at as gap_starts_at
    from gauge_gaps

),

within_days as (

    select
        scrape_series_id,
        starts_at,
        coalesce(
            lead(gap_starts_at) over (partition by scrape_series_id, date_day order by starts_at), last_sampled_at
        ) as ends_at
    from beginnings

),

between_days as (

    select
        scrape_series_id,
        last_sampled_at as starts_at,
        lead(first_sampled_at) over (partition by scrape_series_id order by date_day) as ends_at
    from states

),

intervals as (

    select
        scrape_series_id,
        starts_at,
        ends_at
    from within_days

    union all

    select
        scrape_series_id,
        starts_at,
        ends_at
    from between_days
    where ends_at - starts_at <= interval '{{ var('scrape_max_gap_seconds') }} seconds'

),

eras as (

    select
        cast(valid_from as timestamp) as starts_at,
        cast(valid_to as timestamp) as ends_at
    from {{ ref('int_usage__rule_eras') }}

)

-- the metrics and replicas of one target are mostly scraped in the same moments; an interval is of one era
select distinct
    series.series_id,
    greatest(intervals.starts_at, eras.starts_at) as starts_at,
    least(intervals.ends_at, eras.ends_at) as ends_at
from intervals
inner join series on intervals.scrape_series_id = series.scrape_series_id
inner join eras
    on
        intervals.starts_at < eras.ends_at
        and (intervals.ends_at > eras.starts_at or intervals.starts_at >= eras.starts_at)
