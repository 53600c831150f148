{%- set allowed_us = (var('max_unknown_share') * 86400000000) | int -%}

with looks as (

    select * from {{ ref('int_usage__counter_looks_daily') }}

),

counted_metrics as (

    select * from {{ ref('int_usage__counted_metrics_daily') }}

),

held_intervals as (

    select * from {{ ref('int_usage__held_intervals') }}

),

targets as (

    select
        date_day,
        deployment_id,
        target_id,
        min(seen_from_us) as first_us,
        max(seen_until_us) as last_us
    from looks
    group by date_day, deployment_id, target_id

),

-- since when a process may have counted: as long as it was seen, or its pod held accelerators
beginnings as (

    select
        target_id,
        min(begins_us) as begins_us
    from (
        select target_id, first_us as begins_us from targets
        union all
        select target_id, {{ microseconds('starts_at') }} as begins_us from held_intervals
    )
    group by target_id

),

preferred as (

    select
        looks.*,
        counted_metrics.preference is not null as is_counted
    from looks
    left join counted_metrics
        on
            looks.date_day = counted_metrics.date_day
            and looks.deployment_id = counted_metrics.deployment_id
            and looks.target_id = counted_metrics.target_id
            and looks.semantic = counted_metrics.semantic
            and looks.preference = counted_metrics.preference
    where looks.meter is not null

),

-- what a counter had when it was first seen is the most that it can have counted before; of a process that began while nobody
-- looked at its group, it is divided over that time
meters as (

    select
        preferred.date_day,
        preferred.deployment_id,
        preferred.target_id,
        preferred.meter,
        min(preferred.first_us) filter (where preferred.is_counted) as first_us,
        max(preferred.last_us) filter (where preferred.is_counted) as last_us,
        min(preferred.first_us) as told_from_us,
        bool_and(preferred.is_first_day) filter (where preferred.is_counted) as is_first_day,
        coalesce(
            sum(preferred.first_value) filter (
                where
                preferred.is_counted
                and preferred.is_first_day
                and preferred.first_us - beginnings.begins_us > {{ allowed_us }}
                and not coalesce(beginnings.begins_us >= preferred.unseen_from_us - {{ allowed_us }}, false)
            ), 0
        ) as late_units
    from preferred
    inner join beginnings on preferred.target_id = beginnings.target_id
    group by preferred.date_day, preferred.deployment_id, preferred.target_id, preferred.meter

),

spans as (

    select
        deployment_id,
        target_id,
        meter,
        min(date_day) as first_date,
        max(date_day) as last_date
    from meters
    group by deployment_id, target_id, meter

)

select
    targets.date_day,
    targets.deployment_id,
    targets.target_id,
    spans.meter,
    meters.meter is null as is_absent,
    coalesce(targets.last_us - meters.last_us > {{ allowed_us }}, false) as is_cut_off,
    -- another name, which does not count beside it, was there before
    coalesce(
        not meters.is_first_day and meters.first_us - targets.first_us > {{ allowed_us }}
        or meters.first_us - meters.told_from_us > {{ allowed_us }},
        false
    ) as is_back_late,
    cast(coalesce(meters.late_units, 0) as {{ wide_integer() }}) as late_units
from targets
inner join spans
    on
        targets.deployment_id = spans.deployment_id
        and targets.target_id = spans.target_id
        and targets.date_day between spans.first_date and spans.last_date
left join meters
    on
        targets.date_day = meters.date_day
        and targets.deployment_id = meters.deployment_id
        and targets.target_id = meters.target_id
        and spans.meter = meters.meter
