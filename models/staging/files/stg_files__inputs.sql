{% set beneath = '' if data_root() == '.' else data_root() ~ '/' -%}

with files as (

    {{ list_files(data_root()) }}

),

placed as (

    select
        source_file,
        size_bytes,
        modified_at,
        case
            when starts_with(source_file, {{ sql_text(beneath) }}) then substr(source_file, {{ beneath | length + 1 }})
            else {{ stop(
                '{} is not beneath {}; name the data root by its whole path', ['source_file', sql_text(data_root())]
            ) }}
        end as relative_path,
        -- the two last parts of a name decide, because a file may be compressed
        lower(regexp_replace(source_file, '\.(gz|zst)$', '', 'i')) as uncompressed_name
    from files

),

foldered as (

    select
        *,
        case
            when relative_path like 'telemetry/%/%' then regexp_extract(relative_path, '^telemetry/[^/]+')
            when relative_path like '%/%' then regexp_extract(relative_path, '^[^/]+')
            else regexp_extract(relative_path, '^[^.]+')
        end as folder
    from placed

)

select
    source_file,
    relative_path,
    folder,
    nullif(regexp_extract(substr(relative_path, length(folder) + 2), '^([^/]+)/', 1), '') as source,
    case
        when uncompressed_name like '%.parquet' then 'parquet'
        when uncompressed_name like '%.csv' then 'csv'
        when regexp_matches(uncompressed_name, '\.(json|jsonl|ndjson)$') then 'json'
        when regexp_matches(uncompressed_name, '\.(txt|text|dump|log)$') then 'text'
    end as format,
    concat_ws('-', strftime(modified_at, '%Y%m%dT%H%M%S.%f'), size_bytes) as file_version,
    size_bytes,
    modified_at
from foldered
