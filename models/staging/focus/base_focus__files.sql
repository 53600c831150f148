with files as (

    select * from {{ ref('landed_files') }}
    where folder = 'focus' and shape = 'cost_and_usage'

),

sources as (

    select * from {{ ref('focus_sources') }}

),

-- names of columns whatever their spelling
named as (

    select
        *,
        array_sort(array_distinct({{ list_of_each('keys', 'name', replace_every('name', '[^a-z0-9]', '')) }}))
            as column_names
    from files

),

-- a file is of the newest version of which it has a column that the version before had not
versions as (

    select
        named.source_file,
        case
            when max({{ focus_version_number('columns.introduced') }}) > 2
                then {{ element_of(focus_versions(), 'max(' ~ focus_version_number('columns.introduced') ~ ')') }}
            when bool_or(columns.removed = '1.0') then '1.0-preview'
            else '1.0'
        end as focus_version
    from named
    inner join {{ ref('focus_columns') }} as columns
        on array_contains(named.column_names, lower(columns.column_name))
    group by named.source_file

)

select
    named.source_file,
    named.relative_path,
    named.source,
    named.format,
    -- what decides how a row is read, besides the file; the currency is that of charges that name none. The last is the number of the
    -- rules: where rows are read otherwise it goes up, and every file is read once more
    concat_ws(
        '-',
        named.file_version,
        sources.data_generator,
        sources.credits,
        sources.known_gaps,
        {{ sql_text(var('reporting_currency')) }},
        'rules:3'
    ) as file_version,
    named.delivery,
    named.run_scope,
    named.run_at,
    coalesce(sources.focus_version, versions.focus_version) as focus_version,
    named.not_current_because,
    named.checksum,
    named.delimiter,
    named.note,
    named.column_names,
    named.superseded_days,
    split(replace(sources.known_gaps, '|', ','), ',') as known_gaps,
    named.size_bytes,
    named.modified_at
from named
left join sources on named.source = sources.source
left join versions on named.source_file = versions.source_file
