{%- set tolerance = metering_tolerance() -%}

with evidence as (

    select * from {{ ref('int_usage__meter_evidence_daily') }}

)

select
    date_day,
    deployment_id,
    unit,
    meter,
    reference_meter,
    case
        when units is null and meter = 'billed' and is_bill_outstanding then 'charges_not_arrived'
        when difference is null then 'meter_is_silent'
        when difference = 0 then null
        when meter = 'training_log_executed' then 'rework'
        when
            unit in ('input_token', 'cached_input_token')
            and not is_within_tolerance
            and are_prompts_equal
            then 'cached_tokens'
        when served_more < 0 and 'server' in (meter, reference_meter) and has_telemetry_gap then 'telemetry_gap'
        when served_more < 0 and unit = 'request' and cache_hit_requests > 0 then 'gateway_cache'
        -- each prompt is counted by two servers, of which the first makes one token
        when
            served_more > 0
            and is_prompt_repeated
            and abs(request_ratio - 2) <= {{ tolerance }} * 2
            and abs(prompt_token_ratio - 2) <= {{ tolerance }} * 2
            and abs(output_token_difference) >= abs(request_difference) * (1 - {{ tolerance }})
            then 'disaggregation'
        when served_more > 0 and is_prompt_repeated and unit != 'output_token' then 'n_sampling'
        -- providers count what they accepted, gateways what they answered
        when
            'provider' in (meter, reference_meter)
            and 'gateway' in (meter, reference_meter)
            and unit = 'request'
            and served_more between 1 and failed_requests
            then 'failed_requests'
        when served_more > 0 then 'retries'
        when is_within_tolerance then 'midnight'
        else 'unexplained'
    end as likely_cause,
    units,
    reference_units,
    difference,
    is_within_tolerance
from evidence
