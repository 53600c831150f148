"""Rows of requests: the generic table, logs of LiteLLM and SGLang, spans of OpenTelemetry and OpenInference."""

from __future__ import annotations

from collections.abc import Callable

from ai_unit_economics.landing import named_columns, readers, tables
from ai_unit_economics.landing.heads import Head
from ai_unit_economics.landing.named_columns import LOOKS_LIKE_NO_TOKENS, Unread
from ai_unit_economics.landing.samples import ATTRIBUTES
from ai_unit_economics.landing.shapes import Reading, Shape, has_keys
from ai_unit_economics.sql import Sql, identifier, joined, sql

FOLDER = "telemetry/requests"
TEXTS = (
    *(
        "request_id",
        "deployment_id",
        "customer_id",
        "user_id",
        "session_id",
        "run_id",
        "geography",
        "status",
        "call_type",
    ),
    *("provider", "cache_hit", "input_tokens", "cached_input_tokens", "cache_write_tokens", "output_tokens"),
    *("reasoning_tokens", "total_tokens"),
)
_SPANS = f"""struct(
    "resource" struct("attributes" {ATTRIBUTES}),
    "scopeSpans" struct("scope" struct("name" varchar), "spans" struct(
        "traceId" varchar, "spanId" varchar, "parentSpanId" varchar, "startTimeUnixNano" varchar,
        "status" struct("code" varchar), "attributes" {ATTRIBUTES}
    )[])[]
)[]"""
# These generate nothing, and no cache answers a part of them: what they do not tell is 0.
EMBEDDINGS = [
    *("embedding", "embeddings", "aembedding", "createembedding", "createembeddings", "embed", "embedcontent"),
    *("embeddocuments", "embedquery", "textembedding", "textembeddings", "rerank", "arerank", "reranking"),
    *("aiembeddoembed", "aiembedmanydoembed"),
]
EMBEDDING_KINDS = ["embedding", "reranker"]
# Calls of a model, by the operation that a span names: letters and digits alone are compared, in lower case. What
# plans, runs tools or embraces a conversation repeats them.
OPERATIONS = [
    *("chat", "chatcompletion", "chatcompletions", "chatcompletionscreate", "createchatcompletion", "textchat"),
    *("completion", "completions", "acompletion", "atextcompletion", "textcompletion", "textcompletions"),
    *("generate", "generatecontent", "generatecontentstream", "streamgeneratecontent", "textgeneration"),
    *("fillinmiddle", "inference", "llm", "llmrequest", "llmcall"),
    *("message", "messages", "createmessage", "messagescreate", "anthropicmessages"),
    *("response", "responses", "aresponses", "createresponse", "responsescreate"),
    *("converse", "conversestream", "invokemodel", "invokemodelwithresponsestream"),
    *("aigeneratetextdogenerate", "aistreamtextdostream", "aigenerateobjectdogenerate", "aistreamobjectdostream"),
    *EMBEDDINGS,
]
KINDS = ["llm", *EMBEDDING_KINDS]
# Tokens of these are in spans of their own: prompts that are counted beforehand, and what Vercel's wrappers hold.
NO_CALLS = [
    *("counttokens", "tokencount", "tokenize", "tokenizer"),
    *("aigeneratetext", "aistreamtext", "aigenerateobject", "aistreamobject", "aiembed", "aiembedmany"),
]
OPERATION, KIND, ERROR = "gen_ai.operation.name", "openinference.span.kind", "error.type"
VERCEL = ("ai.operationId", "operation.name")
NAMES_OF_CALLS = (OPERATION, *VERCEL, KIND, ERROR)
# How many spans may lie between a call and one that says the same of it: a client, a proxy and a server.
SPANS_BETWEEN = 8


# Of an object `usage` as Anthropic's API answers: its input, its cache, and what others say instead of them.
ANTHROPIC = {
    "usage_input": ["usage/input_tokens"],
    "usage_cache": ["usage/cache_read_input_tokens", "usage/cache_creation_input_tokens"],
    "usage_of_others": ["usage/prompt_tokens", "usage/input_tokens_details/cached_tokens", "usage/total_tokens"],
}


