with file_days as (

    select distinct
        source_file,
        file_version,
        cast(hour_starts_at as date) as usage_date
    from {{ ref('int_usage__request_hours') }}

),

-- a row may repeat one of the day before
files_of_days as (

    select usage_date, source_file, file_version from file_days
    union
    select today.usage_date, day_before.source_file, day_before.file_version
    from file_days as today
    inner join file_days as day_before on today.usage_date = day_before.usage_date + 1

)

select
    list(source_file order by source_file) as source_files,
    {{ stable_id("string_agg(source_file || ' ' || file_version, ',' order by source_file)") }} as day_version,
    usage_date
from files_of_days
group by usage_date
