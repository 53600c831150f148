with recomputed as (

    select * from {{ ref('int_owners__costs_daily') }}

),

closed as (

    select * from {{ ref('int_books__closed_owner_costs_daily') }}

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
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    owner,
    matched_by,
    method,
    environment,
    workload,
    effective_cost,
    currency
from rows_of_both
