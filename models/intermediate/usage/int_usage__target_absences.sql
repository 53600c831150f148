{%- set restart = "interval '" ~ var('restart_max_gap_seconds') ~ " seconds'" -%}
{%- set gap = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}
{%- set slack = "interval '" ~ 2 * var('scrape_max_gap_seconds') ~ " seconds'" -%}

with stretches as (

    select
        *,
        lead(starts_at) over (partition by deployment_id, target_id order by starts_at) is null as is_last
    from {{ ref('int_usage__target_stretches') }}

),

held_intervals as (

    select * from {{ ref('int_usage__held_intervals') }}
    where deployment_id is not null

),

dark_intervals as (

    select * from {{ ref('int_usage__dark_intervals') }}

),

-- processes whose pods hold accelerators, and the exporter that says so
holders as (

    select
        deployment_id,
        target_id,
        min(scrape_group) as exporter_group
    from held_intervals
    group by deployment_id, target_id

),

-- when a process was not seen: before it began, between two stretches, and after the last one
spans as (

    select
        deployment_id,
        target_id,
        scrape_group,
        case beginning when 'opening' then 'before' else beginning end as position,
        is_beginning_known,
        coalesce(previous_ends_at, timestamp '0001-01-01') as starts_at,
        starts_at as ends_at
    from stretches

    union all

    select
        deployment_id,
        target_id,
        scrape_group,
        'after' as position,
        false as is_beginning_known,
        ends_at as starts_at,
        timestamp '9999-12-31' as ends_at
    from stretches
    where is_last

),

-- processes that began while nobody looked at their group: since when they may have counted
begun_in_the_dark as (

    select
        spans.deployment_id,
        spans.target_id,
        spans.ends_at,
        dark_intervals.starts_at as dark_from,
        coalesce(dark_beginnings.began_at, dark_intervals.starts_at) as began_at
    from spans
    inner join dark_intervals
        on
            spans.scrape_group = dark_intervals.scrape_group
            and spans.ends_at >= dark_intervals.ends_at
            and spans.ends_at <= dark_intervals.ends_at + {{ gap }}
    left join {{ ref('int_usage__dark_beginnings') }} as dark_beginnings
        on
            spans.target_id = dark_beginnings.target_id
            and spans.scrape_group = dark_beginnings.scrape_group
            and dark_intervals.starts_at = dark_beginnings.dark_from
    where spans.position = 'before' and spans.is_beginning_known

),

-- the same counter comes back as it was: the process was there
continued as (

    select
        deployment_id,
        target_id,
        case when cast(starts_at as date) = cast(ends_at as date) then 'bridged' else 'lost' end as absence,
        starts_at,
        ends_at
    from spans
    where position = 'continuation'

),

-- its pod held accelerators: before a beginning that is known it was loading, else it was not scraped
held as (

    select
        spans.deployment_id,
        spans.target_id,
        case when spans.position = 'before' and spans.is_beginning_known then 'loading' else 'lost' end as absence,
        greatest(spans.starts_at, held_intervals.starts_at) as starts_at,
        least(spans.ends_at, held_intervals.ends_at, coalesce(begun_in_the_dark.dark_from, spans.ends_at)) as ends_at
    from spans
    inner join held_intervals
        on
            spans.deployment_id = held_intervals.deployment_id
            and spans.target_id = held_intervals.target_id
            and spans.starts_at < held_intervals.ends_at
            and spans.ends_at > held_intervals.starts_at
    left join begun_in_the_dark
        on
            spans.deployment_id = begun_in_the_dark.deployment_id
            and spans.target_id = begun_in_the_dark.target_id
            and spans.ends_at = begun_in_the_dark.ends_at
    where spans.position != 'continuation'

),

-- what it had counted when it was first seen is all since it began: known of one day, and a guess for each of two
begun as (

    select
        deployment_id,
        target_id,
        case when cast(began_at as date) = cast(ends_at as date) then 'bridged' else 'lost' end as absence,
        began_at as starts_at,
        ends_at
    from begun_in_the_dark

),

-- nobody was looking when it ended or began, nor who knows its pod
dark as (

    select
        spans.deployment_id,
        spans.target_id,
        'lost' as absence,
        greatest(spans.starts_at, dark_intervals.starts_at, coalesce(exporter_dark.starts_at, spans.starts_at))
            as starts_at,
        least(spans.ends_at, dark_intervals.ends_at, coalesce(exporter_dark.ends_at, spans.ends_at)) as ends_at
    from spans
    inner join dark_intervals
        on
            spans.scrape_group = dark_intervals.scrape_group
            and spans.starts_at < dark_intervals.ends_at
            and spans.ends_at > dark_intervals.starts_at
    left join holders on spans.deployment_id = holders.deployment_id and spans.target_id = holders.target_id
    left join dark_intervals as exporter_dark
        on
            holders.exporter_group = exporter_dark.scrape_group
            and spans.starts_at < exporter_dark.ends_at
            and spans.ends_at > exporter_dark.starts_at
    where
        (holders.target_id is null or exporter_dark.scrape_group is not null)
        and case spans.position
            when 'restart' then true
            when 'after' then dark_intervals.starts_at <= spans.starts_at + {{ slack }}
            when 'before' then not spans.is_beginning_known and dark_intervals.ends_at >= spans.ends_at - {{ slack }}
            else false
        end

),

absences as (

    select * from continued
    union all
    select * from held
    union all
    select * from begun
    union all
    select * from dark

)

select
    deployment_id,
    target_id,
    absence,
    starts_at,
    ends_at
from absences
where ends_at - starts_at > {{ restart }}
