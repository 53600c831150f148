{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ forget_changed_files(ref('landed_files'), \"folder = 'telemetry/requests'\") }}",
        "{{ choose_new_files(ref('landed_files'), \"folder = 'telemetry/requests'\") }}"
    ]
) }}

with requests as (

    select * from {{ ref('stg_requests__requests') }}
    where {{ is_not_landed() }}

)

select
    source_file,
    file_version,
    count(*) filter (where unread_operation is null) as total_rows,
    count(*) filter (where unread_operation is null and requested_at is null) as unreadable_rows,
    count(*) filter (where requested_at is not null and has_unusable_counts) as rows_with_unusable_counts,
    count(*) filter (where requested_at is not null and deployment_id is null) as rows_without_deployment,
    count(*) filter (where cached_input_tokens > input_tokens) as rows_with_more_cached_than_input,
    count(*) filter (where has_more_reasoning_than_output) as rows_with_more_reasoning_than_output,
    count(*) filter (where requested_at is not null and has_more_in_total) as rows_with_more_in_total,
    count(*) filter (where unread_tokens is not null and unread_operation is null) as rows_with_unread_tokens,
    {{ texts_of_group("case when unread_operation is null then unread_tokens end") }} as unread_tokens,
    count(*) filter (where unread_operation is not null) as unread_spans,
    {{ texts_of_group('unread_operation') }} as unread_operations,
    count(*) filter (
        where requested_at is not null and not {{ is_known_status('status') }}
    ) as rows_with_unknown_status,
    {{ texts_of_group(
        "case when requested_at is not null and not " ~ is_known_status('status') ~ " then status end"
    ) }} as unknown_statuses
from requests
group by source_file, file_version
