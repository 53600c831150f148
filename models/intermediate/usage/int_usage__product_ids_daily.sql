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

),

sightings as (

    select
        source_file,
        file_version,
        workload,
        customer_id,
        'active_user' as unit,
        user_id as counted_id,
        active_at
    from activity

    union all

    select
        source_file,
        file_version,
        workload,
        customer_id,
        'session' as unit,
        session_id as counted_id,
        active_at
    from activity

)

select distinct
    source_file,
    file_version,
    workload,
    customer_id,
    unit,
    counted_id,
    cast(active_at as date) as date_day
from sightings
where counted_id is not null
