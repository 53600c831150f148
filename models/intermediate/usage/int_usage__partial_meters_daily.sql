{%- set allowed = var('max_unknown_share') -%}
{%- set allowed_us = (allowed * 86400000000) | int -%}

with series as (

    select
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        target_id,
        case
            when semantic in ('input_tokens', 'uncached_input_tokens') then 'prompt'
            when semantic = 'cached_input_tokens' then 'cached'
            when semantic = 'output_tokens' then 'output'
            when semantic = 'requests' then 'request'
            when semantic = 'embeddings' then 'embedding'
        end as meter,
        semantic,
        preference,
        sign
    from {{ ref('int_usage__series_deployments') }}
    where is_counted and metric_type = 'counter' and deployment_id is not null

),

counter_days as (

    select * from {{ ref('int_usage__counter_days') }}

),

held_intervals as (

    select * from {{ ref('int_usage__held_intervals') }}

),

target_counts as (

    select * from {{ ref('int_usage__target_counts_daily') }}

),

looks as (

    select
        counter_days.date_day,
        series.deployment_id,
        series.target_id,
        series.meter,
        series.semantic,
        series.preference,
        epoch_us(counter_days.first_sampled_at) as first_us,
        epoch_us(counter_days.last_sampled_at) as last_us,
        series.sign * counter_days.first_value // 1000 as first_value,
        counter_days.date_day = min(counter_days.date_day) over (
            partition by series.series_id, counter_days.process_created_us
        ) as is_first_day
    from counter_days
    inner join series
        on counter_days.series_id = series.series_id and {{ in_effect('series', 'counter_days.date_day') }}

),

targets as (

    select
        date_day,
        deployment_id,
        target_id,
        min(first_us) as first_us,
        max(last_us) as last_us
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
        select target_id, epoch_us(starts_at) as begins_us from held_intervals
    )
    group by target_id

),

preferred as (

    select * from looks
    where meter is not null
    qualify preference = min(preference) over (partition by date_day, deployment_id, target_id, semantic)

),

-- what a counter had when it was first seen is the most that it can have counted before
meters as (

    select
        preferred.date_day,
        preferred.deployment_id,
        preferred.target_id,
        preferred.meter,
        min(preferred.first_us) as first_us,
        max(preferred.last_us) as last_us,
        bool_and(preferred.is_first_day) as is_first_day,
        coalesce(
            sum(preferred.first_value) filter (
                where preferred.is_first_day and preferred.first_us - beginnings.begins_us > {{ allowed_us }}
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

),

totals as (

    select
        date_day,
        deployment_id,
        sum(units) filter (where semantic in ('input_tokens', 'uncached_input_tokens')) as prompt_units,
        sum(units) filter (where semantic = 'cached_input_tokens') as cached_units,
        sum(units) filter (where semantic = 'output_tokens') as output_units,
        sum(units) filter (where semantic = 'requests') as request_units,
        sum(units) filter (where semantic = 'embeddings') as embedding_units
    from target_counts
    group by date_day, deployment_id

),

judged as (

    select
        targets.date_day,
        targets.deployment_id,
        spans.meter,
        meters.meter is null as is_absent,
        targets.last_us - meters.last_us > {{ allowed_us }} as is_cut_off,
        not meters.is_first_day and meters.first_us - targets.first_us > {{ allowed_us }} as is_back_late,
        meters.late_units,
        case spans.meter
            when 'prompt' then totals.prompt_units
            when 'cached' then totals.cached_units
            when 'output' then totals.output_units
            when 'request' then totals.request_units
            when 'embedding' then totals.embedding_units
        end as units,
        totals.request_units
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
    left join totals
        on targets.date_day = totals.date_day and targets.deployment_id = totals.deployment_id

),

-- some servers make a counter with the first thing that it counts: what it has then is little
grouped as (

    select
        date_day,
        deployment_id,
        meter,
        bool_or(is_absent or coalesce(is_cut_off, false) or coalesce(is_back_late, false)) as is_cut,
        coalesce(sum(late_units), 0) as late_units,
        max(units) as units,
        max(request_units) as request_units
    from judged
    group by date_day, deployment_id, meter

)

select
    date_day,
    deployment_id,
    meter
from grouped
where
    is_cut
    or (
        late_units > {{ allowed }} * coalesce(units, 0)
        and late_units
        > {{ var('metering_tolerance_requests') }} * coalesce(units, 0) / greatest(coalesce(request_units, 0), 1)
    )
