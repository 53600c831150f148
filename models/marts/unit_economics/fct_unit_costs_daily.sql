with recomputed as (

    select * from {{ ref('int_books__recomputed_unit_costs_daily') }}

),

closed as (

    select * from {{ ref('int_books__closed_unit_costs_daily') }}

),

closed_months as (

    select closed_month
    from {{ ref('int_books__closed_months') }}
    where is_shown_as_signed

),

rows_of_both as (

    {{ signed_and_open('closed', 'recomputed') }}

)

select
    date_day,
    deployment_id,
    customer_tier,
    geography,
    unit,
    configuration_id,
    environment,
    workload,
    kind,
    {{ columns(deployment_attributes()) }},
    token_cost_method,
    units,
    {{ columns(cost_origins(), '{0}_cost') }},
    effective_cost,
    counted_units,
    counted_cost,
    null_reason,
    attribution_null_reason,
    currency
from rows_of_both
