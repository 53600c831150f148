{% set chained = drivers() | reject('equalto', 'days_without_units') | list %}
with moves as (

    select * from {{ ref('int_decisions__driver_moves_daily') }}

),

deployment_days as (

    select * from {{ ref('int_decisions__deployment_unit_days') }}

),

-- each day counts for itself, and against the day a week later
deployment_moves as (

    select
        environment,
        workload,
        unit,
        deployment_id,
        sum(case when is_later then units else -units end) as units_change,
        sum(case when is_later then effective_cost else -effective_cost end) as cost_change,
        sum(case when is_later then units else 0 end) as units,
        sum(case when is_later then 0 else units end) as units_before,
        sum(case when is_later then effective_cost else 0 end) as effective_cost,
        sum(case when is_later then 0 else effective_cost end) as effective_cost_before,
        date_day
    from (
        select *, true as is_later from deployment_days
        union all
        select * replace (date_day + 7 as date_day), false as is_later from deployment_days
    )
    group by environment, workload, unit, deployment_id, date_day

),

workload_moves as (

    select
        environment,
        workload,
        unit,
        -- of equal moves the first by name, so that each build says the same
        min_by(deployment_id, (-abs(units_change), deployment_id)) as units_deployment_id,
        min_by(deployment_id, (-abs(cost_change), deployment_id)) as cost_deployment_id,
        sum(cost_change) as cost_change,
        (sum(effective_cost_before) / sum(units_before) + sum(effective_cost) / sum(units)) / 2 * sum(units_change)
            as volume_cost_change,
        date_day
    from deployment_moves
    group by environment, workload, unit, date_day
    having sum(units) > 0 and sum(units_before) > 0

),

-- the moves of seven days are the move since the same weekday a week before
driver_moves as (

    select
        environment,
        workload,
        unit,
        {{ columns(chained, 'sum({0}_change) over week as {0}_change') }},
        date_day
    from moves
    window week as (
        partition by environment, workload, unit
        order by date_day
        range between interval 6 days preceding and current row
    )

)

select
    workload_moves.environment,
    workload_moves.workload,
    workload_moves.unit,
    workload_moves.units_deployment_id,
    workload_moves.cost_deployment_id,
    list_reverse_sort([
        {{ columns(chained, "struct_pack(size := abs(driver_moves.{0}_change), driver := '{0}')") }},
        struct_pack(size := -1.0, driver := '(none)')
    ])[1].driver as main_driver,
    workload_moves.cost_change,
    workload_moves.volume_cost_change,
    workload_moves.date_day
from workload_moves
inner join driver_moves
    on
        workload_moves.environment = driver_moves.environment
        and workload_moves.workload = driver_moves.workload
        and workload_moves.unit = driver_moves.unit
        and workload_moves.date_day = driver_moves.date_day
