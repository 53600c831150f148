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
        and not repeats_usage

)

select distinct
    source_file,
    file_version,
    deployment_id,
    customer_id,
    geography,
    user_id,
    cast(requested_at as date) as date_day
from requests
where user_id is not null
