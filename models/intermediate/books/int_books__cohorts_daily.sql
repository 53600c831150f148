with recomputed as (

    select
        {{ all_but('cohort_dimension, cohort') }},
        cohort_dimension,
        cohort
    from {{ ref('int_unit_economics__cohorts_daily') }}

),

closed as (

    select * from {{ ref('int_books__closed_cohorts_daily') }}

),

closed_months as (

    select closed_month
    from {{ ref('int_books__closed_months') }}
    where is_shown_as_signed

),

signed as (

    {{ with_newer_dimensions('closed', ['date_day']) }}

),

rows_of_both as (

    {{ signed_and_open('signed', 'recomputed') }}

)

select
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    token_cost_method,
    activity_source,
    known_units,
    counted_units,
    {{ columns(cost_origins(), '{0}_cost') }},
    effective_cost,
    counted_cost,
    counted_cost_low,
    counted_cost_high,
    observed_seconds,
    expected_seconds,
    counted_seconds,
    {{ columns(uncounted_reasons(), '{0}_seconds') }},
    is_outside_observed_span,
    is_day_billed,
    is_week_billed,
    is_month_billed,
    date_day,
    charges_complete_from,
    charges_complete_until
from rows_of_both
