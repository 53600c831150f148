-- what was signed of a closed month and its adjustments are what a fresh computation says, line by line, to the last decimal
with closed_months as (

    select closed_month
    from {{ ref('int_books__closed_months') }}

),

booked as (

    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        effective_cost
    from {{ ref('int_books__closed_costs_daily') }}
    union all
    select
        date_day,
        source,
        deployment_id,
        cost_origin,
        origin_pool,
        effective_cost
    from {{ ref('fct_cost_adjustments') }}

),

recomputed as (

    select
        recomputed.date_day,
        recomputed.source,
        recomputed.deployment_id,
        recomputed.cost_origin,
        recomputed.origin_pool,
        -recomputed.effective_cost as effective_cost
    from {{ ref('int_books__recomputed_costs_daily') }} as recomputed
    semi join closed_months on date_trunc('month', recomputed.date_day) = closed_months.closed_month

),

both_sides as (

    select * from booked
    union all
    select * from recomputed

)

select
    date_day,
    source,
    deployment_id,
    cost_origin,
    origin_pool,
    sum(effective_cost) as difference
from both_sides
group by date_day, source, deployment_id, cost_origin, origin_pool
having sum(effective_cost) != 0
