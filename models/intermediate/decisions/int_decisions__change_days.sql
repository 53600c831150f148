{% set days_before, days_after = 84, 28 %}
with changes as (

    select
        change_id,
        deployment_id,
        unit,
        changed_on,
        changed_on - {{ days_before }} as window_start,
        least(changed_on + {{ days_after }}, coalesce(next_changed_on, date '9999-12-31')) as window_end
    from {{ ref('int_decisions__changes') }}

),

-- one row a deployment and day, in whatever environment and workload it was that day
unit_days as (

    select
        cohort as deployment_id,
        unit,
        units,
        usage_cost,
        effective_cost,
        is_complete,
        period_start as date_day
    from {{ ref('int_books__unit_economics') }}
    -- a day that is not counted has no rate
    where
        grain = 'day'
        and cohort_dimension = 'deployment'
        and units is not null
        and counted_cost = effective_cost
        and null_reason is distinct from 'no_cost'

),

priced_usage as (

    select * from {{ ref('int_decisions__priced_usage_daily') }}

),

busy as (

    select
        deployment_id,
        sum(busy_accelerator_seconds) as busy_accelerator_seconds,
        date_day
    from {{ ref('int_usage__accelerator_seconds_daily') }}
    group by deployment_id, date_day

),

-- what a second or a SKU's unit cost before the change; of one that is newer than that, what it cost after
reference_prices as (

    select
        changes.change_id,
        priced_usage.priced_by,
        priced_usage.priced_item,
        coalesce(
            sum(priced_usage.cost) filter (where priced_usage.date_day < changes.changed_on)
            / nullif(sum(priced_usage.quantity) filter (where priced_usage.date_day < changes.changed_on), 0),
            sum(priced_usage.cost) / nullif(sum(priced_usage.quantity), 0)
        ) as reference_price
    from changes
    inner join priced_usage
        on
            changes.window_start <= priced_usage.date_day
            and changes.window_end > priced_usage.date_day
    group by changes.change_id, priced_usage.priced_by, priced_usage.priced_item

),

repriced as (

    select
        reference_prices.change_id,
        priced_usage.deployment_id,
        sum(priced_usage.quantity) filter (where priced_usage.priced_by = 'accelerator_second') as accelerator_seconds,
        sum(priced_usage.cost) as billed_amount,
        sum(priced_usage.quantity * reference_prices.reference_price) as repriced_amount,
        priced_usage.date_day
    from priced_usage
    inner join reference_prices
        on
            priced_usage.priced_by = reference_prices.priced_by
            and priced_usage.priced_item = reference_prices.priced_item
    group by reference_prices.change_id, priced_usage.deployment_id, priced_usage.date_day

)

select
    changes.change_id,
    unit_days.deployment_id,
    unit_days.units,
    unit_days.effective_cost,
    unit_days.usage_cost,
    cast(
        unit_days.usage_cost - coalesce(repriced.billed_amount, 0) + coalesce(repriced.repriced_amount, 0)
        as {{ money_type() }}
    ) as repriced_cost,
    cast(coalesce(repriced.accelerator_seconds, 0) as bigint) as accelerator_seconds,
    cast(coalesce(busy.busy_accelerator_seconds, 0) as bigint) as busy_accelerator_seconds,
    unit_days.deployment_id != changes.deployment_id as is_control,
    unit_days.is_complete,
    unit_days.date_day
from changes
inner join unit_days
    on
        changes.unit = unit_days.unit
        and changes.window_start <= unit_days.date_day
        and changes.window_end > unit_days.date_day
left join {{ ref('int_decisions__change_controls') }} as controls on changes.change_id = controls.change_id
left join repriced
    on
        changes.change_id = repriced.change_id
        and unit_days.deployment_id = repriced.deployment_id
        and unit_days.date_day = repriced.date_day
left join busy
    on
        unit_days.deployment_id = busy.deployment_id
        and unit_days.date_day = busy.date_day
where unit_days.deployment_id in (changes.deployment_id, controls.control_deployment_id)
