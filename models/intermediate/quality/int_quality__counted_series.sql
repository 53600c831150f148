with files as (

    select * from {{ ref('stg_prometheus__files') }}

),

series as (

    select
        *,
        {{ series_text() }} as series_text
    from {{ ref('stg_prometheus__series') }}
    where is_catalogued

),

series_deployments as (

    select distinct
        series_id,
        semantic,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}

),

counter_states as (

    select * from {{ ref('int_usage__counter_states_daily') }}
    where shallow_falls > 0

),

found as (

    select * from {{ ref('int_quality__series_findings') }}

),

issues as (

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        found.issue,
        min(found.detail) as detail,
        max(series.samples) as affected_samples
    from found
    inner join series
        on
            found.series_id = series.series_id
            and (found.date_day is null or array_contains(series.sample_dates, found.date_day))
    group by series.source_file, series.scrape_series_id, series.series_text, found.issue

    union all

    select
        series.source_file,
        series.scrape_series_id,
        series.series_text,
        'falls_above_zero' as issue,
        'a gauge, a clock that ran backwards, or several processes under one series: too much may be counted' as detail,
        sum(counter_states.shallow_falls) as affected_samples
    from series
    inner join counter_states
        on
            series.scrape_series_id = counter_states.scrape_series_id
            and array_contains(series.sample_dates, counter_states.date_day)
    group by series.source_file, series.scrape_series_id, series.series_text

),

-- of an exporter that tells what pods request and not how they ended, once: in its newest file
silent_exporters as (

    select
        series.source_file,
        cast(null as bigint) as scrape_series_id,
        'kube_pod_status_phase of ' || series_deployments.scrape_group as series_text,
        'no_pod_phase' as issue,
        'no series says which pods have ended: they hold accelerators for as long as they are listed' as detail,
        count(*) as affected_samples,
        row_number() over (
            partition by series_deployments.scrape_group order by series.source_file desc
        ) as rank
    from series
    inner join series_deployments on series.series_id = series_deployments.series_id
    where
        {{ ends_in('series_deployments.semantic', "'_requested'") }}
        and not exists (
            select 1 from series_deployments as phases
            where
                {{ begins_with('phases.semantic', "'pod_phase'") }}
                and phases.scrape_group = series_deployments.scrape_group
        )
    group by series.source_file, series_deployments.scrape_group

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
from (
    select * from issues
    union all
    select {{ 'silent_exporters.' ~ all_but('rank') }}
    from silent_exporters
    where rank = 1
) as issues
inner join files on issues.source_file = files.source_file
