-- a view: what it joins is stored once, in the tables that it reads
{{ config(materialized='view') }}

with counter_days as (

    select * from {{ ref('int_usage__counter_days') }}
    where process_created_us is null

),

series as (

    select
        series_id,
        valid_from,
        valid_to,
        metric,
        deployment_id,
        target_id,
        any_value(labels) as labels
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter'
    group by series_id, valid_from, valid_to, metric, deployment_id, target_id

)

select
    counter_days.date_day,
    counter_days.series_id,
    counter_days.scrape_series_id,
    series.metric,
    series.deployment_id,
    series.target_id,
    series.labels,
    counter_days.first_created_us,
    counter_days.last_created_us,
    counter_days.samples,
    counter_days.first_value,
    counter_days.last_value,
    counter_days.resets,
    counter_days.first_sampled_at,
    counter_days.last_sampled_at
from counter_days
inner join series
    on counter_days.series_id = series.series_id and {{ in_effect('series', 'counter_days.date_day') }}
