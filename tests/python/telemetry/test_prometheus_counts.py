"""`fetch-prometheus --counts`: hourly counts of a database give what every scrape gives, to the unit.

The same random counters as in test_counting.py go into a database and are counted twice: from all scrapes, and from
what `--counts` fetched. Whichever of Debian's VictoriaMetrics and Prometheus is installed is asked (`apt install
victoria-metrics prometheus`); a stand-in that answers as VictoriaMetrics does is asked everywhere.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main
from tests.python.conftest import PROJECT, Warehouse
from tests.python.telemetry.http_stand_in import server_of
from tests.python.usage.test_counting import (
    DAYS,
    START,
    History,
    as_parquet,
    counted_by,
    expected,
    history,
    job_of,
)

TOKENS, CREATED = "vllm:prompt_tokens_total", "vllm:prompt_tokens_created"
# The ends of an hour do not tell its steps
STATES = """
    select * exclude (day_version, ordinary_step, doubtful_increase)
    from intermediate.int_usage__counter_states_daily order by all
"""
SEEN = "select * from intermediate.int_usage__seen_intervals order by all"

# What a database holds: by labels with the metric's name the samples, in seconds since 1970.
Stored = dict[tuple[tuple[str, str], ...], list[tuple[float, float]]]


def stored(series: History) -> Stored:
    """What a database keeps of a history: of two values at one time the higher, and no stale markers."""
    kept: Stored = {}
    for pod, replicas in series.items():
        for replica, samples in replicas.items():
            labels = {"pod": pod, "job": job_of(pod), "engine": "0"} | (
                {"prometheus_replica": replica} if replica else {}
            )
            values: dict[float, float] = {}
            created: dict[float, float] = {}
            for at, value, since in samples:
                second = at.replace(tzinfo=UTC).timestamp()
                if value is not None and value >= 0:
                    values[second] = max(value, values.get(second, 0))
                if since is not None:
                    created[second] = since.replace(tzinfo=UTC).timestamp()
            for metric, found in ((TOKENS, values), (CREATED, created)):
                if found:
                    kept[("__name__", metric), *sorted(labels.items())] = sorted(found.items())
    return kept


def scraped(name: str, begin: datetime, minutes: float, per_second: float, step: float = 30, **labels: str) -> Stored:
    """A counter that rises evenly."""
    first = begin.replace(tzinfo=UTC).timestamp()
    samples = [
        (first + step * number, float(int(100 + per_second * step * number)))
        for number in range(int(minutes * 60 / step))
    ]
    return {(("__name__", name), *sorted(labels.items())): samples}


class StandIn:
    """Answers what `--counts` asks as VictoriaMetrics 1.79 does, from samples in memory."""

    def __init__(self, samples: Stored) -> None:
        self.series = [(dict(labels), [at for at, _ in values], values) for labels, values in samples.items()]
        self.functions: dict[str, Callable[[list[tuple[float, float]]], float]] = {
            "count_over_time": len,
            "min_over_time": lambda window: min(value for _, value in window),
            "last_over_time": lambda window: window[-1][1],
            "resets": lambda window: sum(later[1] < earlier[1] for earlier, later in pairwise(window)),
            "tfirst_over_time": lambda window: window[0][0],
            "tlast_over_time": lambda window: window[-1][0],
        }
        self.asked: list[str] = []
        self.server = server_of(self.respond)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, handler: BaseHTTPRequestHandler, form: str) -> None:
        path = urllib.parse.urlsplit(handler.path).path
        given = {name: values[0] for name, values in urllib.parse.parse_qs(form).items()}
        self.asked.append(given.get("query", path))
        try:
            body, status = self.answer(path, given), 200
        except LookupError as error:
            body, status = {"status": "error", "error": f"unknown function {error}"}, 422
        handler.send_response(status)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(json.dumps(body).encode()))

    def answer(self, path: str, given: dict[str, str]) -> dict[str, Any]:
        if path.endswith("/values"):
            return {"status": "success", "data": sorted({labels["__name__"] for labels, *_ in self.series})}
        function, matchers = re.fullmatch(r"(?:(\w+)\()?(?:up|\{(.*)\})\[(?:1h|1m)\]\)?", given["query"]).groups()
        wanted = {name: json.loads(value) for name, value in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*")', matchers or "")}
        start = float(given.get("start") or given.get("time", 0))
        end, step = float(given.get("end", start)), float(given.get("step", 1))
        result = []
        names = re.fullmatch(r'__name__=~"(.*)"', matchers or "")
        for labels, times, samples in self.series:
            if matchers is None or not wanted.items() <= labels.items():
                continue
            if names and not re.fullmatch(names[1], labels["__name__"]):
                continue
            windows = {}
            for number in range(round((end - start) / step) + 1):
                at = start + number * step
                if window := samples[bisect_right(times, at - 3600) : bisect_right(times, at)]:
                    windows[at] = window
            if not function:
                values = [[at, str(value)] for window in windows.values() for at, value in window]
            else:
                values = [[at, str(self.functions[function](window))] for at, window in windows.items()]
            if values:
                result.append({"metric": labels, "values": values})
        return {"status": "success", "data": {"result": result}}


def stand_in(samples: Stored, _: Path) -> contextlib.AbstractContextManager[str]:
    return served(StandIn(samples))


@contextlib.contextmanager
def served(stand_in: StandIn) -> Iterator[str]:
    server = stand_in.server
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], url: str) -> Iterator[None]:
    """A server, once it answers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/api/v1/query?query=1", timeout=5).close()
                break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def installed(program: str) -> str:
    path = shutil.which(program)
    if not path:
        pytest.skip(f"{program} is not installed: apt install {program}")
    return path


