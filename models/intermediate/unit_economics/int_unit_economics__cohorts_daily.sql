with cells as (
    select * from {{ ref('int_unit_economics__unit_cells_daily') }}
),

deployment_days as (
    select * from {{ ref('int_unit_economics__deployment_days') }}
),

-- One row a deployment first, so that its coverage counts once however many cells a cohort takes from it.
deployment_cohorts as (
    {% for dimension, cohort in cohort_dimensions().items() %}
    select
        cells.deployment_id,
        '{{ dimension }}' as cohort_dimension,
        {{ cohort }} as cohort,
        cells.unit,
        {{ merge_methods('cells.token_cost_method') }} as token_cost_method,
        sum(cells.units) as units,
        {% for origin in cost_origins() -%}
        sum(cells.{{ origin }}_cost) as {{ origin }}_cost,
        {% endfor -%}
        sum(cells.effective_cost) as effective_cost,
        sum(cells.effective_cost_low) as effective_cost_low,
        sum(cells.effective_cost_high) as effective_cost_high,
        cells.usage_date
    from cells
    left join deployment_days
        on cells.deployment_id = deployment_days.deployment_id and cells.usage_date = deployment_days.usage_date
    group by cells.deployment_id, {{ cohort }}, cells.unit, cells.usage_date
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    deployment_days.environment,
    deployment_days.workload,
    deployment_cohorts.cohort_dimension,
    deployment_cohorts.cohort,
    deployment_cohorts.unit,
    {{ merge_methods('deployment_cohorts.token_cost_method') }} as token_cost_method,
    cast(sum(deployment_cohorts.units) as bigint) as units,
    {% for origin in cost_origins() -%}
    sum(deployment_cohorts.{{ origin }}_cost) as {{ origin }}_cost,
    {% endfor -%}
    sum(deployment_cohorts.effective_cost) as effective_cost,
    sum(deployment_cohorts.effective_cost_low) as effective_cost_low,
    sum(deployment_cohorts.effective_cost_high) as effective_cost_high,
    cast(sum(deployment_days.observed_seconds) as bigint) as observed_seconds,
    cast(sum(deployment_days.expected_seconds) as bigint) as expected_seconds,
    bool_or(deployment_days.has_cost) as has_cost,
    deployment_cohorts.usage_date,
    min(deployment_days.charges_complete_until) as charges_complete_until
from deployment_cohorts
left join deployment_days
    on
        deployment_cohorts.deployment_id = deployment_days.deployment_id
        and deployment_cohorts.usage_date = deployment_days.usage_date
group by
    deployment_days.environment,
    deployment_days.workload,
    deployment_cohorts.cohort_dimension,
    deployment_cohorts.cohort,
    deployment_cohorts.unit,
    deployment_cohorts.usage_date
