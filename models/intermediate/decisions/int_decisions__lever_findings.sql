with finding_period as (

    select * from {{ ref('int_decisions__finding_period') }}

),

releases as (

    select * from {{ ref('int_decisions__release_findings') }}

),

running as (

    select change_id
    from {{ ref('int_decisions__changes') }}
    where next_changed_on is null

),

totals as (

    select * from {{ ref('int_decisions__change_totals') }}

),

-- levers that moved together have one effect: a change is one thing.
changes as (

    select
        change_id,
        deployment_id,
        environment,
        workload,
        {{ texts_of_group("replace(lever, '_', ' ') || ' ' || value_before || ' → ' || value") }} as levers,
        max(cost_per_unit_effect) as effect,
        max(cost_per_unit_effect_lower) as effect_lower,
        max(cost_per_unit_effect_upper) as effect_upper,
        changed_on,
        looked_until
    from {{ ref('fct_lever_impact') }}
    where weakness is null
    group by change_id, deployment_id, environment, workload, changed_on, looked_until

),

sure as (

    select
        changes.*,
        {{ per_month('totals.repriced_cost_after', 'totals.settled_days_after') }} as monthly_cost
    from changes
    inner join finding_period on finding_period.bill_until - 90 <= changes.changed_on
    inner join running on changes.change_id = running.change_id
    left join totals on changes.change_id = totals.change_id
    where
        (changes.effect_lower > 0 or changes.effect_upper < 0)
        and changes.change_id not in (select releases.thing from releases)

)

select
    case when effect > 0 then 'change_dearer' else 'change_cheaper' end as finding_kind,
    change_id as thing,
    environment,
    workload,
    deployment_id || ', ' || levers as subject,
    {{ percent_text('abs(effect)') }} as measure,
    cast(null as string) as compared_with,
    {{ date_text('changed_on', '%Y-%m-%d') }} as moment,
    {{ map_of({'change_id': 'change_id'}) }} as evidence,
    {{ amount_of_effect('monthly_cost', 'effect') }} as amount_per_month,
    {{ amount_of_effect('monthly_cost', 'effect_lower') }} as amount_per_month_low,
    {{ amount_of_effect('monthly_cost', 'effect_upper') }} as amount_per_month_high,
    changed_on as period_start,
    looked_until as period_end
from sure
