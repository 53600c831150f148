{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_changed_files(ref('stg_files__inputs'), \"folder = 'telemetry/prometheus'\") }}"
) }}

{% set files = pending_files(ref('stg_files__inputs'), "folder = 'telemetry/prometheus'", landed_in=this) %}

with files as (

    select * from {{ ref('stg_files__inputs') }}
    where
        folder = 'telemetry/prometheus'
        and {{ is_not_landed() }}

),

heads as (

    {{ read_prometheus_heads(files) }}

),

-- a text file may hold JSON lines
described as (

    select
        files.source_file,
        files.file_version,
        files.format,
        files.size_bytes,
        ends_with(lower(files.relative_path), '.json') as is_document_name,
        heads.head,
        case
            when files.format = 'text' and starts_with(ltrim(heads.head), '{"')
                then array_to_string(list_sort(
                        regexp_extract_all(heads.head, '"(resourceMetrics|data|status|metric)"', 1)
                    ), ' ')
            when files.format = 'json' then heads.head
        end as json_keys
    from files
    left join heads on files.source_file = heads.source_file

)

select
    source_file,
    file_version,
    head,
    case
        when size_bytes = 0 then null
        when format = 'parquet' then 'long_form'
        -- a name, a value and a time in milliseconds are no header
        when format = 'csv' and regexp_matches(head, '^"?[A-Za-z_:][^,]*,[^,]*,[0-9]{12,13}(,|$)')
            then 'victoria_metrics_csv'
        when format = 'csv' then 'long_form'
        when contains(json_keys, 'resourceMetrics') then 'otlp_metrics'
        when contains(json_keys, 'data') and contains(json_keys, 'status') then 'prometheus_api'
        when format = 'json' and is_document_name and head is null then 'prometheus_api_document'
        when format = 'json' or contains(json_keys, 'metric') then 'victoria_metrics'
        when regexp_matches(head, '^(# |[^{ ]*\{.*\} [^ ]+ [0-9.eE+-]+$|[^{ ]+ [^ ]+ [0-9.eE+-]+$)') then 'tsdb_dump'
    end as shape
from described
