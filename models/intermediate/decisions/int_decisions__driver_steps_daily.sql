{%- set dates = [('earlier', 'date_day_before'), ('later', 'date_day')] -%}
{%- set figures = [
    'rate', 'idle_rate', 'unobserved_rate', 'unused_commitment_rate', 'shared_rate', 'usage_rate', 'price', 'seconds_per_unit',
    'utilization', 'throughput'
] -%}
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

)

select
    steps.environment,
    steps.workload,
    steps.unit,
    step_deployments.deployment_id,
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
