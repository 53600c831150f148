with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where
        is_counted
        and deployment_id is not null
        and target_id != ''
        and scope = 'server'
        and metric_type = 'counter'

),

twins as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

counted as (

    select
        increases.date_day,
        series.deployment_id,
        series.target_id,
        series.server,
        series.semantic,
        series.preference,
        min(series.preference) over (
            partition by
                increases.date_day, series.deployment_id, series.target_id, series.server, series.semantic
        ) as best_preference,
        series.sign * increases.increase as units
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}
    anti join twins on increases.date_day = twins.date_day and increases.series_id = twins.series_id

),

counts as (

    select
        date_day,
        deployment_id,
        target_id,
        server,
        semantic,
        sum(units) as units
    from counted
    where preference = best_preference
    group by date_day, deployment_id, target_id, server, semantic

),

-- the name under which the process counts most kinds goes first
servers as (

    select
        *,
        count(*) over (partition by date_day, deployment_id, target_id, server) as kinds
    from counts

),

pairs as (

    select
        others.date_day,
        others.deployment_id,
        others.target_id,
        others.server,
        others.semantic,
        sum(
            case
                when
                    firsts.semantic in ('input_tokens', 'output_tokens', 'requests')
                    and firsts.units > 0
                    and abs(others.units - firsts.units) * 50 <= firsts.units
                    then 1
                else 0
            end
        ) over (
            partition by others.date_day, others.deployment_id, others.target_id, others.server, firsts.server
        ) as agreeing_kinds
    from servers as others
    inner join servers as firsts
        on
            others.date_day = firsts.date_day
            and others.deployment_id = firsts.deployment_id
            and others.target_id = firsts.target_id
            and others.semantic = firsts.semantic
            and others.server != firsts.server
    where others.kinds < firsts.kinds or (others.kinds = firsts.kinds and others.server > firsts.server)

)

-- two programs in one pod do not have as many tokens of the prompt and as many of the answer, or as many requests
select distinct
    date_day,
    deployment_id,
    target_id,
    server,
    semantic
from pairs
where agreeing_kinds >= 2
