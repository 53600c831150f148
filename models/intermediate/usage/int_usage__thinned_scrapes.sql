{{ config(materialized='view') }}

with series as (

    select * from {{ ref('stg_prometheus__series') }}
    where not is_gauge and not is_created and {{ length_of('thinned') }} > 0

),

samples as (

    select
        scrape_series_id,
        {{ each_of('thinned') }} as thinned
    from series

)

-- files that overlap, or two spellings, may tell of one sample twice
select
    cast(thinned.sampled_at as date) as date_day,
    scrape_series_id,
    thinned.sampled_at,
    cast(max(thinned.scrapes) as bigint) as scrapes
from samples
group by scrape_series_id, thinned.sampled_at
