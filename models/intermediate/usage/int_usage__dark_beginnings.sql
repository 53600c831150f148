{%- set gap = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}

with targets as (

    select distinct
        target_id,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter' and target_id is not null

),

dark_intervals as (

    select * from {{ ref('int_usage__dark_intervals') }}

),

-- pods that began to hold accelerators while nothing of their servers' group was seen
held as (

    select
        targets.target_id,
        targets.scrape_group,
        dark_intervals.starts_at as dark_from,
        held_intervals.scrape_group as exporter_group,
        min(held_intervals.starts_at) as held_from
    from targets
    inner join {{ ref('int_usage__held_intervals') }} as held_intervals
        on targets.target_id = held_intervals.target_id
    inner join dark_intervals
        on
            targets.scrape_group = dark_intervals.scrape_group
            and held_intervals.starts_at >= dark_intervals.starts_at
            and held_intervals.starts_at <= dark_intervals.ends_at + {{ gap }}
    group by targets.target_id, targets.scrape_group, dark_intervals.starts_at, held_intervals.scrape_group

)

-- what an exporter sees when it is back may have begun while it was away
select
    held.target_id,
    held.scrape_group,
    held.dark_from,
    max(case
        when exporter_dark.starts_at is null then held.held_from
        else greatest(held.dark_from, exporter_dark.starts_at)
    end) as began_at
from held
left join dark_intervals as exporter_dark
    on
        held.exporter_group = exporter_dark.scrape_group
        and held.held_from >= exporter_dark.ends_at
        and held.held_from <= exporter_dark.ends_at + {{ gap }}
group by held.target_id, held.scrape_group, held.dark_from
