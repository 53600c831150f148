with changes as (

    select * from {{ ref('int_decisions__changes') }}
    where release is not null

),

-- the newest look is the answer: it has seen most.
effects as (

    select
        *,
        min(case when verdict = 'fail' then looked_until end) over (partition by change_id) as failed_on,
        max(looked_until) over (partition by change_id) as newest_look
    from {{ ref('int_decisions__change_effects') }}

),

totals as (

    select * from {{ ref('int_decisions__change_totals') }}

),

units as (

    select unit, unit_scale from {{ ref('units') }}

),

drivers as (

    select
        environment,
        workload,
        unit,
        main_driver,
        period_start
    from {{ ref('fct_cost_per_unit_drivers') }}
    where grain = 'week'

)

select
    changes.change_id,
    changes.deployment_id,
    changes.environment,
    changes.workload,
    changes.unit,
    changes.release_before,
    changes.release,
    changes.changed_on as released_on,
    effects.looked_until,
    changes.changed_on = max(changes.changed_on) over (partition by changes.deployment_id) as is_newest,
    {{ length_of('changes.levers') }} > 0 or changes.is_other_model as has_other_changes,
    effects.control_deployment_id,
    effects.verdict,
    effects.verdict_reason,
    effects.verdict_form,
    effects.failed_on as first_failed_on,
    cast({{ var('release_gate_threshold') }} as double) as threshold,
    effects.decisive_effect as effect,
    effects.decisive_effect_lower as effect_lower,
    effects.decisive_effect_upper as effect_upper,
    effects.minimum_detectable_effect,
    {{ columns(
        ['cost_per_unit_effect', 'throughput_per_busy_hour_effect'],
        'effects.{0}, effects.{0}_lower, effects.{0}_upper'
    ) }},
    effects.capacity,
    effects.days_before,
    effects.days_after,
    totals.units_before,
    totals.units_after,
    totals.repriced_cost_before,
    totals.repriced_cost_after,
    {{ cost_per_unit('totals.repriced_cost_before', 'totals.units_before', 'units.unit_scale') }}
        as repriced_cost_per_unit_before,
    {{ cost_per_unit('totals.repriced_cost_after', 'totals.units_after', 'units.unit_scale') }}
        as repriced_cost_per_unit_after,
    drivers.main_driver,
    '{{ var('reporting_currency') }}' as currency,
    'fixed volume 2' as method_version
from changes
inner join effects on changes.change_id = effects.change_id and effects.looked_until = effects.newest_look
left join totals on changes.change_id = totals.change_id
left join units on changes.unit = units.unit
left join drivers
    on
        changes.environment = drivers.environment
        and changes.workload = drivers.workload
        and changes.unit = drivers.unit
        and {{ period_start('changes.changed_on + 6', "'week'") }} = drivers.period_start
