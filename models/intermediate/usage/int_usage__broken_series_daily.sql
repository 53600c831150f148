with counter_days as (

    select * from {{ ref('int_usage__counter_days') }}

),

series_days as (

    select
        date_day,
        series_id,
        sum(falls) as falls,
        sum(shallow_falls) as shallow_falls,
        sum(doubtful_increase) as doubtful_increase,
        sum(increase - doubtful_increase) as ordinary_increase,
        max(ordinary_step) as ordinary_step
    from counter_days
    group by date_day, series_id

),

-- how fast the counter is known to be by that day: by its steps, else by its days
speeds as (

    select
        *,
        max(ordinary_step) over so_far as highest_step,
        nullif(max(ordinary_increase) over so_far, 0) as highest_increase
    from series_days
    window so_far as (partition by series_id order by date_day rows between unbounded preceding and current row)

)

-- a server restarts now and then; a counter that falls more often, or is back after a fall faster than it ever counted, is several
-- processes, a gauge or a clock that runs backwards
select
    date_day,
    series_id,
    cast(falls as bigint) as falls
from speeds
where
    shallow_falls >= 3
    or falls >= 10
    or doubtful_increase > coalesce(20 * highest_step, 5 * highest_increase)
