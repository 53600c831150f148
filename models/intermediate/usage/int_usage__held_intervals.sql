with series as (

    select
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        role,
        cluster,
        namespace,
        pod,
        target_id,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}
    where semantic = 'accelerators_requested' and pod is not null and node is not null

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

phases as (

    select * from {{ ref('int_usage__pod_phases_daily') }}

),

days as (

    select
        series.*,
        seen_intervals.starts_at,
        seen_intervals.ends_at,
        {{ each_day_of('seen_intervals.starts_at', 'seen_intervals.ends_at') }} as day_starts_at
    from seen_intervals
    inner join series
        on
            seen_intervals.series_id = series.series_id
            and {{ in_effect('series', 'cast(seen_intervals.starts_at as date)') }}

),

clipped as (

    select
        {{ all_but('starts_at, ends_at') }},
        greatest(starts_at, day_starts_at) as starts_at,
        least(ends_at, day_starts_at + interval 1 day) as ends_at
    from days

),

-- a pod lives first and has succeeded or failed then
alive as (

    select
        clipped.deployment_id,
        clipped.role,
        clipped.target_id,
        clipped.scrape_group,
        clipped.starts_at,
        case
            when phases.pod is null then clipped.ends_at
            else {{ time_of(microseconds('clipped.starts_at') ~ ' + cast(' ~ quotient(
                '((' ~ microseconds('clipped.ends_at') ~ ' - ' ~ microseconds('clipped.starts_at')
                ~ ') * phases.active_value)',
                'phases.known_value'
            ) ~ ' as bigint)') }}
        end as ends_at
    from clipped
    left join phases
        on
            clipped.day_starts_at = phases.date_day
            and clipped.cluster = phases.cluster
            and clipped.namespace = phases.namespace
            and clipped.pod = phases.pod

),

held as (

    select * from alive
    where starts_at < ends_at

)

{{ merge_intervals('held', ['deployment_id', 'role', 'target_id', 'scrape_group']) }}
