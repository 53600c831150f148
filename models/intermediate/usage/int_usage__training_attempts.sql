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
        min_by(tokens_seen, step) filter (where tokens_seen is not null) as first_tokens_seen,
        max_by(tokens_seen, step) filter (where tokens_seen is not null) as last_tokens_seen,
        min(step) filter (where tokens_seen is not null) as first_told_step,
        max(step) filter (where tokens_seen is not null) as last_told_step,
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
        max(earlier.step) as resumed_step
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
        parents.resumed_step is null
        and coalesce(attempts.first_step > second_steps.second_step - attempts.first_step, false)
            as is_opening_unknown
    from attempts
    left join parents
        on
            attempts.run_id = parents.run_id
            and attempts.attempt_number = parents.attempt_number
    left join second_steps
        on
            attempts.run_id = second_steps.run_id
            and attempts.attempt_number = second_steps.attempt_number

),

-- not every logged step tells its tokens: an attempt goes on from the last count that its parent had by then
counted as (

    select
        opened.run_id,
        opened.attempt_number,
        opened.parent_number,
        case
            when opened.parent_number is not null then max_by(progress.tokens_seen, progress.step)
            when not opened.is_opening_unknown then 0
        end as tokens_seen
    from opened
    left join progress
        on
            opened.run_id = progress.run_id
            and opened.parent_number = progress.attempt_number
            and opened.resumed_step >= progress.step
            and progress.tokens_seen is not null
    group by opened.run_id, opened.attempt_number, opened.parent_number, opened.is_opening_unknown

),

-- and, where the parent had none, from what the parent itself went on from
inherited as (

    select
        run_id,
        attempt_number,
        parent_number,
        tokens_seen
    from counted

    union all

    select
        inherited.run_id,
        inherited.attempt_number,
        counted.parent_number,
        counted.tokens_seen
    from inherited
    inner join counted
        on
            inherited.run_id = counted.run_id
            and inherited.parent_number = counted.attempt_number
            and inherited.tokens_seen is null

),

resumed as (

    select
        run_id,
        attempt_number,
        max(tokens_seen) as tokens_seen
    from inherited
    group by run_id, attempt_number

),

-- tokens a step since an attempt's first count
paced as (

    select
        opened.run_id,
        opened.attempt_number,
        {{ quotient(
            '(opened.last_tokens_seen - opened.first_tokens_seen)',
            'nullif(opened.last_told_step - opened.first_told_step, 0)'
        ) }} as tokens_a_step,
        opened.first_told_step - opened.resumed_step as own_steps
    from opened

),

-- a program that counts its own tokens may have more than its parent when it first logs: at one pace, within a tenth of
-- what the parent had, its own steps brought what it tells, and all steps what the parent told
restarted as (

    select
        paced.run_id,
        paced.attempt_number
    from paced
    inner join opened on paced.run_id = opened.run_id and paced.attempt_number = opened.attempt_number
    inner join resumed on paced.run_id = resumed.run_id and paced.attempt_number = resumed.attempt_number
    where
        abs(opened.first_tokens_seen - paced.own_steps * paced.tokens_a_step) * 10 < resumed.tokens_seen
        and abs(resumed.tokens_seen - opened.resumed_step * paced.tokens_a_step) * 10 < resumed.tokens_seen

)

select
    opened.run_id,
    opened.attempt_number,
    opened.parent_number,
    case
        when opened.is_opening_unknown then opened.first_step
        else coalesce(opened.resumed_step, 0)
    end as resumed_step,
    case
        when opened.is_opening_unknown then opened.first_tokens_seen
        -- a program that counts its own tokens only begins at 0 again
        when opened.first_tokens_seen < resumed.tokens_seen or restarted.run_id is not null then 0
        else resumed.tokens_seen
    end as resumed_tokens_seen,
    opened.last_step,
    lineage.useful_until_step,
    opened.logged_steps,
    opened.is_opening_unknown,
    opened.first_logged_at
from opened
left join resumed
    on
        opened.run_id = resumed.run_id
        and opened.attempt_number = resumed.attempt_number
left join restarted
    on
        opened.run_id = restarted.run_id
        and opened.attempt_number = restarted.attempt_number
left join lineage
    on
        opened.run_id = lineage.run_id
        and opened.attempt_number = lineage.attempt_number
