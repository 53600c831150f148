"""A fixture a server, with the metric names of its documentation, and totals worked out by hand.

Every fixture is scraped at 00:00 and 00:01 (and vLLM, which restarts, at 00:02). First values are older than the data
and do not count.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "telemetry" / "prometheus"

UNITS = {
    # Prompt 300, and 50 after the restart: 350, of which 50 + 20 were cached; prefix_cache_hits, the second-best name,
    # says 100. Requests: 5 + 2 that stopped, 1 + 0 at the length; aborted ones are none.
    "vllm": {"input_token": 280, "cached_input_token": 70, "output_token": 65, "request": 8},
    # Underscores for colons, and the cache under its old name: 500 - 120.
    "vllm-old": {"input_token": 380, "cached_input_token": 120, "output_token": 90},
    # 300, once: the gauge twin without _total is no second count.
    "ray": {"input_token": 300, "output_token": 60, "request": 4},
    # Prompt, output and requests are the decode server's, cached tokens the prefill server's: 800 - 300. The decode
    # server's 796 came from the prefill server, and the prefill server's 4 tokens and 4 requests are the first legs.
    "split": {"input_token": 500, "cached_input_token": 300, "output_token": 250, "request": 4},
    # 200 + 100 of prompt, less the 60 and 20 that the cache's sources had; cache_source total says the 80 again and
    # does not count beside them. 10 requests, 3 of them aborted.
    # The prefill server's 70 are the decode server's too.
    "sglang": {"input_token": 220, "cached_input_token": 80, "output_token": 40, "request": 7},
    # What a request found in the cache is under its sources, without a total: 600 + 200 + 50 of the prompt's 1000.
    "sglang-hicache": {"input_token": 150, "cached_input_token": 850, "output_token": 70, "request": 4},
    "trtllm": {"input_token": 450, "cached_input_token": 150, "output_token": 220, "request": 6},
    # The frontend's 900 - 200; its workers' 900 and 910 are the same prompts. output_tokens_total goes before the
    # histogram's sum.
    "dynamo": {"input_token": 700, "cached_input_token": 200, "output_token": 300, "request": 7},
    "tgi": {"input_token": 320, "output_token": 140, "request": 4},
    # 64 texts in 4 + 3 calls.
    "tei": {"input_token": 2048, "embedding": 64, "request": 7},
    # Only what was computed is counted; nothing says how much a cache answered.
    "llama": {"input_token": 80, "output_token": 60},
    # Without a prefix a name may be anybody's: only series with a model_name count.
    "nim": {"input_token": 700, "output_token": 350, "request": 11},
    "long": {"input_token": 380, "cached_input_token": 120, "output_token": 90, "request": 6},
}

COUNTS = {
    # 3.25 s and 0.5 s after the restart: 3.75, whole seconds. 20.5 + 4.5 of decoding. The sum of means by request,
    # 0.3 s, is no decode time and is not read.
    ("vllm", "aggregated"): {
        "prefill_seconds": 3,
        "decode_seconds": 25,
        "drafted_tokens": 39,
        "accepted_tokens": 25,
    },
    ("split", "prefill"): {"prefill_seconds": 6, "decode_seconds": 0},
    ("split", "decode"): {"prefill_seconds": 1, "decode_seconds": 40},
    ("trtllm", "aggregated"): {
        "prefill_seconds": 3,
        "decode_seconds": 12,
        "drafted_tokens": 90,
        "accepted_tokens": 63,
    },
    ("tgi", "aggregated"): {"prefill_execution_seconds": 2, "decode_execution_seconds": 9, "accepted_tokens": 36},
    ("llama", "aggregated"): {"prefill_seconds": 2, "decode_seconds": 6},
}

UNREAD = {"input_tokens", "uncached_input_tokens", "cached_input_tokens", "output_tokens", "requests", "embeddings"}


@pytest.fixture(scope="module")
def counted(module_warehouse):
    for file in FIXTURES.glob("*.csv"):
        module_warehouse.copy(file, f"telemetry/prometheus/{file.name}")
    module_warehouse.declare(*UNITS)
    module_warehouse.build("+int_usage__server_usage_daily", seeds=False)
    return module_warehouse


def test_every_server_counts_what_was_worked_out_by_hand(counted) -> None:
    units: dict[str, dict[str, int]] = {}
    for deployment, unit, number in counted.query(
        "select deployment_id, unit, units from intermediate.int_usage__server_usage_daily"
    ):
        units.setdefault(deployment, {})[unit] = number
    assert units == UNITS


def test_seconds_and_speculation_by_role(counted) -> None:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for deployment, role, semantic, number in counted.query(
        "select deployment_id, role, semantic, units from intermediate.int_usage__server_counts_daily"
    ):
        if semantic not in UNREAD:
            counts.setdefault((deployment, role), {})[semantic] = number
    assert counts == COUNTS


MIDNIGHT = 1_780_012_800_000  # 2026-05-29T00:00:00Z


def counts_from_zero(metric: str, labels: dict[str, str], per_minute: int, minutes: range) -> str:
    return json.dumps(
        {
            "metric": {"__name__": metric} | labels,
            "values": [per_minute * number for number in range(len(minutes))],
            "timestamps": [MIDNIGHT + 60_000 * minute for minute in minutes],
        }
    )


def test_a_process_that_is_updated_at_noon_tells_the_same_under_other_names(warehouse) -> None:
    """A StatefulSet's pod keeps its name. Of 1,000 a minute in 719 minutes before noon and 719 after it, 1,438,000, 300
    come from the cache: 431,400. Dynamo tells its output of 143,800 under one name all day, and under a better one
    from noon on. In mixed the two names are there together from 10:00 to 14:00: what is beside them nobody can add."""
    warehouse.declare("vllm", "sglang", "dynamo", "mixed")
    lines: list[str] = []
    for server in ("vllm", "sglang", "dynamo", "mixed"):
        pod = {"deployment": server, "pod": f"{server}-0", "namespace": "n", "job": server}
        for minutes, is_new in ((range(720), False), (range(720, 1440), True)):
            prompt, output, cached = {
                "vllm": (
                    "vllm:prompt_tokens_total",
                    "vllm:generation_tokens_total",
                    "vllm:gpu_prefix_cache_hits_total",
                ),
                "sglang": (
                    "sglang:prompt_tokens_total",
                    "sglang:generation_tokens_total",
                    "sglang:cached_tokens_total",
                ),
                "dynamo": (
                    "dynamo_frontend_input_sequence_tokens_sum",
                    "dynamo_frontend_output_sequence_tokens_sum",
                    "",
                ),
                "mixed": ("dynamo_frontend_input_sequence_tokens_sum", "", ""),
            }[server]
            lines.append(counts_from_zero(prompt, pod, 1000, minutes))
            if output:
                lines.append(counts_from_zero(output, pod, 100, minutes))
            if server == "vllm" and is_new:
                lines.append(counts_from_zero("vllm:prefix_cache_hits_total", pod, 300, minutes))
                lines.append(counts_from_zero("vllm:prompt_tokens_cached_total", pod, 300, minutes))
            elif cached:
                more = {"cache_source": "device"} if is_new else {}
                lines.append(counts_from_zero(cached, pod | more, 300, minutes))
            if server == "dynamo" and is_new:
                lines.append(counts_from_zero("dynamo_frontend_output_tokens_total", pod, 100, minutes))
        if server == "mixed":
            old, new = "dynamo_frontend_output_sequence_tokens_sum", "dynamo_frontend_output_tokens_total"
            lines.append(counts_from_zero(old, pod, 100, range(840)))
            lines.append(counts_from_zero(new, pod, 100, range(600, 1440)))
    warehouse.write("telemetry/prometheus/day.jsonl", "\n".join(lines) + "\n")
    warehouse.build("+int_usage__server_usage_daily", "+int_usage__unknown_units_daily", seeds=False)
    units = warehouse.query("""
        select deployment_id, unit, units from intermediate.int_usage__server_usage_daily
        where deployment_id != 'mixed' order by all
    """)
    cached = [("cached_input_token", 431_400), ("input_token", 1_006_600), ("output_token", 143_800)]
    assert units == [
        *[("dynamo", "input_token", 1_438_000), ("dynamo", "output_token", 143_800)],
        *[("sglang", unit, number) for unit, number in cached],
        *[("vllm", unit, number) for unit, number in cached],
    ]
    assert ("mixed", "output_token", "meter_missing") in warehouse.query(
        "select deployment_id, unit, null_reason from intermediate.int_usage__unknown_units_daily"
    )
