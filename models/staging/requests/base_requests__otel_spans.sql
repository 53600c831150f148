{{ config(materialized='ephemeral') }}

-- depends_on: {{ ref('column_aliases') }}
with exported as (

    {{ read_otel_spans(pending_requests('otel_spans')) }}

),

described as (

    select
        * exclude (attributes),
        {{ first_attribute(['gen_ai.operation.name']) }} as operation,
        {{ first_attribute(['error.type']) }} as error_type,
        {{ aliased_attributes(aliases_of('otel_spans'), request_text_columns()) }}
    from exported

),

-- one call of a model; what plans, runs tools or embraces a conversation repeats the tokens of its children
calls as (

    select * from described
    where
        span_id is not null
        and (
            operation in ('chat', 'text_completion', 'generate_content', 'embeddings')
            or (operation is null and input_tokens is not null)
        )

),

parents as (

    select distinct
        source_file,
        trace_id,
        parent_span_id
    from calls

),

-- where one library wraps another, both report a call: the inner one made it
innermost as (

    select calls.*
    from calls
    anti join parents
        on
            calls.source_file = parents.source_file
            and calls.trace_id = parents.trace_id
            and calls.span_id = parents.parent_span_id
    qualify row_number() over (
            partition by calls.source_file, calls.trace_id, calls.span_id order by calls.source_row
        ) = 1

),

unreadable as (

    select * from described
    where span_id is null

),

kept as (

    select * from innermost
    union all
    select * from unreadable

)

select
    source_file,
    source_row,
    deployment_id,
    customer_id,
    user_id,
    session_id,
    geography,
    case
        when error_type is not null or status_code in ('2', 'STATUS_CODE_ERROR') then 'error'
        when span_id is not null then 'ok'
    end as status,
    input_tokens,
    cached_input_tokens,
    cache_write_tokens,
    output_tokens,
    reasoning_tokens,
    cache_hit,
    provider,
    make_timestamp(started_ns // 1000) as requested_at
from kept
