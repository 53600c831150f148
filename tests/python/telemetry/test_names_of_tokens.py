"""Tokens under names of many programs: each counts once, and what nobody reads is named."""

from __future__ import annotations

import json

import pytest

SECOND = 1_791_201_600  # 2026-10-05 12:00 UTC
# By file: columns of a row, and what it has: input, cached, output, reasoning tokens.
TABLES = {
    "openai": ({"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}, (100, None, 10, None)),
    "anthropic": ({"input_tokens": 100, "cache_read_input_tokens": 90, "output_tokens": 10}, (100, 90, 10, None)),
    "mixed": ({"input_tokens": 100, "completion_tokens": 10, "cache_read_tokens": 90}, (100, 90, 10, None)),
    "thinking": ({"input_tokens": 100, "output_tokens": 50, "reasoning_output_tokens": 400}, (100, None, 450, 400)),
    "hidden": (
        {"input_tokens": 100, "output_tokens": 10, "my_cached_tokens": 90, "max_tokens": 4096},
        (100, None, 10, None),
    ),
    "limits": (
        {"input_tokens": 100, "output_tokens": 10, "tokens_per_second": 50, "maxTokens": 9, "token": "abc"},
        (100, None, 10, None),
    ),
}
# By file: an object of usage as an API answers it, and what it has. Anthropic and Bedrock count the cache apart.
ANSWERS = {
    "anthropic-usage": (
        {"usage": {"input_tokens": 600, "cache_read_input_tokens": 400, "cache_creation_input_tokens": 0}},
        (1000, 400, None, None),
    ),
    "bedrock-usage": (
        {"usage": {"inputTokens": 600, "cacheReadInputTokens": 400, "outputTokens": 50, "totalTokens": 1050}},
        (1000, 400, 50, None),
    ),
    "openai-usage": (
        {"usage": {"input_tokens": 1000, "input_tokens_details": {"cached_tokens": 400}, "total_tokens": 1050}},
        (1000, 400, None, None),
    ),
    "gemini": (
        {
            "usageMetadata": {
                "promptTokenCount": 1000,
                "cachedContentTokenCount": 400,
                "candidatesTokenCount": 30,
                "thoughtsTokenCount": 20,
                "totalTokenCount": 1050,
            }
        },
        (1000, 400, 50, 20),
    ),
    "deepseek-usage": (
        {"usage": {"prompt_tokens": 1000, "prompt_cache_hit_tokens": 400, "prompt_cache_miss_tokens": 600}},
        (1000, 400, None, None),
    ),
    # a total that has the cache beside the input, and one that does not
    "total-apart": (
        {"input_tokens": 600, "cached_tokens": 400, "output_tokens": 50, "total_tokens": 1050},
        (1000, 400, 50, None),
    ),
    "total-among": (
        {"input_tokens": 1000, "cached_tokens": 400, "output_tokens": 50, "total_tokens": 1050},
        (1000, 400, 50, None),
    ),
    # as much reasoning as cached: the total may have either
    "total-of-either": (
        {"input_tokens": 600, "cached_tokens": 400, "output_tokens": 50, "reasoning_tokens": 400, "total_tokens": 1050},
        (600, 400, 450, 400),
    ),
    "response": ({"response": {"usage": {"prompt_tokens": 1000}}}, (None, None, None, None)),
    "cohere": ({"meta": {"billed_units": {"input_tokens": 1000}}}, (None, None, None, None)),
}
NESTED = {
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 90},
        "odd_tokens": 3,
        "bad_tokens": 0,
    }
}
# By name of a span's deployment: its attributes, and what it has.
SPANS = {
    "pydantic": (
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50,
            "gen_ai.usage.details.cache_read_tokens": 400,
        },
        (1000, 400, 50, None),
    ),
    "vercel": ({"ai.usage.promptTokens": 1000, "ai.usage.completionTokens": 50}, (1000, None, 50, None)),
    "openllmetry": ({"llm.usage.prompt_tokens": 1000, "llm.usage.completion_tokens": 50}, (1000, None, 50, None)),
    "openinference": (
        {
            "llm.token_count.prompt": 14,
            "llm.token_count.completion": 1,
            "llm.token_count.total": 115,
            "llm.token_count.completion_details.reasoning": 100,
        },
        (14, None, 101, 100),
    ),
    "other": (
        {
            "gen_ai.usage.input_tokens": 1000,
            "gen_ai.usage.output_tokens": 50.0,
            "acme.cacheHitTokens": 400,
            "gen_ai.request.max_tokens": 9,
        },
        (1000, None, 50, None),
    ),
}


