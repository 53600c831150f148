with integrals as (

    select * from {{ ref('int_usage__gauge_integrals_daily') }}

),

series as (

    select
        *,
        {{ begins_with('semantic', "'pod_phase_'") }} as is_phase
    from {{ ref('int_usage__series_deployments') }}
    where
        pod is not null
        and (semantic in ('pod_phase_active', 'pod_phase_ended') or {{ ends_in('semantic', "'_requested'") }})

),

seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

phases as (

    select
        integrals.date_day,
        series.cluster,
        series.namespace,
        series.pod,
        cast(
            coalesce(sum(integrals.held_value) filter (where series.semantic = 'pod_phase_active'), 0)
            as {{ wide_integer() }}
        ) as active_value,
        cast(sum(integrals.held_value) as {{ wide_integer() }}) as known_value
    from integrals
    inner join series on integrals.series_id = series.series_id and {{ in_effect('series', 'integrals.date_day') }}
    where series.is_phase
    group by integrals.date_day, series.cluster, series.namespace, series.pod
    having sum(integrals.held_value) > 0

),

-- the days on which a pod ended
ends as (

    select
        *,
        cast(date_day as timestamp) as day_starts_at,
        cast(date_day as timestamp) + interval 1 day as day_ends_at
    from phases
    where active_value > 0 and active_value < known_value

),

-- since when and until when its phase was told, and what it requests
told as (

    select
        ends.date_day,
        ends.cluster,
        ends.namespace,
        ends.pod,
        series.is_phase,
        {{ microseconds('greatest(min(seen_intervals.starts_at), ends.day_starts_at)') }} as first_us,
        {{ microseconds('least(max(seen_intervals.ends_at), ends.day_ends_at)') }} as last_us
    from ends
    inner join series
        on
            ends.cluster = series.cluster
            and ends.namespace = series.namespace
            and ends.pod = series.pod
            and {{ in_effect('series', 'ends.date_day') }}
    inner join seen_intervals
        on
            series.series_id = seen_intervals.series_id
            and ends.day_ends_at > seen_intervals.starts_at
            and ends.day_starts_at < seen_intervals.ends_at
    group by
        ends.date_day, ends.cluster, ends.namespace, ends.pod, series.is_phase, ends.day_starts_at, ends.day_ends_at

),

untold as (

    select
        phases.date_day,
        phases.cluster,
        phases.namespace,
        phases.pod,
        greatest(phases.first_us - requests.first_us, 0) as before_us,
        greatest(requests.last_us - phases.last_us, 0) as after_us,
        phases.last_us - phases.first_us as told_us
    from told as phases
    inner join told as requests
        on
            phases.date_day = requests.date_day
            and phases.cluster = requests.cluster
            and phases.namespace = requests.namespace
            and phases.pod = requests.pod
    where phases.is_phase and not requests.is_phase and phases.last_us > phases.first_us

)

-- a pod was alive before its phase was first told on the day on which it ended, and is not after it
select
    phases.date_day,
    phases.cluster,
    phases.namespace,
    phases.pod,
    cast(
        phases.active_value
        + coalesce({{ quotient('phases.known_value * untold.before_us', 'untold.told_us') }}, 0) as {{ wide_integer() }}
    ) as active_value,
    cast(
        phases.known_value
        + coalesce(
            {{ quotient('phases.known_value * (untold.before_us + untold.after_us)', 'untold.told_us') }}, 0
        ) as {{ wide_integer() }}
    ) as known_value
from phases
left join untold
    on
        phases.date_day = untold.date_day
        and phases.cluster = untold.cluster
        and phases.namespace = untold.namespace
        and phases.pod = untold.pod
