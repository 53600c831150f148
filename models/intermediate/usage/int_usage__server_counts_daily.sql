with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where is_counted

),

measured as (

    select
        increases.usage_date,
        coalesce(series.deployment_id, '(unattributed)') as deployment_id,
        series.role,
        series.target_id,
        series.semantic,
        series.scope,
        series.preference,
        sum(series.sign * increases.increase) as units
    from increases
    inner join series on increases.series_id = series.series_id
    group by all

),

-- where a server says the same thing under two names, the better name counts
preferred as (

    select * from measured
    qualify preference = min(preference) over (partition by usage_date, deployment_id, target_id, semantic)

),

-- a frontend has counted what its workers count again
deduplicated as (

    select * from preferred
    qualify
        scope = 'deployment'
        or not bool_or(scope = 'deployment') over (partition by usage_date, deployment_id, semantic)

)

select
    usage_date,
    deployment_id,
    role,
    semantic,
    cast(sum(units) as bigint) as units
from deduplicated
group by usage_date, deployment_id, role, semantic
