with files as (

    select * from {{ ref('base_focus__files') }}
    where delivery = 'snapshot' and not_current_because is null

),

contents as (

    select * from {{ ref('stg_focus__file_contents') }}

),

runs as (

    select
        files.source_file,
        files.source,
        files.run_scope,
        files.run_at,
        files.file_version,
        contents.usage_from,
        contents.usage_until
    from files
    inner join contents on files.source_file = contents.source_file

)

select
    runs.source_file,
    newer.source_file as newer_file,
    newer.file_version as newer_version
from runs
inner join runs as newer
    on
        runs.source = newer.source
        and runs.run_scope is not distinct from newer.run_scope
        and runs.run_at < newer.run_at
        and runs.usage_from < newer.usage_until
        and runs.usage_until > newer.usage_from
