with signed as (

    select * from {{ ref('int_books__closed_owner_adjustments') }}

),

open as (

    select * from {{ ref('int_books__open_owner_adjustments') }}

)

select
    booked_month,
    closed_month,
    date_day,
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    owner,
    environment,
    workload,
    cause,
    reference,
    effective_cost,
    currency,
    true as is_closed
from signed
union all
select
    booked_month,
    closed_month,
    date_day,
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    owner,
    environment,
    workload,
    cause,
    reference,
    effective_cost,
    currency,
    false as is_closed
from open
