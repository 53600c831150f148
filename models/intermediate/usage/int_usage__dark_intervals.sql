with series as (

    select distinct
        series_id,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter' or semantic in ('accelerators_requested', 'node_resource')

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

seen as (

    select
        series.scrape_group,
        seen_intervals.starts_at,
        seen_intervals.ends_at
    from seen_intervals
    inner join series on seen_intervals.series_id = series.series_id

),

stretches as (

    {{ merge_intervals('seen', ['scrape_group'], var('restart_max_gap_seconds')) }}

),

in_between as (

    select
        scrape_group,
        ends_at as starts_at,
        lead(starts_at) over (partition by scrape_group order by starts_at) as ends_at
    from stretches

)

-- before its first sample and after its last one a scraper may not have been there: only what lies in between is dark
select
    scrape_group,
    starts_at,
    ends_at
from in_between
where ends_at is not null
