with files as (

    select * from {{ ref('base_focus__files') }}

),

contents as (

    select * from {{ ref('stg_focus__file_contents') }}

),

copies as (

    select * from {{ ref('base_focus__file_copies') }}

),

restated as (

    select
        source_file,
        {{ joined_texts(list_in_order('newer_version', 'newer_file'), "' '") }} as newer_versions
    from {{ ref('base_focus__restated_files') }}
    group by source_file

),

days_of_newer_runs as (

    select
        source_file,
        source,
        run_scope,
        run_at,
        {{ each_of('superseded_days') }} as date_day
    from files

),

-- a range may end with the day behind its last one: a run without charges from there on does not state that day
stated_days as (

    select distinct
        days_of_newer_runs.source_file,
        days_of_newer_runs.date_day
    from days_of_newer_runs
    inner join files
        on
            days_of_newer_runs.source = files.source
            and days_of_newer_runs.run_scope is not distinct from files.run_scope
            and days_of_newer_runs.run_at < files.run_at
            and files.not_current_because is null
    inner join contents on files.source_file = contents.source_file
    where coalesce(coalesce(contents.usage_until, contents.charges_until) > days_of_newer_runs.date_day, true)

),

superseded as (

    select
        source_file,
        {{ list_in_order('date_day', 'date_day') }} as superseded_days,
        {{ joined_texts(list_in_order('cast(date_day as string)', 'date_day'), "' '") }} as days_as_text
    from stated_days
    group by source_file

),

scopes as (

    select
        source,
        delivery,
        run_scope,
        {{ joined_texts(list_in_order('file_version', 'relative_path'), "' '") }} as file_versions
    from files
    group by source, delivery, run_scope

)

select
    files.source_file,
    files.source,
    files.format,
    -- running totals are read anew with every other file of their scope, because each may supersede another
    case
        when files.delivery = 'cumulative' then files.file_version || '-' || md5(scopes.file_versions)
        -- and what is left of a run, whenever a newer run takes days or charges of it
        when superseded.source_file is not null or restated.source_file is not null
            then concat_ws(
                    '-',
                    files.file_version,
                    md5(coalesce(superseded.days_as_text, '')),
                    md5(restated.newer_versions)
                )
        else files.file_version
    end as file_version,
    files.focus_version,
    files.delivery,
    files.run_scope,
    files.run_at,
    coalesce(files.not_current_because, case when copies.source_file is not null then 'copy' end)
        as not_current_because,
    files.checksum,
    files.note,
    files.column_names,
    copies.uncompared_columns,
    coalesce(superseded.superseded_days, {{ list_where('files.superseded_days', 'd', 'false') }}) as superseded_days,
    files.known_gaps,
    contents.row_count,
    contents.effective_cost,
    files.size_bytes,
    coalesce(files.not_current_because, case when copies.source_file is not null then 'copy' end) is null as is_current,
    files.modified_at,
    contents.charges_from,
    contents.charges_until,
    contents.hours_until,
    contents.days_until,
    contents.usage_from,
    contents.usage_until,
    contents.usage_hours_until,
    contents.usage_days_until
from files
left join contents on files.source_file = contents.source_file
left join copies on files.source_file = copies.source_file
left join restated on files.source_file = restated.source_file
left join superseded on files.source_file = superseded.source_file
left join scopes
    on
        files.source = scopes.source
        and files.delivery = scopes.delivery
        and files.run_scope is not distinct from scopes.run_scope
