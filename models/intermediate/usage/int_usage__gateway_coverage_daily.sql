{%- set allowed = var('max_unknown_share') -%}

with readings as (

    select * from {{ ref('int_usage__meter_readings_daily') }}
    where unit in ('request', 'prompt_token', 'output_token') and units is not null

),

coverage as (

    select * from {{ ref('int_usage__telemetry_coverage_daily') }}

),

silences as (

    select
        date_day,
        logged_for as deployment_id,
        silent_hours
    from {{ ref('int_usage__log_silences_daily') }}
    where log = 'requests'

),

doubled_counts as (

    select * from {{ ref('int_usage__doubled_counts_daily') }}

),

-- a request whose id comes again hours later may be two, of which one counts
doubts as (

    select
        date_day,
        deployment_id,
        cast(sum(requests_in_doubt) as double)
        / sum(requests + failed_requests + requests_in_doubt) as doubted_share
    from {{ ref('int_usage__customer_requests_daily') }}
    group by date_day, deployment_id
    having sum(requests_in_doubt) > 0

),

whole_gateway as (

    select * from silences
    where deployment_id = '(all)'

),

-- whoever else counted: a server that nobody saw all day says nothing about the gateway
others as (

    select
        readings.date_day,
        readings.deployment_id,
        readings.unit,
        max(readings.units) as units
    from readings
    left join coverage
        on readings.date_day = coverage.date_day and readings.deployment_id = coverage.deployment_id
    where
        readings.meter in ('provider', 'billed')
        or (readings.meter = 'server' and coverage.lost_seconds <= {{ allowed }} * coverage.expected_seconds)
    group by readings.date_day, readings.deployment_id, readings.unit

),

gateway as (

    select * from readings
    where meter = 'gateway'

),

gateway_days as (

    select distinct
        date_day,
        deployment_id
    from gateway

),

-- a unit that the gateway did not tell of requests that it saw is no loss of rows
ratios as (

    select
        others.date_day,
        others.deployment_id,
        others.unit,
        others.units,
        gateway.date_day is not null as is_seen,
        case when gateway_days.date_day is null then 0 else cast(gateway.units as double) end
        / nullif(others.units, 0) as ratio
    from others
    left join gateway_days
        on others.date_day = gateway_days.date_day and others.deployment_id = gateway_days.deployment_id
    left join gateway
        on
            others.date_day = gateway.date_day
            and others.deployment_id = gateway.deployment_id
            and others.unit = gateway.unit

),

compared as (

    select
        *,
        ratio / nullif(median(case when is_seen then ratio end) over (partition by deployment_id, unit), 0)
            as share_seen
    from ratios

),

-- a request for several answers moves requests and prompts, and a long one at midnight tokens: lost rows move all of them
shares as (

    select
        date_day,
        deployment_id,
        max(share_seen) as share_seen,
        max(case when unit = 'request' then units end) as requests
    from compared
    group by date_day, deployment_id
    having max(share_seen) is not null

),

seen as (

    select distinct deployment_id from silences
    where deployment_id != '(all)'

),

days as (

    select
        whole_gateway.date_day,
        seen.deployment_id
    from seen
    cross join whole_gateway

    union

    select
        date_day,
        deployment_id
    from shares

)

select
    days.date_day,
    days.deployment_id,
    cast(
        greatest(
            ceil(86400 * coalesce(doubts.doubted_share, 0)),
            case
                when whole_gateway.date_day is null then 86400
                when doubled_counts.date_day is not null then 0
                when
                    shares.share_seen
                    >= 1
                    - {{ allowed }}
                    - {{ var('metering_tolerance_requests') }} / coalesce(greatest(shares.requests, 1), 1e9)
                    then 0
                when shares.share_seen is not null then ceil(86400 * (1 - shares.share_seen))
                -- before its first row and after its last nobody can tell whether it was used
                when silences.date_day is null then 86400
                else 3600 * greatest(silences.silent_hours, whole_gateway.silent_hours)
            end
        ) as bigint
    ) as lost_seconds
from days
left join whole_gateway on days.date_day = whole_gateway.date_day
left join shares
    on days.date_day = shares.date_day and days.deployment_id = shares.deployment_id
left join silences
    on days.date_day = silences.date_day and days.deployment_id = silences.deployment_id
left join doubled_counts
    on days.date_day = doubled_counts.date_day and days.deployment_id = doubled_counts.deployment_id
left join doubts
    on days.date_day = doubts.date_day and days.deployment_id = doubts.deployment_id
