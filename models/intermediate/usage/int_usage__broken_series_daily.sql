with counter_days as (

    select * from {{ ref('int_usage__counter_days') }}

)

-- a server restarts now and then; a counter that falls more often is several processes, a gauge or a clock that runs backwards
select
    date_day,
    series_id,
    cast(sum(falls) as bigint) as falls
from counter_days
group by date_day, series_id
having sum(shallow_falls) >= 3 or sum(falls) >= 10
