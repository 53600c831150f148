with recursive progress as (

    select * from {{ ref('int_usage__training_steps') }}

),

attempts as (

    select
        run_id,
        attempt_number,
        min(step) as first_step,
        max(step) as last_step,
        min(ts) as first_logged_at,
        min_by(tokens_seen, step) as first_tokens_seen,
        count(*) as logged_steps
    from progress
    group by run_id, attempt_number

),

-- an attempt goes on from the last step before its first that an earlier one had logged; the latest such attempt is its parent
parents as (

    select
        attempts.run_id,
        attempts.attempt_number,
        max_by(earlier.attempt_number, (earlier.step, earlier.attempt_number)) as parent_number,
        max(earlier.step) as resumed_step,
        max_by(earlier.tokens_seen, (earlier.step, earlier.attempt_number)) as resumed_tokens_seen
    from attempts
    inner join progress as earlier
        on
            attempts.run_id = earlier.run_id
            and attempts.attempt_number > earlier.attempt_number
            and attempts.first_step > earlier.step
    group by attempts.run_id, attempts.attempt_number

),

-- from the last attempt back to the first: what a parent did after the checkpoint was done in vain
lineage as (

    select
        run_id,
        max(attempt_number) as attempt_number,
        max_by(last_step, attempt_number) as useful_until_step
    from attempts
    group by run_id

    union all

    select
        lineage.run_id,
        parents.parent_number as attempt_number,
        parents.resumed_step as useful_until_step
    from lineage
    inner join parents
        on
            lineage.run_id = parents.run_id
            and lineage.attempt_number = parents.attempt_number

),

-- the second step tells how far apart a log's steps are; a first step further from 0 than that is no beginning
second_steps as (

    select
        progress.run_id,
        progress.attempt_number,
        min(progress.step) as second_step
    from progress
    inner join attempts
        on
            progress.run_id = attempts.run_id
            and progress.attempt_number = attempts.attempt_number
            and progress.step > attempts.first_step
    group by progress.run_id, progress.attempt_number

),

opened as (

    select
        attempts.*,
        parents.parent_number,
        parents.resumed_step,
        parents.resumed_tokens_seen,
        parents.resumed_step is null
        and attempts.first_step > second_steps.second_step - attempts.first_step as is_opening_unknown
    from attempts
    left join parents
        on
            attempts.run_id = parents.run_id
            and attempts.attempt_number = parents.attempt_number
    left join second_steps
        on
            attempts.run_id = second_steps.run_id
            and attempts.attempt_number = second_steps.attempt_number

)

select
    opened.run_id,
    opened.attempt_number,
    opened.parent_number,
    case
        when coalesce(opened.is_opening_unknown, false) then opened.first_step
        else coalesce(opened.resumed_step, 0)
    end as resumed_step,
    case
        when coalesce(opened.is_opening_unknown, false) then opened.first_tokens_seen
        when opened.resumed_step is null then 0
        -- a program that counts its own tokens only begins at 0 again
        when opened.first_tokens_seen < opened.resumed_tokens_seen then 0
        else opened.resumed_tokens_seen
    end as resumed_tokens_seen,
    opened.last_step,
    lineage.useful_until_step,
    opened.logged_steps,
    coalesce(opened.is_opening_unknown, false) as is_opening_unknown,
    opened.first_logged_at
from opened
left join lineage
    on
        opened.run_id = lineage.run_id
        and opened.attempt_number = lineage.attempt_number