def _named(shape: str) -> Callable[[Reading], Sql]:
    def rows(reading: Reading) -> Sql:
        def aliases(column: str) -> list[str]:
            return ANTHROPIC.get(column) or reading.catalogues.aliases(shape, column)

        found = named_columns.rows(reading, aliases, (*TEXTS, *ANTHROPIC), ["requested_at"], _unread(reading, shape))
        return sql(
            """(
                select
                    * exclude (usage_input, usage_cache, usage_of_others),
                    case
                        when usage_input is not null and usage_cache is not null and usage_of_others is null
                            then 'anthropic.usage'
                    end as instrumentation_scope
                from (
                    select null as usage_input, null as usage_cache, null as usage_of_others where false
                    union all by name
                    select * from {rows}
                )
            )""",
            rows=_with_key(found),
        )

    return rows


def _unread(reading: Reading, shape: str) -> Unread:
    """Columns and attributes that look like tokens and that nobody reads."""
    return Unread(reading.catalogues.known_names(shape), "token", LOOKS_LIKE_NO_TOKENS)


def _with_key(rows: Sql) -> Sql:
    """The id of a request as a number: it is compared and never shown."""
    return sql(
        """(
            select
                * exclude (request_id),
                cast(md5_number_lower(nullif(trim(request_id), '')) >> 1 as bigint) as request_key
            from (select null as request_id where false union all by name select * from {rows})
        )""",
        rows=rows,
    )


def sglang(reading: Reading) -> Sql:
    """A server that keeps no statistics of time tells the hour in the file's name, and nothing else."""
    return sql(
        """(
            select * replace (
                coalesce(requested_at, case
                    when input_tokens is not null
                        then try_strptime(regexp_extract(source_file, {name}, 1), '%Y%m%d_%H')
                end) as requested_at
            )
            from {rows}
        )""",
        name=r"metrics-(\d{8}_\d{2})",
        rows=_named("sglang")(reading),
    )


def otel_spans(reading: Reading) -> Sql:
    """Spans that are calls of a model, and those that have tokens and are no known call, without a time.

    Where one library wraps another, or a client and a server report, both tell the same call: the inner one made it.
    """
    texts = [name for name in TEXTS if name != "request_id"]
    lines = readers.json_struct(
        reading.paths, reading.head, {"resourceSpans": _SPANS}, is_numbered=True, largest=reading.largest
    )
    status = sql(
        """case
            when error_type is not null or status_code in ('2', 'STATUS_CODE_ERROR') then 'error'
            when span_id is not null then 'ok'
        end as status"""
    )
    calls = sql(
        """(
            with recursive described as materialized (select * from {described}),

            {related},

            rows_of_calls as (
                select * from spans
                anti join wrappers using (source_file, trace_id, span_id)
                where is_call
            )

            select
                source_file,
                source_row,
                instrumentation_scope,
                trace_id || '/' || span_id as request_id,
                {columns},
                requested_at,
                unread_tokens,
                cast(null as varchar) as unread_operation,
                cast(null as varchar) as problem
            from rows_of_calls
            union all by name
            select
                source_file,
                source_row,
                unread_tokens,
                coalesce(operation, kind, 'unnamed') as unread_operation,
                'the span is no known call of a model' as problem
            from unread
            union all by name
            select
                source_file,
                source_row,
                'a line has no spans: write one resourceSpans a line, with its scopeSpans' as problem
            from described
            where span_id is null
        )""",
        described=_described(
            _spans(lines),
            {name: reading.catalogues.aliases("otel_spans", name) for name in texts},
            _unread(reading, "otel_spans"),
        ),
        related=_related_spans(),
        columns=joined(status if name == "status" else identifier(name) for name in texts),
    )
    return _with_key(calls)


def _spans(lines: Sql) -> Sql:
    """A span a row, in the order of the file, with its own attributes and then those of its resource."""
    return sql(
        """(
            select
                source_file,
                row_number() over (partition by source_file order by line, resource, scope, place) as source_row,
                scope_name as instrumentation_scope,
                span,
                list_concat(coalesce(span.attributes, []), coalesce(resource_attributes, [])) as attributes
            from (
                select
                    * exclude (spans),
                    unnest(coalesce(spans, [null])) as span,
                    generate_subscripts(coalesce(spans, [null]), 1) as place
                from (
                    select
                        * exclude (scopes),
                        unnest(coalesce(scopes, [null])).spans as spans,
                        unnest(coalesce(scopes, [null])).scope.name as scope_name,
                        generate_subscripts(coalesce(scopes, [null]), 1) as scope
                    from (
                        select
                            source_file,
                            source_row as line,
                            unnest(coalesce(resourceSpans, [null])).scopeSpans as scopes,
                            unnest(coalesce(resourceSpans, [null])).resource.attributes as resource_attributes,
                            generate_subscripts(coalesce(resourceSpans, [null]), 1) as resource
                        from {lines}
                    )
                )
            )
        )""",
        lines=lines,
    )


