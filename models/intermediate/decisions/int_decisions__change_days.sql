{% set window_days = 28 %}
with changes as (
    select
        change_id,
        deployment_id,
        unit,
        changed_on,
        least(changed_on + {{ window_days }}, coalesce(next_changed_on, date '9999-12-31')) as window_end
    from {{ ref('int_decisions__changes') }}
),

-- One row a deployment and day, in whatever environment and workload it was that day.
unit_days as (
    select
        cohort as deployment_id,
        unit,
        units,
        usage_cost,
        effective_cost,
        is_complete,
        period_start as usage_date
    from {{ ref('fct_unit_economics_daily') }}
    -- a day that is not counted has no rate
    where
        cohort_dimension = 'deployment'
        and units is not null
        and counted_cost = effective_cost
        and null_reason is distinct from 'no_cost'
),

capacity_pools as (
    select pool_id from {{ ref('capacity_pools') }}
),

pool_costs as (
    select
        deployment_id,
        origin_pool as pool_id,
        sum(effective_cost) as accelerator_cost,
        charge_date as usage_date
    from {{ ref('fct_deployment_costs_daily') }}
    where cost_origin = 'usage' and origin_pool in (select pool_id from capacity_pools)
    group by deployment_id, origin_pool, charge_date
),

pool_use as (
    select
        deployment_id,
        pool_id,
        resource_seconds as accelerator_seconds,
        charge_date as usage_date
    from {{ ref('int_allocation__pool_shares_daily') }}
    where resource_kind = 'accelerator' and deployment_id not in ('(idle)', '(unobserved)') and resource_seconds > 0
),

pool_days as (
    select
        pool_use.deployment_id,
        pool_use.pool_id,
        pool_use.accelerator_seconds,
        coalesce(pool_costs.accelerator_cost, 0) as accelerator_cost,
        pool_use.usage_date
    from pool_use
    left join pool_costs
        on
            pool_use.deployment_id = pool_costs.deployment_id
            and pool_use.pool_id = pool_costs.pool_id
            and pool_use.usage_date = pool_costs.usage_date
),

busy as (
    select
        deployment_id,
        sum(busy_accelerator_seconds) as busy_accelerator_seconds,
        usage_date
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    group by deployment_id, usage_date
),

-- What an accelerator-second of each pool cost before the change; of a pool that is newer than that, what it cost after.
reference_prices as (
    select
        changes.change_id,
        pool_days.pool_id,
        coalesce(
            sum(pool_days.accelerator_cost) filter (where pool_days.usage_date < changes.changed_on)
            / nullif(sum(pool_days.accelerator_seconds) filter (where pool_days.usage_date < changes.changed_on), 0),
            sum(pool_days.accelerator_cost) / nullif(sum(pool_days.accelerator_seconds), 0)
        ) as reference_price
    from changes
    inner join pool_days
        on
            changes.changed_on - {{ window_days }} <= pool_days.usage_date
            and changes.window_end > pool_days.usage_date
    group by changes.change_id, pool_days.pool_id
),

accelerators as (
    select
        reference_prices.change_id,
        pool_days.deployment_id,
        sum(pool_days.accelerator_seconds) as accelerator_seconds,
        sum(pool_days.accelerator_cost) as accelerator_cost,
        sum(pool_days.accelerator_seconds * reference_prices.reference_price) as repriced_amount,
        pool_days.usage_date
    from pool_days
    inner join reference_prices on pool_days.pool_id = reference_prices.pool_id
    group by reference_prices.change_id, pool_days.deployment_id, pool_days.usage_date
)

select
    changes.change_id,
    unit_days.deployment_id,
    unit_days.units,
    unit_days.effective_cost,
    unit_days.usage_cost,
    cast(
        unit_days.usage_cost - coalesce(accelerators.accelerator_cost, 0) + coalesce(accelerators.repriced_amount, 0)
        as {{ money_type() }}
    ) as repriced_cost,
    cast(coalesce(accelerators.accelerator_seconds, 0) as bigint) as accelerator_seconds,
    cast(coalesce(busy.busy_accelerator_seconds, 0) as bigint) as busy_accelerator_seconds,
    unit_days.deployment_id != changes.deployment_id as is_control,
    unit_days.is_complete,
    unit_days.usage_date
from changes
inner join unit_days
    on
        changes.unit = unit_days.unit
        and changes.changed_on - {{ window_days }} <= unit_days.usage_date
        and changes.window_end > unit_days.usage_date
left join {{ ref('int_decisions__change_controls') }} as controls on changes.change_id = controls.change_id
left join accelerators
    on
        changes.change_id = accelerators.change_id
        and unit_days.deployment_id = accelerators.deployment_id
        and unit_days.usage_date = accelerators.usage_date
left join busy
    on
        unit_days.deployment_id = busy.deployment_id
        and unit_days.usage_date = busy.usage_date
where unit_days.deployment_id in (changes.deployment_id, controls.control_deployment_id)
