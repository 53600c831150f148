{#- the rule by which rows are compared is a part of a day's version: a database of another one compares all days anew -#}
{%- set rule = 'within an hour of midnight' -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    partition_by=partition_on('date_day'),
    on_schema_change='append_new_columns',
    pre_hook=[
        "{{ forget_changed_days(ref('int_usage__request_days'), '" ~ rule ~ "') }}",
        "{{ choose_changed_days(ref('int_usage__request_days'), 'new_request_days', '" ~ rule ~ "') }}",
        "{{ choose_files_of_days(ref('int_usage__request_days'), 'new_request_days', 'files_of_request_days') }}"
    ]
) }}

with days as (

    select
        date_day,
        {{ day_version(rule) }} as day_version
    from {{ ref('int_usage__request_days') }}

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

told as (

    select
        *,
        lag(requested_at) over (
            partition by deployment_id, request_key
            order by requested_at, source_file, source_row
        ) as told_before_at
    from requests

),

-- the same request in two files, or twice in one, or before and after midnight. An id that comes again on another day is of a counter that
-- began anew
compared as (

    select
        *,
        request_key is not null
        and told_before_at is not null
        and (
            cast(told_before_at as date) = date_day
            or told_before_at >= requested_at - interval 1 hour
        ) as is_repeated
    from told

),

told_again as (

    select
        deployment_id,
        request_key,
        date_day,
        max(requested_at) as last_told_at
    from compared
    where is_repeated
    group by deployment_id, request_key, date_day

),

-- hours later on the same day it may be the request, told again, or one of a counter that began anew: nobody can tell
doubted as (

    select
        compared.*,
        not compared.is_repeated
        and coalesce(compared.requested_at < told_again.last_told_at - interval 1 hour, false) as is_in_doubt
    from compared
    left join told_again
        on
            compared.deployment_id = told_again.deployment_id
            and compared.request_key = told_again.request_key
            and compared.date_day = told_again.date_day

)

select
    doubted.source_file,
    days.day_version,
    count(*) as request_rows,
    coalesce(
        array_sort(array_agg(doubted.source_row) filter (where doubted.is_repeated)), {{ list_of([]) }}
    ) as repeated_rows,
    coalesce(
        array_sort(array_agg(doubted.source_row) filter (where doubted.is_in_doubt)), {{ list_of([]) }}
    ) as rows_in_doubt,
    doubted.date_day
from doubted
inner join days on doubted.date_day = days.date_day
where {{ is_chosen('new_request_days', 'doubted.date_day') }}
group by doubted.source_file, days.day_version, doubted.date_day
