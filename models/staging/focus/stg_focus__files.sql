{% set equal_sizes = focus_files_of_equal_size() %}

with files as (

    select
        source_file,
        relative_path,
        coalesce(source, '(none)') as source,
        format,
        file_version
    from {{ ref('stg_files__inputs') }}
    where {{ focus_files() }}

),

headers as (

    select
        source_file,
        cast(to_json(list([column_name, column_type] order by column_position)) as varchar) as column_signature,
        list(distinct lower(trim(column_name))) as column_names
    from {{ ref('base_focus__columns') }}
    group by source_file

),

delivered as (

    select
        files.source_file,
        files.relative_path,
        files.source,
        files.format,
        -- what else decides how a file is read
        -- what decides how a file is read; the currency is that of charges that name none
        concat_ws(
            '-',
            files.file_version,
            focus_sources.data_generator,
            focus_sources.credits,
            {{ sql_text(var('reporting_currency')) }}
        ) as file_version,
        headers.column_signature,
        headers.column_names,
        focus_sources.credits as declared_credits,
        coalesce(focus_sources.data_generator, {{ data_generator_of_columns('headers.column_names') }})
            as data_generator,
        coalesce(focus_sources.focus_version, {{ focus_version_of('headers.column_names') }}) as focus_version,
        coalesce(focus_sources.delivery, 'overwrite') as delivery,
        {{ snapshot_scope('files.relative_path', 'focus_sources.snapshot_pattern') }} as snapshot_scope,
        {{ snapshot_age('files.relative_path', 'focus_sources.snapshot_pattern') }} as snapshot_age
    from files
    inner join headers on files.source_file = headers.source_file
    left join {{ ref('focus_sources') }} as focus_sources on files.source = focus_sources.source
    where
        case
            when not list_has_any(headers.column_names, ['effectivecost', 'billedcost'])
                then {{ stop(
                    '{}: has neither an EffectiveCost nor a BilledCost column; export one of them',
                    ['files.relative_path']
                ) }} is not null
            else true
        end

),

-- a manifest is written last: without it, or without one of its files, a run is not all there
runs as (

    select
        delivered.source,
        delivered.snapshot_scope,
        delivered.snapshot_age,
        any_value(manifests.file_names) as file_names,
        any_value(manifests.relative_path) as manifest_path,
        list_has_all(
            list(regexp_extract(delivered.relative_path, '([^/]+)$', 1)), any_value(manifests.file_names)
        ) as has_all_files
    from delivered
    left join {{ ref('stg_focus__manifests') }} as manifests
        on
            delivered.source = manifests.source
            and delivered.snapshot_scope = manifests.snapshot_scope
            and delivered.snapshot_age = manifests.snapshot_age
    where delivered.delivery = 'snapshot'
    group by delivered.source, delivered.snapshot_scope, delivered.snapshot_age

),

complete_runs as (

    select
        source,
        snapshot_scope,
        snapshot_age,
        file_names,
        coalesce(has_all_files, not bool_or(manifest_path is not null) over (partition by source)) as is_complete
    from runs

),

newest_runs as (

    select
        source,
        snapshot_scope,
        max(snapshot_age) filter (where is_complete) as newest_age
    from complete_runs
    group by source, snapshot_scope

),

-- the same file a second time, as when a folder was copied into itself
contents as (

    {% if equal_sizes %}
    select
        delivered.source_file,
        row_number() over (
            partition by delivered.source, md5(files_of_equal_size.content) order by delivered.relative_path
        ) > 1 as is_copy
    from read_blob({{ list_of_texts(equal_sizes) }}) as files_of_equal_size
    inner join delivered on files_of_equal_size.filename = delivered.source_file
    {% else %}
    select
        cast(null as varchar) as source_file,
        cast(null as boolean) as is_copy
    where false
    {% endif %}

),

judged as (

    select
        delivered.*,
        newest_runs.newest_age,
        case
            when contents.is_copy then 'copy'
            when delivered.delivery != 'snapshot' then null
            when delivered.snapshot_age < newest_runs.newest_age then 'older_run'
            when not complete_runs.is_complete then 'incomplete_run'
            when not list_contains(complete_runs.file_names, regexp_extract(delivered.relative_path, '([^/]+)$', 1))
                then 'not_in_manifest'
        end as not_current_because
    from delivered
    left join contents on delivered.source_file = contents.source_file
    left join complete_runs
        on
            delivered.source = complete_runs.source
            and delivered.snapshot_scope = complete_runs.snapshot_scope
            and delivered.snapshot_age = complete_runs.snapshot_age
    left join newest_runs
        on delivered.source = newest_runs.source and delivered.snapshot_scope = newest_runs.snapshot_scope

)

select
    source_file,
    source,
    format,
    -- running totals are read anew with every other file of their scope, because each may supersede another
    case
        when delivery = 'cumulative'
            then file_version || '-' || md5(string_agg(file_version, ' ' order by relative_path) over (
                    partition by source, delivery, snapshot_scope
                    order by relative_path
                    rows between unbounded preceding and unbounded following
                ))
        else file_version
    end as file_version,
    column_signature,
    column_names,
    focus_version,
    data_generator,
    declared_credits,
    delivery,
    case when delivery in ('snapshot', 'cumulative') then snapshot_scope end as snapshot_scope,
    case when delivery in ('snapshot', 'cumulative') then snapshot_age end as snapshot_age,
    not_current_because,
    not_current_because is null as is_current
from judged
where
    case
        when delivery in ('snapshot', 'cumulative') and coalesce(snapshot_age, '') = ''
            then {{ stop(
                '{}: the snapshot_pattern of source {} in seeds/config/focus_sources.csv does not match; '
                ~ 'correct the pattern, or take the file away',
                ['relative_path', 'source']
            ) }} is not null
        when delivery = 'snapshot' and newest_age is null
            then {{ stop(
                '{}: source {} has no complete run of {}, because a manifest or a file that it lists is missing; '
                ~ 'copy the run again',
                ['relative_path', 'source', 'snapshot_scope']
            ) }} is not null
        else true
    end
