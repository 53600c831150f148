{%- set allowed_us = (var('max_unknown_share') * 86400000000) | int -%}
{%- set max_gap = "interval '" ~ var('scrape_max_gap_seconds') ~ " seconds'" -%}

with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

-- what a gauge tells of, whoever scrapes it: what a container requests, what a node has, what a device does
series as (

    select distinct
        series_id,
        preference,
        concat_ws(
            chr(10),
            semantic,
            cluster,
            namespace,
            coalesce(pod, ''),
            coalesce(node, ''),
            coalesce(labels['container'], ''),
            coalesce(labels['resource'], ''),
            coalesce(labels['UUID'], labels['uuid'], labels['gpu'], ''),
            coalesce(labels['GPU_I_ID'], '')
        ) as thing
    from {{ ref('int_usage__series_deployments') }}
    where
        semantic = 'accelerator_activity'
        or {{ ends_in('semantic', "'_requested'") }}
        or {{ ends_in('semantic', "'_capacity'") }}

),

gauges as (

    select
        integrals.date_day,
        integrals.series_id,
        integrals.held_value,
        series.thing,
        series.preference,
        count(*) over (partition by integrals.date_day, series.thing) > 1 as is_told_by_several
    from integrals
    inner join series on integrals.series_id = series.series_id

),

told_by_several as (

    select
        *,
        cast(date_day as timestamp) as day_starts_at,
        cast(date_day as timestamp) + interval 1 day as day_ends_at
    from gauges
    where is_told_by_several

),

ordered_intervals as (

    select
        seen_intervals.*,
        lead(seen_intervals.starts_at) over (
            partition by seen_intervals.series_id order by seen_intervals.starts_at
        ) as next_starts_at
    from seen_intervals
    semi join told_by_several on seen_intervals.series_id = told_by_several.series_id

),

-- a value holds to the next sample, and no longer than a gap may be; the very last holds nothing
held_intervals as (

    select
        series_id,
        starts_at,
        case
            when next_starts_at > ends_at then least(ends_at + {{ max_gap }}, next_starts_at)
            else ends_at
        end as ends_at
    from ordered_intervals

),

seen as (

    select
        told_by_several.date_day,
        told_by_several.thing,
        told_by_several.series_id,
        told_by_several.preference,
        told_by_several.held_value,
        greatest(held_intervals.starts_at, told_by_several.day_starts_at) as starts_at,
        least(held_intervals.ends_at, told_by_several.day_ends_at) as ends_at
    from told_by_several
    inner join held_intervals
        on
            told_by_several.series_id = held_intervals.series_id
            and told_by_several.day_ends_at > held_intervals.starts_at
            and told_by_several.day_starts_at < held_intervals.ends_at

),

moments as (

    select date_day, thing, starts_at from seen
    union
    select date_day, thing, ends_at as starts_at from seen

),

spans as (

    select
        date_day,
        thing,
        starts_at,
        lead(starts_at) over (partition by date_day, thing order by starts_at) as ends_at
    from moments

),

-- who told it in each span, between two moments at which one of them begins or ends
told as (

    select distinct
        spans.date_day,
        spans.thing,
        spans.starts_at,
        {{ microseconds('spans.ends_at') }} - {{ microseconds('spans.starts_at') }} as span_us,
        seen.series_id,
        seen.preference,
        seen.held_value
    from spans
    inner join seen
        on
            spans.date_day = seen.date_day
            and spans.thing = seen.thing
            and spans.starts_at >= seen.starts_at
            and spans.ends_at <= seen.ends_at

),

rates as (

    select
        *,
        {{ quotient('(1000000 * held_value)', 'sum(span_us) over (partition by date_day, series_id)') }} as rate
    from told

),

-- for how long each metric told it: a span counts once, however many series are of the metric
metrics as (

    select
        date_day,
        thing,
        preference,
        sum(span_us) as metric_us
    from (select distinct date_day, thing, preference, starts_at, span_us from rates)
    group by date_day, thing, preference

),

longest as (

    select
        *,
        metric_us >= max(metric_us) over (partition by date_day, thing) - {{ allowed_us }} as is_longest
    from metrics

),

-- the better metric goes first, unless another told it for longer, and the other then fills its gaps
ranked as (

    select
        rates.*,
        row_number() over (
            partition by rates.date_day, rates.thing, rates.starts_at
            order by
                case when longest.is_longest then 0 else 1 end,
                rates.preference,
                rates.rate desc,
                rates.held_value desc,
                rates.series_id
        ) as place
    from rates
    inner join longest
        on
            rates.date_day = longest.date_day
            and rates.thing = longest.thing
            and rates.preference = longest.preference

),

counted as (

    select
        date_day,
        series_id,
        cast(sum(span_us) as bigint) as seen_us,
        cast(sum(case when place = 1 then span_us else 0 end) as bigint) as counted_us
    from ranked
    group by date_day, series_id

)

select
    gauges.date_day,
    gauges.series_id,
    cast(case
        when not gauges.is_told_by_several then gauges.held_value
        when counted.series_id is null then 0
        else {{ quotient('(gauges.held_value * counted.counted_us)', 'counted.seen_us') }}
    end as {{ wide_integer() }}) as held_value
from gauges
left join counted on gauges.date_day = counted.date_day and gauges.series_id = counted.series_id
