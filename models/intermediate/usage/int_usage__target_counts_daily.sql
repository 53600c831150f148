with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where is_counted

),

counted_metrics as (

    select * from {{ ref('int_usage__counted_metrics_daily') }}

),

twins as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

repeating_targets as (

    select * from {{ ref('int_usage__repeating_targets_daily') }}

),

repeating_servers as (

    select * from {{ ref('int_usage__repeating_servers_daily') }}

),

broken as (

    select * from {{ ref('int_usage__broken_series_daily') }}

),

measured as (

    select
        increases.date_day,
        coalesce(series.deployment_id, '(unattributed)') as deployment_id,
        series.role,
        series.server,
        series.target_id,
        series.semantic,
        series.scope,
        series.preference,
        sum(series.sign * increases.increase) as units,
        bool_or(broken.series_id is not null) as is_broken
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}
    left join broken on increases.date_day = broken.date_day and increases.series_id = broken.series_id
    anti join twins on increases.date_day = twins.date_day and increases.series_id = twins.series_id
    anti join repeating_targets
        on
            increases.date_day = repeating_targets.date_day
            and series.deployment_id = repeating_targets.deployment_id
            and series.target_id = repeating_targets.target_id
    anti join repeating_servers
        on
            increases.date_day = repeating_servers.date_day
            and series.deployment_id = repeating_servers.deployment_id
            and series.target_id = repeating_servers.target_id
            and series.server = repeating_servers.server
            and series.semantic = repeating_servers.semantic
    group by all

),

-- where a server says the same thing under two names at once, one counts; the better, on a day on which it says neither
preferred as (

    select
        measured.*,
        counted_metrics.preference is not null as is_counted,
        bool_or(counted_metrics.preference is not null) over said as is_any_counted,
        min(measured.preference) over said as best_preference
    from measured
    left join counted_metrics
        on
            measured.date_day = counted_metrics.date_day
            and measured.deployment_id = counted_metrics.deployment_id
            and measured.target_id = counted_metrics.target_id
            and measured.semantic = counted_metrics.semantic
            and measured.preference = counted_metrics.preference
    window said as (
        partition by measured.date_day, measured.deployment_id, measured.target_id, measured.semantic
    )

)

select
    date_day,
    deployment_id,
    role,
    server,
    target_id,
    semantic,
    scope,
    cast(case when not bool_or(is_broken) then sum(units) end as bigint) as units
from preferred
where case when is_any_counted then is_counted else preference = best_preference end
group by date_day, deployment_id, role, server, target_id, semantic, scope
