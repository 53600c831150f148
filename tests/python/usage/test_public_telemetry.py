"""Captures of a real server and public request traces: sums equal those read straight from the file."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.python.usage.shape_oracle import counted_in, points_in

# What the exporter itself wrote down at the end (the data's README), and the share that may fall after the last scrape
# of a process, or before the first where nothing proves that its first value is new.
TRUTH = {
    ("127.0.0.1:18001", "vllm_prompt_tokens_total"): 4_712_022,
    ("127.0.0.1:18001", "vllm_generation_tokens_total"): 898_493,
    ("127.0.0.1:18002", "vllm_prompt_tokens_total"): 4_713_532,
    ("127.0.0.1:18002", "vllm_generation_tokens_total"): 908_101,
}
CAPTURES = {
    "vm_export.jsonl": ("victoria_metrics", 0.02),
    "vm_export.csv": ("victoria_metrics_csv", 0.04),
    "prom_query_matrix_raw.json": ("prometheus_api", 0.04),
    "promtool_dump.txt": ("tsdb_dump", 0.02),
}
# Counted in whole tokens and requests; seconds are sums of fractions.
METRICS = {"vllm_prompt_tokens_total", "vllm_generation_tokens_total", "vllm_request_success_total"}


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_of_each_shape(warehouse, shared_data: Path, name: str) -> None:
    capture = shared_data / "prometheus_shape_samples" / name
    warehouse.copy(capture, f"telemetry/prometheus/{name}")
    warehouse.build("+int_usage__server_usage_daily")
    shape, tail = CAPTURES[name]
    assert warehouse.query("select shape from staging.stg_prometheus__files") == [(shape,)]

    # Without a header the labels' names are unknown: the sixth column is the instance. Which requests were aborted
    # cannot be told then, so that none are counted.
    is_headless = name == "vm_export.csv"
    labels = ("column_6", "column_10") if is_headless else ("instance", "finished_reason")
    metrics = METRICS - ({"vllm_request_success_total"} if is_headless else set())
    counted = {
        (f"{metric}_total", instance, reason or ""): int(units)
        for metric, instance, reason, units in warehouse.query(f"""
            select series.metric, series.labels['{labels[0]}'], series.labels['{labels[1]}'], sum(increase)
            from intermediate.int_usage__counter_increases_daily
            join (
                select distinct series_id, metric, labels from staging.stg_prometheus__series where is_catalogued
            ) as series using (series_id)
            where not contains(series.metric, '_seconds')
            group by all
        """)
    }
    assert counted == {
        key: units for key, units in counted_in(capture, metrics).items() if key[2] not in ("abort", "error")
    }
    for (instance, metric), truth in TRUTH.items():
        assert truth * (1 - tail) <= counted[metric, instance, ""] <= truth

    # one restart, of one server, seen by each of its series
    assert warehouse.query(f"""
        select series.labels['{labels[0]}'], max(resets), min(resets)
        from intermediate.int_usage__counter_increases_daily
        join intermediate.int_usage__series_deployments as series using (series_id)
        group by all order by all
    """) == [("127.0.0.1:18001", 1, 1), ("127.0.0.1:18002", 0, 0)]


def test_samples_of_a_capture_land_as_they_are(warehouse, shared_data: Path) -> None:
    capture = shared_data / "prometheus_shape_samples" / "promtool_dump.txt"
    warehouse.copy(capture, "telemetry/prometheus/dump.txt")
    warehouse.build("+stg_prometheus__samples")
    landed = warehouse.query("""
        select series.metric || '_total', series.labels['instance'], coalesce(series.labels['finished_reason'], ''),
            epoch_ms(samples.sampled_at), samples.value
        from staging.stg_prometheus__samples as samples
        join staging.stg_prometheus__series as series using (scrape_series_id)
        where samples.value is not null and series.metric in ('vllm_prompt_tokens', 'vllm_request_success')
    """)
    expected = {
        (*key, at, value)
        for key, samples in points_in(capture).items()
        if key[0] in ("vllm_prompt_tokens_total", "vllm_request_success_total")
        for at, value in samples.items()
    }
    assert len(landed) == len(expected) > 400
    assert set(landed) == expected


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
