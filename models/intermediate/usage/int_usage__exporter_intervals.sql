with series as (

    select
        series_id,
        deployment_id,
        scrape_group,
        semantic
    from {{ ref('int_usage__series_deployments') }}
    where semantic in ('accelerators_requested', 'node_resource')

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

-- the exporters that ever said that a deployment holds accelerators
clusters as (

    select distinct
        coalesce(deployment_id, '(unattributed)') as deployment_id,
        scrape_group
    from series
    where semantic = 'accelerators_requested'

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

    {{ merge_intervals('seen', ['scrape_group']) }}

)

select
    clusters.deployment_id,
    stretches.starts_at,
    stretches.ends_at
from stretches
inner join clusters on stretches.scrape_group = clusters.scrape_group
