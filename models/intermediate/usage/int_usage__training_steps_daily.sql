with steps as (

    select * from {{ ref('int_usage__training_steps') }}

),

attempts as (

    select * from {{ ref('int_usage__training_attempts') }}

),

-- the first logged step of an attempt goes on from where it resumed, each other one from the step before
followed as (

    select
        steps.run_id,
        steps.step,
        steps.tokens_seen,
        steps.ts,
        steps.step <= coalesce(attempts.useful_until_step, -1) as is_useful,
        lag(steps.ts, 1, steps.ts) over attempt as from_ts,
        lag(steps.step, 1, attempts.resumed_step) over attempt as from_step,
        coalesce({{ known_value('last', 'steps.tokens_seen') }} over before, attempts.resumed_tokens_seen)
            as from_tokens_seen,
        coalesce(
            {{ known_value('last', 'case when steps.tokens_seen is not null then steps.ts end') }} over before,
            first_value(steps.ts) over attempt
        ) as tokens_from_ts
    from steps
    inner join attempts
        on
            steps.run_id = attempts.run_id
            and steps.attempt_number = attempts.attempt_number
    window
        attempt as (partition by steps.run_id, steps.attempt_number order by steps.step),
        before as (
            partition by steps.run_id, steps.attempt_number order by steps.step
            rows between unbounded preceding and 1 preceding
        )

),

-- a step that does not tell its tokens (an evaluation) leaves them to the next that does, with the time since the last one
spans as (

    select
        run_id,
        is_useful,
        step - from_step as executed_steps,
        cast(null as bigint) as executed_tokens,
        from_ts,
        ts
    from followed

    union all

    select
        run_id,
        is_useful,
        cast(null as bigint) as executed_steps,
        -- tokens that fall while steps go on are those of a program that was resumed and counts from 0 again
        case when tokens_seen < from_tokens_seen then tokens_seen else tokens_seen - from_tokens_seen end
            as executed_tokens,
        tokens_from_ts as from_ts,
        ts
    from followed
    where tokens_seen is not null

),

days as (

    select
        *,
        {{ each_day_of('from_ts', 'ts') }} as day_starts_at
    from spans

),

placed as (

    select
        cast(day_starts_at as date) as date_day,
        run_id,
        is_useful,
        {{ part_of_day('executed_steps', 'from_ts', 'ts', 'day_starts_at') }} as executed_steps,
        {{ part_of_day('executed_tokens', 'from_ts', 'ts', 'day_starts_at') }} as executed_tokens
    from days

),

runs as (

    select
        run_id,
        max(deployment_id) as deployment_id,
        {{ labels_from({'run_id': 'run_id', 'deployment': 'max(deployment_id)'}) }} as labels
    from steps
    group by run_id

),

matches as (

    {{ match_series_rules('runs', 'run_id') }}

),

deployments as (

    select distinct deployment_id from {{ ref('deployments') }}

)

select
    placed.date_day,
    max(coalesce(
        deployments.deployment_id, matches.deployment_id, runs.deployment_id, '(unattributed)'
    )) as deployment_id,
    placed.run_id,
    cast(sum(placed.executed_steps) as bigint) as executed_steps,
    cast(coalesce(sum(placed.executed_steps) filter (where placed.is_useful), 0) as bigint) as useful_steps,
    cast(coalesce(sum(placed.executed_steps) filter (where not placed.is_useful), 0) as bigint) as rework_steps,
    cast(sum(placed.executed_tokens) as bigint) as executed_tokens,
    cast(
        case when count(placed.executed_tokens) > 0
                then coalesce(sum(placed.executed_tokens) filter (where placed.is_useful), 0)
        end as bigint
    ) as useful_tokens,
    cast(
        case when count(placed.executed_tokens) > 0
                then coalesce(sum(placed.executed_tokens) filter (where not placed.is_useful), 0)
        end as bigint
    ) as rework_tokens
from placed
inner join runs on placed.run_id = runs.run_id
left join matches on placed.run_id = matches.run_id and {{ in_effect('matches', 'placed.date_day') }}
left join deployments on runs.deployment_id = deployments.deployment_id
group by placed.date_day, placed.run_id
