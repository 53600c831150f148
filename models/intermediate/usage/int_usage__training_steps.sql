with progress as (

    select * from {{ ref('stg_training__progress') }}
    where
        ts is not null
        and step is not null

),

-- a step that falls back is a new attempt, whether the log says so or not
fallen as (

    select
        *,
        coalesce(step < lag(step) over (
            partition by run_id, attempt_id order by ts, step
        ), true) as is_restart
    from progress

),

attempted as (

    select
        *,
        count(case when is_restart then 1 end) over (
            partition by run_id, attempt_id order by ts, step rows unbounded preceding
        ) as restarts
    from fallen

),

begun as (

    select
        *,
        min(ts) over (partition by run_id, attempt_id, restarts) as began_at
    from attempted

),

numbered as (

    select
        *,
        dense_rank() over (partition by run_id order by began_at, attempt_id, restarts) as attempt_number
    from begun

),

-- one row a step, however many files or processes logged it
steps as (

    select
        run_id,
        attempt_number,
        min(attempt_id) as attempt_id,
        max(deployment_id) as deployment_id,
        min_by(source_file, ts) as source_file,
        step,
        max(tokens_seen) as tokens_seen,
        min(ts) as ts
    from numbered
    group by run_id, attempt_number, step

),

told as (

    select
        run_id,
        attempt_number,
        step,
        tokens_seen,
        lag(tokens_seen) over (partition by run_id, attempt_number order by step) as previous_tokens,
        max(tokens_seen) over (partition by run_id, attempt_number) as most_tokens
    from steps
    where tokens_seen is not null

),

attempts as (

    select
        run_id,
        attempt_number,
        min(step) as first_step,
        min_by(tokens_seen, step) as first_tokens,
        max(most_tokens) as most_tokens,
        min(case when tokens_seen = most_tokens then step end) as most_step,
        count(previous_tokens) as moves,
        count(case when tokens_seen < previous_tokens then 1 end) as falls
    from told
    group by run_id, attempt_number

),

-- tokens since the run began grow as fast after the first count as before it, and fall where a program begins anew. Those of
-- each step fall all the time, or what they add later is little beside the first; so is what a run of another one's tokens adds
uncumulative as (

    select run_id
    from attempts
    group by run_id
    having
        (sum(falls) >= 2 and sum(falls) * 4 >= sum(moves))
        or bool_or(
            moves > 0
            and first_tokens > 0
            and cast(first_tokens as {{ wide_integer() }}) * (most_step - first_step)
            >= cast(4 as {{ wide_integer() }}) * (first_step + 1) * (most_tokens - first_tokens)
        )

)

select
    steps.run_id,
    steps.attempt_number,
    steps.attempt_id,
    steps.deployment_id,
    steps.source_file,
    steps.step,
    case when uncumulative.run_id is null then steps.tokens_seen end as tokens_seen,
    uncumulative.run_id is not null and steps.tokens_seen is not null as has_uncumulative_tokens,
    steps.ts
from steps
left join uncumulative on steps.run_id = uncumulative.run_id
