"""One history in every shape that is read: the same count, whatever it is written in."""

from __future__ import annotations

import gzip
import json
from datetime import datetime, timedelta, timezone

import duckdb
import pytest

START = 1_790_812_800_250  # 2026-10-01T00:00:00.250Z, in milliseconds
# Seconds, value, and when the process was created. It dies at 75 s, and at 125 s; the second time it has passed its old
# value by the next scrape, so that only its creation tells.
HISTORY = [(0, 40, -10), (30, 100, -10), (60, 160, -10), (90, 20, 75), (120, 200, 75), (150, 230, 125)]
# 60 + 60, 20 after the first restart, 180, and 30 from 200 to 230
WITHOUT_CREATION = 350
# the 40 that it counted since its creation 10 s before, and 230 after the second restart for 30
WITH_CREATION = 40 + 60 + 60 + 20 + 180 + 230
# A Collector that does not know when the process began says when it looked first, and at 150 s it is restarted itself.
FIRST_LOOKS = [0, 0, 0, 90, 90, 150]


def labels(shape: str) -> dict[str, str]:
    return {"deployment": shape, "pod": "p", "job": shape, "engine": "0"}


def victoria_metrics(shape: str) -> str:
    times = [START + second * 1000 for second, _, _ in HISTORY]
    values = {
        "vllm:prompt_tokens_total": [value for _, value, _ in HISTORY],
        "vllm:prompt_tokens_created": [START / 1000 + created for _, _, created in HISTORY],
    }
    return "\n".join(
        json.dumps({"metric": {"__name__": name, **labels(shape)}, "values": seen, "timestamps": times})
        for name, seen in values.items()
    )


def api(shape: str, *, indent: int | None = None, created: bool = True) -> str:
    metrics = {"vllm_prompt_tokens_total": [[START / 1000 + second, str(value)] for second, value, _ in HISTORY]}
    if created:
        metrics["vllm_prompt_tokens_created"] = [
            [START / 1000 + second, str(START / 1000 + born)] for second, _, born in HISTORY
        ]
    result = [{"metric": {"__name__": name, **labels(shape)}, "values": values} for name, values in metrics.items()]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}, indent=indent)


def dump(shape: str) -> str:
    """`promtool tsdb dump`: escaped quotes, braces and commas in a label; stale markers as NaN."""
    text = ", ".join(f'{name}="{value}"' for name, value in {**labels(shape), "note": r"say \"x\", {y}"}.items())
    # Go writes all digits, with an exponent where it is shorter
    samples = [("created", second, f"{(START / 1000 + created) / 1e9!r}e+09") for second, _, created in HISTORY]
    samples += [("total", second, str(value)) for second, value, _ in HISTORY] + [("total", 180, "NaN")]
    return "\n".join(
        f'{{__name__="vllm_prompt_tokens_{kind}", {text}}} {value} {START + second * 1000}'
        for kind, second, value in samples
    )


def openmetrics(shape: str) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in labels(shape).items())
    rows = ["# TYPE vllm:prompt_tokens counter"]
    for second, value, created in HISTORY:
        at = START / 1000 + second
        rows.append(f"vllm:prompt_tokens_total{{{text}}} {value} {at}")
        rows.append(f"vllm:prompt_tokens_created{{{text}}} {START / 1000 + created!r} {at}")
    return "\n".join([*rows, "# EOF"])


