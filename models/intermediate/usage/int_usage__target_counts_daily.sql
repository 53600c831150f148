with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where is_counted

),

twins as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

repeating_targets as (

    select * from {{ ref('int_usage__repeating_targets_daily') }}

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
    group by all

),

-- where a server says the same thing under two names, the better name counts
preferred as (

    select
        *,
        min(preference) over (partition by date_day, deployment_id, target_id, semantic) as best_preference
    from measured

)

select
    date_day,
    deployment_id,
    role,
    server,
    target_id,
    semantic,
    scope,
    cast(case when not is_broken then units end as bigint) as units
from preferred
where preference = best_preference