@contextlib.contextmanager
def victoria_metrics(samples: Stored, folder: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{free_port()}"
    command = [installed("victoria-metrics"), "-storageDataPath", str(folder / "victoria"), "-retentionPeriod", "100y"]
    with running([*command, "-httpListenAddr", url.removeprefix("http://"), "-memory.allowedBytes", "256MB"], url):
        lines = [
            {
                "metric": dict(labels),
                "values": [value for _, value in values],
                "timestamps": [round(at * 1000) for at, _ in values],
            }
            for labels, values in samples.items()
        ]
        body = "\n".join(map(json.dumps, lines)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{url}/api/v1/import", body)).close()
        urllib.request.urlopen(f"{url}/internal/force_flush").close()
        yield url


@contextlib.contextmanager
def prometheus(samples: Stored, folder: Path) -> Iterator[str]:
    program, promtool = installed("prometheus"), installed("promtool")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "samples.om").open("w") as file:
        for metric in (TOKENS, CREATED):
            for labels, values in samples.items():
                if dict(labels)["__name__"] == metric:
                    text = ",".join(f"{name}={json.dumps(value)}" for name, value in labels[1:])
                    file.writelines(f"{metric}{{{text}}} {value!r} {at:.3f}\n" for at, value in values)
        file.write("# EOF\n")
    blocks = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--quiet"]
    subprocess.run([*blocks, str(folder / "samples.om"), str(folder / "tsdb")], check=True, capture_output=True)
    (folder / "prometheus.yml").write_text("global: {}\n")
    url = f"http://127.0.0.1:{free_port()}"
    options = ["--storage.tsdb.path", str(folder / "tsdb"), "--storage.tsdb.retention.time", "100y"]
    options += ["--config.file", str(folder / "prometheus.yml"), "--web.listen-address", url.removeprefix("http://")]
    with running([program, *options], url):
        yield url


def fetch(url: str, root: Path, *options: str) -> Result:
    where = ["--url", url, "--data", str(root), "--project", str(PROJECT), "--counts"]
    last = START + timedelta(days=DAYS - 1)
    return CliRunner().invoke(
        main, ["fetch-prometheus", *where, "--day", f"{last:%Y-%m-%d}", "--days", str(DAYS), *options]
    )


def rows_of(samples: Stored) -> list[tuple[datetime, str, dict[str, str], float | None]]:
    return [
        (datetime.fromtimestamp(at, UTC).replace(tzinfo=None), labels[0][1], dict(labels[1:]), value)
        for labels, values in samples.items()
        for at, value in values
    ]


def build(warehouse: Warehouse) -> Warehouse:
    warehouse.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"),
        *("--indirect-selection", "buildable"),
        *("--select", "+int_usage__counter_increases_daily", "+int_usage__seen_intervals"),
    )
    return warehouse


def counts_in(root: Path) -> list[tuple]:
    """What was fetched, sorted."""
    files = str(root / "telemetry" / "prometheus" / "**" / "counts.parquet")
    query = "select metric, labels, epoch_ms(ts), value, scrapes from read_parquet(?) order by all"
    return duckdb.execute(query, [files]).fetchall()


def counted(samples: Stored, folder: Path, *options: str) -> tuple[list[tuple], str]:
    with stand_in(samples, folder) as url:
        result = fetch(url, folder, *options)
    assert result.exit_code == 0, result.output
    return counts_in(folder), result.output


SERIES = history(list(range(1000, 1060)))


def test_hourly_counts_are_the_counts_of_all_scrapes(tmp_path: Path) -> None:
    """Restarts, gaps, replicas and times of creation: days, resets, gaps and what was seen are the same."""
    samples = stored(SERIES)
    by_scrape, by_hour = Warehouse(tmp_path / "scrapes"), Warehouse(tmp_path / "hours")
    by_scrape.write("telemetry/prometheus/all.parquet", as_parquet(rows_of(samples)))
    rows, _ = counted(samples, by_hour.data)
    assert len(rows) < sum(map(len, samples.values()))
    build(by_scrape)
    build(by_hour)
    assert by_hour.query(STATES) == by_scrape.query(STATES)
    assert by_hour.query(SEEN) == by_scrape.query(SEEN)
    assert counted_by(by_hour) == expected(SERIES)


