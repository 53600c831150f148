"""Captures of a real server and public request traces: sums equal those read straight from the file."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

# What the exporter itself wrote down at the end (the data's README), and the share that may fall after the last scrape
# of a process or before the first: no first value is counted, because all series begin with the scraping.
TRUTH = {
    ("vllm-0", "vllm_prompt_tokens"): 4_712_022,
    ("vllm-0", "vllm_generation_tokens"): 898_493,
    ("vllm-1", "vllm_prompt_tokens"): 4_713_532,
    ("vllm-1", "vllm_generation_tokens"): 908_101,
}
SCRAPE_TAIL = 0.04


def increases_in(file: Path) -> dict[tuple[str, str, str], int]:
    """An independent count: the sum of rises of each line, and after a fall the whole value."""
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in file.read_text().splitlines():
        series = json.loads(line)
        labels = series["metric"]
        values = [value for value in series["values"] if value is not None]
        assert series["timestamps"] == sorted(series["timestamps"])
        for before, after in itertools.pairwise(values):
            key = (labels["pod"], labels["__name__"], labels.get("finished_reason", ""))
            counted[key] += after - before if after >= before else after
    return counted


def test_victoria_metrics_export(warehouse, shared_data: Path) -> None:
    export = shared_data / "prometheus_shape_samples" / "vm_export.jsonl"
    warehouse.copy(export, "telemetry/prometheus/vm_export.jsonl")
    warehouse.build("+int_usage__server_usage_daily")

    counted = {
        (pod, metric, reason or ""): int(units)
        for pod, metric, reason, units in warehouse.query("""
            select series.labels['pod'], series.metric, series.labels['finished_reason'], sum(increase)
            from intermediate.int_usage__counter_increases_daily
            join intermediate.int_usage__series_deployments as series using (series_id)
            where not contains(series.metric, '_seconds')
            group by all
        """)
    }
    names = {
        "vllm:prompt_tokens_total": "vllm_prompt_tokens",
        "vllm:generation_tokens_total": "vllm_generation_tokens",
        "vllm:request_success_total": "vllm_request_success",
    }
    independent = {
        (pod, names[name], reason): units
        for (pod, name, reason), units in increases_in(export).items()
        if name in names and reason not in ("abort", "error")
    }
    assert counted == independent
    for (pod, metric), truth in TRUTH.items():
        assert truth * (1 - SCRAPE_TAIL) <= counted[pod, metric, ""] <= truth

    # one restart, of server vllm-0, seen by each of its series
    assert warehouse.query("""
        select series.labels['pod'], max(resets), min(resets)
        from intermediate.int_usage__counter_increases_daily
        join intermediate.int_usage__series_deployments as series using (series_id)
        group by all order by all
    """) == [("vllm-0", 1, 1), ("vllm-1", 0, 0)]


@pytest.mark.parametrize(
    ("trace", "requests", "input_tokens", "output_tokens"),
    [("code", 8_819, 18_059_974, 245_896), ("conv", 19_366, 22_361_870, 4_088_665)],
)
def test_azure_trace(
    warehouse, shared_data: Path, trace: str, requests: int, input_tokens: int, output_tokens: int
) -> None:
    file = shared_data / "azure" / f"AzureLLMInferenceTrace_{trace}.csv"
    warehouse.copy(file, f"telemetry/requests/deployment_id={trace}/{file.name}")
    warehouse.build("+int_usage__gateway_usage_daily")

    with duckdb.connect() as plain:
        in_file = plain.execute(
            "select count(*), sum(ContextTokens), sum(GeneratedTokens) from read_csv($file)", {"file": str(file)}
        ).fetchall()
    assert in_file == [(requests, input_tokens, output_tokens)]
    landed = warehouse.query("""
        select count(*), sum(input_tokens), sum(output_tokens), count(distinct source_row), min(deployment_id)
        from staging.stg_requests__requests where requested_at is not null
    """)
    assert landed == [(requests, input_tokens, output_tokens, requests, trace)]
    units = dict(
        warehouse.query("select unit, sum(units) from intermediate.int_usage__gateway_usage_daily group by all")
    )
    assert units == {
        "input_token": input_tokens,
        "cached_input_token": 0,
        "output_token": output_tokens,
        "request": requests,
    }
