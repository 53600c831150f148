"""Broken exports: what can be counted is counted, what cannot is seen, and a file without any use stops the build."""

from __future__ import annotations

import json

SELECTION = "+int_usage__server_usage_daily"
LABELS = {"__name__": "vllm:prompt_tokens_total", "pod": "chat-large-1", "job": "vllm"}
MINUTE = 60_000
START = 1_780_000_000_000  # 2026-05-28T20:26:40Z


def line(values: list, labels: dict[str, str] = LABELS, start: int = START) -> str:
    return json.dumps(
        {"metric": labels, "values": values, "timestamps": [start + MINUTE * n for n in range(len(values))]}
    )


def units(warehouse) -> dict[str, int]:
    return dict(warehouse.query("select unit, sum(units) from intermediate.int_usage__server_usage_daily group by all"))


def test_half_a_line_at_the_end_loses_nothing_else(warehouse) -> None:
    whole, half = line([100, 130, 170]), line([5, 6], {**LABELS, "pod": "chat-large-2"})
    warehouse.write("telemetry/prometheus/export.jsonl", f"{whole}\n{half[: len(half) // 2]}")
    warehouse.build(SELECTION)
    assert units(warehouse) == {"input_token": 70}
    assert warehouse.query("select metric, samples from staging.stg_prometheus__series order by metric") == [
        ("(unreadable)", 1),
        ("vllm_prompt_tokens", 3),
    ]


def test_stale_negative_and_not_a_number_are_no_values(warehouse) -> None:
    # 100 -> 130, a stale marker, 150 after it; -7 and NaN are impossible: 50 in all, and no reset
    warehouse.write("telemetry/prometheus/export.jsonl", line([100, 130, None, -7, 150]))
    warehouse.write(
        "telemetry/prometheus/more.csv",
        "ts,metric,labels,value\n"
        '2026-05-28T20:40:00Z,vllm:prompt_tokens_total,"{""pod"":""chat-large-1"",""job"":""vllm""}",NaN\n',
    )
    warehouse.build(SELECTION)
    assert units(warehouse) == {"input_token": 50}
    assert warehouse.query("""
        select sum(samples), sum(uncountable_samples), sum(negative_samples) from staging.stg_prometheus__series
    """) == [(6, 3, 1)]


def test_a_series_without_a_deployment_is_shown(warehouse) -> None:
    warehouse.write("telemetry/prometheus/export.jsonl", line([1, 5], {**LABELS, "pod": "who-knows-1"}))
    warehouse.build(SELECTION)
    assert warehouse.query("select deployment_id, unit, units from intermediate.int_usage__server_usage_daily") == [
        ("(unattributed)", "input_token", 4)
    ]


def test_a_file_that_cannot_be_read_is_named(warehouse) -> None:
    warehouse.write("telemetry/prometheus/cut.parquet", b"PAR1 and no more")
    assert not warehouse.build(SELECTION, check=False)
    assert "telemetry/prometheus/cut.parquet" in warehouse.output


def test_a_file_without_any_sample_is_named_and_what_was_counted_stays(warehouse) -> None:
    warehouse.write("telemetry/prometheus/good.jsonl", line([100, 130]))
    warehouse.build(SELECTION)
    warehouse.write("telemetry/prometheus/notes.jsonl", "this is no JSON\nnor is this\n")
    assert not warehouse.build(SELECTION, check=False)
    assert "telemetry/prometheus/notes.jsonl: 2 lines or rows, and none of them is a sample" in warehouse.output
    assert units(warehouse) == {"input_token": 30}


def test_no_telemetry_gives_empty_models(warehouse) -> None:
    warehouse.write("focus/x/readme.md", "nothing to see")
    warehouse.build(
        *("+int_usage__server_usage_daily", "+int_usage__telemetry_coverage_daily"),
        *("+int_usage__accelerator_seconds_daily", "+int_usage__gateway_usage_daily"),
    )
    assert units(warehouse) == {}
    assert warehouse.query("select count(*) from intermediate.int_usage__telemetry_coverage_daily") == [(0,)]
