"""`fetch-prometheus` against a tiny Prometheus: what it asks for, what it writes, and what it refuses."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import duckdb
import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main
from ai_unit_economics.doctor.inputs import look
from tests.python.telemetry.http_stand_in import server_of

PROJECT = Path(__file__).resolve().parents[3]
NAMES = ["up", "vllm:prompt_tokens_total", "vllm:prompt_tokens_created", "vllm:generation_tokens_total"]
DAY = datetime(2026, 7, 1, tzinfo=UTC)


def raw_samples(query: str, time: float) -> dict[str, Any]:
    """A scrape each half minute of the hour before `time`, of a counter that counts seconds."""
    values = [[time - 3570 + 30 * number, str(30 * number)] for number in range(120)]
    series = {"__name__": "vllm:prompt_tokens_total", "pod": "chat-large-0"}
    return {"status": "success", "data": {"resultType": "matrix", "result": [{"metric": series, "values": values}]}}


class Prometheus:
    """Answers with NAMES and `answer`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answer: Callable[[str, float], dict[str, Any]] = raw_samples
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.headers: list[dict[str, str]] = []
        self.server = server_of(self.respond)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, handler: BaseHTTPRequestHandler, form: str) -> None:
        path, parameters = urlsplit(handler.path).path, {name: values[0] for name, values in parse_qs(form).items()}
        self.asked.append((path, parameters))
        self.headers.append({name.lower(): value for name, value in handler.headers.items()})
        if path == "/api/v1/query":
            answer = self.answer(parameters["query"], float(parameters["time"]))
        else:
            answer = {"status": "success", "data": NAMES}
        handler.send_response(200 if answer["status"] == "success" else 422)
        handler.send_header("Content-Encoding", "gzip")
        handler.end_headers()
        handler.wfile.write(gzip.compress(json.dumps(answer).encode()))

    def queries(self) -> list[dict[str, str]]:
        return [parameters for path, parameters in self.asked if path == "/api/v1/query"]


@pytest.fixture
def prometheus() -> Iterator[Prometheus]:
    prometheus = Prometheus()
    thread = threading.Thread(target=prometheus.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield prometheus
    prometheus.server.shutdown()
    thread.join()
    prometheus.server.server_close()


def fetch(prometheus: Prometheus, root: Path, *options: str) -> Result:
    where = ["--url", prometheus.url, "--data", str(root), "--project", str(PROJECT)]
    return CliRunner().invoke(main, ["fetch-prometheus", *where, "--day", f"{DAY:%Y-%m-%d}", *options])


def test_a_day_is_24_files_of_raw_samples(prometheus: Prometheus, tmp_path: Path) -> None:
    result = fetch(prometheus, tmp_path)
    assert result.exit_code == 0, result.output
    files = sorted((tmp_path / "telemetry/prometheus/prometheus/2026-07-01").iterdir())
    assert [file.name for file in files] == [f"{hour:02}.parquet" for hour in range(24)]
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select epoch(ts), metric, labels, value from read_parquet(?)", [str(files[23])]
        ).fetchall()
    midnight = (DAY + timedelta(days=1)).timestamp()
    assert rows[0] == (midnight - 3570, "vllm:prompt_tokens_total", {"pod": "chat-large-0"}, 0)
    assert rows[119] == (midnight, "vllm:prompt_tokens_total", {"pod": "chat-large-0"}, 3570)
    assert len(rows) == 120
    assert f"{24 * 120} samples" in result.output


def test_it_asks_for_the_catalogue_by_instant_queries(prometheus: Prometheus, tmp_path: Path) -> None:
    fetch(prometheus, tmp_path, "--match", 'namespace="inference"')
    assert {path for path, _ in prometheus.asked} == {"/api/v1/query", "/api/v1/label/__name__/values"}
    names = "|".join(sorted(NAMES[1:]))
    assert {query["query"] for query in prometheus.queries()} == {f'{{__name__=~"{names}", namespace="inference"}}[1h]'}
    ends = [float(query["time"]) for query in prometheus.queries()]
    assert ends == [(DAY + timedelta(hours=hour)).timestamp() for hour in range(1, 25)]


def test_hours_that_are_there_are_not_fetched_again(prometheus: Prometheus, tmp_path: Path) -> None:
    fetch(prometheus, tmp_path)
    (tmp_path / "telemetry/prometheus/prometheus/2026-07-01/05.parquet").unlink()
    prometheus.asked.clear()
    assert fetch(prometheus, tmp_path).exit_code == 0
    assert [float(query["time"]) for query in prometheus.queries()] == [(DAY + timedelta(hours=6)).timestamp()]


def test_several_days_end_with_the_day(prometheus: Prometheus, tmp_path: Path) -> None:
    fetch(prometheus, tmp_path, "--days", "2", "--name", "eu")
    assert sorted(path.name for path in (tmp_path / "telemetry/prometheus/eu").iterdir()) == [
        "2026-06-30",
        "2026-07-01",
    ]


def test_a_running_hour_is_left_alone(prometheus: Prometheus, tmp_path: Path) -> None:
    result = fetch(prometheus, tmp_path, "--day", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}")
    assert result.exit_code == 1
    assert "has no hour that has been over for 10 minutes" in result.output
    assert prometheus.asked == []


def test_a_partial_answer_is_refused(prometheus: Prometheus, tmp_path: Path) -> None:
    """Thanos answers with the stores that it reached, and a warning."""
    prometheus.answer = lambda query, time: raw_samples(query, time) | {"warnings": ["store eu-2 is unreachable"]}
    result = fetch(prometheus, tmp_path)
    assert result.exit_code == 1
    assert "store eu-2 is unreachable" in result.output
    assert not list(tmp_path.rglob("*.parquet*"))


def test_an_error_is_said_in_the_servers_words(prometheus: Prometheus, tmp_path: Path) -> None:
    prometheus.answer = lambda *_: {"status": "error", "error": "query processing would load too many samples"}
    result = fetch(prometheus, tmp_path)
    assert result.exit_code == 1
    assert "422" in result.output
    assert "query processing would load too many samples" in result.output


def test_no_samples_make_no_file_and_fail(prometheus: Prometheus, tmp_path: Path) -> None:
    prometheus.answer = lambda *_: {"status": "success", "data": {"resultType": "matrix", "result": []}}
    result = fetch(prometheus, tmp_path)
    assert result.exit_code == 1
    assert "has no sample of any metric in metric_catalog.csv" in result.output
    assert not list(tmp_path.rglob("*.parquet*"))


def test_headers_and_a_token_are_sent(prometheus: Prometheus, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n", encoding="utf-8")
    fetch(prometheus, tmp_path, "--header", "X-Scope-OrgID: acme", "--token-file", str(tmp_path / "token"))
    assert {headers["x-scope-orgid"] for headers in prometheus.headers} == {"acme"}
    assert {headers["authorization"] for headers in prometheus.headers} == {"Bearer secret"}


def test_the_doctor_knows_what_was_fetched(prometheus: Prometheus, tmp_path: Path) -> None:
    fetch(prometheus, tmp_path)
    with duckdb.connect() as connection:
        inputs = look(str(tmp_path), PROJECT, connection)
    assert inputs.meanings == {"input_tokens"}
    assert inputs.problems == []
