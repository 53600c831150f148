with cost_cells as (

    select
        deployment_id,
        customer_tier,
        sum(effective_cost) as effective_cost,
        date_day
    from {{ ref('int_unit_economics__cost_cells_daily') }}
    group by deployment_id, customer_tier, date_day

),

deployment_days as (

    select
        deployment_id,
        environment,
        workload,
        date_day
    from {{ ref('int_unit_economics__deployment_days') }}

),

units as (

    select * from {{ ref('units') }}

),

-- a kind of token can be counted by tier where the cost of another cannot
counted_days as (

    select
        counted_days.deployment_id,
        counted_days.unit,
        coalesce(counted_days.null_reason, counted_days.attribution_null_reason) as null_reason,
        max(case when units.cost_scope != 'token_kind' then counted_days.attribution_null_reason end) over (
            partition by counted_days.deployment_id, counted_days.date_day
        ) as cost_null_reason,
        counted_days.date_day
    from {{ ref('int_unit_economics__counted_days') }} as counted_days
    inner join units on counted_days.unit = units.unit

),

price_book as (

    select distinct
        customer_tier,
        workload,
        unit
    from {{ ref('price_book') }}

),

-- what a tier pays for can only be held against a day's cost where all of it is counted
judged as (

    select
        deployment_days.environment,
        deployment_days.workload,
        cost_cells.customer_tier,
        max(cost_cells.effective_cost) as effective_cost,
        count(counted_days.unit) filter (where counted_days.null_reason is null) as counted_units,
        coalesce(min(counted_days.null_reason), min(counted_days.cost_null_reason)) as null_reason,
        cost_cells.date_day
    from cost_cells
    inner join deployment_days
        on
            cost_cells.deployment_id = deployment_days.deployment_id
            and cost_cells.date_day = deployment_days.date_day
    left join price_book
        on
            cost_cells.customer_tier = price_book.customer_tier
            and deployment_days.workload = price_book.workload
    left join counted_days
        on
            cost_cells.deployment_id = counted_days.deployment_id
            and cost_cells.date_day = counted_days.date_day
            and price_book.unit = counted_days.unit
    group by
        deployment_days.environment,
        deployment_days.workload,
        cost_cells.customer_tier,
        cost_cells.deployment_id,
        cost_cells.date_day

)

select
    environment,
    workload,
    customer_tier,
    sum(effective_cost) as effective_cost,
    coalesce(sum(effective_cost) filter (where null_reason is null), 0) as counted_cost,
    min(null_reason) filter (where counted_units > 0) as null_reason,
    date_day
from judged
group by environment, workload, customer_tier, date_day
