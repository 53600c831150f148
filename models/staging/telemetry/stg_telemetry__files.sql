with files as (

    select * from {{ ref('stg_files__inputs') }}

),

heads as (

    select * from {{ ref('base_telemetry__file_heads') }}

),

shapes as (

    select
        *,
        list_transform(
            string_split(required_keys, ' '), lambda alternatives: string_split(alternatives, '|')
        ) as required
    from {{ ref('telemetry_shapes') }}

),

described as (

    select
        files.source_file,
        files.relative_path,
        files.folder,
        heads.format,
        files.file_version,
        files.size_bytes,
        files.modified_at,
        heads.keys
    from files
    inner join heads on files.source_file = heads.source_file

),

recognised as (

    select
        described.source_file,
        min_by(shapes.shape, shapes.priority) as shape,
        min_by(coalesce(shapes.unfit_reason, ''), shapes.priority) as unfit_reason
    from described
    inner join shapes on described.folder = shapes.folder
    where
        list_bool_and(list_transform(
            shapes.required, lambda alternatives: list_has_any(described.keys, alternatives)
        ))
    group by described.source_file

)

select
    described.source_file,
    described.relative_path,
    described.folder,
    described.format,
    case when coalesce(recognised.unfit_reason, '') = '' then recognised.shape end as shape,
    case
        when described.size_bytes = 0 then 'the file is empty'
        when described.format is null then 'neither Parquet, CSV nor JSON, by its name and its first line'
        when recognised.shape is null
            then 'no shape of seeds/reference/telemetry_shapes.csv has its keys: '
                || left(array_to_string(list_sort(described.keys), ' '), 200)
        when recognised.unfit_reason != '' then recognised.shape || ': ' || recognised.unfit_reason
    end as problem,
    described.file_version,
    described.size_bytes,
    described.modified_at
from described
left join recognised on described.source_file = recognised.source_file
