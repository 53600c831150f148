with changes as (

    select
        *,
        {{ length_of('levers') }} = 1 and release is null and not is_other_model as is_alone,
        {{ each_of('levers') }} as moved
    from {{ ref('int_decisions__changes') }}

),

effects as (

    select
        *,
        max(looked_until) over (partition by change_id) as newest_look
    from {{ ref('int_decisions__change_effects') }}

),

ranges as (

    select * from {{ ref('lever_ranges') }}

),

compared as (

    select
        changes.*,
        effects.{{ all_but('change_id') }},
        ranges.throughput_low - 1 as published_effect_low,
        ranges.throughput_high - 1 as published_effect_high,
        ranges.source as published_by,
        coalesce(
            effects.throughput_per_busy_hour_effect_lower, effects.throughput_per_provisioned_hour_effect_lower
        ) as throughput_lower,
        coalesce(
            effects.throughput_per_busy_hour_effect_upper, effects.throughput_per_provisioned_hour_effect_upper
        ) as throughput_upper,
        -- published figures are of busy machines
        case
            when effects.throughput_per_busy_hour_effect is not null then 'busy'
            when effects.throughput_per_provisioned_hour_effect is not null then 'provisioned'
        end as compared_hour
    from changes
    inner join effects on changes.change_id = effects.change_id and effects.looked_until = effects.newest_look
    left join ranges
        on
            changes.moved.lever = ranges.lever
            and changes.moved.value_before = ranges.value_before
            and changes.moved.value = ranges.value

)

select
    change_id,
    deployment_id,
    environment,
    workload,
    unit,
    moved.lever,
    moved.value_before,
    moved.value,
    changed_on,
    looked_until,
    is_alone,
    control_deployment_id,
    case
        when verdict_reason in (
                'fewer_than_28_days_before',
                'fewer_than_3_days_after',
                'days_missing',
                'units_below_minimum',
                'cost_not_positive',
                'effect_not_identified'
            ) then verdict_reason
    end as weakness,
    {{ columns(
        ['cost_per_unit', 'throughput_per_provisioned_hour', 'throughput_per_busy_hour'],
        '{0}_effect, {0}_effect_lower, {0}_effect_upper'
    ) }},
    capacity,
    days_before,
    days_after,
    compared_hour,
    published_effect_low,
    published_effect_high,
    published_by,
    case
        when published_by is null then 'not_published'
        when compared_hour is null then 'not_measured'
        when throughput_upper < published_effect_low then 'below'
        when throughput_lower > published_effect_high then 'above'
        else 'within'
    end as plausibility,
    'fixed volume 2' as method_version
from compared
