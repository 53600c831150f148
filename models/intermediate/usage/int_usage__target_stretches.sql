with series as (

    select distinct
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        target_id,
        scrape_group
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter' and deployment_id is not null

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

counter_days as (

    select * from {{ ref('int_usage__counter_days') }}
    where process_created_us is null

),

increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}
    where opening_balance_unknown

),

seen as (

    select
        series.deployment_id,
        series.target_id,
        min(series.scrape_group) over (partition by series.deployment_id, series.target_id) as scrape_group,
        seen_intervals.starts_at,
        seen_intervals.ends_at
    from seen_intervals
    inner join series
        on
            seen_intervals.series_id = series.series_id
            and {{ in_effect('series', 'cast(seen_intervals.starts_at as date)') }}

),

stretches as (

    {{ merge_intervals('seen', ['deployment_id', 'target_id', 'scrape_group'], var('restart_max_gap_seconds')) }}

),

gap_lists as (

    select
        series_id,
        {{ each_of('gaps') }} as gap
    from counter_days

),

-- where a counter began anew in a gap, within a day and between two days
series_gaps as (

    select
        series_id,
        gap.starts_at,
        gap.ends_at,
        gap.is_reset
    from gap_lists

    union all

    select
        series_id,
        lag(last_sampled_at) over history as starts_at,
        first_sampled_at as ends_at,
        {{ has_fallen('first_value', 'lag(last_value) over history', 1) }}
        or coalesce(abs(first_created_us - lag(last_created_us) over history) >= 100000, false) as is_reset
    from counter_days
    window history as (partition by series_id order by date_day)

),

resets as (

    select distinct
        series.deployment_id,
        series.target_id,
        series_gaps.starts_at,
        series_gaps.ends_at
    from series_gaps
    inner join series
        on series_gaps.series_id = series.series_id and {{ in_effect('series', 'cast(series_gaps.ends_at as date)') }}
    where series_gaps.is_reset

),

openings as (

    select distinct
        series.deployment_id,
        series.target_id,
        increases.date_day
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}

),

ordered as (

    select
        *,
        lag(ends_at) over (partition by deployment_id, target_id order by starts_at) as previous_ends_at
    from stretches

)

select
    ordered.deployment_id,
    ordered.target_id,
    ordered.scrape_group,
    case
        when ordered.previous_ends_at is null then 'opening'
        when count(resets.starts_at) > 0 then 'restart'
        else 'continuation'
    end as beginning,
    ordered.previous_ends_at is not null or count(openings.date_day) = 0 as is_beginning_known,
    ordered.previous_ends_at,
    ordered.starts_at,
    ordered.ends_at
from ordered
left join resets
    on
        ordered.deployment_id = resets.deployment_id
        and ordered.target_id = resets.target_id
        and ordered.previous_ends_at < resets.ends_at
        and ordered.starts_at > resets.starts_at
left join openings
    on
        ordered.deployment_id = openings.deployment_id
        and ordered.target_id = openings.target_id
        and cast(ordered.starts_at as date) = openings.date_day
group by
    ordered.deployment_id,
    ordered.target_id,
    ordered.scrape_group,
    ordered.previous_ends_at,
    ordered.starts_at,
    ordered.ends_at
