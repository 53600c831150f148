"""Counting against plain Python: hundreds of random series in one build, at once and in any order of files."""

from __future__ import annotations

import csv
import io
import json
import os
import random
import re
from collections import defaultdict
from datetime import date, datetime, timedelta

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.python.usage.counting_oracle import Sample, choose, count

START = datetime(2026, 3, 1)
DAYS = 5
SELECTION = ("+int_usage__counter_increases_daily",)
SPELLINGS = (
    *("vllm:prompt_tokens_total", "vllm_prompt_tokens_total"),
    *("ray_vllm_prompt_tokens_total", "vllm:prompt_tokens"),
)
JOBS = ("job-a", "job-b", "job-c")

History = dict[str, dict[str, list[Sample]]]  # pod, replica, samples


def random_series(rng: random.Random) -> dict[str, list[Sample]]:
    """One counter as one or two replicas saw it, with everything that goes wrong in practice."""
    step = rng.choice([15, 30, 60, 600])
    begin = START + timedelta(seconds=rng.uniform(0, (DAYS - 0.2) * 86400))
    if rng.random() < 0.5:  # most happens near a midnight
        begin = START + timedelta(days=rng.randint(1, DAYS - 1), seconds=-rng.uniform(0, 40 * step))
    begin = begin.replace(microsecond=begin.microsecond // 1000 * 1000)  # JSON lines hold milliseconds
    samples, time, value = rng.randint(1, 80), begin, rng.randint(0, 10**6)
    # some processes say when they were created: long ago, or shortly before the first scrape, maybe over midnight; some
    # collectors say no more than when they looked first
    created = begin - timedelta(milliseconds=rng.choice([rng.randint(1, 400_000), rng.randint(1, 10**8)]))
    is_told, is_looked_at = rng.choice([(True, False), (False, True), (False, False), (True, False)])
    truth: list[tuple[datetime, int, datetime | None]] = []
    for _ in range(samples):
        truth.append((time, value, created if is_told else None))
        time += timedelta(seconds=step)
        value += rng.choice([0, 0, rng.randint(0, 50), rng.randint(0, 10**9)])
        if rng.random() < 0.05:  # a restart; what came before the next scrape may pass the old value
            value = (
                rng.choice([rng.randint(0, 3000), value + rng.randint(0, 3000)]) if is_told else rng.randint(0, 3000)
            )
            created = time - timedelta(milliseconds=rng.randint(200, step * 900))
        if rng.random() < 0.04:  # a gap, up to days
            time += timedelta(seconds=rng.randint(1, rng.choice([200, 4000, 90000, 180000])))
    truth = [sample for sample in truth if sample[0] < START + timedelta(days=DAYS)] or truth[:1]

    replicas = rng.choice([[""], ["a", "b"]])
    scraped: dict[str, list[Sample]] = {}
    for replica in replicas:
        jitter = timedelta(milliseconds=rng.randint(0, 5000))
        lost = [rng.choice([0, 0, 0.2]) for _ in range(DAYS)]  # by day, so that replicas take turns
        behind = rng.choice([0, 2])  # a replica may see what the other saw two scrapes before
        seen = [*[truth[0]] * behind, *truth][: len(truth)]
        kept: list[Sample] = [
            (time + jitter + timedelta(milliseconds=rng.randint(0, 3)), float(value), since)
            for (time, _, _), (_, value, since) in zip(truth, seen, strict=True)
            if rng.random() >= lost[(time - START).days]
        ]
        if is_looked_at:
            kept = as_first_looked_at(kept, rng)
        if rng.random() < 0.2 and kept:  # junk: stale markers, values that cannot be, a repeated time
            at, seen, since = rng.choice(kept)
            second = timedelta(seconds=1)
            kept += [
                (at + second, None, None),
                (at + 2 * second, -5.0, None),
                (at, seen, since),
                (at, seen // 2, since),
            ]
        if kept:
            scraped[replica] = kept
    return scraped or {"": [(truth[0][0], float(truth[0][1]), truth[0][2])]}


def as_first_looked_at(samples: list[Sample], rng: random.Random) -> list[Sample]:
    """As OpenTelemetry's Collector tells creations that it does not know; after a fall or its restart it looks anew."""
    looked, told = None, []
    for number, (time, value, _) in enumerate(samples):
        if number == 0 or value < samples[number - 1][1] or rng.random() < 0.05:
            looked = time
        told.append((time, value, looked))
    return told


def history(seeds: list[int]) -> History:
    return {f"pod-{number}": random_series(random.Random(seed)) for number, seed in enumerate(seeds)}


def job_of(pod: str) -> str:
    return JOBS[int(pod.removeprefix("pod-")) % len(JOBS)]


def expected(series: History) -> dict[str, tuple[dict[date, int], int, date | None]]:
    chosen = {pod: choose(replicas) for pod, replicas in series.items()}
    chosen = {pod: samples for pod, samples in chosen.items() if samples}
    began = {job: min(chosen[pod][0][0] for pod in chosen if job_of(pod) == job) for job in map(job_of, chosen)}
    result = {}
    for pod, samples in chosen.items():
        counted = count(samples, began[job_of(pod)])
        result[pod] = (dict(counted.units), counted.resets, counted.opening_balance_unknown)
    return result


def files_of(series: History, rng: random.Random) -> dict[str, bytes]:
    """The samples spread over files of all shapes; some samples lie in two of them."""
    rows: dict[str, list[tuple[datetime, str, dict[str, str], float | None]]] = defaultdict(list)
    for pod, replicas in series.items():
        metric, shape = rng.choice(SPELLINGS), rng.choice(["parquet", "csv", "jsonl"])
        for replica, samples in replicas.items():
            labels = {"pod": pod, "job": job_of(pod), "engine": "0"}
            if replica:
                labels["prometheus_replica"] = replica
            for time, value, created in samples:
                names = {f"{time.date()}.{shape}"}
                if rng.random() < 0.1:
                    names.add(f"again-{rng.randint(0, 1)}.parquet")
                for name in names:
                    rows[name].append((time, metric, labels, value))
                    if created is not None:
                        born = (created - datetime(1970, 1, 1)).total_seconds()
                        rows[name].append((time, "vllm:prompt_tokens_created", labels, born))
    encode = {"parquet": as_parquet, "csv": as_csv, "jsonl": as_victoria_metrics}
    for lines in rows.values():
        rng.shuffle(lines)
    return {name: encode[name.split(".")[-1]](lines) for name, lines in rows.items()}


def as_parquet(rows: list) -> bytes:
    times, metrics, labels, values = zip(*rows, strict=True)
    table = pa.table(
        {
            "ts": pa.array(times, pa.timestamp("us")),
            "metric": pa.array(metrics),
            "labels": pa.array([list(one.items()) for one in labels], pa.map_(pa.string(), pa.string())),
            "value": pa.array([float("nan") if value is None else value for value in values], pa.float64()),
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


def as_csv(rows: list) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["ts", "metric", "labels", "value"])
    for time, metric, labels, value in rows:
        writer.writerow([time.isoformat() + "Z", metric, json.dumps(labels), "NaN" if value is None else value])
    return text.getvalue().encode()


def as_victoria_metrics(rows: list) -> bytes:
    lines: dict[tuple, tuple[list, list]] = defaultdict(lambda: ([], []))
    for time, metric, labels, value in rows:
        values, times = lines[(("__name__", metric), *labels.items())]
        values.append(value)
        times.append((time - datetime(1970, 1, 1)) // timedelta(milliseconds=1))
    return b"".join(
        json.dumps({"metric": dict(key), "values": values, "timestamps": times}).encode() + b"\n"
        for key, (values, times) in lines.items()
    )


def counted_by(warehouse) -> dict[str, tuple[dict[date, int], int, date | None]]:
    rows = warehouse.query("""
        select series.labels['pod'], date_day, increase, resets, opening_balance_unknown
        from intermediate.int_usage__counter_increases_daily as increases
        join intermediate.int_usage__series_deployments as series using (series_id)
    """)
    units: dict[str, dict[date, int]] = defaultdict(dict)
    resets: dict[str, int] = defaultdict(int)
    unknown: dict[str, date | None] = defaultdict(lambda: None)
    for pod, day, increase, fallen, is_unknown in rows:
        assert day not in units[pod], f"{pod} counts twice on {day}"
        units[pod][day] = int(increase)
        resets[pod] += fallen
        if is_unknown:
            unknown[pod] = day
    return {pod: (units[pod], resets[pod], unknown[pod]) for pod in units}


def build(warehouse) -> None:
    warehouse.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
        *("--indirect-selection", "buildable", "--select", *SELECTION),
    )


def write(warehouse, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        warehouse.write(f"telemetry/prometheus/{name}", content)


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory, warehouse):
    """A new warehouse for each example of a property."""
    return lambda: type(warehouse)(tmp_path_factory.mktemp("warehouse"))


series_seeds = st.lists(st.integers(0, 2**32), min_size=150, max_size=250, unique=True)
one_build_an_example = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # an example is hundreds of series: nothing to shrink
    suppress_health_check=list(HealthCheck),
)


@one_build_an_example
@given(seeds=series_seeds)
def test_counts_to_the_unit(fresh, seeds: list[int]) -> None:
    warehouse, series = fresh(), history(seeds)
    write(warehouse, files_of(series, random.Random(seeds[0])))
    build(warehouse)
    assert counted_by(warehouse) == expected(series)


@pytest.mark.slow
@settings(one_build_an_example, max_examples=1)
@given(seeds=series_seeds)
def test_any_order_of_files_counts_the_same(fresh, seeds: list[int]) -> None:
    """Files come in chunks and out of order; one comes half at first, one is withdrawn, and the end is the same."""
    warehouse, series, rng = fresh(), history(seeds), random.Random(seeds[0])
    files = files_of(series, rng)
    names = sorted(files)
    rng.shuffle(names)
    withdrawn = files_of(history([seed + 1 for seed in seeds]), rng)

    chunk = len(names) // 2
    write(warehouse, {name: files[name] for name in names[:chunk]})
    write(warehouse, {"withdrawn.parquet": withdrawn["again-0.parquet"], names[chunk]: withdrawn[names[chunk]]})
    build(warehouse)
    write(warehouse, {name: files[name] for name in names[chunk:-1]})
    build(warehouse)
    (warehouse.data / "telemetry/prometheus/withdrawn.parquet").unlink()
    write(warehouse, {names[-1]: files[names[-1]]})
    build(warehouse)

    assert counted_by(warehouse) == expected(series)
    in_order = warehouse.query("""
        select count(*) from staging.stg_prometheus__samples
        where (date_day, scrape_series_id, sampled_at) in (
            select (date_day, scrape_series_id, sampled_at) from staging.stg_prometheus__samples
            group by all having count(*) > 1
        )
    """)
    assert in_order == [(0,)]


def test_landed_files_are_not_read_again(fresh) -> None:
    warehouse = fresh()
    write(warehouse, files_of(history(list(range(30))), random.Random(0)))
    build(warehouse)
    before = counted_by(warehouse)
    for file in (warehouse.data / "telemetry/prometheus").glob("*.csv"):
        # other values under the same size and time: who looked inside would count them
        stat, content = file.stat(), file.read_bytes()
        file.write_bytes(re.sub(rb"[0-8]\.0", b"9.0", content))
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert file.stat().st_size == stat.st_size
        assert file.read_bytes() != content
    build(warehouse)
    assert counted_by(warehouse) == before


def test_replicas_that_take_turns_at_midnight_are_no_restart(fresh) -> None:
    """A counter at 1000 tokens a second, near 10^9. Two replicas scrape it every 30 s, b 100 ms after a.

    a waits 300 ms for an answer and b 20 ms, so that b's first value of the second day is 180 below a's last of the
    first. a has more samples on the first day, b on the second: 19 times 30,000 tokens each, and nothing between them.
    """
    warehouse, midnight = fresh(), START + timedelta(days=1)
    rows = []
    for number in range(-20, 20):
        for replica, offset, answered_after in (("a", 29_950, 300), ("b", 50, 20)):
            at = number * 30_000 + offset
            if number % 7 or (replica == "a") == (number < 0):
                labels = {"pod": "pod-0", "job": "job-a", "prometheus_replica": replica}
                rows.append((midnight + timedelta(milliseconds=at), SPELLINGS[0], labels, 10**9 + at + answered_after))
    write(warehouse, {"replicas.csv": as_csv(rows)})
    build(warehouse)
    assert counted_by(warehouse) == {
        "pod-0": ({START.date(): 570_000, midnight.date(): 570_000}, 0, START.date()),
    }
