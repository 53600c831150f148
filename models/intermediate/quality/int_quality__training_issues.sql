with training as (

    select * from {{ ref('stg_training__progress') }}

),

training_steps as (

    select * from {{ ref('int_usage__training_steps') }}

),

training_attempts as (

    select * from {{ ref('int_usage__training_attempts') }}
    where is_opening_unknown

),

training_counts as (

    select
        source_file,
        case when ts is null or step is null then 'unreadable_row' else 'unusable_count' end as issue,
        cast(null as string) as detail,
        count(*) as affected_rows
    from training
    where ts is null or step is null or has_unusable_counts
    group by source_file, case when ts is null or step is null then 'unreadable_row' else 'unusable_count' end

),

-- what a column of such a name counts, its name does not say: tokens of the run, of a step or of a batch
runs_without_tokens as (

    select run_id
    from training
    group by run_id
    having count(tokens_seen) = 0 and count(unread_tokens) > 0

),

unread_tokens as (

    select
        training.source_file,
        'unread_tokens' as issue,
        {{ texts_of_group('training.unread_tokens') }}
        || ': if it counts tokens since the run began, add a row to column_aliases' as detail,
        count(*) as affected_rows
    from training
    inner join runs_without_tokens on training.run_id = runs_without_tokens.run_id
    where training.unread_tokens is not null
    group by training.source_file

),

unknown_openings as (

    select
        training_steps.source_file,
        'opening_unknown' as issue,
        {{ texts_of_group('training_steps.run_id') }} as detail,
        count(*) as affected_rows
    from training_steps
    inner join training_attempts
        on
            training_steps.run_id = training_attempts.run_id
            and training_steps.attempt_number = training_attempts.attempt_number
            and training_steps.step = training_attempts.resumed_step
    group by training_steps.source_file

),

uncumulative_tokens as (

    select
        source_file,
        'tokens_not_cumulative' as issue,
        {{ texts_of_group('run_id') }} as detail,
        count(*) as affected_rows
    from training_steps
    where has_uncumulative_tokens
    group by source_file

)

select source_file, issue, detail, affected_rows
from training_counts
union all
select source_file, issue, detail, affected_rows
from unread_tokens
union all
select source_file, issue, detail, affected_rows
from unknown_openings
union all
select source_file, issue, detail, affected_rows
from uncumulative_tokens
