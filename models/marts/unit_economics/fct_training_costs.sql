with unit_economics as (

    select
        grain,
        environment,
        workload,
        cohort as deployment_id,
        units,
        effective_cost,
        counted_cost,
        cost_per_unit,
        null_reason,
        telemetry_coverage,
        currency,
        is_complete,
        period_start,
        period_end
    from {{ ref('int_books__unit_economics') }}
    where cohort_dimension = 'deployment' and unit = 'training_step'

),

periods as (

    select * from {{ ref('int_unit_economics__training_periods') }}

),

-- without a log there were no steps where somebody looked, and nobody knows where nobody did
costs as (

    select
        unit_economics.*,
        case
            when unit_economics.units = 0 and coalesce(unit_economics.null_reason in ('no_units', 'no_cost'), true)
                then 0
        end as steps_without_log,
        coalesce(periods.executed_steps, steps_without_log) as executed_steps,
        coalesce(periods.useful_steps, steps_without_log) as useful_steps,
        coalesce(periods.rework_steps, steps_without_log) as rework_steps,
        periods.executed_tokens,
        periods.useful_tokens,
        periods.rework_tokens,
        coalesce(periods.counted_executed_steps, 0) as counted_executed_steps,
        coalesce(periods.counted_rework_steps, 0) as counted_rework_steps,
        periods.counted_executed_tokens,
        periods.counted_useful_tokens
    from unit_economics
    left join periods
        on
            unit_economics.grain = periods.grain
            and unit_economics.period_start = periods.period_start
            and unit_economics.environment = periods.environment
            and unit_economics.workload = periods.workload
            and unit_economics.deployment_id = periods.deployment_id

)

select
    grain,
    period_start,
    period_end,
    is_complete,
    environment,
    workload,
    deployment_id,
    cast(executed_steps as bigint) as executed_steps,
    cast(useful_steps as bigint) as useful_steps,
    cast(rework_steps as bigint) as rework_steps,
    cast(executed_tokens as bigint) as executed_tokens,
    cast(useful_tokens as bigint) as useful_tokens,
    cast(rework_tokens as bigint) as rework_tokens,
    effective_cost,
    counted_cost,
    case
        when counted_executed_steps > 0
            then {{ amount_at_price('counted_cost', 'counted_rework_steps', 'counted_executed_steps') }}
    end as rework_cost,
    rework_steps / nullif(cast(executed_steps as double), 0) as rework_share,
    cost_per_unit as cost_per_useful_step,
    case
        when null_reason is null then {{ cost_per_unit('counted_cost', 'counted_executed_steps', 1) }}
    end as cost_per_executed_step,
    case
        when null_reason is null then {{ cost_per_unit('counted_cost', 'counted_useful_tokens', 1000000) }}
    end as cost_per_million_useful_tokens,
    case
        when null_reason is null then {{ cost_per_unit('counted_cost', 'counted_executed_tokens', 1000000) }}
    end as cost_per_million_executed_tokens,
    null_reason,
    telemetry_coverage,
    currency
from costs
