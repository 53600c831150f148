with request_hours as (

    select * from {{ ref('int_usage__request_hours') }}

),

repeats as (

    select
        source_file,
        {{ texts_of_group(
            "date_day || ' ' || cast(repeated_rows as string) || ' ' || cast(rows_in_doubt as string)", ','
        ) }} as compared_rows
    from {{ ref('int_usage__request_repeats_daily') }}
    where {{ length_of('repeated_rows') }} > 0 or {{ length_of('rows_in_doubt') }} > 0
    group by source_file

)

-- what is counted of a row is a part of the version, too: a database that counted less reads its files once more
select distinct
    request_hours.source_file,
    concat_ws('-', request_hours.file_version, 'people', md5(repeats.compared_rows)) as file_version
from request_hours
left join repeats on request_hours.source_file = repeats.source_file
