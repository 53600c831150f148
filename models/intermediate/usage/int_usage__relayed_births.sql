with days as (

    select
        *,
        date_day = min(date_day) over (partition by series_id) as is_first_day,
        date_day = max(date_day) over (partition by series_id) as is_last_day
    from {{ ref('int_usage__labelled_counter_days') }}

),

-- what a process has when it is first seen is little, unless it was seen just before: as another that ended then, with as much
relays as (

    select
        births.series_id,
        ends.last_value as value_before,
        ends.last_sampled_at as seen_until
    from days as births
    inner join days as ends
        on
            births.metric = ends.metric
            and births.deployment_id is not distinct from ends.deployment_id
            and births.target_id != ends.target_id
    where
        births.is_first_day
        and ends.is_last_day
        and ends.last_value > 0
        and births.first_value between ends.last_value and ends.last_value * 1.1
        and births.first_sampled_at > ends.last_sampled_at
        and births.first_sampled_at <= ends.last_sampled_at + interval '{{ var('restart_max_gap_seconds') }} seconds'
        and coalesce(abs(births.first_created_us - ends.last_created_us) < 100000, true)
        and {{ labels_agree('births.labels', 'ends.labels') }}

)

select
    series_id,
    max_by(value_before, {{ struct_of(['value_before', 'seen_until']) }}) as value_before,
    max_by(seen_until, {{ struct_of(['value_before', 'seen_until']) }}) as seen_until
from relays
group by series_id
