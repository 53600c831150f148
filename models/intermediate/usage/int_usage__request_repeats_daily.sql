{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('int_usage__request_days')) }}",
        "{{ choose_changed_days(ref('int_usage__request_days'), 'new_request_days') }}",
        "{{ choose_files_of_days(ref('int_usage__request_days'), 'new_request_days', 'files_of_request_days') }}"
    ]
) }}

with days as (

    select * from {{ ref('int_usage__request_days') }}

),

requests as (

    select
        *,
        cast(requested_at as date) as date_day
    from {{ ref('stg_requests__requests') }}
    where
        {{ is_chosen('files_of_request_days', 'source_file') }}
        and requested_at is not null
        and not repeats_usage

),

-- the same request in two files, or twice in one; an id is used again days later
ordered as (

    select
        *,
        request_key is not null
        and lag(date_day) over (
            partition by deployment_id, request_key
            order by requested_at, source_file, source_row
        ) >= date_day - 1 as is_repeated
    from requests

)

select
    ordered.source_file,
    days.day_version,
    count(*) as request_rows,
    coalesce(
        array_sort(array_agg(ordered.source_row) filter (where ordered.is_repeated)), {{ list_of([]) }}
    ) as repeated_rows,
    ordered.date_day
from ordered
inner join days on ordered.date_day = days.date_day
where {{ is_chosen('new_request_days', 'ordered.date_day') }}
group by ordered.source_file, days.day_version, ordered.date_day
