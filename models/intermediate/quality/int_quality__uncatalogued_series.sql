with series as (

    select
        *,
        {{ series_text() }} as series_text
    from {{ ref('stg_prometheus__series') }}
    where not is_catalogued

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
        'refused_metric' as issue,
        min(refusals.reason) as detail,
        max(series.samples) as affected_samples
    from series
    inner join refusals on {{ matches_all('series.metric', 'refusals.metric_pattern') }}
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
        || cast(cast(series.value_range as {{ wide_integer() }}) as string)
        || '; add a row, or one to metric_refusals' as detail,
        series.samples as affected_samples
    from series
    where
        series.value_range > 0
        and {{ matches('series.metric', "'tokens?(_(total|sum|usage))?$|token_usage'") }}
        and series.metric not in (select catalog.metric from catalog)
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