def _described(spans: Sql, aliases: dict[str, list[str]], unread: Unread) -> Sql:
    """What a span says of a call, each column by the first of its attributes that has a value."""
    return sql(
        """(
            select
                * exclude (span, attributes),
                span.traceId as trace_id,
                span.spanId as span_id,
                span.parentSpanId as parent_span_id,
                span.status.code as status_code,
                {operation} as operation,
                {kind} as kind,
                {error} as error_type,
                {aliased},
                nullif(
                    array_to_string(
                        list_transform(list_filter(attributes, lambda one: {is_unread}), lambda one: one.key), ', '
                    ),
                    ''
                ) as unread_tokens,
                {at} as requested_at
            from (
                select * replace (list_filter(attributes, lambda one: {is_needed}) as attributes)
                from {spans}
            )
        )""",
        spans=spans,
        is_unread=unread.matches(sql("one.key"), _text(sql("one"))),
        # a span may have a hundred attributes, each of which would be compared with each of these names
        is_needed=sql(
            "list_contains({names}, one.key) or contains(lower(one.key), 'token')",
            names=[*unread.known, *NAMES_OF_CALLS],
        ),
        # behind Vercel's name may be that of a function, and others have a name of their own there
        operation=sql(
            "coalesce({operation}, nullif(regexp_extract({vercel}, '^ai[.][A-Za-z.]+'), ''))",
            operation=_attribute(OPERATION),
            vercel=_attribute(*VERCEL),
        ),
        kind=_attribute(KIND),
        error=_attribute(ERROR),
        aliased=joined(
            sql("{value} as {name}", value=_attribute(*names), name=identifier(name)) for name, names in aliases.items()
        ),
        at=readers.time_of_number(
            sql("try_cast(span.startTimeUnixNano as double)"), exact=sql("try_cast(span.startTimeUnixNano as hugeint)")
        ),
    )


def _related_spans() -> Sql:
    """Of `described` the `spans`, the `wrappers` among the calls of a model, and what has tokens and is `unread`."""
    return sql(
        """
            named as (
                select
                    *,
                    regexp_replace(lower(operation), '[^a-z0-9]', '', 'g') as operation_key
                from described
                where span_id is not null
            ),

            -- a span that a file has twice is one
            spans as materialized (
                select
                    * replace (
                        coalesce(output_tokens, {nothing}) as output_tokens,
                        coalesce(cached_input_tokens, {nothing}) as cached_input_tokens
                    ),
                    case
                        when list_contains({operations}, operation_key) or list_contains({kinds}, lower(kind)) then true
                        when operation is null and kind is null then input_tokens is not null
                        else false
                    end as is_call,
                    (
                        coalesce(try_cast(input_tokens as double), 0) > 0
                        or coalesce(try_cast(output_tokens as double), 0) > 0
                        or unread_tokens is not null
                    )
                    and not coalesce(list_contains({no_calls}, operation_key), false) as has_tokens
                from named
                qualify row_number() over (partition by source_file, trace_id, span_id order by source_row) = 1
            ),

            calls as materialized (
                select source_file, trace_id, span_id, input_tokens, output_tokens from spans
                where is_call
            ),

            above as (
                select
                    source_file, trace_id, span_id, is_call, input_tokens, output_tokens,
                    parent_span_id as above_id,
                    0 as spans_between
                from spans
                where (is_call or has_tokens) and nullif(parent_span_id, '') is not null
                union all
                select
                    above.source_file, above.trace_id, above.span_id, above.is_call, above.input_tokens,
                    above.output_tokens,
                    spans.parent_span_id,
                    above.spans_between + 1
                from above
                inner join spans
                    on
                        above.source_file = spans.source_file
                        and above.trace_id = spans.trace_id
                        and above.above_id = spans.span_id
                where
                    not spans.is_call
                    and nullif(spans.parent_span_id, '') is not null
                    and above.spans_between < {most}
            ),

            -- the parent of a call is that call, told by a library around it; further up it is with the same tokens
            told_twice as (
                select
                    above.source_file, above.trace_id, above.span_id, above.is_call,
                    calls.span_id as around_id
                from above
                inner join calls
                    on
                        above.source_file = calls.source_file
                        and above.trace_id = calls.trace_id
                        and above.above_id = calls.span_id
                where
                    above.spans_between = 0
                    or (
                        coalesce(calls.input_tokens = above.input_tokens, true)
                        and coalesce(calls.output_tokens = above.output_tokens, true)
                    )
            ),

            wrappers as (
                select distinct source_file, trace_id, around_id as span_id from told_twice
                where is_call
            ),

            parts as (
                select source_file, trace_id, span_id from told_twice
                where not is_call
            ),

            -- an agent around calls has their tokens, too; of unknown spans the innermost has them
            embracing as (
                select distinct spans.source_file, spans.trace_id, spans.parent_span_id as span_id
                from spans
                left join (select distinct source_file, trace_id from calls) as traces
                    on spans.source_file = traces.source_file and spans.trace_id = traces.trace_id
                where spans.parent_span_id is not null and (traces.trace_id is not null or spans.has_tokens)
            ),

            unread as (
                select * from spans
                anti join parts using (source_file, trace_id, span_id)
                anti join embracing using (source_file, trace_id, span_id)
                where has_tokens and not is_call
            )""",
        operations=OPERATIONS,
        kinds=KINDS,
        no_calls=NO_CALLS,
        nothing=sql(
            """case
                when list_contains({operations}, operation_key) or list_contains({kinds}, lower(kind)) then '0'
            end""",
            operations=EMBEDDINGS,
            kinds=EMBEDDING_KINDS,
        ),
        most=SPANS_BETWEEN,
    )


