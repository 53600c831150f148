{{ config(materialized='table') }}

with series as (

    select * from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

file_days as (

    select distinct
        source_file,
        file_version,
        {{ each_of('sample_dates') }} as date_day
    from series

)

select
    date_day,
    array_sort(array_agg(source_file)) as source_files,
    {{ stable_id(texts_of_group("source_file || ' ' || file_version", ',')) }} as day_version
from file_days
group by date_day
