with deployment_days as (

    select * from {{ ref('int_decisions__deployment_unit_days') }}

),

workload_days as (

    select
        environment,
        workload,
        unit,
        sum(units) as units,
        sum(effective_cost) / sum(units) as rate,
        date_day
    from deployment_days
    group by environment, workload, unit, date_day
    having sum(units) > 0

),

-- from each day with units to the next one, whatever lies between
steps as (

    select
        environment,
        workload,
        unit,
        units,
        rate,
        lag(units) over series as units_before,
        lag(rate) over series as rate_before,
        date_day,
        lag(date_day) over series as date_day_before
    from workload_days
    window series as (partition by environment, workload, unit order by date_day)

),

-- one deployment's figures per unit. Accelerator time is split among kinds of token as its cost is.
rates as (

    select
        environment,
        workload,
        deployment_id,
        unit,
        units,
        effective_cost,
        effective_cost / nullif(units, 0) as rate,
        idle_cost / nullif(units, 0) as idle_rate,
        unobserved_cost / nullif(units, 0) as unobserved_rate,
        unused_commitment_cost / nullif(units, 0) as unused_commitment_rate,
        shared_cost / nullif(units, 0) as shared_rate,
        usage_cost / nullif(units, 0) as usage_rate,
        deployment_accelerator_cost / nullif(accelerator_seconds, 0) as price,
        accelerator_seconds * unit_share / nullif(units, 0) as seconds_per_unit,
        busy_accelerator_seconds / nullif(accelerator_seconds, 0) as utilization,
        units / nullif(busy_accelerator_seconds * unit_share, 0) as throughput,
        date_day
    from deployment_days

),

{% set dates = [('earlier', 'date_day_before'), ('later', 'date_day')] %}
step_deployments as (

    {% for side, date in dates %}
    select
        steps.environment,
        steps.workload,
        steps.unit,
        rates.deployment_id,
        steps.date_day
    from steps
    inner join rates
        on
            steps.environment = rates.environment
            and steps.workload = rates.workload
            and steps.unit = rates.unit
            and steps.{{ date }} = rates.date_day
    where steps.date_day_before is not null
    {% if not loop.last %}union{% endif %}
    {% endfor %}

),

{% set figures = [
    'rate', 'idle_rate', 'unobserved_rate', 'unused_commitment_rate', 'shared_rate', 'usage_rate', 'price', 'seconds_per_unit',
    'utilization', 'throughput'
] %}
pairs as (

    select
        steps.environment,
        steps.workload,
        steps.unit,
        steps.date_day,
        {{ columns(figures, 'earlier.{0} as {0}_0, later.{0} as {0}_1') }},
        (steps.rate_before + steps.rate) / 2 as workload_rate,
        coalesce(earlier.units, 0) / steps.units_before as share_0,
        coalesce(later.units, 0) / steps.units as share_1,
        coalesce(earlier.effective_cost, 0) / steps.units_before as load_0,
        coalesce(later.effective_cost, 0) / steps.units as load_1,
        coalesce(earlier.units, 0) > 0 and coalesce(later.units, 0) > 0 as is_in_both
    from step_deployments
    inner join steps
        on
            step_deployments.environment = steps.environment
            and step_deployments.workload = steps.workload
            and step_deployments.unit = steps.unit
            and step_deployments.date_day = steps.date_day
    {% for side, date in dates %}
    left join rates as {{ side }}
        on
            steps.environment = {{ side }}.environment
            and steps.workload = {{ side }}.workload
            and steps.unit = {{ side }}.unit
            and steps.{{ date }} = {{ side }}.date_day
            and step_deployments.deployment_id = {{ side }}.deployment_id
    {% endfor %}

),

judged as (

    select
        *,
        {{ midpoint('share_0', 'share_1') }} as share,
        coalesce(
            is_in_both
            and price_0 is not null and price_1 is not null
            and seconds_per_unit_0 > 0 and seconds_per_unit_1 > 0,
            false
        ) as has_capacity,
        coalesce(utilization_0 > 0 and utilization_1 > 0 and throughput_0 > 0 and throughput_1 > 0, false)
            as is_busy_known
    from pairs

),

parts as (

    select
        *,
        case
            when has_capacity
                then {{ midpoint('seconds_per_unit_0', 'seconds_per_unit_1') }} * (price_1 - price_0)
            else 0
        end as price_part,
        case
            when has_capacity and is_busy_known
                then
                    -{{ midpoint('price_0', 'price_1') }}
                    * {{ logarithmic_mean('seconds_per_unit_0', 'seconds_per_unit_1') }}
                    * ln(utilization_1 / utilization_0)
            else 0
        end as utilization_part,
        case
            when has_capacity and is_busy_known
                then
                    -{{ midpoint('price_0', 'price_1') }}
                    * {{ logarithmic_mean('seconds_per_unit_0', 'seconds_per_unit_1') }}
                    * ln(throughput_1 / throughput_0)
            else 0
        end as throughput_part,
        case
            when has_capacity and not is_busy_known
                then {{ midpoint('price_0', 'price_1') }} * (seconds_per_unit_1 - seconds_per_unit_0)
            else 0
        end as capacity_use_part,
        -- what the usage cost moved beyond the product of price and accelerator time
        usage_rate_1 - usage_rate_0
        - case
            when has_capacity then price_1 * seconds_per_unit_1 - price_0 * seconds_per_unit_0
            else 0
        end as direct_part
    from judged

)

select
    environment,
    workload,
    unit,
    sum(case when is_in_both then share * price_part else 0 end) as price_change,
    sum(case when is_in_both then share * utilization_part else 0 end) as utilization_change,
    sum(case when is_in_both then share * throughput_part else 0 end) as throughput_change,
    sum(case when is_in_both then share * capacity_use_part else 0 end) as capacity_use_change,
    sum(case when is_in_both then share * direct_part else 0 end) as direct_change,
    sum(case when is_in_both then share * (idle_rate_1 - idle_rate_0) else 0 end)
        as idle_change,
    sum(case when is_in_both then share * (unobserved_rate_1 - unobserved_rate_0) else 0 end)
        as unobserved_change,
    sum(case when is_in_both then share * (unused_commitment_rate_1 - unused_commitment_rate_0) else 0 end)
        as unused_commitment_change,
    sum(case when is_in_both then share * (shared_rate_1 - shared_rate_0) else 0 end)
        as shared_change,
    sum(
        case
            when is_in_both then ({{ midpoint('rate_0', 'rate_1') }} - workload_rate) * (share_1 - share_0)
            else 0
        end
    ) as mix_change,
    sum(case when is_in_both then 0 else load_1 - load_0 - workload_rate * (share_1 - share_0) end)
        as start_stop_change,
    bool_or(is_in_both and has_capacity and not is_busy_known) as has_unmetered_utilization,
    date_day
from parts
group by environment, workload, unit, date_day
