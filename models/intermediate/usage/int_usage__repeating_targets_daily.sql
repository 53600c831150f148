with increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

counter_days as (

    select
        date_day,
        series_id,
        {{ quotient('sum(last_value)', '1000') }} as last_value
    from {{ ref('int_usage__counter_days') }}
    group by date_day, series_id

),

series as (

    select * from {{ ref('int_usage__series_deployments') }}
    where
        is_counted
        and deployment_id is not null
        and scope = 'server'
        and semantic in ('input_tokens', 'output_tokens', 'requests')

),

twins as (

    select * from {{ ref('int_usage__twin_series_daily') }}

),

reservations as (

    select distinct
        date_day,
        cluster || '/' || namespace || '/' || pod as target_id
    from {{ ref('int_usage__pod_reservations_daily') }}
    where reserved_value > 0

),

counted as (

    select
        increases.date_day,
        series.deployment_id,
        series.role,
        series.semantic,
        series.target_id,
        sum(series.sign * increases.increase) as increase,
        sum(series.sign * counter_days.last_value) as last_value
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}
    inner join counter_days
        on increases.series_id = counter_days.series_id and increases.date_day = counter_days.date_day
    anti join twins on increases.date_day = twins.date_day and increases.series_id = twins.series_id
    group by increases.date_day, series.deployment_id, series.role, series.semantic, series.target_id

),

compared as (

    select
        counted.*,
        reservations.target_id is not null as holds_accelerators,
        (sum(counted.increase) over others) - counted.increase as increase_of_others,
        (sum(counted.last_value) over others) - counted.last_value as last_value_of_others,
        (count(case when counted.increase > 0 then 1 end) over others) - 1 as number_of_others,
        bool_or(reservations.target_id is not null) over others as is_held_by_others
    from counted
    left join reservations
        on counted.date_day = reservations.date_day and counted.target_id = reservations.target_id
    window others as (partition by counted.date_day, counted.deployment_id, counted.role, counted.semantic)

)

-- a pod that serves is not the sum of all others, in everything, on this day and since they began
select
    date_day,
    deployment_id,
    target_id
from compared
where increase > 0
group by date_day, deployment_id, target_id
having
    count(distinct semantic) >= 2
    and bool_and(
        abs(increase - increase_of_others) * 1000 <= greatest(increase_of_others, 1000)
        and abs(last_value - last_value_of_others) * 1000 <= greatest(last_value_of_others, 1000)
    )
    and (min(number_of_others) >= 2 or bool_and(is_held_by_others and not holds_accelerators))
    and min(number_of_others) >= 1
