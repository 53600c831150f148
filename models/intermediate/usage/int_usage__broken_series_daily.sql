with counter_days as (

    select * from {{ ref('int_usage__counter_days') }}

)

-- a server restarts now and then; a counter that falls more often is several processes, a gauge or a clock that runs backwards
select
    sample_date as usage_date,
    series_id,
    cast(sum(falls) as bigint) as falls
from counter_days
group by sample_date, series_id
having sum(shallow_falls) >= 3 or sum(falls) >= 10
