with cells as (

    select * from {{ ref('int_unit_economics__unit_cells_daily') }}

),

deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

counted_days as (

    select * from {{ ref('int_unit_economics__counted_days') }}

),

-- one row a deployment first, so that its coverage counts once however many cells a cohort takes from it
deployment_cohorts as (

    {% for dimension, cohort in cohort_dimensions().items() %}
    select
        cells.deployment_id,
        '{{ dimension }}' as cohort_dimension,
        {{ cohort }} as cohort,
        {{ dimension in attributed_dimensions() }} as is_attributed,
        any_value(deployment_days.environment) as environment,
        any_value(deployment_days.workload) as workload,
        cells.unit,
        {{ merge_methods('cells.token_cost_method') }} as token_cost_method,
        sum(cells.units) as units,
        {% for origin in cost_origins() -%}
        sum(cells.{{ origin }}_cost) as {{ origin }}_cost,
        {% endfor -%}
        sum(cells.effective_cost) as effective_cost,
        sum(cells.effective_cost_low) as effective_cost_low,
        sum(cells.effective_cost_high) as effective_cost_high,
        cells.date_day
    from cells
    left join deployment_days
        on cells.deployment_id = deployment_days.deployment_id and cells.date_day = deployment_days.date_day
    group by cells.deployment_id, {{ cohort }}, cells.unit, cells.date_day
    {% if not loop.last %}union all{% endif %}
    {% endfor %}

),

-- product activity tells the workload, and so the cohort where all deployments of the workload are of one
told as (

    select
        *,
        min(cohort) over workload_day = max(cohort) over workload_day as is_one_cohort
    from deployment_cohorts
    window workload_day as (partition by date_day, environment, workload, cohort_dimension, unit)

),

-- whose the usage was the gateway alone can tell
reasoned as (

    select
        told.* exclude (is_attributed, is_one_cohort, units),
        counted_days.activity_source,
        case
            when not told.is_attributed or counted_days.attribution_null_reason is null
                then told.units
        end as units,
        case
            when told.is_attributed
                then coalesce(counted_days.null_reason, counted_days.attribution_null_reason)
            when counted_days.activity_source in ('product', 'both') and not told.is_one_cohort
                then coalesce(counted_days.null_reason, 'meter_missing')
            else counted_days.null_reason
        end as null_reason,
        case
            when told.is_attributed then counted_days.attributed_seconds
            else counted_days.observed_seconds
        end as observed_seconds,
        counted_days.expected_seconds,
        case
            when told.is_attributed then counted_days.is_outside_attributed_span
            else counted_days.is_outside_observed_span
        end as is_outside_observed_span
    from told
    inner join counted_days
        on
            told.deployment_id = counted_days.deployment_id
            and told.date_day = counted_days.date_day
            and told.unit = counted_days.unit

),

-- a day on which nothing was expected weighs a second, so that it counts where there is no other. A day whose bill is not there
-- yet is not counted, and is not held against the period.
judged as (

    select
        reasoned.*,
        reasoned.null_reason is null as is_counted,
        case when deployment_days.is_day_billed then reasoned.null_reason end as uncounted_reason,
        reasoned.expected_seconds + 1 as weight_seconds,
        deployment_days.is_day_billed,
        deployment_days.is_week_billed,
        deployment_days.is_month_billed,
        deployment_days.charges_complete_from,
        deployment_days.charges_complete_until
    from reasoned
    left join deployment_days
        on
            reasoned.deployment_id = deployment_days.deployment_id
            and reasoned.date_day = deployment_days.date_day

)

select
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    {{ merge_methods('token_cost_method') }} as token_cost_method,
    {{ merge_methods('activity_source') }} as activity_source,
    cast(sum(units) as bigint) as known_units,
    cast(sum(units) filter (where is_counted) as bigint) as counted_units,
    {% for origin in cost_origins() -%}
    sum({{ origin }}_cost) as {{ origin }}_cost,
    {% endfor -%}
    sum(effective_cost) as effective_cost,
    {% for bound in ['', '_low', '_high'] -%}
    coalesce(sum(effective_cost{{ bound }}) filter (where is_counted), 0) as counted_cost{{ bound }},
    {% endfor -%}
    cast(sum(observed_seconds) as bigint) as observed_seconds,
    cast(sum(expected_seconds) as bigint) as expected_seconds,
    cast(sum(weight_seconds) filter (where is_counted) as bigint) as counted_seconds,
    {% for reason in uncounted_reasons() -%}
    cast(sum(weight_seconds) filter (where uncounted_reason = '{{ reason }}') as bigint)
        as {{ reason }}_seconds,
    {% endfor -%}
    bool_or(is_outside_observed_span) as is_outside_observed_span,
    bool_and(is_day_billed) as is_day_billed,
    bool_and(is_week_billed) as is_week_billed,
    bool_and(is_month_billed) as is_month_billed,
    date_day,
    max(charges_complete_from) as charges_complete_from,
    min(charges_complete_until) as charges_complete_until
from judged
group by
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    date_day
