{% set of_these_folders = "folder in ('telemetry/requests', 'telemetry/training', "
    ~ "'telemetry/provider_usage', 'telemetry/product')" %}

{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_files(ref('stg_files__inputs'), \"" ~ of_these_folders ~ "\") }}"
) }}

{% set files = pending_files(ref('stg_files__inputs'), of_these_folders, landed_in=this) %}

with files as (

    select * from {{ ref('stg_files__inputs') }}
    where
        {{ of_these_folders }}
        and {{ is_not_landed() }}

),

heads as (

    {{ read_file_heads(files) }}

)

-- a file without a head is empty, or of a kind that is not read at all
select
    files.source_file,
    files.file_version,
    heads.format,
    list_distinct(list_concat(
        coalesce(list_filter(heads.keys, lambda key: key is not null), []),
        -- what a path says in the way of Hive is a column too
        regexp_extract_all(lower(files.relative_path), '([a-z_]+)=[^/]+/', 1)
    )) as keys
from files
left join heads on files.source_file = heads.source_file
