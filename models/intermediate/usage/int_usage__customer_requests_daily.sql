{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('source_file'),
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ forget_changed_files(ref('int_usage__request_files')) }}",
        "{{ choose_new_files(ref('int_usage__request_files')) }}"
    ]
) }}

with files as (

    select * from {{ ref('int_usage__request_files') }}

),

repeats as (

    select
        source_file,
        {{ each_of('repeated_rows') }} as source_row
    from {{ ref('int_usage__request_repeats_daily') }}

),

doubts as (

    select
        source_file,
        {{ each_of('rows_in_doubt') }} as source_row
    from {{ ref('int_usage__request_repeats_daily') }}

),

requests as (

    select
        stg_requests.{{ all_but('file_version') }},
        files.file_version,
        doubts.source_row is not null as is_in_doubt
    from {{ ref('stg_requests__requests') }} as stg_requests
    inner join files on stg_requests.source_file = files.source_file
    anti join repeats on stg_requests.source_file = repeats.source_file and stg_requests.source_row = repeats.source_row
    left join doubts on stg_requests.source_file = doubts.source_file and stg_requests.source_row = doubts.source_row
    where
        {{ is_not_landed('stg_requests.source_file') }}
        and stg_requests.requested_at is not null
        and not stg_requests.repeats_usage

)

-- gateways count cached tokens among the input; their difference is what had to be computed
select
    source_file,
    file_version,
    deployment_id,
    customer_id,
    geography,
    cast(count(*) filter (where not {{ is_failed('status') }}) as bigint) as requests,
    cast(count(*) filter (where {{ is_failed('status') }}) as bigint) as failed_requests,
    cast(count(*) filter (where status = 'cache_hit') as bigint) as cache_hit_requests,
    cast(
        coalesce(sum(input_tokens - least(coalesce(cached_input_tokens, 0), input_tokens)), 0) as bigint
    ) as uncached_input_tokens,
    cast(
        coalesce(sum(least(coalesce(cached_input_tokens, 0), coalesce(input_tokens, cached_input_tokens))), 0) as bigint
    ) as cached_input_tokens,
    cast(coalesce(sum(output_tokens), 0) as bigint) as output_tokens,
    cast(count(*) filter (where {{ is_without_count('input_tokens') }}) as bigint) as requests_without_input,
    cast(count(*) filter (where {{ is_without_count('output_tokens') }}) as bigint) as requests_without_output,
    cast(count(*) filter (where {{ is_without_count('cached_input_tokens') }}) as bigint) as requests_without_cached,
    cast(count(*) filter (
        where {{ is_without_count('output_tokens') }} and unread_tokens is not null
    ) as bigint) as requests_with_unread_output,
    cast(count(*) filter (where is_in_doubt) as bigint) as requests_in_doubt,
    cast(count(*) filter (where user_id is null) as bigint) as rows_without_user,
    cast(count(*) filter (where session_id is null) as bigint) as rows_without_session,
    cast(requested_at as date) as date_day
from requests
group by source_file, file_version, deployment_id, customer_id, geography, cast(requested_at as date)
