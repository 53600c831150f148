"""Each shape of request rows, from a small file of its documented form, to totals that were added up by hand."""

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "telemetry" / "requests"
FOLDERS = {
    "sglang.log": "telemetry/requests/deployment_id=chat-large/sglang-request-metrics-20261124_02.log",
    "litellm.jsonl": "telemetry/requests/gateway/spend.jsonl",
    "litellm.csv": "telemetry/requests/gateway/spend.csv",
    "otel_spans.jsonl": "telemetry/requests/traces/part-0.jsonl",
    "unknown.jsonl": "telemetry/requests/unknown.jsonl",
}
# Carriage returns, seven digits of a second, no newline at the end: as published.
AZURE_TRACE = (
    b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
    b"2026-11-24 18:17:03.9799600,4808,10\r\n"
    b"2026-11-24 18:17:04.0000000,180,25"
)


NOT_READ = "are not read: write ISO 8601, or a number since 1970, of the years 2000 to 2099"
NO_SPANS = "a line has no spans: write one resourceSpans a line, with its scopeSpans"
SPANS = {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {"name": "s"}, "spans": []}]}]}


def write_what_cannot_be_read(warehouse):
    """A document, an array and spans of before OTLP 0.15; times of the United States, and of an e-mail."""
    folder = "telemetry/requests/broken"
    warehouse.write(f"{folder}/pretty.json", json.dumps(SPANS, indent=1))
    warehouse.write(f"{folder}/spans-array.json", json.dumps([SPANS]))
    old = json.dumps(SPANS).replace("scopeSpans", "instrumentationLibrarySpans")
    warehouse.write(f"{folder}/spans-old.jsonl", f"{old}\n")
    rows = [f"11/24/2026 10:00:0{n},chat-large" for n in range(2)]
    warehouse.write(f"{folder}/clock.csv", "\n".join(["ts,deployment_id", *rows]) + "\n")
    row = {"ts": "Tue, 24 Nov 2026 10:00:00 GMT", "request_id": "r", "deployment_id": "chat-large"}
    warehouse.write(f"{folder}/clock.jsonl", json.dumps(row) + "\n")


@pytest.fixture(scope="module")
def warehouse(module_warehouse):
    for name, path in FOLDERS.items():
        module_warehouse.copy(FIXTURES / name, path)
    module_warehouse.write("telemetry/requests/azure.csv", AZURE_TRACE)
    module_warehouse.write("telemetry/requests/empty.jsonl", "")
    write_what_cannot_be_read(module_warehouse)
    module_warehouse.write("telemetry/product/product.csv", "ts,user_id,workload\n2026-08-01,ann,chat\n")
    module_warehouse.variables = {"privacy": {"user_id": "keep", "session_id": "keep"}}
    module_warehouse.build("+int_quality__telemetry_files")
    return module_warehouse


def rows(warehouse, file, columns):
    return warehouse.query(f"""
        select {columns} from staging.stg_requests__requests
        where source_file like '%/{file}' order by source_row
    """)


def test_sglang(warehouse):
    # input counts cached tokens: 1000 of which 640 were read from the cache
    assert rows(
        warehouse,
        "sglang-request-metrics-20261124_02.log",
        "source_row, deployment_id, customer_id, session_id, status, input_tokens, cached_input_tokens, output_tokens, "
        "strftime(requested_at, '%H:%M:%S.%g')",
    ) == [
        (1, "chat-large", "acme", "s1", "stop", 1000, 640, 200, "02:00:00.250"),
        (2, "chat-large", None, None, "length", 500, 0, 64, "02:00:01.500"),
        (3, "chat-large", None, None, "abort", 300, 128, 7, "02:00:02.000"),
        (4, "chat-large", None, None, None, None, None, None, None),
    ]


def test_litellm(warehouse):
    columns = (
        "source_row, deployment_id, customer_id, user_id, status, input_tokens, cached_input_tokens, "
        "cache_write_tokens, output_tokens, reasoning_tokens, has_unusable_counts"
    )
    first = ("chat-large", "acme", "u1", "success", 1000, 600, None, 150, 40, False)
    second = ("assistant-hosted", None, "u2", "success", 2100, 1500, 400, 200, None, False)
    assert rows(warehouse, "spend.jsonl", columns) == [
        (1, *first),
        (2, *second),
        (3, "chat-large", "acme", "u1", "cache_hit", None, None, None, None, None, False),
        (4, "chat-large", "acme", "u1", "failure", 0, None, None, 0, None, False),
        (5, "unknown/model", "acme", "u1", "success", None, None, None, 0, None, True),
    ]
    assert rows(warehouse, "spend.csv", columns) == [(1, *first), (2, *second)]


