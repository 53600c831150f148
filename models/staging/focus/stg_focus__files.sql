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
        files.file_version,
        headers.column_signature,
        headers.column_names,
        focus_sources.credits as declared_credits,
        coalesce(focus_sources.data_generator, {{ data_generator_of_columns('headers.column_names') }})
            as data_generator,
        coalesce(focus_sources.focus_version, {{ focus_version_of('headers.column_names') }}) as focus_version,
        coalesce(focus_sources.delivery, 'overwrite') as delivery,
        regexp_extract(files.relative_path, focus_sources.snapshot_pattern, 1) as snapshot_scope,
        regexp_extract(files.relative_path, focus_sources.snapshot_pattern, 2) as snapshot_age
    from files
    inner join headers on files.source_file = headers.source_file
    left join {{ ref('focus_sources') }} as focus_sources on files.source = focus_sources.source

)

select
    source_file,
    source,
    format,
    file_version,
    column_signature,
    column_names,
    focus_version,
    data_generator,
    declared_credits,
    delivery,
    case when delivery = 'snapshot' then snapshot_scope end as snapshot_scope,
    case when delivery = 'snapshot' then snapshot_age end as snapshot_age,
    delivery != 'snapshot'
    or snapshot_age = max(snapshot_age) over (partition by source, delivery, snapshot_scope) as is_current
from delivered
where
    case
        when not list_has_any(column_names, ['effectivecost', 'billedcost'])
            then {{ stop(
                '{}: has neither an EffectiveCost nor a BilledCost column; export one of them', ['relative_path']
            ) }} is not null
        when delivery = 'snapshot' and coalesce(snapshot_age, '') = ''
            then {{ stop(
                '{}: the snapshot_pattern of source {} in seeds/config/focus_sources.csv does not match; '
                ~ 'correct the pattern, or take the file away',
                ['relative_path', 'source']
            ) }} is not null
        else true
    end
