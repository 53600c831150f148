{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_files(ref('landed_files'), \"folder = 'telemetry/product'\") }}",
        "{{ choose_new_files(ref('landed_files'), \"folder = 'telemetry/product'\") }}"
    ]
) }}

with activity as (

    select * from {{ ref('stg_product__activity') }}
    where
        {{ is_not_landed() }}
        and active_at is not null
        and workload is not null

)

select
    source_file,
    file_version,
    workload,
    cast(count(*) as bigint) as activity_rows,
    cast(count(user_id) as bigint) as user_rows,
    cast(count(session_id) as bigint) as session_rows,
    date_trunc('hour', active_at) as hour_starts_at
from activity
group by source_file, file_version, workload, date_trunc('hour', active_at)
