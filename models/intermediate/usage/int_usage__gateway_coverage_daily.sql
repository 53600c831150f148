{%- set allowed = var('max_unknown_share') -%}

with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where unit in ('request', 'prompt_token', 'output_token') and units is not null

),

coverage as (

    select * from {{ ref('int_usage__telemetry_coverage_daily') }}

),

silences as (

    select * from {{ ref('int_usage__gateway_silences_daily') }}

),

doubled_counts as (

    select * from {{ ref('int_usage__doubled_counts_daily') }}

),

whole_gateway as (

    select * from silences
    where deployment_id = '(all)'

),

-- whoever else counted: a server that nobody saw all day says nothing about the gateway
others as (

    select
        readings.usage_date,
        readings.deployment_id,
        readings.unit,
        max(readings.units) as units
    from readings
    left join coverage
        on readings.usage_date = coverage.usage_date and readings.deployment_id = coverage.deployment_id
    where
        readings.meter in ('provider', 'billed')
        or (readings.meter = 'server' and coverage.lost_seconds <= {{ allowed }} * coverage.expected_seconds)
    group by readings.usage_date, readings.deployment_id, readings.unit

),

gateway as (

    select * from readings
    where meter = 'gateway'

),

gateway_days as (

    select distinct
        usage_date,
        deployment_id
    from gateway

),

-- a unit that the gateway did not tell of requests that it saw is no loss of rows
ratios as (

    select
        others.usage_date,
        others.deployment_id,
        others.unit,
        others.units,
        gateway.usage_date is not null as is_seen,
        case when gateway_days.usage_date is null then 0 else cast(gateway.units as double) end
        / nullif(others.units, 0) as ratio
    from others
    left join gateway_days
        on others.usage_date = gateway_days.usage_date and others.deployment_id = gateway_days.deployment_id
    left join gateway
        on
            others.usage_date = gateway.usage_date
            and others.deployment_id = gateway.deployment_id
            and others.unit = gateway.unit

),

compared as (

    select
        *,
        ratio / nullif(median(ratio) filter (where is_seen) over (partition by deployment_id, unit), 0) as share_seen
    from ratios

),

-- a request for several answers moves requests and prompts, and a long one at midnight tokens: lost rows move all of them
shares as (

    select
        usage_date,
        deployment_id,
        max(share_seen) as share_seen,
        max(case when unit = 'request' then units end) as requests
    from compared
    group by usage_date, deployment_id
    having max(share_seen) is not null

),

seen as (

    select distinct deployment_id from silences
    where deployment_id != '(all)'

),

days as (

    select
        whole_gateway.usage_date,
        seen.deployment_id
    from seen
    cross join whole_gateway

    union

    select
        usage_date,
        deployment_id
    from shares

)

select
    days.usage_date,
    days.deployment_id,
    cast(
        case
            when whole_gateway.usage_date is null then 86400
            when doubled_counts.usage_date is not null then 0
            when
                shares.share_seen
                >= 1
                - {{ allowed }}
                - {{ var('metering_tolerance_requests') }} / coalesce(greatest(shares.requests, 1), 1e9)
                then 0
            when shares.share_seen is not null then ceil(86400 * (1 - shares.share_seen))
            -- before its first row and after its last nobody can tell whether it was used
            when silences.usage_date is null then 86400
            else 3600 * greatest(silences.silent_hours, whole_gateway.silent_hours)
        end as bigint
    ) as lost_seconds
from days
left join whole_gateway on days.usage_date = whole_gateway.usage_date
left join shares
    on days.usage_date = shares.usage_date and days.deployment_id = shares.deployment_id
left join silences
    on days.usage_date = silences.usage_date and days.deployment_id = silences.deployment_id
left join doubled_counts
    on days.usage_date = doubled_counts.usage_date and days.deployment_id = doubled_counts.deployment_id
