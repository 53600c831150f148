with file_days as (

    select distinct
        source_file,
        file_version,
        cast(hour_starts_at as date) as date_day
    from {{ ref('int_usage__request_hours') }}

),

-- a row may repeat one of the day before
files_of_days as (

    select date_day, source_file, file_version from file_days
    union
    select today.date_day, day_before.source_file, day_before.file_version
    from file_days as today
    inner join file_days as day_before on today.date_day = day_before.date_day + 1

)

select
    array_sort(array_agg(source_file)) as source_files,
    {{ stable_id(texts_of_group("source_file || ' ' || file_version", ',')) }} as day_version,
    date_day
from files_of_days
group by date_day