@pytest.mark.parametrize("database", [victoria_metrics, prometheus])
def test_a_database_answers_as_the_stand_in(database, tmp_path: Path) -> None:
    """Nothing is asked that a version of Prometheus would extrapolate or VictoriaMetrics guess."""
    samples = stored(SERIES)
    with database(samples, tmp_path / "database") as url:
        result = fetch(url, tmp_path / "asked", "--days", "2")
    assert result.exit_code == 0, result.output
    assert counts_in(tmp_path / "asked") == counted(samples, tmp_path / "expected", "--days", "2")[0]


def test_a_day_without_restarts_is_a_hundredth(tmp_path: Path) -> None:
    """Two counters every 30 s for a day: 2 x 2,880 scrapes are 2 x (24 + the first one) rows."""
    samples = scraped(TOKENS, START, 24 * 60, 7.3, pod="a") | scraped(TOKENS, START, 24 * 60, 0.1, pod="b")
    rows, output = counted(samples, tmp_path)
    assert len(rows) == 50
    assert f"{START:%Y-%m-%d}: 50 counts for 5760 scrapes, of which 0 were fetched one by one" in output
    assert sum(scrapes for *_, scrapes in rows) == 5760


def test_where_a_value_falls_its_hour_is_fetched(tmp_path: Path) -> None:
    """A restart at 01:30: of the 120 scrapes of that hour the ends, and those on both sides of the fall, are kept."""
    before = scraped(TOKENS, START, 90, 1, pod="a")
    [(labels, first)] = before.items()
    [(_, second)] = scraped(TOKENS, START + timedelta(minutes=90), 90, 1, pod="a").items()
    rows, output = counted({labels: first + second}, tmp_path)
    assert "of which 120 were fetched one by one" in output
    begin = START.replace(tzinfo=UTC).timestamp()
    assert [((at / 1000 - begin) / 60, value, scrapes) for _, _, at, value, scrapes in rows] == [
        (0, 100, 1),
        (59.5, 3670, 119),
        (60, 3700, 1),
        (89.5, 5470, 59),
        (90, 100, 1),
        (119.5, 1870, 59),
        (179.5, 5470, 120),
    ]


def test_a_gap_within_an_hour_is_fetched(tmp_path: Path) -> None:
    """Of 10 minutes without a scrape both ends stay, so that nobody takes the time for seen."""
    [(labels, samples)] = scraped(TOKENS, START, 120, 1, pod="a").items()
    begin = START.replace(tzinfo=UTC).timestamp()
    kept = [(at, value) for at, value in samples if not 4200 < at - begin < 4800]
    rows, output = counted({labels: kept}, tmp_path)
    assert "of which 101 were fetched one by one" in output
    assert [((at / 1000 - begin) / 60, scrapes) for _, _, at, _, scrapes in rows][2:] == [
        (60, 1),
        (70, 20),
        (80, 1),
        (119.5, 79),
    ]


def test_what_may_be_one_counter_twice_is_fetched_whole(tmp_path: Path) -> None:
    """Two jobs scrape pod a: only the scrapes tell that it is one process. Pod b's engines are two."""
    samples = scraped(TOKENS, START, 60, 1, pod="a", job="x") | scraped(TOKENS, START, 60, 1, pod="a", job="y")
    samples |= scraped(TOKENS, START, 60, 1, pod="b", engine="0") | scraped(TOKENS, START, 60, 1, pod="b", engine="1")
    rows, _ = counted(samples, tmp_path)
    assert {pod: sum(labels["pod"] == pod for _, labels, *_ in rows) for pod in "ab"} == {"a": 240, "b": 4}


def test_gauges_come_as_they_were_scraped(tmp_path: Path) -> None:
    gauge = "kube_pod_container_resource_requests"
    samples = scraped(TOKENS, START, 60, 1, pod="a") | scraped(gauge, START, 60, 0, pod="a")
    counted(samples, tmp_path)
    day = tmp_path / "telemetry" / "prometheus" / "prometheus" / f"{START:%Y-%m-%d}"
    assert sorted(file.name for file in day.iterdir()) == ["00.gauges.parquet", "counts.parquet"]
    assert pq.read_table(day / "00.gauges.parquet", columns=["metric"])["metric"].unique().to_pylist() == [gauge]


def test_a_day_that_is_not_over_has_no_counts(tmp_path: Path) -> None:
    with stand_in({}, tmp_path) as url:
        result = fetch(url, tmp_path, "--day", f"{datetime.now(UTC):%Y-%m-%d}", "--days", "1")
    assert result.exit_code == 1
    assert "--counts takes whole days, and none of these is over" in result.output


def test_a_server_that_lost_scrapes_is_refused(tmp_path: Path) -> None:
    """It says 120 scrapes, two of them a fall, and has 60: what it forgot may have counted."""
    [(labels, samples)] = scraped(TOKENS, START, 60, 1, pod="a").items()
    server = StandIn({labels: [*samples[:-1], (samples[-1][0], 3.0)]})
    server.functions["count_over_time"] = lambda window: 2 * len(window)
    with served(server) as url:
        result = fetch(url, tmp_path)
    assert result.exit_code == 1
    assert "240 times in the hour before 2026-03-01 01:00, and has 120 samples" in result.output
    assert not list(tmp_path.rglob("*.parquet"))