LITELLM = {
    "request_id": "l1",
    "startTime": "2026-10-05T10:00:00Z",
    "model_group": "litellm",
    "prompt_tokens": 100,
    "completion_tokens": 10,
}
METADATA = {"usage_object": {"prompt_tokens_details": {"cached_tokens": 40}}}


def attribute(key: str, value: object) -> dict:
    kind = {int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def span(number: int, attributes: dict, **more: object) -> dict:
    return {
        "traceId": f"{number // 100 + 1:032x}",
        "spanId": f"{number:016x}",
        "startTimeUnixNano": str((SECOND + number) * 10**9),
        "attributes": [attribute(*one) for one in attributes.items()],
        **more,
    }


def spans(*given: dict) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "x"}, "spans": given}]}]}) + "\n"


@pytest.fixture(scope="module")
def built(module_warehouse):
    for name, (columns, _) in TABLES.items():
        row = {"ts": "2026-10-05T10:00:00Z", "deployment_id": name, **columns}
        module_warehouse.write(f"telemetry/requests/{name}.jsonl", json.dumps(row) + "\n")
        text = "\n".join(",".join(map(str, cells)) for cells in (row, row.values()))
        module_warehouse.write(f"telemetry/requests/{name}.csv", text + "\n")
    row = {"ts": "2026-10-05T10:00:00Z", "deployment_id": "nested", **NESTED}
    module_warehouse.write("telemetry/requests/nested.jsonl", json.dumps(row) + "\n")
    for name, (answer, _) in ANSWERS.items():
        row = {"ts": "2026-10-05T10:00:00Z", "deployment_id": name, **answer}
        module_warehouse.write(f"telemetry/requests/{name}.jsonl", json.dumps(row) + "\n")
    for number, (name, (attributes, _)) in enumerate(SPANS.items()):
        text = spans(span(100 * number + 1, {"gen_ai.request.model": name, **attributes}))
        module_warehouse.write(f"telemetry/requests/span-{name}.jsonl", text)
    for times in range(3):
        row = {**LITELLM, "metadata": encoded(METADATA, times)}
        module_warehouse.write(f"telemetry/requests/encoded-{times}.jsonl", json.dumps(row) + "\n")
        if not times:
            continue
        cells = [*map(str, LITELLM.values()), '"' + encoded(METADATA, times).replace('"', '""') + '"']
        text = ",".join([*LITELLM, "metadata"]) + "\n" + ",".join(cells) + "\n"
        module_warehouse.write(f"telemetry/requests/encoded-{times}.csv", text)
    module_warehouse.build("+int_quality__telemetry_files", "+int_usage__customer_requests_daily")
    return module_warehouse


def encoded(value: object, times: int) -> object:
    """JSON of JSON, as an exporter leaves it that takes a text for a value."""
    return encoded(json.dumps(value), times - 1) if times else value


def counted(warehouse, file: str) -> list[tuple]:
    return warehouse.query(f"""
        select input_tokens, cached_input_tokens, output_tokens, reasoning_tokens
        from staging.stg_requests__requests where source_file like '%/{file}'
    """)


def unread(warehouse) -> dict[str, str]:
    rows = warehouse.query("""
        select parse_filename(source_file), split_part(detail, ': ', 2)
        from intermediate.int_quality__telemetry_files where issue = 'unread_tokens'
    """)
    return dict(rows)


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_columns_of_tables(built, name, form):
    assert counted(built, f"{name}.{form}") == [TABLES[name][1]]


def test_an_object_of_usage(built):
    assert counted(built, "nested.jsonl") == [(100, 90, 10, None)]


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_apis(built, name):
    assert counted(built, f"{name}.jsonl") == [ANSWERS[name][1]]


@pytest.mark.parametrize("name", SPANS)
def test_attributes_of_spans(built, name):
    assert counted(built, f"span-{name}.jsonl") == [SPANS[name][1]]


def test_what_nobody_reads_is_named(built):
    assert unread(built) == {
        "cohere.jsonl": "meta/billed_units/input_tokens",
        "response.jsonl": "response/usage/prompt_tokens",
        "hidden.csv": "my_cached_tokens",
        "hidden.jsonl": "my_cached_tokens",
        "nested.jsonl": "usage/odd_tokens",
        "span-other.jsonl": "acme.cacheHitTokens",
    }


@pytest.mark.parametrize(
    "file", ["encoded-0.jsonl", "encoded-1.jsonl", "encoded-2.jsonl", "encoded-1.csv", "encoded-2.csv"]
)
def test_json_that_was_encoded_again(built, file):
    assert counted(built, file) == [(100, 40, 10, None)]
