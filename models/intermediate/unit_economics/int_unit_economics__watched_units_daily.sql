{%- set allowed = var('max_unknown_share') -%}
{%- set told_seconds = quotient('expected_seconds * (86400 - coalesce(lost_seconds, 0))', '86400') -%}

with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

units as (

    select
        unit,
        counting = 'distinct' as is_distinct,
        split(deployment_kinds, ' ') as deployment_kinds
    from {{ ref('units') }}

),

attributions as (

    select * from {{ ref('int_unit_economics__attributions_daily') }}

),

activity_sources as (

    select * from {{ ref('int_unit_economics__activity_sources_daily') }}

),

metered_units as (

    select * from {{ ref('int_unit_economics__metered_units_daily') }}

),

-- whoever counts the unit: the product or the gateway for people, the gateway where it alone counts, else the servers
counted_by as (

    select
        deployment_days.date_day,
        deployment_days.deployment_id,
        units.unit,
        deployment_days.capacity_seconds,
        deployment_days.unobserved_seconds,
        deployment_days.observed_seconds,
        deployment_days.is_usage_known,
        units.is_distinct,
        metered_units.is_by_gateway,
        activity_sources.lost_seconds as activity_lost_seconds,
        attributions.lost_seconds,
        -- people may come whether or not a deployment should have run
        case
            when activity_sources.activity_source in ('product', 'both') then 86400
            else deployment_days.expected_seconds
        end as expected_seconds
    from deployment_days
    inner join units on array_contains(units.deployment_kinds, deployment_days.kind)
    left join attributions
        on
            deployment_days.date_day = attributions.date_day
            and deployment_days.deployment_id = attributions.deployment_id
    left join activity_sources
        on
            deployment_days.date_day = activity_sources.date_day
            and deployment_days.deployment_id = activity_sources.deployment_id
            and units.unit = activity_sources.unit
    left join metered_units
        on
            deployment_days.date_day = metered_units.date_day
            and deployment_days.deployment_id = metered_units.deployment_id
            and units.unit = metered_units.unit

),

seen as (

    select
        *,
        case
            when is_distinct then activity_lost_seconds <= {{ allowed }} * 86400 or expected_seconds = 0
            when is_by_gateway then lost_seconds <= {{ allowed }} * 86400 or expected_seconds = 0
            else is_usage_known
        end as is_seen,
        case
            when is_distinct then {{ quotient('expected_seconds * (86400 - activity_lost_seconds)', '86400') }}
            when is_by_gateway then {{ told_seconds }}
            else observed_seconds
        end as seen_seconds,
        coalesce(
            {{ quotient('expected_seconds * (capacity_seconds - unobserved_seconds)', 'nullif(capacity_seconds, 0)') }},
            expected_seconds
        ) as watched_seconds,
        {{ told_seconds }} as told_seconds
    from counted_by

)

-- the least of what was seen and of what was watched; whose it was the gateway must have seen, too
select
    date_day,
    deployment_id,
    unit,
    coalesce(is_seen, true) as is_usage_known,
    cast(least(seen_seconds, watched_seconds) as bigint) as observed_seconds,
    cast(least(seen_seconds, watched_seconds, told_seconds) as bigint) as attributed_seconds,
    cast(expected_seconds as bigint) as expected_seconds
from seen
