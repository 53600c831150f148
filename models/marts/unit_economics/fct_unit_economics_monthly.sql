select
    period_start,
    period_end,
    is_complete,
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    unit_scale,
    units,
    activity_source,
    {% for origin in cost_origins() -%}
    {{ origin }}_cost,
    {% endfor -%}
    effective_cost,
    counted_cost,
    cost_per_unit,
    null_reason,
    token_cost_method,
    cost_per_unit_low,
    cost_per_unit_high,
    telemetry_coverage,
    currency
from {{ ref('int_unit_economics__cost_per_unit') }}
where grain = 'month'