def otlp(shape: str, kind: str) -> str:
    """A line a point, as the Collector's file exporter writes them."""
    lines = []
    before = (-10, 0, None)
    for second, value, created in HISTORY:
        end = str((START + second * 1000) * 1_000_000)
        point = {
            "timeUnixNano": end,
            "startTimeUnixNano": str((START + created * 1000) * 1_000_000),
            "attributes": [
                {"key": "engine", "value": {"stringValue": "0"}},
                {"key": "deployment", "value": {"stringValue": shape}},
            ],
        }
        metric: dict = {"name": "vllm:prompt_tokens"}
        if kind == "histogram":
            metric = {"name": "tgi_request_input_length"}
            metric["histogram"] = {"aggregationTemporality": 2, "dataPoints": [{**point, "count": "1", "sum": value}]}
        elif kind == "delta":
            gained = value - before[1] if created == before[2] else value
            start = str((START + before[0] * 1000) * 1_000_000)
            point |= {"asInt": str(gained), "startTimeUnixNano": start}
            metric["sum"] = {"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [point]}
        else:
            if kind == "first_look":
                looked = FIRST_LOOKS[HISTORY.index((second, value, created))]
                point["startTimeUnixNano"] = str((START + looked * 1000) * 1_000_000)
            metric["sum"] = {
                "aggregationTemporality": 2,
                "isMonotonic": True,
                "dataPoints": [{**point, "asInt": str(value)}],
            }
        before = (second, value, created)
        resource = [
            {"key": "k8s.pod.name", "value": {"stringValue": "p"}},
            {"key": "service.name", "value": {"stringValue": shape}},
        ]
        scopes = [{"metrics": [metric]}]
        lines.append(json.dumps({"resourceMetrics": [{"resource": {"attributes": resource}, "scopeMetrics": scopes}]}))
    return "\n".join(lines)


def long_form(shape: str) -> str:
    rows = ["ts,metric,deployment,pod,job,value,created"]
    for second, value, created in HISTORY:
        rows.append(
            f"{START + second * 1000},vllm:prompt_tokens_total,{shape},p,{shape},{value},{START + created * 1000}"
        )
    return "\n".join(rows)


def long_form_in_new_york(shape: str) -> str:
    """Times as text, four hours behind UTC: there the data begins on the day before."""
    rows = ["ts,metric,deployment,pod,job,value,created"]
    for second, value, created in HISTORY:
        sampled_at, created_at = (
            datetime.fromtimestamp(START / 1000 + at, timezone(timedelta(hours=-4))).isoformat()
            for at in (second, created)
        )
        rows.append(f"{sampled_at},vllm:prompt_tokens_total,{shape},p,{shape},{value},{created_at}")
    return "\n".join(rows)


def replicas(shape: str) -> str:
    """A column `replica` beside labels: two scrapers of one counter, a second apart, are no restarts."""
    rows = ["ts,metric,labels,value,replica"]
    text = json.dumps(labels(shape)).replace('"', '""')
    for replica, offset in (("a", 0), ("b", 1000)):
        for second, value, _ in HISTORY[: 6 if replica == "a" else 5]:
            rows.append(f'{START + second * 1000 + offset},vllm:prompt_tokens_total,"{text}",{value},{replica}')
    return "\n".join(rows)


def victoria_metrics_csv(shape: str) -> str:
    rows = ["__name__,__value__,__timestamp__:unix_ms,deployment,pod,job"]
    rows += [f"vllm:prompt_tokens_total,{value},{START + at * 1000},{shape},p,{shape}" for at, value, _ in HISTORY]
    return "\n".join(rows)


SHAPES = {
    "victoria_metrics": ("jsonl", victoria_metrics("victoria_metrics"), WITH_CREATION),
    "api": ("json", api("api"), WITH_CREATION),
    "api_pretty": ("json", api("api_pretty", indent=2, created=False), WITHOUT_CREATION),
    "dump": ("txt", dump("dump"), WITH_CREATION),
    "openmetrics": ("txt", openmetrics("openmetrics"), WITH_CREATION),
    "otlp_cumulative": ("jsonl", otlp("otlp_cumulative", "cumulative"), WITH_CREATION),
    "otlp_delta": ("jsonl", otlp("otlp_delta", "delta"), WITH_CREATION),
    "otlp_first_look": ("jsonl", otlp("otlp_first_look", "first_look"), WITHOUT_CREATION),
    "otlp_histogram": ("json", otlp("otlp_histogram", "histogram"), WITH_CREATION),
    "long_form": ("csv", long_form("long_form"), WITH_CREATION),
    "long_form_in_new_york": ("csv", long_form_in_new_york("long_form_in_new_york"), WITH_CREATION),
    "replicas": ("csv", replicas("replicas"), WITHOUT_CREATION),
    "victoria_metrics_csv": ("csv", victoria_metrics_csv("victoria_metrics_csv"), WITHOUT_CREATION),
}


@pytest.fixture(scope="module")
def counted(module_warehouse):
    for shape, (ending, text, _) in SHAPES.items():
        module_warehouse.write(f"telemetry/prometheus/{shape}.{ending}", text)
    # every second point of the deltas a second time, in a file of its own
    again = "\n".join(SHAPES["otlp_delta"][1].splitlines()[::2])
    module_warehouse.write("telemetry/prometheus/otlp_delta_again.jsonl", again)
    module_warehouse.declare(*SHAPES)
    module_warehouse.build("+int_usage__server_usage_daily", "+int_usage__telemetry_coverage_daily", seeds=False)
    return module_warehouse


def test_every_shape_counts_the_same(counted) -> None:
    units = counted.query("""
        select deployment_id, sum(units) from intermediate.int_usage__server_usage_daily
        where unit = 'input_token' group by all
    """)
    assert dict(units) == {shape: expected for shape, (_, _, expected) in SHAPES.items()}


def test_a_time_with_an_offset_is_that_moment(counted) -> None:
    assert counted.query("""
        select distinct first_sampled_at from staging.stg_prometheus__series
        where labels['deployment'] in ('long_form', 'long_form_in_new_york') and not is_created
    """) == [(datetime(2026, 10, 1, 0, 0, 0, 250_000),)]


def test_restarts_are_seen_and_deltas_are_none(counted) -> None:
    # two restarts; without creations one; the deltas say nothing of restarts
    resets = dict(
        counted.query("""
            select deployment_id, sum(resets) from intermediate.int_usage__telemetry_coverage_daily group by all
        """)
    )
    assert {shape: resets[shape] for shape in SHAPES} == {
        shape: 0 if shape == "otlp_delta" else 2 if expected == WITH_CREATION else 1
        for shape, (_, _, expected) in SHAPES.items()
    }


def test_when_a_collector_looked_first_is_no_birth(warehouse) -> None:
    """OpenTelemetry: where a start is the time of a point, nothing is known of what the counter had before.

    A counter rises by 100 a minute. The Collector looks first at 23:56 and is restarted at 00:02; each day has a file.
    From 23:56 to midnight it rises by 400, then by 144,000 in a day. The 10,000,000 are older.
    """
    first_look, restart = 1_790_812_800 - 4 * 60, 1_790_812_800 + 2 * 60  # 2026-10-01 is the second day
    days = [
        [(minute, first_look) for minute in range(4)],
        [(4, first_look), (5, first_look), (6, restart), (7, restart), (60, restart)],
        [(24 * 60 + 4, restart)],
    ]
    for number, points in enumerate(days):
        lines = []
        for minute, start in points:
            point = {
                "startTimeUnixNano": str(start * 10**9),
                "timeUnixNano": str((first_look + minute * 60) * 10**9),
                "asInt": str(10_000_000 + 100 * minute),
                "attributes": [{"key": "deployment", "value": {"stringValue": "chat"}}],
            }
            metric = {"name": "vllm:prompt_tokens", "sum": {"aggregationTemporality": 2, "dataPoints": [point]}}
            lines.append(json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}))
        warehouse.write(f"telemetry/prometheus/{number}.jsonl", "\n".join(lines))
    warehouse.build("+int_usage__counter_increases_daily")
    assert warehouse.query("""
        select cast(date_day as varchar), increase, resets, opening_balance_unknown
        from intermediate.int_usage__counter_increases_daily order by date_day
    """) == [("2026-09-30", 400, 0, True), ("2026-10-01", 144_000, 0, False), ("2026-10-02", 0, 0, False)]


