"""`telemetry`: requests of gateways and spans whose tokens were counted wrong, each of a deployment of its own."""

from __future__ import annotations

import pytest

FILES = (
    "09-litellm/day.jsonl",
    "09-litellm/d.jsonl",
    "10-otel-spans/spans.jsonl",
    "10-otel-spans/openinference.jsonl",
    "10-otel-spans/vercel.jsonl",
    "10-otel-spans/events.jsonl",
)
# By deployment: input that no cache had, input that one had, output, requests.
COUNTS = {
    # what only fetches a stored answer writes its tokens again
    "l-get": (121, 0, 400, 1),
    # input that leaves out what is written to a cache, and what is read from it
    "l-excl-write": (31 + 1_253, 0, 467, 1),
    "l-excl-read": (12, 2_495, 50, 1),
    # additional_usage_values: 10,000 with 8,000 of them cached, and 2,100 with 1,500
    "l-add": (2_000 + 600, 8_000 + 1_500, 150, 2),
    # one request that was delivered twice
    "lite-dup": (500, 0, 50, 1),
    # a prompt of 734,311 among which are 426,653 that were read and 184,457 that were written
    "l-42663": (734_311 - 426_653, 426_653, 1_000, 1),
    # detail of 0 beside 1,500 that were read: they are among the 2,100, as in l-add
    "l-zero": (600, 1_500, 50, 1),
    # it failed, and consumed what it consumed
    "l-fail": (2_900, 0, 0, 0),
    # more cached than input proves that it is left out
    "o-excl": (3 + 6_174, 5_758, 100, 1),
    "o-excl2": (10_000, 5_758, 100, 1),
    "o-oi": (600, 400, 50, 1),
    # 1,000 with 400 of them cached; the span around it says the same again
    "o-vercel": (600, 400, 50, 1),
}


@pytest.fixture(scope="module")
def built(module_warehouse, shared_cases):
    for file in FILES:
        module_warehouse.copy(shared_cases / "telemetry" / file, f"telemetry/requests/{file.replace('/', '-')}")
    module_warehouse.build("+int_usage__customer_requests_daily", "+int_quality__telemetry_files")
    return module_warehouse


@pytest.fixture(scope="module")
def counted(built) -> dict[str, tuple[int, ...]]:
    rows = built.query("""
        select deployment_id, sum(uncached_input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(requests)
        from intermediate.int_usage__customer_requests_daily where date_day = '2026-10-05' group by deployment_id
    """)
    return {deployment: tuple(counts) for deployment, *counts in rows}


@pytest.mark.parametrize("deployment", COUNTS)
def test_tokens_of_a_deployment(counted, deployment: str) -> None:
    assert counted[deployment] == COUNTS[deployment]


def test_events_are_named_and_no_requests(built) -> None:
    assert built.query("""
        select parse_filename(source_file), contains(detail, 'export spans')
        from intermediate.int_quality__telemetry_files where issue = 'file_not_read'
    """) == [("10-otel-spans-events.jsonl", True)]