def test_spans_count_the_innermost_call_once(warehouse):
    # Nine spans and a repeated one: an agent, its tool, an HTTP request and a wrapper around a call are no calls.
    assert rows(
        warehouse,
        "part-0.jsonl",
        "deployment_id, customer_id, session_id, status, input_tokens, cached_input_tokens, "
        "cache_write_tokens, output_tokens, reasoning_tokens",
    ) == [
        ("chat-large", "acme", "conv-1", "ok", 1200, 900, None, 100, 60),
        ("chat-small", "acme", None, "ok", 500, None, None, 30, None),
        ("chat-small", "acme", None, "error", None, None, None, None, None),
        # an embedding generates nothing, and no cache answers it
        ("docs-search", "acme", None, "ok", 256, 0, None, 0, None),
        ("assistant-hosted", "acme", None, "ok", 2100, 1500, 400, 200, None),
        (None, None, None, None, None, None, None, None, None),
    ]


def test_azure_trace(warehouse):
    assert rows(warehouse, "azure.csv", "deployment_id, input_tokens, output_tokens, hour(requested_at)") == [
        (None, 4808, 10, 18),
        (None, 180, 25, 18),
    ]


def test_totals_by_deployment(warehouse):
    # chat-large is SGLang, LiteLLM twice (lines and CSV), a span: uncached 360 + 500 + 172, 2 * 400, 300;
    # cached 640 + 0 + 128, 2 * 600, 900; output 200 + 64 + 7, 2 * 150, 100; an abort and a failure did not deliver
    assert warehouse.query("""
        select deployment_id, sum(requests), sum(failed_requests), sum(uncached_input_tokens), sum(cached_input_tokens),
            sum(output_tokens)
        from intermediate.int_usage__customer_requests_daily group by 1 order by 1
    """) == [
        ("assistant-hosted", 3, 0, 600 * 3, 1500 * 3, 600),
        ("chat-large", 6, 2, 2132, 2868, 671),
        ("chat-small", 1, 1, 500, 0, 30),
        ("docs-search", 1, 0, 256, 0, 0),
        ("unknown/model", 1, 0, 0, 0, 0),
        (None, 2, 0, 4988, 0, 35),
    ]


def test_what_could_not_be_read_is_named(warehouse):
    # files of all shapes have the same deployments, and some of them name no user
    assert warehouse.query("""
        select parse_filename(source_file), issue, detail, affected_rows from intermediate.int_quality__telemetry_files
        where issue != 'user_not_told'
        order by all
    """) == [
        ("azure.csv", "no_deployment", None, 2),
        ("clock.csv", "unreadable_row", f"times such as 11/24/2026 10:00:00 {NOT_READ}", 2),
        ("clock.jsonl", "unreadable_row", f"times such as Tue, 24 Nov 2026 10:00:00 GMT {NOT_READ}", 1),
        ("empty.jsonl", "file_not_read", "it is empty", 0),
        ("part-0.jsonl", "unreadable_row", NO_SPANS, 1),
        ("pretty.json", "unreadable_row", NO_SPANS, len(json.dumps(SPANS, indent=1).splitlines())),
        ("sglang-request-metrics-20261124_02.log", "unreadable_row", "a line is no JSON", 1),
        ("spans-array.json", "unreadable_row", NO_SPANS, 1),
        ("spans-old.jsonl", "unreadable_row", NO_SPANS, 1),
        ("spend.jsonl", "unknown_deployment", "unknown/model", 1),
        ("spend.jsonl", "unusable_count", None, 1),
        ("unknown.jsonl", "file_not_read", "it has no shape that is read; it has 'what, when'", 0),
    ]


def test_a_second_run_reads_nothing_and_a_new_file_alone(warehouse):
    before = warehouse.query("select count(*) from staging.stg_requests__requests")
    warehouse.build("+int_quality__telemetry_files")
    assert warehouse.query("select count(*) from staging.stg_requests__requests") == before
    added = warehouse.data / "telemetry/requests/gateway/more.jsonl"
    # a blank more at the end: a copy of a file that is there would not count
    added.write_bytes((FIXTURES / "litellm.jsonl").read_bytes() + b" \n")
    warehouse.build("+int_quality__telemetry_files")
    assert warehouse.query("select count(*) from staging.stg_requests__requests") == [(before[0][0] + 5,)]
    added.unlink()
    warehouse.build("+int_quality__telemetry_files")
    assert warehouse.query("select count(*) from staging.stg_requests__requests") == before
