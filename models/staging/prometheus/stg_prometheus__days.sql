{{ config(materialized='table') }}

with series as (

    select * from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

file_days as (

    select distinct
        source_file,
        file_version,
        unnest(sample_dates) as date_day
    from series

)

select
    date_day,
    list(source_file order by source_file) as source_files,
    {{ stable_id("string_agg(source_file || ' ' || file_version, ',' order by source_file)") }} as day_version
from file_days
group by date_day
