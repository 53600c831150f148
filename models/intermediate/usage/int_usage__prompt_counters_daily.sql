with catalog as (

    select distinct metric, semantic
    from {{ ref('metric_catalog') }}
    where metric_type = 'counter' and semantic in ('input_tokens', 'cached_input_tokens')

),

days as (

    select date_day, day_version
    from {{ ref('stg_prometheus__days') }}

),

counters as (

    select
        series.scrape_series_id,
        catalog.semantic,
        {{ each_of('series.sample_dates') }} as date_day
    from {{ ref('stg_prometheus__series') }} as series
    inner join catalog on series.metric = catalog.metric
    where series.is_catalogued

),

days_with_cache as (

    select distinct date_day
    from counters
    where semantic = 'cached_input_tokens'

)

-- without a counter of the cache there is nothing to compare
select distinct
    counters.date_day,
    counters.scrape_series_id,
    days.day_version
from counters
inner join days on counters.date_day = days.date_day
inner join days_with_cache on counters.date_day = days_with_cache.date_day
