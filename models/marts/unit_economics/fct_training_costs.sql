with training_steps as (

    select * from {{ ref('int_usage__training_steps_daily') }}

),

deployment_days as (

    select
        deployment_id,
        environment,
        workload,
        date_day
    from {{ ref('int_unit_economics__deployment_days') }}

),

unit_economics as (

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

counted_days as (

    select
        deployment_id,
        date_day
    from {{ ref('int_unit_economics__counted_days') }}
    where unit = 'training_step' and null_reason is null

),

-- the tokens of a day are known where every run's log tells them
days as (

    select
        deployment_days.environment,
        deployment_days.workload,
        training_steps.deployment_id,
        sum(training_steps.executed_steps) as executed_steps,
        sum(training_steps.useful_steps) as useful_steps,
        sum(training_steps.rework_steps) as rework_steps,
        case when count(*) = count(training_steps.executed_tokens) then sum(training_steps.executed_tokens) end
            as executed_tokens,
        case when count(*) = count(training_steps.useful_tokens) then sum(training_steps.useful_tokens) end
            as useful_tokens,
        case when count(*) = count(training_steps.rework_tokens) then sum(training_steps.rework_tokens) end
            as rework_tokens,
        bool_and(counted_days.deployment_id is not null) as is_counted,
        training_steps.date_day
    from training_steps
    inner join deployment_days
        on
            training_steps.deployment_id = deployment_days.deployment_id
            and training_steps.date_day = deployment_days.date_day
    left join counted_days
        on
            training_steps.deployment_id = counted_days.deployment_id
            and training_steps.date_day = counted_days.date_day
    group by
        deployment_days.environment,
        deployment_days.workload,
        training_steps.deployment_id,
        training_steps.date_day

),

periods as (

    select
        grains.grain,
        environment,
        workload,
        deployment_id,
        sum(executed_steps) as executed_steps,
        sum(useful_steps) as useful_steps,
        sum(rework_steps) as rework_steps,
        case when count(*) = count(executed_tokens) then sum(executed_tokens) end as executed_tokens,
        case when count(*) = count(useful_tokens) then sum(useful_tokens) end as useful_tokens,
        case when count(*) = count(rework_tokens) then sum(rework_tokens) end as rework_tokens,
        sum(executed_steps) filter (where is_counted) as counted_executed_steps,
        sum(rework_steps) filter (where is_counted) as counted_rework_steps,
        case
            when bool_and(executed_tokens is not null or not is_counted)
                then sum(executed_tokens) filter (where is_counted)
        end as counted_executed_tokens,
        case
            when bool_and(useful_tokens is not null or not is_counted)
                then sum(useful_tokens) filter (where is_counted)
        end as counted_useful_tokens,
        {{ period_start('date_day', 'grains.grain') }} as period_start
    from days
    cross join {{ grains() }}
    group by grains.grain, environment, workload, deployment_id, {{ period_start('date_day', 'grains.grain') }}

),

costs as (

    select
        unit_economics.*,
        coalesce(periods.executed_steps, 0) as executed_steps,
        coalesce(periods.useful_steps, 0) as useful_steps,
        coalesce(periods.rework_steps, 0) as rework_steps,
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
