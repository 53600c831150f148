with moments as (

    select
        *,
        -- by processes: one of two that is not seen is half of the moment
        case
            when seen > 0
                then {{ quotient(
                    '(cast(length_us as ' ~ wide_integer() ~ ') * seen)', '(seen + bridged + lost)'
                ) }}
            else 0
        end as observed_us,
        case when seen > 0 or reserved > 0 or bridged + lost > 0 or exporter = 0 then length_us else 0 end
            as expected_us,
        case
            when seen + bridged + lost > 0
                then {{ quotient(
                    '(cast(length_us as ' ~ wide_integer() ~ ') * lost)', '(seen + bridged + lost)'
                ) }}
            when loading > 0 then 0
            when reserved > 0 or exporter = 0 then length_us
            else 0
        end as lost_us
    from {{ ref('int_usage__deployment_moments_daily') }}

),

expected_days as (

    select * from {{ ref('int_usage__expected_days') }}

),

increases as (

    select * from {{ ref('int_usage__counter_increases_daily') }}

),

series as (

    select distinct
        series_id,
        valid_from,
        valid_to,
        deployment_id
    from {{ ref('int_usage__series_deployments') }}

),

training_days as (

    select distinct
        date_day,
        deployment_id
    from {{ ref('int_usage__training_steps_daily') }}

),

observed as (

    select
        date_day,
        deployment_id,
        sum(observed_us) as observed_us,
        sum(expected_us) as expected_us,
        sum(lost_us) as lost_us,
        coalesce(sum(length_us) filter (where reserved > 0), 0) as reserved_us,
        bool_or(exporter > 0) as is_exporter_seen
    from moments
    group by date_day, deployment_id

),

-- no scraper sees training: its log speaks of the whole day, and of time that was reserved without any log nothing is known
judged as (

    select
        observed.date_day,
        observed.deployment_id,
        case
            when not expected_days.is_training then observed.observed_us
            when training_days.date_day is null then 0
            else coalesce(nullif(observed.reserved_us, 0), 86400000000)
        end as observed_us,
        case
            when not expected_days.is_training then observed.expected_us
            when training_days.date_day is null then observed.reserved_us
            else coalesce(nullif(observed.reserved_us, 0), 86400000000)
        end as expected_us,
        case
            when not expected_days.is_training then observed.lost_us
            when training_days.date_day is null then observed.reserved_us
            else 0
        end as lost_us
    from observed
    inner join expected_days
        on
            observed.deployment_id = expected_days.deployment_id
            and observed.date_day = expected_days.date_day
    left join training_days
        on observed.deployment_id = training_days.deployment_id and observed.date_day = training_days.date_day
    -- a job that no exporter knows is expected on the days that have its log; whether it ran on others the bill knows
    where not expected_days.is_training or observed.is_exporter_seen or training_days.date_day is not null

),

counted as (

    select
        increases.date_day,
        series.deployment_id,
        sum(increases.resets) as resets,
        bool_or(increases.opening_balance_unknown) as opening_balance_unknown
    from increases
    inner join series
        on increases.series_id = series.series_id and {{ in_effect('series', 'increases.date_day') }}
    group by increases.date_day, series.deployment_id

)

select
    judged.date_day,
    judged.deployment_id,
    cast({{ quotient('judged.observed_us', '1000000') }} as bigint) as observed_seconds,
    cast({{ quotient('judged.expected_us', '1000000') }} as bigint) as expected_seconds,
    cast(
        {{ quotient('judged.expected_us', '1000000') }} - {{ quotient('judged.observed_us', '1000000') }} as bigint
    ) as gap_seconds,
    cast({{ quotient('judged.lost_us', '1000000') }} as bigint) as lost_seconds,
    cast(coalesce(counted.resets, 0) as bigint) as resets,
    coalesce(counted.opening_balance_unknown, false) as opening_balance_unknown
from judged
left join counted
    on judged.date_day = counted.date_day and judged.deployment_id = counted.deployment_id
