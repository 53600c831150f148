with cells as (

    select * from {{ ref('int_unit_economics__unit_cells_daily') }}

),

deployment_cohorts as (

    select * from {{ ref('int_unit_economics__deployment_cohorts_daily') }}

),

cohort_dimensions as (

    select * from {{ ref('cohort_dimensions') }}

),

cell_cohorts as (

    select
        cells.*,
        deployment_cohorts.cohort_dimension,
        deployment_cohorts.cohort,
        false as is_told_by_gateway
    from cells
    inner join deployment_cohorts
        on cells.deployment_id = deployment_cohorts.deployment_id and cells.date_day = deployment_cohorts.date_day
    union all
    select
        cells.*,
        cohort_dimensions.cohort_dimension,
        {{ gateway_cohort('cohort_dimensions.cohort_dimension', 'cells') }} as cohort,
        true as is_told_by_gateway
    from cells
    inner join cohort_dimensions on cohort_dimensions.told_by = 'gateway'

)

select
    deployment_id,
    cohort_dimension,
    cohort,
    is_told_by_gateway,
    unit,
    {{ merge_methods('token_cost_method') }} as token_cost_method,
    sum(units) as units,
    {{ columns(cost_origins(), 'sum({0}_cost) as {0}_cost') }},
    sum(effective_cost) as effective_cost,
    sum(effective_cost_low) as effective_cost_low,
    sum(effective_cost_high) as effective_cost_high,
    date_day
from cell_cohorts
group by deployment_id, cohort_dimension, cohort, is_told_by_gateway, unit, date_day
