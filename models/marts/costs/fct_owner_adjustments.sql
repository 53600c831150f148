with signed as (

    select
        adjustments.*,
        true as is_closed
    from {{ ref('int_books__closed_owner_adjustments') }} as adjustments

),

open as (

    select
        adjustments.*,
        false as is_closed
    from {{ ref('int_books__open_owner_adjustments') }} as adjustments

),

adjustments as (

    select * from signed
    union all by name
    select * from open

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
    is_closed
from adjustments
