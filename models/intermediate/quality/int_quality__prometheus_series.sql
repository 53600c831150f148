with files as (

    select * from {{ ref('stg_prometheus__files') }}

),

series as (

    select
        *,
        {{ series_text() }} as series_text
    from {{ ref('stg_prometheus__series') }}

),

unread as (

    select
        source_file,
        cast(null as bigint) as scrape_series_id,
        cast(null as string) as series_text,
        'file_not_read' as issue,
        problem as detail,
        0 as affected_samples
    from files
    where problem is not null

),

values_without_use as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        kinds.issue,
        case
            when kinds.issue = 'unreadable_row' and series.unread_time is not null
                then 'times such as ' || left(series.unread_time, 40)
                    || ' are not read: write ISO 8601, or a number since 1970, of the years 2000 to 2099'
            when kinds.issue = 'unreadable_value'
                then 'values such as ' || left(series.unread_value, 40) || ' are no numbers; their time is kept'
            else kinds.detail
        end as detail,
        case
            when kinds.issue = 'unreadable_row' then case when series.metric = '(unreadable)' then series.samples end
            when series.metric = '(unreadable)' or not series.is_catalogued then 0
            when kinds.issue = 'negative_value' then series.negative_samples
            when kinds.issue = 'unreadable_value' then series.unreadable_values
            else series.uncountable_samples - series.negative_samples - coalesce(series.unreadable_values, 0)
        end as affected_samples
    from series
    cross join (
        values
        (
            'unreadable_row',
            'broken lines, rows without a metric, or labels of a counted metric that are no JSON object'
        ),
        ('negative_value', 'neither a count nor a share of time is negative'),
        ('unreadable_value', null),
        ('no_value', 'stale markers, NaN, infinite or above 2^53; their time is kept')
    ) as kinds (issue, detail)

),

-- a grid of whole seconds, or the same phase for several targets, is what query_range makes and scrapes do not
resampled_files as (

    select source_file
    from series
    where
        shape in ('prometheus_api', 'prometheus_api_document')
        and is_catalogued
    group by source_file
    having
        min(lowest_millisecond) = max(highest_millisecond)
        and sum(samples) > 2
        and (max(highest_millisecond) = 0 or count(distinct coalesce(labels['instance'], labels['pod'])) > 1)

),

resampled as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        'resampled' as issue,
        'query_range hides restarts; take an instant query with a range selector' as detail,
        series.samples as affected_samples
    from series
    inner join resampled_files on series.source_file = resampled_files.source_file
    where series.is_catalogued

),

-- the count is the same to the unit; where within an hour a scrape is missing, nobody can tell
hourly_counts as (

    select
        source_file,
        cast(null as bigint) as scrape_series_id,
        cast(null as string) as series_text,
        'hourly_counts' as issue,
        'a database says how often it scraped in an hour and not when: single scrapes that are missing are not seen'
            as detail,
        sum({{ length_of('thinned') }}) as affected_samples
    from series
    where {{ length_of('thinned') }} > 0
    group by source_file

),

issues as (

    select * from unread
    union all
    select
        source_file,
        scrape_series_id,
        series_text,
        issue,
        detail,
        affected_samples
    from values_without_use
    where affected_samples > 0
    union all
    select * from {{ ref('int_quality__uncatalogued_series') }}
    union all
    select * from resampled
    union all
    select * from hourly_counts
    union all
    select
        source_file,
        cast(null as bigint) as scrape_series_id,
        cast(null as string) as series_text,
        issue,
        detail,
        affected_rows as affected_samples
    from {{ ref('int_quality__telemetry_times') }}

)

select
    issues.source_file,
    files.relative_path,
    files.shape,
    issues.scrape_series_id,
    issues.series_text as series,
    issues.issue,
    issues.detail,
    cast(issues.affected_samples as bigint) as affected_samples
from issues
inner join files on issues.source_file = files.source_file
