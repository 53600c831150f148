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

)

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
