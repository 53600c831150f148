with coverage as (

    select * from {{ ref('int_usage__telemetry_coverage_daily') }}

),

gateway_coverage as (

    select * from {{ ref('int_usage__gateway_coverage_daily') }}

),

readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}

),

metered_usage as (

    select * from {{ ref('int_usage__metered_usage_daily') }}

),

unread_bills as (

    select * from {{ ref('int_usage__unread_bills_daily') }}

),

direct_lines as (

    select * from {{ ref('int_costs__cost_lines_daily') }}
    where treatment = 'direct'

),

deployments as (

    select
        deployment_id,
        kind,
        valid_from,
        valid_to
    from {{ ref('deployments') }}

),

days as (

    select date_day, deployment_id, false as is_metered, false as is_billed from coverage
    union all
    select date_day, deployment_id, true as is_metered, false as is_billed from metered_usage
    union all
    select date_day, deployment_id, true as is_metered, false as is_billed from unread_bills
    union all
    select date_day, target as deployment_id, false as is_metered, true as is_billed from direct_lines

),

deployment_days as (

    select
        date_day,
        deployment_id,
        bool_or(is_metered) as is_metered,
        bool_or(is_billed) as is_billed
    from days
    group by date_day, deployment_id

),

-- deployments without a server of their own on any day
gateway_only as (

    select deployment_id
    from readings
    group by deployment_id
    having bool_or(meter = 'gateway') and not bool_or(meter = 'server')

),

observed as (

    select
        deployment_days.*,
        case
            when
                deployments.kind = 'hosted' or (deployments.kind = 'training' and coverage.date_day is null)
                then 'report'
            when
                deployments.kind in ('inference', 'embedding') and gateway_only.deployment_id is not null
                then 'gateway'
            else 'server'
        end as observer,
        coverage.observed_seconds,
        coverage.lost_seconds,
        coalesce(coverage.expected_seconds, 86400) as expected_seconds,
        coalesce(gateway_coverage.lost_seconds, 86400) as gateway_lost_seconds
    from deployment_days
    left join deployments
        on
            deployment_days.deployment_id = deployments.deployment_id
            and {{ in_effect('deployments', 'deployment_days.date_day') }}
    left join gateway_only on deployment_days.deployment_id = gateway_only.deployment_id
    left join coverage
        on
            deployment_days.date_day = coverage.date_day
            and deployment_days.deployment_id = coverage.deployment_id
    left join gateway_coverage
        on
            deployment_days.date_day = gateway_coverage.date_day
            and deployment_days.deployment_id = gateway_coverage.deployment_id

),

-- what is hosted has no servers: a day that its meter reports, to be read or not, is covered; one that is billed should be
seconds as (

    select
        date_day,
        deployment_id,
        observer,
        case observer
            when 'report' then case when is_metered or is_billed then 86400 else 0 end
            else expected_seconds
        end as expected_seconds,
        case observer
            when 'report' then case when is_metered then 86400 else 0 end
            when 'gateway' then expected_seconds - {{ quotient('(expected_seconds * gateway_lost_seconds)', '86400') }}
            else coalesce(observed_seconds, 0)
        end as observed_seconds,
        case observer
            when 'report' then case when is_billed and not is_metered then 86400 else 0 end
            when 'gateway' then {{ quotient('(expected_seconds * gateway_lost_seconds)', '86400') }}
            else coalesce(lost_seconds, expected_seconds)
        end as lost_seconds
    from observed

)

select
    date_day,
    deployment_id,
    observer,
    cast(observed_seconds as bigint) as observed_seconds,
    cast(expected_seconds as bigint) as expected_seconds,
    cast(lost_seconds as bigint) as lost_seconds,
    lost_seconds <= {{ var('max_unknown_share') }} * expected_seconds as is_known
from seconds
