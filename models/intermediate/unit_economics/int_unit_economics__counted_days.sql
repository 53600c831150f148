{%- set allowed = var('max_unknown_share') -%}

with watched_units as (

    select * from {{ ref('int_unit_economics__watched_units_daily') }}

),

deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

attributions as (

    select * from {{ ref('int_unit_economics__attributions_daily') }}

),

unit_meters as (

    select * from {{ ref('int_unit_economics__unit_meters_daily') }}

),

units as (

    select
        unit,
        cost_scope = 'token_kind' as is_token_kind
    from {{ ref('units') }}

),

judged as (

    select
        watched_units.*,
        units.is_token_kind,
        deployment_days.environment,
        deployment_days.workload,
        deployment_days.cost_null_reason,
        unit_meters.activity_source,
        unit_meters.meter_null_reason,
        unit_meters.is_cost_undivided,
        unit_meters.is_used,
        attributions.deployment_id is not null and deployment_days.expected_seconds > 0 as is_attributed,
        deployment_days.is_usage_known as is_metered,
        coalesce(attributions.lost_seconds, 0) as lost_seconds,
        attributions.is_input_told
        and (attributions.is_output_told or units.unit in ('input_token', 'cached_input_token'))
            as is_kind_told
    from watched_units
    inner join units on watched_units.unit = units.unit
    inner join deployment_days
        on
            watched_units.date_day = deployment_days.date_day
            and watched_units.deployment_id = deployment_days.deployment_id
    left join attributions
        on
            watched_units.date_day = attributions.date_day
            and watched_units.deployment_id = attributions.deployment_id
    inner join unit_meters
        on
            watched_units.date_day = unit_meters.date_day
            and watched_units.deployment_id = unit_meters.deployment_id
            and watched_units.unit = unit_meters.unit

),

reasoned as (

    select
        *,
        case
            when cost_null_reason = 'no_cost' then 'no_cost'
            when cost_null_reason is not null or not is_usage_known
                then case when observed_seconds = 0 then 'no_telemetry' else 'coverage_below_minimum' end
            when meter_null_reason is not null then meter_null_reason
            when is_cost_undivided then 'meter_missing'
        end as null_reason,
        -- whose cost it is goes by kinds of token: where they are not known, no cohort's part of any unit's cost is
        coalesce(
            min(case when is_token_kind then meter_null_reason end) over day,
            max(case when is_token_kind and is_cost_undivided then 'meter_missing' end) over day
        ) as kinds_null_reason,
        case
            when is_token_kind then is_kind_told
            -- what is no kind of token takes a part of the cost of each: where the gateway does not tell who used one, it is not known
            else bool_and(case when is_token_kind and is_used then is_kind_told end) over day
        end as are_kinds_told
    from judged
    window day as (partition by date_day, deployment_id)

)

select
    date_day,
    deployment_id,
    unit,
    activity_source,
    -- whom product activity names all deployments of a workload served: all their cost is counted, or none
    case
        when activity_source in ('product', 'both') then {{ first_reason('null_reason', 'workload_day') }}
        else null_reason
    end as null_reason,
    is_usage_known and meter_null_reason is null as are_units_known,
    case
        when not is_attributed then null
        when lost_seconds >= 86400 then 'no_telemetry'
        when lost_seconds > {{ allowed }} * 86400 then 'coverage_below_minimum'
        -- what the gateway did not see is what more was metered: where that was not seen, nobody's part is not known
        when not is_metered then 'coverage_below_minimum'
        when not are_kinds_told then 'meter_missing'
        else kinds_null_reason
    end as attribution_null_reason,
    observed_seconds,
    attributed_seconds,
    {% for seconds in ['observed', 'attributed'] -%}
    expected_seconds > 0
    and {{ seconds }}_seconds = 0
    and (
        date_day between min(case when {{ seconds }}_seconds > 0 then date_day end) over history
        and max(case when {{ seconds }}_seconds > 0 then date_day end) over history
    ) is not true as is_outside_{{ seconds }}_span,
    {% endfor -%}
    expected_seconds
from reasoned
window
    history as (partition by deployment_id, unit),
    workload_day as (partition by date_day, environment, workload, unit)
