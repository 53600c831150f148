with cohort_cells as (

    select * from {{ ref('int_unit_economics__cohort_cells_daily') }}

),

deployment_days as (

    select * from {{ ref('int_unit_economics__deployment_days') }}

),

counted_days as (

    select * from {{ ref('int_unit_economics__counted_days') }}

),

-- product activity tells the workload, and so the cohort where all deployments of the workload are of one
told as (

    select
        cohort_cells.*,
        deployment_days.environment,
        deployment_days.workload,
        deployment_days.is_day_billed,
        deployment_days.is_week_billed,
        deployment_days.is_month_billed,
        deployment_days.charges_complete_from,
        deployment_days.charges_complete_until,
        min(cohort_cells.cohort) over workload_day = max(cohort_cells.cohort) over workload_day as is_one_cohort
    from cohort_cells
    left join deployment_days
        on
            cohort_cells.deployment_id = deployment_days.deployment_id
            and cohort_cells.date_day = deployment_days.date_day
    window
        workload_day as (
            partition by
                cohort_cells.date_day,
                deployment_days.environment,
                deployment_days.workload,
                cohort_cells.cohort_dimension,
                cohort_cells.unit
        )

),

-- whose the usage was the gateway alone can tell
reasoned as (

    select
        told.{{ all_but('is_told_by_gateway, is_one_cohort, units') }},
        counted_days.activity_source,
        case
            when not told.is_told_by_gateway or counted_days.attribution_null_reason is null
                then told.units
        end as units,
        case
            when told.is_told_by_gateway
                then coalesce(counted_days.null_reason, counted_days.attribution_null_reason)
            when counted_days.activity_source in ('product', 'both') and not told.is_one_cohort
                then coalesce(counted_days.null_reason, 'meter_missing')
            else counted_days.null_reason
        end as null_reason,
        case
            when told.is_told_by_gateway then counted_days.attributed_seconds
            else counted_days.observed_seconds
        end as observed_seconds,
        counted_days.expected_seconds,
        case
            when told.is_told_by_gateway then counted_days.is_outside_attributed_span
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
        *,
        null_reason is null as is_counted,
        case when is_day_billed then null_reason end as uncounted_reason,
        expected_seconds + 1 as weight_seconds
    from reasoned

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
    {{ columns(cost_origins(), 'sum({0}_cost) as {0}_cost') }},
    sum(effective_cost) as effective_cost,
    coalesce(sum(effective_cost) filter (where is_counted), 0) as counted_cost,
    coalesce(sum(effective_cost_low) filter (where is_counted), 0) as counted_cost_low,
    coalesce(sum(effective_cost_high) filter (where is_counted), 0) as counted_cost_high,
    cast(sum(observed_seconds) as bigint) as observed_seconds,
    cast(sum(expected_seconds) as bigint) as expected_seconds,
    cast(sum(weight_seconds) filter (where is_counted) as bigint) as counted_seconds,
    {{ columns(
        uncounted_reasons(),
        "cast(sum(weight_seconds) filter (where uncounted_reason = '{0}') as bigint) as {0}_seconds"
    ) }},
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
