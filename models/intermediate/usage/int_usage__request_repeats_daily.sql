{#- the rule by which rows are compared is a part of a day's version: a database of another one compares all days anew -#}
{%- set rule = 'the fullest of a day, within an hour of midnight' -%}
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

-- the same request in two files, or twice in one, or before and after midnight. An id that comes again on another day
-- is of a counter that began anew
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

numbered as (

    select
        *,
        cast(
            sum(case when is_repeated then 0 else 1 end) over (
                partition by deployment_id, request_key
                order by requested_at, source_file, source_row
                rows between unbounded preceding and current row
            ) as bigint
        ) as request_number
    from compared

),

told_again as (

    select distinct
        deployment_id,
        request_key,
        request_number
    from numbered
    where is_repeated

),

-- a retry, a row at the start and a stream leave rows before the one that says how it ended. The day is that of the
-- first row: no later file moves it
ranked as (

    select
        numbered.*,
        coalesce(numbered.input_tokens, 0) as input,
        coalesce(numbered.output_tokens, 0) as output,
        row_number() over (
            partition by numbered.deployment_id, numbered.request_key, numbered.request_number
            order by
                numbered.date_day,
                {{ is_failed('numbered.status') }},
                coalesce(numbered.input_tokens, 0) + coalesce(numbered.output_tokens, 0) desc,
                coalesce(numbered.cached_input_tokens, -1) desc,
                numbered.requested_at desc,
                numbered.source_file,
                numbered.source_row
        ) as rank
    from numbered
    inner join told_again
        on
            numbered.deployment_id is not distinct from told_again.deployment_id
            and numbered.request_key = told_again.request_key
            and numbered.request_number = told_again.request_number

),

-- hours later on the same day it may be the request, told again, or one of a counter that began anew: nobody can tell
copies as (

    select
        source_file,
        source_row,
        rank > 1 as is_repeated,
        rank = 1
        and is_told_at_each_look is not true
        and max(requested_at) over (partition by deployment_id, request_key, request_number, date_day)
        > min(requested_at) over (partition by deployment_id, request_key, request_number, date_day)
        + interval 1 hour as is_in_doubt,
        input + output > 0
        and (
            input != min(case when rank = 1 then input end)
                over (partition by deployment_id, request_key, request_number)
            or output != min(case when rank = 1 then output end)
                over (partition by deployment_id, request_key, request_number)
        ) as differs
    from ranked

)

select
    numbered.source_file,
    days.day_version,
    count(*) as request_rows,
    coalesce(
        array_sort(array_agg(numbered.source_row) filter (where copies.is_repeated)), {{ list_of([]) }}
    ) as repeated_rows,
    coalesce(
        array_sort(array_agg(numbered.source_row) filter (where copies.is_in_doubt)), {{ list_of([]) }}
    ) as rows_in_doubt,
    cast(count(*) filter (where copies.differs) as bigint) as differing_rows,
    numbered.date_day
from numbered
inner join days on numbered.date_day = days.date_day
left join copies on numbered.source_file = copies.source_file and numbered.source_row = copies.source_row
where {{ is_chosen('new_request_days', 'numbered.date_day') }}
group by numbered.source_file, days.day_version, numbered.date_day
