with seen_intervals as (

    select
        date_trunc('day', min(starts_at)) as first_day,
        date_trunc('day', max(ends_at)) as last_day
    from {{ ref('int_usage__seen_intervals') }}

),

source_arrivals as (

    select
        cast(min(complete_from) as timestamp) as first_day,
        cast(max(complete_until) - interval 1 day as timestamp) as last_day
    from {{ ref('int_costs__source_arrivals') }}

),

bounds as (

    select
        min(first_day) as first_day,
        max(last_day) as last_day
    from (
        select * from seen_intervals
        union all
        select * from source_arrivals
    )

),

days as (

    select {{ each_day('first_day', 'last_day') }} as date_day
    from bounds

),

deployments as (

    select
        deployment_id,
        kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}
    where kind in ('inference', 'embedding', 'training')

),

series as (

    select distinct
        series_id,
        valid_from,
        valid_to,
        coalesce(deployment_id, '(unattributed)') as deployment_id
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter'

),

expected as (

    select
        deployments.deployment_id,
        days.date_day,
        deployments.kind = 'training' as is_training
    from days
    inner join deployments
        on
            {{ in_effect('deployments', 'days.date_day') }}

    union all

    -- what was seen outside its validity was there
    select
        series.deployment_id,
        cast(seen.starts_at as date) as date_day,
        false as is_training
    from {{ ref('int_usage__seen_intervals') }} as seen
    inner join series
        on seen.series_id = series.series_id and {{ in_effect('series', 'cast(seen.starts_at as date)') }}

)

select
    deployment_id,
    date_day,
    bool_or(is_training) as is_training
from expected
group by deployment_id, date_day
