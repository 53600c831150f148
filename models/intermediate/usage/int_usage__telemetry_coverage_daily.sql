with series as (

    select
        series_id,
        coalesce(deployment_id, '(unattributed)') as deployment_id,
        scrape_group,
        case
            when metric_type = 'counter' then 'seen'
            when semantic = 'accelerators_requested' then 'reserved'
            when semantic = 'node_resource' then 'cluster'
        end as evidence
    from {{ ref('int_usage__series_deployments') }}

),

increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

intervals as (

    select distinct
        series.deployment_id,
        series.scrape_group,
        series.evidence,
        seen_intervals.starts_at,
        seen_intervals.ends_at
    from {{ ref('int_usage__seen_intervals') }} as seen_intervals
    inner join series on seen_intervals.series_id = series.series_id
    where series.evidence is not null

),

-- the cluster's exporter says when a deployment holds accelerators and, while the exporter is seen, when it holds none
clusters as (

    select distinct
        deployment_id,
        scrape_group
    from intervals
    where evidence = 'reserved'

),

exporter_intervals as (

    select distinct
        clusters.deployment_id,
        'exporter' as evidence,
        intervals.starts_at,
        intervals.ends_at
    from intervals
    inner join clusters on intervals.scrape_group = clusters.scrape_group
    where intervals.evidence in ('reserved', 'cluster')

),

training_days as (

    select distinct
        usage_date,
        deployment_id
    from {{ ref('int_usage__training_steps_daily') }}

),

days as (

    select
        cast(unnest(range(
            date_trunc('day', min(starts_at)), date_trunc('day', max(ends_at)) + interval 1 day, interval 1 day
        )) as timestamp) as starts_at
    from intervals

),

-- a deployment without a row in the seed, found by a label's value, is expected on the days on which it was seen
valid_days as (

    select
        deployment_id,
        starts_at,
        bool_or(is_training) as is_training
    from (
        select
            deployments.deployment_id,
            days.starts_at,
            deployments.kind = 'training' as is_training
        from days
        inner join {{ ref('deployments') }} as deployments
            on
                days.starts_at >= deployments.valid_from
                and (days.starts_at < deployments.valid_to or deployments.valid_to is null)
        where deployments.kind in ('inference', 'embedding', 'training')

        union all

        select
            deployment_id,
            date_trunc('day', starts_at) as starts_at,
            false as is_training
        from intervals
        where evidence = 'seen'
    )
    group by deployment_id, starts_at

),

evidence as (

    select deployment_id, evidence, starts_at, ends_at from intervals
    union all
    select deployment_id, evidence, starts_at, ends_at from exporter_intervals
    union all
    select deployment_id, 'day' as evidence, starts_at, starts_at + interval 1 day as ends_at from valid_days

),

-- one walk through time for each deployment: how many of each kind of interval are open
changes as (

    select deployment_id, evidence, starts_at as changed_at, 1 as change from evidence
    union all
    select deployment_id, evidence, ends_at as changed_at, -1 as change from evidence

),

moments as (

    select
        deployment_id,
        changed_at,
        sum(change) filter (where evidence = 'seen') as seen,
        sum(change) filter (where evidence = 'reserved') as reserved,
        sum(change) filter (where evidence = 'exporter') as exporter,
        sum(change) filter (where evidence = 'day') as day
    from changes
    group by deployment_id, changed_at

),

segments as (

    select
        deployment_id,
        changed_at,
        epoch_us(lead(changed_at) over walk) - epoch_us(changed_at) as length_us,
        coalesce(sum(seen) over walk, 0) > 0 as is_seen,
        coalesce(sum(reserved) over walk, 0) > 0 as is_reserved,
        coalesce(sum(exporter) over walk, 0) > 0 as is_exporter_seen,
        coalesce(sum(day) over walk, 0) > 0 as is_day
    from moments
    window walk as (partition by deployment_id order by changed_at)

),

observed as (

    select
        cast(changed_at as date) as usage_date,
        deployment_id,
        coalesce(sum(length_us) filter (where is_seen), 0) as observed_us,
        coalesce(sum(length_us) filter (where is_seen or is_reserved or not is_exporter_seen), 0) as expected_us,
        coalesce(sum(length_us) filter (where is_reserved), 0) as reserved_us,
        bool_or(is_exporter_seen) as is_exporter_seen
    from segments
    where is_day
    group by cast(changed_at as date), deployment_id

),

-- no scraper sees training: its log speaks of the whole day, and of time that was reserved without any log nothing is known
judged as (

    select
        observed.usage_date,
        observed.deployment_id,
        case
            when not valid_days.is_training then observed.observed_us
            when training_days.usage_date is null then 0
            else coalesce(nullif(observed.reserved_us, 0), 86400000000)
        end as observed_us,
        case
            when not valid_days.is_training then observed.expected_us
            when training_days.usage_date is null then observed.reserved_us
            else coalesce(nullif(observed.reserved_us, 0), 86400000000)
        end as expected_us
    from observed
    inner join valid_days
        on observed.deployment_id = valid_days.deployment_id and observed.usage_date = valid_days.starts_at
    left join training_days
        on observed.deployment_id = training_days.deployment_id and observed.usage_date = training_days.usage_date
    -- a job that no exporter knows is expected on the days that have its log; whether it ran on others the bill knows
    where not valid_days.is_training or observed.is_exporter_seen or training_days.usage_date is not null

),

counted as (

    select
        increases.usage_date,
        series.deployment_id,
        sum(increases.resets) as resets,
        bool_or(increases.opening_balance_unknown) as opening_balance_unknown
    from increases
    inner join series on increases.series_id = series.series_id
    group by increases.usage_date, series.deployment_id

)

select
    judged.usage_date,
    judged.deployment_id,
    cast(judged.observed_us // 1000000 as bigint) as observed_seconds,
    cast(judged.expected_us // 1000000 as bigint) as expected_seconds,
    cast(judged.expected_us // 1000000 - judged.observed_us // 1000000 as bigint) as gap_seconds,
    cast(coalesce(counted.resets, 0) as bigint) as resets,
    coalesce(counted.opening_balance_unknown, false) as opening_balance_unknown
from judged
left join counted
    on judged.usage_date = counted.usage_date and judged.deployment_id = counted.deployment_id
