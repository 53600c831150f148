{%- set tolerance = metering_tolerance() -%}

with pairs as (

    select * from {{ ref('int_usage__meter_pairs_daily') }}

),

customer_requests as (

    select * from {{ ref('int_usage__customer_requests_daily') }}

),

coverage as (

    select * from {{ ref('int_usage__telemetry_coverage_daily') }}

),

source_arrivals as (

    select * from {{ ref('int_costs__source_arrivals') }}

),

meter_lines as (

    select * from {{ ref('int_costs__meter_lines_daily') }}

),

gateway_days as (

    select
        date_day,
        deployment_id,
        sum(cache_hit_requests) as cache_hit_requests,
        sum(failed_requests) as failed_requests
    from customer_requests
    group by date_day, deployment_id

),

bill_arrivals as (

    select
        meter_lines.deployment_id,
        min(source_arrivals.complete_until) as complete_until
    from (select distinct source, deployment_id from meter_lines) as meter_lines
    inner join source_arrivals on meter_lines.source = source_arrivals.source
    group by meter_lines.deployment_id

),

-- of two meters one asks (the gateway) and the other serves; ratios of served to asked tell causes apart
sides as (

    select
        *,
        case when reference_meter = 'gateway' then difference else -difference end as served_more,
        case
            when reference_meter = 'gateway' then units / nullif(cast(reference_units as double), 0)
            else reference_units / nullif(cast(units as double), 0)
        end as served_ratio
    from pairs

),

served as (

    select
        sides.*,
        max(case when unit = 'request' then reference_units end) over day as reference_requests,
        max(case when unit = 'output_token' then reference_units end) over day as reference_output_tokens,
        max(case when unit = 'request' then difference end) over pair as request_difference,
        max(case when unit = 'output_token' then difference end) over pair as output_token_difference,
        max(case when unit = 'request' then served_ratio end) over pair as request_ratio,
        max(case when unit = 'prompt_token' then served_ratio end) over pair as prompt_token_ratio,
        coalesce(
            coverage.observed_seconds < coverage.expected_seconds
            or coverage.opening_balance_unknown
            or coverage.resets > 0, false
        ) as has_telemetry_gap,
        coalesce(gateway_days.cache_hit_requests, 0) as cache_hit_requests,
        coalesce(gateway_days.failed_requests, 0) as failed_requests,
        bill_arrivals.complete_until
    from sides
    left join coverage
        on sides.date_day = coverage.date_day and sides.deployment_id = coverage.deployment_id
    left join gateway_days
        on sides.date_day = gateway_days.date_day and sides.deployment_id = gateway_days.deployment_id
    left join bill_arrivals on sides.deployment_id = bill_arrivals.deployment_id
    window
        day as (partition by sides.date_day, sides.deployment_id),
        pair as (partition by sides.date_day, sides.deployment_id, sides.meter, sides.reference_meter)

),

-- a share of the units, or as much as a few average requests: a day of twelve requests has no two per cent
tolerated as (

    select
        *,
        abs(difference) <= greatest(
            {{ tolerance }} * reference_units,
            {{ var('metering_tolerance_requests') }} * reference_units / nullif(cast(reference_requests as double), 0),
            case when unit = 'request' then {{ var('metering_tolerance_requests') }} else 0 end
        ) as is_within_tolerance,
        abs(request_difference) > {{ var('metering_tolerance_requests') }}
        and request_ratio > 1 + {{ tolerance }}
        and prompt_token_ratio > 1 + {{ tolerance }}
        and abs(output_token_difference) <= greatest(
            {{ tolerance }} * reference_output_tokens, abs(request_difference) * (1 + {{ tolerance }})
        ) as is_prompt_repeated
    from served

)

select
    date_day,
    deployment_id,
    unit,
    meter,
    reference_meter,
    units,
    reference_units,
    difference,
    served_more,
    request_difference,
    output_token_difference,
    request_ratio,
    prompt_token_ratio,
    cache_hit_requests,
    failed_requests,
    is_within_tolerance,
    is_prompt_repeated,
    bool_or(unit = 'prompt_token' and is_within_tolerance) over (
        partition by date_day, deployment_id, meter
    ) as are_prompts_equal,
    has_telemetry_gap,
    coalesce(date_day >= complete_until, false) as is_bill_outstanding
from tolerated
