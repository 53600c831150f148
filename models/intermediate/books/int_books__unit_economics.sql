with computed as (

    select
        {{ all_but('cohort_dimension, cohort') }},
        cohort_dimension,
        cohort
    from {{ ref('int_unit_economics__cost_per_unit') }}

),

closed as (

    select * from {{ ref('int_books__closed_unit_economics') }}
    {%- if not shows_signed() %}
    where false
    {%- endif %}

),

signed as (

    {{ with_newer_dimensions('closed', ['grain', 'period_start']) }}

),

rows_of_both as (

    select
        signed.*,
        true as is_closed
    from signed
    union all
    select
        computed.*,
        false as is_closed
    from computed
    anti join closed on computed.grain = closed.grain and computed.period_start = closed.period_start

)

select
    grain,
    period_start,
    period_end,
    is_complete,
    is_closed,
    environment,
    workload,
    cohort_dimension,
    cohort,
    unit,
    unit_scale,
    units,
    activity_source,
    usage_cost,
    unused_commitment_cost,
    idle_cost,
    unobserved_cost,
    shared_cost,
    effective_cost,
    counted_cost,
    cost_per_unit,
    null_reason,
    token_cost_method,
    cost_per_unit_low,
    cost_per_unit_high,
    telemetry_coverage,
    currency
from rows_of_both
