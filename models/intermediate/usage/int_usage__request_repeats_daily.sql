{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ forget_changed_days(ref('int_usage__request_days'), day='usage_date') }}",
        "{{ choose_changed_days(ref('int_usage__request_days'), 'new_request_days', day='usage_date') }}",
        "{{ choose_files_of_days(ref('int_usage__request_days'), 'new_request_days', 'files_of_request_days', day='usage_date') }}"
    ]
) }}

with days as (

    select * from {{ ref('int_usage__request_days') }}

),

requests as (

    select
        *,
        cast(requested_at as date) as usage_date
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
        and lag(usage_date) over (
            partition by deployment_id, request_key
            order by requested_at, source_file, source_row
        ) >= usage_date - 1 as is_repeated
    from requests

)

select
    ordered.source_file,
    days.day_version,
    count(*) as request_rows,
    coalesce(
        list(ordered.source_row order by ordered.source_row) filter (where ordered.is_repeated), []
    ) as repeated_rows,
    ordered.usage_date
from ordered
inner join days on ordered.usage_date = days.usage_date
where {{ is_chosen('new_request_days', 'ordered.usage_date') }}
group by ordered.source_file, days.day_version, ordered.usage_date