def test_many_files_fit_into_the_memory_of_a_build(warehouse) -> None:
    """DuckDB's reader of JSON has a buffer for each file, twice as large as a line may be."""
    for number in range(12):
        warehouse.write(f"telemetry/prometheus/api/{number}.json", api("prometheus_api"))
        warehouse.write(f"telemetry/prometheus/vm/{number}.jsonl", victoria_metrics("victoria_metrics"))
        packed = gzip.compress(api("prometheus_api_packed").encode())
        warehouse.write(f"telemetry/prometheus/packed/{number}.json.gz", packed)
    warehouse.build("+stg_prometheus__samples")
    landed = "select count(distinct source_file) from landing.landed_prometheus_samples"
    assert warehouse.query(landed) == [(36,)]


def test_more_samples_than_memory_holds_are_landed(warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two shapes, for DuckDB 2.0 holds in memory what it sorts out of a UNION ALL; a build at its limit failed."""
    warehouse.write("telemetry/prometheus/vm/few.jsonl", victoria_metrics("victoria_metrics"))
    many = warehouse.write("telemetry/prometheus/table/many.parquet", b"")
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select
                    'vllm:prompt_tokens_total' as metric,
                    '{{"deployment": "table", "pod": "p' || pod || '", "job": "table", "engine": "0"}}' as labels,
                    make_timestamp(({START} + step * 10_000) * 1000) as ts,
                    step as value
                from range(40_000) as steps (step), range(100) as pods (pod)
            ) to '{many}' (format parquet)
        """)
    monkeypatch.setenv("UNIT_ECONOMICS_MEMORY", "300MB")
    warehouse.build("+stg_prometheus__samples")
    landed = warehouse.query("select count(*) from staging.stg_prometheus__samples where not is_created")
    assert landed == [(4_000_000 + len(HISTORY),)]
