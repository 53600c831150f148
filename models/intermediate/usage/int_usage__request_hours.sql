{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_files(ref('landed_files'), \"folder = 'telemetry/requests'\") }}",
        "{{ choose_new_files(ref('landed_files'), \"folder = 'telemetry/requests'\") }}"
    ]
) }}

with requests as (

    select * from {{ ref('stg_requests__requests') }}
    where
        {{ is_not_landed() }}
        and requested_at is not null

)

select
    source_file,
    file_version,
    deployment_id,
    cast(count(*) as bigint) as request_rows,
    date_trunc('hour', requested_at) as hour_starts_at
from requests
group by source_file, file_version, deployment_id, date_trunc('hour', requested_at)
