with series_deployments as (

    select * from {{ ref('int_usage__series_deployments') }}
    where
        is_counted
        and deployment_id is not null
        and target_id != ''
        and metric_type = 'counter'
        and semantic in ('input_tokens', 'cached_input_tokens')

),

series_days as (

    select * from {{ ref('int_usage__series_days') }}

),

twins as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

hours as (

    select * from {{ ref('int_usage__prompt_counts_hourly') }}

),

named as (

    select
        series_days.date_day,
        series_days.scrape_series_id,
        series_deployments.deployment_id,
        series_deployments.role,
        series_deployments.server,
        series_deployments.target_id,
        series_deployments.semantic,
        series_deployments.preference,
        series_deployments.sign
    from series_days
    inner join series_deployments
        on
            series_days.series_id = series_deployments.series_id
            and {{ in_effect('series_deployments', 'series_days.date_day') }}
    anti join twins on series_days.date_day = twins.date_day and series_days.series_id = twins.series_id

),

-- one name of each kind, and of processes that have both
preferred as (

    select
        *,
        min(preference) over (
            partition by date_day, deployment_id, role, server, target_id, semantic
        ) as best_preference,
        min(semantic) over process != max(semantic) over process as has_both
    from named
    window process as (partition by date_day, deployment_id, role, server, target_id)

),

counters as (

    select
        *,
        case when semantic = 'input_tokens' then -sign else sign end as direction
    from preferred
    where preference = best_preference and has_both

),

rises as (

    select
        hours.date_day,
        hours.scrape_series_id,
        hours.hour_starts_at,
        hours.last_value - coalesce(
            lag(hours.last_value) over (
                partition by hours.date_day, hours.scrape_series_id order by hours.hour_starts_at
            ),
            hours.first_value
        ) as rise
    from hours
    semi join counters
        on hours.date_day = counters.date_day and hours.scrape_series_id = counters.scrape_series_id

),

-- an hour of a restart says nothing of either
excesses as (

    select
        counters.date_day,
        counters.deployment_id,
        counters.role,
        counters.server,
        counters.target_id,
        rises.hour_starts_at,
        case
            when min(rises.rise) >= 0 then cast(sum(counters.direction * rises.rise) as bigint)
            else 0
        end as excess
    from rises
    inner join counters
        on rises.date_day = counters.date_day and rises.scrape_series_id = counters.scrape_series_id
    group by
        counters.date_day,
        counters.deployment_id,
        counters.role,
        counters.server,
        counters.target_id,
        rises.hour_starts_at

),

summed as (

    select
        *,
        sum(excess) over (
            partition by date_day, deployment_id, role, server, target_id order by hour_starts_at
            rows between unbounded preceding and current row
        ) as excess_so_far
    from excesses

),

-- from the hour at which least of the prompt was left to each later one
compared as (

    select
        *,
        excess_so_far - least(coalesce(
            min(excess_so_far) over (
                partition by date_day, deployment_id, role, server, target_id order by hour_starts_at
                rows between unbounded preceding and 1 preceding
            ),
            0
        ), 0) as excess_of_stretch
    from summed

)

select
    date_day,
    deployment_id,
    role,
    server,
    target_id,
    cast(max(excess_of_stretch) as bigint) as excess_units
from compared
group by date_day, deployment_id, role, server, target_id
having max(excess_of_stretch) > 0
