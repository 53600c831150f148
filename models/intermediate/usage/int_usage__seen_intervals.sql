with series as (

    select distinct
        scrape_series_id,
        series_id
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

states as (

    select
        date_day,
        scrape_series_id,
        gaps,
        first_sampled_at,
        last_sampled_at
    from {{ ref('int_usage__counter_states_daily') }}

    union all

    select
        date_day,
        scrape_series_id,
        gaps,
        first_sampled_at,
        last_sampled_at
    from {{ ref('int_usage__gauge_states_daily') }}

),

within_days as (

    select
        scrape_series_id,
        unnest(list_prepend(first_sampled_at, list_transform(gaps, lambda gap: gap.ends_at))) as starts_at,
        unnest(list_append(list_transform(gaps, lambda gap: gap.starts_at), last_sampled_at)) as ends_at
    from states

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
    where ends_at - starts_at <= to_seconds({{ var('scrape_max_gap_seconds') }})

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
