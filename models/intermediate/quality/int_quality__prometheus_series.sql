with files as (

    select * from {{ ref('stg_prometheus__files') }}

),

series as (

    select
        *,
        {{ series_text() }} as series_text
    from {{ ref('stg_prometheus__series') }}

),

refusals as (

    select * from {{ ref('metric_refusals') }}

),

unread as (

    select
        source_file,
        cast(null as bigint) as scrape_series_id,
        cast(null as varchar) as series_text,
        'file_not_read' as issue,
        problem as detail,
        0 as affected_samples
    from files
    where problem is not null

),

values_without_use as (

    select
        source_file,
        scrape_series_id,
        series_text,
        unnest(['unreadable_row', 'negative_value', 'no_value']) as issue,
        unnest([
            'broken lines, rows without a metric, or labels of a counted metric that are no JSON object',
            'neither a count nor a share of time is negative',
            'stale markers, NaN, infinite or above 2^53; their time is kept'
        ]) as detail,
        unnest([
            case when metric = '(unreadable)' then samples else 0 end,
            case when metric != '(unreadable)' and is_catalogued then negative_samples else 0 end,
            case when metric != '(unreadable)' and is_catalogued then uncountable_samples - negative_samples else 0 end
        ]) as affected_samples
    from series

),

refused as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        'refused_metric' as issue,
        min(refusals.reason) as detail,
        max(series.samples) as affected_samples
    from series
    inner join refusals on regexp_full_match(series.metric, refusals.metric_pattern)
    where not series.is_catalogued
    group by series.source_file, series.scrape_series_id, series.series_text

),

-- tokens that somebody counts, under a name that no row of the catalogue knows
unknown_usage as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        'unknown_usage' as issue,
        'it looks like usage and no row of metric_catalog knows it: it counted at least '
        || cast(cast(series.value_range as hugeint) as varchar) || '; add a row, or one to metric_refusals' as detail,
        series.samples as affected_samples
    from series
    where
        not series.is_catalogued
        and series.value_range > 0
        and regexp_matches(series.metric, 'tokens?(_(total|sum|usage))?$|token_usage')
        and series.metric not in (select catalog.metric from {{ ref('metric_catalog') }} as catalog)
        and not exists (
            select 1 from refusals
            where regexp_full_match(series.metric, refusals.metric_pattern)
        )

),

without_names as (

    select
        source_file,
        scrape_series_id,
        series_text,
        'labels_without_names' as issue,
        'some series of the metric do not count, and nobody can tell which; export with a header' as detail,
        samples as affected_samples
    from series
    where
        not is_catalogued
        and shape = 'victoria_metrics_csv'
        and metric in (select catalog.metric from {{ ref('metric_catalog') }} as catalog)

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
    select * from refused
    union all
    select * from unknown_usage
    union all
    select * from without_names
    union all
    select * from resampled
    union all
    select
        source_file,
        cast(null as bigint) as scrape_series_id,
        cast(null as varchar) as series_text,
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
