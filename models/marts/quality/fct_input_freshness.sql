with inputs as (

    select * from {{ source('builds', 'inputs') }}

),

invocations as (

    select * from {{ source('builds', 'invocations') }}

),

last_look as (

    select max(started_at) as looked_at
    from invocations
    where finished_at is not null

),

-- files that arrive within the same hour are one delivery
deliveries as (

    select distinct
        folder,
        source,
        date_trunc('hour', modified_at) as delivered_at
    from inputs
    where shape is not null

),

waits as (

    select
        folder,
        source,
        date_diff(
            'hour', lag(delivered_at) over (partition by folder, source order by delivered_at), delivered_at
        ) as hours
    from deliveries

),

usual_waits as (

    select
        folder,
        source,
        median(hours) as usual_hours,
        max(hours) as longest_hours,
        count(hours) as waits
    from waits
    group by folder, source

),

folders as (

    select
        folder,
        source,
        count(*) filter (where gone_at is null) as files,
        count(*) filter (where gone_at is null and problem is not null) as unreadable_files,
        max(modified_at) filter (where shape is not null) as newest_file_at
    from inputs
    group by folder, source

)

select
    folders.folder,
    folders.source,
    case
        when folders.files = 0 then 'gone'
        when usual_waits.waits is null or usual_waits.waits < 3 then 'too_few_deliveries'
        when
            date_diff('hour', folders.newest_file_at, last_look.looked_at)
            > greatest(2 * usual_waits.usual_hours, usual_waits.longest_hours)
            then 'stale'
        else 'fresh'
    end as status,
    folders.files,
    folders.unreadable_files,
    usual_waits.waits,
    usual_waits.usual_hours,
    date_diff('hour', folders.newest_file_at, last_look.looked_at) as hours_since_newest_file,
    folders.newest_file_at,
    last_look.looked_at
from folders
cross join last_look
left join usual_waits
    on
        folders.folder is not distinct from usual_waits.folder
        and folders.source is not distinct from usual_waits.source