def _attribute(*names: str) -> Sql:
    """The first of these attributes of a span that has a value, as text."""
    return readers.first_of(
        [
            _text(sql("list_filter(attributes, lambda attribute: attribute.key = {name})[1]", name=name))
            for name in names
        ]
        or [sql("cast(null as varchar)")]
    )


def _text(attribute: Sql) -> Sql:
    """What an attribute says, as text; null where that is nothing."""
    return sql(
        """nullif(
            coalesce({value}.stringValue, {value}.intValue, {value}.doubleValue, {value}.boolValue), ''
        )""",
        value=sql('{attribute}."value"', attribute=attribute),
    )


def _shape(
    name: str,
    title: str,
    remarks: str,
    recognises: Callable[[Head], bool],
    rows,
    unfit: str | None = None,
    names_matter: bool = False,
) -> Shape:
    return Shape(name, FOLDER, tables.REQUESTS, title, remarks, recognises, rows, unfit, names_matter)


_GENERIC = (
    "`ts`, `request_id`, and columns of `landed_requests` by name; `deployment_id` may be a folder `deployment_id=…/`. "
    "Azure's public traces (`TIMESTAMP, ContextTokens, GeneratedTokens`) are this."
)

SHAPES = (
    _shape(
        "otel_spans",
        "OpenTelemetry spans, OTLP JSON lines",
        "GenAI attributes of any version, OpenLLMetry's, OpenInference's, Vercel's. Only calls of models count: "
        "`chat`, `text_completion`, `generate_content`, `embeddings` and names like these, OpenInference's `LLM`, "
        "`EMBEDDING` and `RERANKER`, or an unnamed span with input tokens. A wrapper whose child is in another file "
        "counts too.",
        has_keys("resourcespans"),
        otel_spans,
    ),
    _shape(
        "sglang",
        "SGLang, `--export-metrics-to-file`",
        "JSON lines in a folder `deployment_id=…/`. Customer, user and geography come from `custom_labels`. Without "
        "times, the hour in the file's name counts (local time).",
        has_keys("request_parameters", "prompt_tokens", "completion_tokens"),
        sglang,
        names_matter=True,
    ),
    _shape(
        "litellm",
        "LiteLLM `SpendLogs`",
        "The deployment is `model_group`, else `model`; the customer `end_user`. Calls that fetch a stored answer do "
        "not count; a `cache_hit` is a request without tokens.",
        has_keys("request_id", "starttime", "prompt_tokens", "completion_tokens"),
        _named("litellm"),
    ),
    _shape("generic", "Generic table", _GENERIC, has_keys("ts|timestamp", "deployment_id"), _named("requests")),
    _shape(
        "generic",
        "Generic table",
        _GENERIC,
        has_keys(
            "ts|timestamp",
            "input_tokens|output_tokens|contexttokens|generatedtokens|request_id|customer_id|user_id|session_id",
        ),
        _named("requests"),
    ),
    _shape(
        "otel_metrics",
        "OTLP metrics",
        "",
        has_keys("resourcemetrics"),
        None,
        "metrics and not requests; put it under telemetry/prometheus",
    ),
    _shape(
        "otel_logs",
        "OTLP logs",
        "",
        has_keys("resourcelogs"),
        None,
        "events, which are not read; export spans, or rows of the generic table",
    ),
)
