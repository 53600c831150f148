-- two series with one id would be counted as one: an id must stand for one metric and one set of labels.
with series as (

    select distinct
        scrape_series_id,
        series_id,
        metric,
        {{ labels_text('labels') }} as labels_text
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued

)

select scrape_series_id
from series
group by scrape_series_id
having count(*) > 1
