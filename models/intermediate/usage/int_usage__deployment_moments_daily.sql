with seen_intervals as (

    select * from {{ ref('int_usage__seen_intervals') }}

),

series as (

    select distinct
        series_id,
        valid_from,
        valid_to,
        deployment_id,
        target_id
    from {{ ref('int_usage__series_deployments') }}
    where metric_type = 'counter'

),

held_intervals as (

    select * from {{ ref('int_usage__held_intervals') }}

),

absences as (

    select * from {{ ref('int_usage__target_absences') }}

),

unscraped_intervals as (

    select * from {{ ref('int_usage__unscraped_intervals') }}

),

exporter_intervals as (

    select * from {{ ref('int_usage__exporter_intervals') }}

),

expected_days as (

    select * from {{ ref('int_usage__expected_days') }}

),

targets_seen as (

    select
        coalesce(series.deployment_id, '(unattributed)') as deployment_id,
        series.target_id,
        seen_intervals.starts_at,
        seen_intervals.ends_at
    from seen_intervals
    inner join series
        on
            seen_intervals.series_id = series.series_id
            and {{ in_effect('series', 'cast(seen_intervals.starts_at as date)') }}

),

seen as (

    {{ merge_intervals('targets_seen', ['deployment_id', 'target_id']) }}

),

evidence as (

    select deployment_id, 'seen' as evidence, starts_at, ends_at from seen
    union all
    select deployment_id, absence as evidence, starts_at, ends_at from absences
    union all
    select deployment_id, 'lost' as evidence, starts_at, ends_at from unscraped_intervals
    union all
    select coalesce(deployment_id, '(unattributed)') as deployment_id, 'reserved' as evidence, starts_at, ends_at
    from held_intervals
    union all
    select deployment_id, 'exporter' as evidence, starts_at, ends_at from exporter_intervals
    union all
    select
        deployment_id,
        'day' as evidence,
        cast(date_day as timestamp) as starts_at,
        cast(date_day as timestamp) + interval 1 day as ends_at
    from expected_days

),

-- one walk through time for each deployment: how many of each kind of interval are open
changes as (

    select deployment_id, evidence, starts_at as changed_at, 1 as change from evidence
    union all
    select deployment_id, evidence, ends_at as changed_at, -1 as change from evidence

),

moments as (

    select
        coalesce(sum(change) filter (where evidence = 'seen'), 0) as seen,
        coalesce(sum(change) filter (where evidence = 'bridged'), 0) as bridged,
        coalesce(sum(change) filter (where evidence = 'lost'), 0) as lost,
        coalesce(sum(change) filter (where evidence = 'loading'), 0) as loading,
        coalesce(sum(change) filter (where evidence = 'reserved'), 0) as reserved,
        coalesce(sum(change) filter (where evidence = 'exporter'), 0) as exporter,
        coalesce(sum(change) filter (where evidence = 'day'), 0) as day,
        deployment_id,
        changed_at
    from changes
    group by deployment_id, changed_at

),

segments as (

    select
        sum(seen) over walk as seen,
        sum(bridged) over walk as bridged,
        sum(lost) over walk as lost,
        sum(loading) over walk as loading,
        sum(reserved) over walk as reserved,
        sum(exporter) over walk as exporter,
        sum(day) over walk as day,
        deployment_id,
        changed_at,
        {{ microseconds('lead(changed_at) over walk') }} - {{ microseconds('changed_at') }} as length_us
    from moments
    window walk as (partition by deployment_id order by changed_at)

)

select
    cast(changed_at as date) as date_day,
    deployment_id,
    seen,
    bridged,
    lost,
    loading,
    reserved,
    exporter,
    cast(sum(length_us) as bigint) as length_us
from segments
where day > 0 and length_us > 0
group by cast(changed_at as date), deployment_id, seen, bridged, lost, loading, reserved, exporter
