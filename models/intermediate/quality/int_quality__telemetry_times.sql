{%- set allowed = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}

with files as (

    select
        source_file,
        folder,
        modified_at,
        has_times_without_offset,
        regexp_replace(relative_path, '[^/]*$', '') as delivered_to
    from {{ ref('landed_files') }}
    where folder in ('telemetry/prometheus', 'telemetry/requests', 'telemetry/product') and shape is not null

),

-- rows of telemetry by file and as short a time as is known
spans as (

    select
        source_file,
        date_day,
        min(first_sampled_at) as first_at,
        max(last_sampled_at) as last_at,
        sum(samples) as affected_rows
    from {{ ref('landed_prometheus_series') }}
    where date_day is not null
    group by source_file, date_day, last_sampled_at

    union all

    select
        source_file,
        cast(hour_starts_at as date) as date_day,
        hour_starts_at as first_at,
        hour_starts_at + interval 1 hour as last_at,
        request_rows as affected_rows
    from {{ ref('int_usage__request_hours') }}

    union all

    select
        source_file,
        cast(hour_starts_at as date) as date_day,
        hour_starts_at as first_at,
        hour_starts_at + interval 1 hour as last_at,
        activity_rows as affected_rows
    from {{ ref('int_usage__product_hours') }}

),

-- nothing was written before it happened; a day's grace is for clocks
future as (

    select
        files.source_file,
        'time_in_future' as issue,
        'later than a day after the file was written: look at the clock, and at the unit of the times' as detail,
        sum(spans.affected_rows) as affected_rows
    from spans
    inner join files on spans.source_file = files.source_file
    where spans.last_at > files.modified_at + interval 25 hour
    group by files.source_file

),

-- the end of a day may lie in the first minutes of the next
days as (

    select
        files.folder,
        files.delivered_to,
        spans.date_day,
        min(spans.first_at) as first_at,
        max(spans.last_at) as last_at,
        min_by(spans.source_file, spans.first_at) as source_file,
        sum(spans.affected_rows) as affected_rows
    from spans
    inner join files on spans.source_file = files.source_file
    where files.has_times_without_offset
    group by files.folder, files.delivered_to, spans.date_day

),

deliveries as (

    select
        folder,
        delivered_to,
        min(first_at) as first_at,
        max(last_at) as last_at,
        min(date_day) as first_date,
        max(date_day) as last_date,
        min_by(source_file, first_at) as source_file,
        sum(case when is_end then affected_rows end) as affected_rows,
        count(*) as days,
        bool_and(date_day = first_date or first_at <= date_day + interval 1 hour) as begins_at_midnight,
        bool_and(date_day = last_date or last_at >= date_day + interval 23 hour) as ends_at_midnight
    from (
        select
            *,
            min(date_day) over delivery as first_date,
            max(date_day) over delivery as last_date,
            date_day in (min(date_day) over delivery, max(date_day) over delivery) as is_end
        from days
        window delivery as (partition by folder, delivered_to)
    )
    group by folder, delivered_to

),

-- of days without a break, the first begins some whole hours late, and the last ends as many after midnight, or with the day
shifted as (

    select
        *,
        date_trunc('hour', first_at) as begins_at,
        first_at - date_trunc('hour', first_at) <= {{ allowed }} as is_on_the_hour,
        hour(first_at) as hours_late,
        date_trunc('hour', last_at + {{ allowed }}) as ends_at
    from deliveries
    where
        days = {{ days_between('first_date', 'last_date') }} + 1
        and begins_at_midnight
        and ends_at_midnight
        and last_at - first_at >= interval 20 hour

),

local_times as (

    select
        source_file,
        'times_without_offset' as issue,
        'read as UTC, they begin ' || hours_late
        || ' whole hours after midnight, as local times do: write the offset, such as +02:00' as detail,
        affected_rows
    from shifted
    where
        is_on_the_hour
        and hours_late > 0
        and (
            hour(ends_at) = hours_late
            -- requests are known by the hour: each of their logs begins on one
            or (folder = 'telemetry/prometheus' and hours_late <= 14 and hour(ends_at) = 0)
        )

)

select
    source_file,
    issue,
    detail,
    cast(affected_rows as bigint) as affected_rows
from future
union all
select
    source_file,
    issue,
    detail,
    cast(affected_rows as bigint) as affected_rows
from local_times
