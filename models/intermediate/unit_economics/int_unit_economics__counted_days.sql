{%- set allowed = var('max_unknown_share') -%}

with deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

attributions as (

    select * from {{ ref('int_unit_economics__attributions_daily') }}

),

activity_sources as (

    select * from {{ ref('int_unit_economics__activity_sources_daily') }}

),

units as (

    select
        unit,
        counting = 'distinct' as is_distinct,
        string_split(counted_units, ' ') as counted_units,
        cost_scope = 'token_kind' as is_token_kind,
        cost_scope in ('token_kind', 'token_total') as is_token,
        string_split(deployment_kinds, ' ') as deployment_kinds
    from {{ ref('units') }}

),

reports as (

    select distinct
        date_day,
        deployment_id,
        unit
    from {{ ref('int_usage__meter_readings_daily') }}
    where meter in ('provider', 'billed') and units is not null

),

-- what the gateway alone counted is as good as its log
metered_units as (

    select
        metered.date_day,
        metered.deployment_id,
        units.unit,
        sum(metered.units) as units,
        bool_or(metered.meter = 'gateway' and reports.unit is null) as is_by_gateway,
        bool_or(metered.meter = 'billed') as is_by_bill
    from {{ ref('int_usage__metered_usage_daily') }} as metered
    inner join units on list_contains(units.counted_units, metered.unit)
    left join reports
        on
            metered.date_day = reports.date_day
            and metered.deployment_id = reports.deployment_id
            and metered.unit = reports.unit
    group by metered.date_day, metered.deployment_id, units.unit

),

unknown_units as (

    select * from {{ ref('int_usage__unknown_units_daily') }}

),

billed_gaps as (

    select
        date_day,
        deployment_id,
        unit
    from {{ ref('int_allocation__billed_gaps_daily') }}

),

-- shares of an earlier day say nothing about the cost of a kind of token that was used today
undivided_days as (

    select distinct
        date_day,
        deployment_id
    from {{ ref('int_allocation__token_shares_daily') }}
    where token_cost_method in ('carried_forward', 'no_tokens')

),

observed as (

    select
        deployment_days.date_day,
        deployment_days.deployment_id,
        units.unit,
        units.is_token,
        deployment_days.environment,
        deployment_days.workload,
        deployment_days.cost_null_reason,
        activity_sources.activity_source,
        -- people may come whether or not a deployment should have run
        case
            when activity_sources.activity_source in ('product', 'both') then 86400
            else deployment_days.expected_seconds
        end as due_seconds,
        coalesce(
            due_seconds * (deployment_days.capacity_seconds - deployment_days.unobserved_seconds)
            // nullif(deployment_days.capacity_seconds, 0), due_seconds
        ) as watched_seconds,
        case
            when units.is_distinct then activity_sources.lost_seconds <= {{ allowed }} * 86400 or due_seconds = 0
            when metered_units.is_by_gateway
                then attributions.lost_seconds <= {{ allowed }} * 86400 or due_seconds = 0
            else deployment_days.is_usage_known
        end as is_usage_known,
        case
            when units.is_distinct then due_seconds * (86400 - activity_sources.lost_seconds) // 86400
            when metered_units.is_by_gateway
                then due_seconds * (86400 - coalesce(attributions.lost_seconds, 0)) // 86400
            else deployment_days.observed_seconds
        end as observed_seconds,
        case
            when unknown_units.null_reason is not null then unknown_units.null_reason
            -- tokens that were billed under no name are of this kind or of another
            when billed_gaps.unit is not null and metered_units.is_by_bill then 'meter_missing'
            else activity_sources.meter_null_reason
        end as meter_null_reason,
        units.is_token_kind,
        units.is_token_kind
        and metered_units.units > 0
        and undivided_days.deployment_id is not null
        or billed_gaps.unit is not null as is_cost_undivided,
        attributions.deployment_id is not null and deployment_days.expected_seconds > 0 as is_attributed,
        deployment_days.is_usage_known as is_metered,
        coalesce(attributions.lost_seconds, 0) as lost_seconds,
        attributions.is_input_told
        and (attributions.is_output_told or units.unit in ('input_token', 'cached_input_token'))
            as are_tokens_told
    from deployment_days
    inner join units on list_contains(units.deployment_kinds, deployment_days.kind)
    left join attributions
        on
            deployment_days.date_day = attributions.date_day
            and deployment_days.deployment_id = attributions.deployment_id
    {%- for relation in ['activity_sources', 'metered_units', 'unknown_units', 'billed_gaps'] %}
    left join {{ relation }}
        on
            deployment_days.date_day = {{ relation }}.date_day
            and deployment_days.deployment_id = {{ relation }}.deployment_id
            and units.unit = {{ relation }}.unit
    {%- endfor %}
    left join undivided_days
        on
            deployment_days.date_day = undivided_days.date_day
            and deployment_days.deployment_id = undivided_days.deployment_id

),

-- the least of what was seen and of what was watched; whose it was the gateway must have seen, too
bounded as (

    select
        * exclude (due_seconds, observed_seconds, watched_seconds),
        due_seconds as expected_seconds,
        least(observed_seconds, watched_seconds) as observed_seconds,
        least(observed_seconds, watched_seconds, due_seconds * (86400 - lost_seconds) // 86400)
            as attributed_seconds,
        -- whose cost it is goes by kinds of token: where they are not known, no cohort's part of any unit's cost is
        coalesce(
            min(meter_null_reason) filter (where is_token_kind) over day,
            max(case when is_token_kind and is_cost_undivided then 'meter_missing' end) over day
        ) as kinds_null_reason
    from observed
    window day as (partition by date_day, deployment_id)

),

reasoned as (

    select
        *,
        case
            when cost_null_reason = 'no_cost' then 'no_cost'
            when cost_null_reason is not null or not coalesce(is_usage_known, true)
                then case when observed_seconds = 0 then 'no_telemetry' else 'coverage_below_minimum' end
            when meter_null_reason is not null then meter_null_reason
            when is_cost_undivided then 'meter_missing'
        end as null_reason
    from bounded

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
    coalesce(is_usage_known, true) and meter_null_reason is null as are_units_known,
    case
        when not is_attributed then null
        when lost_seconds >= 86400 then 'no_telemetry'
        when lost_seconds > {{ allowed }} * 86400 then 'coverage_below_minimum'
        -- what the gateway did not see is what more was metered: where that was not seen, nobody's part is not known
        when not is_metered then 'coverage_below_minimum'
        when is_token and not are_tokens_told then 'meter_missing'
        else kinds_null_reason
    end as attribution_null_reason,
    cast(observed_seconds as bigint) as observed_seconds,
    cast(attributed_seconds as bigint) as attributed_seconds,
    {% for seconds in ['observed', 'attributed'] -%}
    expected_seconds > 0
    and {{ seconds }}_seconds = 0
    and (
        date_day between min(case when {{ seconds }}_seconds > 0 then date_day end) over history
        and max(case when {{ seconds }}_seconds > 0 then date_day end) over history
    ) is not true as is_outside_{{ seconds }}_span,
    {% endfor -%}
    cast(expected_seconds as bigint) as expected_seconds
from reasoned
window
    history as (partition by deployment_id, unit),
    workload_day as (partition by date_day, environment, workload, unit)
