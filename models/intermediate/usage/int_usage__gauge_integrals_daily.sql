{%- set max_gap_ms = var('scrape_max_gap_seconds') * 1000 -%}

with series_days as (

    select * from {{ ref('int_usage__series_days') }}

),

gauge_states as (

    select * from {{ ref('int_usage__gauge_states_daily') }}

),

states as (

    select
        series_days.series_id,
        series_days.date_day,
        gauge_states.held_value,
        cast(gauge_states.last_value as {{ wide_integer() }}) as last_value,
        {{ milliseconds('gauge_states.last_sampled_at') }} as last_ms,
        lead({{ milliseconds('gauge_states.first_sampled_at') }}) over (
            partition by series_days.series_id order by series_days.date_day
        ) as next_ms
    from series_days
    inner join gauge_states
        on
            series_days.date_day = gauge_states.date_day
            and series_days.scrape_series_id = gauge_states.scrape_series_id

),

-- the last value of a day holds to the next sample, which is on another day, but no longer than a gap may be; the very last holds nothing
last_holds as (

    select
        *,
        case when next_ms is not null then least(next_ms - last_ms, {{ max_gap_ms }}) else 0 end as hold_ms,
        {{ milliseconds('cast(date_day as timestamp) + interval 1 day') }} - last_ms as ms_to_midnight
    from states

),

parts as (

    select
        series_id,
        date_day,
        held_value + coalesce(last_value * least(hold_ms, ms_to_midnight), 0) as held_value
    from last_holds

    union all

    select
        series_id,
        cast(date_day + interval 1 day as date) as date_day,
        last_value * (hold_ms - ms_to_midnight) as held_value
    from last_holds
    where last_value is not null and hold_ms > ms_to_midnight

)

select
    date_day,
    series_id,
    cast(sum(held_value) as {{ wide_integer() }}) as held_value
from parts
group by date_day, series_id
