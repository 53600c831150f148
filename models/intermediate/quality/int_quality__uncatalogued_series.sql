with all_series as (

    select
        *,
        {{ series_text() }} as series_text
    from {{ ref('stg_prometheus__series') }}

),

series as (

    select * from all_series
    where not is_catalogued

),

counted_metrics as (

    select distinct metric from all_series
    where is_catalogued

),

-- beside a histogram's sum of tokens its count is one of requests
histogram_counts as (

    select distinct substr(metric, 1, length(metric) - 4) || '_count' as metric
    from all_series
    where {{ matches('metric', "'_sum$'") }}

),

catalog as (

    select * from {{ ref('metric_catalog') }}

),

refusals as (

    select * from {{ ref('metric_refusals') }}

),

refused as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        case
            when bool_and(counted_metrics.metric is not null) then 'counted_already' else 'refused_metric'
        end as issue,
        min(refusals.reason) as detail,
        max(series.samples) as affected_samples
    from series
    inner join refusals on {{ matches_all('series.metric', 'refusals.metric_pattern') }}
    left join counted_metrics on refusals.counted_as = counted_metrics.metric
    group by series.source_file, series.scrape_series_id, series.series_text

),

-- tokens or requests that somebody counts, under a name that no row of the catalogue knows
unknown_usage as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        'unknown_usage' as issue,
        'it looks like usage and no row of metric_catalog knows it: it counted at least '
        || cast(cast(series.value_range as {{ wide_integer() }}) as string)
        || '; add a row, or one to metric_refusals' as detail,
        series.samples as affected_samples
    from series
    where
        series.value_range > 0
        and {{ looks_like_usage('series.metric') }}
        and series.metric not in (select catalog.metric from catalog)
        and series.metric not in (select histogram_counts.metric from histogram_counts)
        and not exists (
            select 1 from refusals
            where {{ matches_all('series.metric', 'refusals.metric_pattern') }}
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
        shape = 'victoria_metrics_csv'
        and metric in (select catalog.metric from catalog)

)

select source_file, scrape_series_id, series_text, issue, detail, affected_samples
from refused
union all
select source_file, scrape_series_id, series_text, issue, detail, affected_samples
from unknown_usage
union all
select source_file, scrape_series_id, series_text, issue, detail, affected_samples
from without_names
