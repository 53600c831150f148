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

)

-- one row a step, however many files or processes logged it
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
