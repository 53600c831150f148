{{ config(materialized='table') }}

with progress as (

    select * from {{ ref('landed_training_progress') }}
    where source_row is not null

),

files as (

    select * from {{ ref('stg_telemetry__files') }}

),

counted as (

    select
        progress.source_file,
        progress.source_row,
        -- a history of one run need not name it
        coalesce(
            progress.run_id,
            nullif(regexp_extract(files.relative_path, '/run_id=([^/]+)/', 1), ''),
            regexp_extract(files.relative_path, '([^/]+?)(\.\w+)+$', 1)
        ) as run_id,
        progress.attempt_id,
        coalesce(
            progress.deployment_id, nullif(regexp_extract(files.relative_path, '/deployment_id=([^/]+)/', 1), '')
        ) as deployment_id,
        {{ whole_count('progress.step') }} as step,
        {{ whole_count('progress.tokens_seen') }} as tokens_seen,
        {{ whole_count('progress.samples_seen') }} as samples_seen,
        {{ whole_count('progress.sequence_length') }} as sequence_length,
        (progress.tokens_seen is not null and {{ whole_count('progress.tokens_seen') }} is null)
        or (progress.samples_seen is not null and {{ whole_count('progress.samples_seen') }} is null)
            as has_unusable_counts,
        progress.unread_tokens,
        progress.ts
    from progress
    inner join files on progress.source_file = files.source_file

)

select
    source_file,
    source_row,
    run_id,
    attempt_id,
    deployment_id,
    step,
    coalesce(tokens_seen, samples_seen * sequence_length) as tokens_seen,
    samples_seen,
    has_unusable_counts,
    unread_tokens,
    ts
from counted
