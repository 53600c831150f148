{%- set max_gap = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}

with counter_days as (

    select * from {{ ref('int_usage__counter_days') }}
    where process_created_us is null

),

series as (

    select
        series_id,
        metric,
        target_id,
        any_value(labels) as labels
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter' and target_id != ''
    group by series_id, metric, target_id

),

history as (

    select
        series_id,
        lag(last_sampled_at) over (partition by series_id order by date_day) as starts_at,
        first_sampled_at as ends_at
    from counter_days

),

gaps as (

    select
        history.series_id,
        history.starts_at,
        history.ends_at,
        series.metric,
        series.target_id,
        series.labels
    from history
    inner join series on history.series_id = series.series_id
    where history.ends_at - history.starts_at > {{ max_gap }}

),

-- the same process under labels that agree, which were not seen before the gap: two that are seen at once are another matter
relays as (

    select
        gaps.series_id,
        gaps.starts_at,
        gaps.ends_at,
        min(relay_days.first_sampled_at) as relayed_from,
        max(relay_days.last_sampled_at) as relayed_until
    from gaps
    inner join series
        on
            gaps.metric = series.metric
            and gaps.target_id = series.target_id
            and gaps.series_id != series.series_id
    inner join counter_days as relay_days
        on
            series.series_id = relay_days.series_id
            and gaps.ends_at > relay_days.first_sampled_at
            and gaps.starts_at <= relay_days.last_sampled_at + {{ max_gap }}
    where {{ labels_agree('series.labels', 'gaps.labels') }}
    group by gaps.series_id, gaps.starts_at, gaps.ends_at, series.series_id
    having min(relay_days.first_sampled_at) > gaps.starts_at - {{ max_gap }}

)

select
    series_id,
    starts_at,
    ends_at,
    greatest(min(relayed_from), starts_at) as relayed_from,
    least(max(relayed_until), ends_at) as relayed_until
from relays
group by series_id, starts_at, ends_at
