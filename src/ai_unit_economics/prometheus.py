"""`ai-unit-economics fetch-prometheus`: raw samples out of a Prometheus, in files that a build reads.

An hour is one request and one Parquet file: an instant query with a range selector answers with samples as they were
scraped. `query_range` resamples raw samples and is never asked for them. Only metrics of metric_catalog.csv are asked
for. With `--counts` a day of counters is one file of counts by the hour (prometheus_counts.py).
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from ai_unit_economics.addresses import plain_address, redacted
from ai_unit_economics.landing.samples import CREATED, normal_names
from ai_unit_economics.prometheus_counts import Fetched, fetch_counts
from ai_unit_economics.writing import draft_of

HOUR = timedelta(hours=1)
# A sample may reach a remote store some minutes after its scrape: an hour is final this long after its end.
SETTLED = timedelta(minutes=10)
LONGEST_WAIT_SECONDS = 600
MAX_GAP = "scrape_max_gap_seconds"
LONG_FORM = pa.schema(
    [
        ("ts", pa.timestamp("ms", tz="UTC")),
        ("metric", pa.string()),
        ("labels", pa.map_(pa.string(), pa.string())),
        ("value", pa.float64()),
    ]
)
COUNTS = LONG_FORM.append(pa.field("scrapes", pa.int32()))


@dataclass(frozen=True)
class Server:
    """A Prometheus API and what is asked of it."""

    url: str
    headers: dict[str, str]
    matchers: str

    def metric_names(self, start: datetime, end: datetime) -> list[str]:
        return self.ask("label/__name__/values", start=f"{start.timestamp():.0f}", end=f"{end.timestamp():.0f}")["data"]

    def samples(self, names: list[str], end: datetime) -> dict[str, Any]:
        alternatives = json.dumps("|".join(map(re.escape, names)))
        selector = ", ".join(filter(None, [f"__name__=~{alternatives}", self.matchers]))
        return self.ask("query", post=True, query=f"{{{selector}}}[1h]", time=f"{end.timestamp():.0f}")

    def ask(self, path: str, post: bool = False, **parameters: str) -> dict[str, Any]:
        where, form = f"{self.url.rstrip('/')}/api/v1/{path}", urllib.parse.urlencode(parameters)
        if not where.startswith(("http://", "https://")):
            raise click.ClickException(f"{self.url}: an address begins with http:// or https://")
        request = urllib.request.Request(  # noqa: S310
            where if post else f"{where}?{form}",
            form.encode() if post else None,
            {**self.headers, "Accept-Encoding": "gzip"},
        )
        try:
            with urllib.request.urlopen(request, timeout=LONGEST_WAIT_SECONDS) as response:  # noqa: S310
                text = body_of(response)
            answer = json.loads(text)
        except urllib.error.HTTPError as error:
            said = body_of(error)[:500].decode(errors="replace").strip()
            raise click.ClickException(redacted(f"{where}: {error.code} {error.reason}: {said}")) from None
        except (OSError, ValueError) as error:
            raise click.ClickException(redacted(f"{where}: {error}")) from None
        # Thanos and Mimir answer with what they reached and warn about the rest: too few samples, and nobody would know
        if answer.get("status") != "success" or answer.get("warnings"):
            raise click.ClickException(
                f"{where}: {answer.get('error') or answer.get('warnings') or 'no Prometheus API'}"
            )
        return answer


def body_of(response: HTTPResponse | urllib.error.HTTPError) -> bytes:
    body = response.read()
    return gzip.decompress(body) if response.headers.get("Content-Encoding") == "gzip" else body


@click.command("fetch-prometheus")
@click.option(
    "--url",
    required=True,
    callback=plain_address,
    help="The API's address before /api, such as http://prometheus:9090.",
)
@click.option(
    "--data",
    "root",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATA"),
    required=True,
    show_default="UNIT_ECONOMICS_DATA",
    help="The data root, a folder.",
)
@click.option("--name", default="prometheus", show_default=True, help="The folder of this server's files.")
@click.option(
    "--day",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}",
    show_default="yesterday",
    help="The last day to fetch, in UTC.",
)
@click.option("--days", type=click.IntRange(1), default=1, show_default=True, help="How many days, that one included.")
@click.option("--match", "matchers", default="", help="""Label matchers, such as 'namespace="inference"'.""")
@click.option("--header", "headers", multiple=True, help="A header to send, such as 'X-Scope-OrgID: acme'.")
@click.option(
    "--token-file", type=click.Path(path_type=Path, dir_okay=False, exists=True), help="A file with a bearer token."
)
@click.option(
    "--counts",
    is_flag=True,
    help="Counters as counts by the hour, a hundredth of the samples; gauges as they were scraped.",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    show_default="this folder",
    help="The folder of this dbt project, for its metric catalogue.",
)
def fetch_prometheus_command(
    url: str,
    root: Path,
    name: str,
    day: datetime,
    days: int,
    matchers: str,
    headers: tuple[str, ...],
    token_file: Path | None,
    counts: bool,
    project: Path,
) -> None:
    """Raw samples of a day from a Prometheus API, an hour a file. Hours that are there are not fetched again."""
    server = Server(url, headers_to_send(headers, token_file), matchers)
    catalog = known_metrics(project)
    folder = root / "telemetry" / "prometheus" / name
    if counts:
        gauges = known_metrics(project, "gauge")
        fetch_days_of_counts(server, folder, settled_days(day, days), catalog - gauges, setting_of(project))
        catalog = gauges
    ending = ".gauges.parquet" if counts else ".parquet"
    files = {start: folder / f"{start:%Y-%m-%d}" / f"{start:%H}{ending}" for start in settled_hours(day, days)}
    if not files:
        raise click.ClickException(f"{day:%Y-%m-%d} has no hour that has been over for {SETTLED.seconds // 60} minutes")
    missing = {start: file for start, file in files.items() if not file.exists()}
    fetched = sum(fetch_hour(server, start, file, catalog) for start, file in missing.items())
    there = [file for file in files.values() if file.exists()]
    if not there and not counts:
        raise click.ClickException(
            f"{url} has no sample of any metric in metric_catalog.csv on these days: look at its targets, --match, "
            "and how long it keeps samples"
        )
    click.echo(
        f"{fetched} samples fetched into {folder}; of {len(files)} hours {len(files) - len(missing)} were there before "
        f"and {len(files) - len(there)} have no samples"
    )


def headers_to_send(headers: tuple[str, ...], token_file: Path | None) -> dict[str, str]:
    for header in headers:
        if ":" not in header:
            raise click.ClickException(f"--header {header[:3]}...: a header is 'Name: value'")
    sent = {name.strip(): value.strip() for name, _, value in (header.partition(":") for header in headers)}
    if token_file:
        sent["Authorization"] = f"Bearer {token_file.read_text(encoding='utf-8').strip()}"
    return sent


def known_metrics(project: Path, metric_type: str = "") -> set[str]:
    """The catalogue's names, and those of the series that tell when a counter was created."""
    path = project / "seeds" / "reference" / "metric_catalog.csv"
    if not path.is_file():
        raise click.ClickException(
            f"{project}: no seeds/reference/metric_catalog.csv here; name the project by --project"
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["metric"] for row in rows if metric_type in ("", row["metric_type"])}
    return names if metric_type == "gauge" else names | {CREATED.sub("_created", name, count=1) for name in names}


def setting_of(project: Path) -> float:
    """How far apart two scrapes may be: the variable `scrape_max_gap_seconds` of the project."""
    return float(yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][MAX_GAP])


def settled_days(day: datetime, days: int) -> list[datetime]:
    hours = list(settled_hours(day, days))
    return [hour for hour in hours if hour.hour == 0 and hour + 23 * HOUR in hours]


def settled_hours(day: datetime, days: int) -> Iterator[datetime]:
    first = day.replace(tzinfo=UTC) - timedelta(days=days - 1)
    for number in range(24 * days):
        start = first + number * HOUR
        if start + HOUR + SETTLED <= datetime.now(UTC):
            yield start


def fetch_days_of_counts(
    server: Server, folder: Path, days: list[datetime], catalog: set[str], max_gap_seconds: float
) -> None:
    """Writes a file for each day that is over and has none yet."""
    if not days:
        raise click.ClickException("--counts takes whole days, and none of these is over: name an earlier one by --day")
    files = {start: folder / f"{start:%Y-%m-%d}" / "counts.parquet" for start in days}
    for start, file in files.items():
        if file.exists():
            continue
        given = normal_names(server.metric_names(start, start + 24 * HOUR))
        names = [name for name, normal in given.items() if normal in catalog]
        fetched = fetch_counts(server, names, start, max_gap_seconds)
        if fetched.rows:
            with draft_of(file) as draft:
                pq.write_table(counts_table(fetched), draft, compression="zstd")
        click.echo(
            f"{start:%Y-%m-%d}: {len(fetched.rows)} counts for {fetched.scrapes} scrapes, of which "
            f"{fetched.one_by_one} were fetched one by one"
        )
    if not any(file.exists() for file in files.values()):
        raise click.ClickException(
            f"{server.url} has no sample of any counter in metric_catalog.csv on these days: look at its targets, "
            "--match, and how long it keeps samples"
        )


def counts_table(fetched: Fetched) -> pa.Table:
    rows = sorted(fetched.rows, key=lambda row: (row.metric, row.labels, row.at))
    columns = {
        "ts": [round(row.at * 1000) for row in rows],
        "metric": [row.metric for row in rows],
        "labels": [row.labels for row in rows],
        "value": [row.value for row in rows],
        "scrapes": [row.scrapes for row in rows],
    }
    return pa.table(columns, schema=COUNTS)


def fetch_hour(server: Server, start: datetime, file: Path, catalog: set[str]) -> int:
    """Writes an hour's file and says how many samples it has; none, no file: a build stops at an empty one."""
    given = normal_names(server.metric_names(start, start + HOUR))
    names = sorted(name for name, normal in given.items() if normal in catalog)
    result = server.samples(names, start + HOUR)["data"]["result"] if names else []
    table = long_form(result)
    if table.num_rows:
        with draft_of(file) as draft:
            pq.write_table(table, draft, compression="zstd")
    return table.num_rows


def long_form(result: list[dict[str, Any]]) -> pa.Table:
    """A row a sample. Native histograms have no values that could be counted, and are left out."""
    columns: dict[str, list[Any]] = {name: [] for name in LONG_FORM.names}
    for series in result:
        samples, labels = series.get("values", []), series["metric"]
        columns["ts"] += [round(float(seconds) * 1000) for seconds, _ in samples]
        columns["value"] += [float(value) for _, value in samples]
        columns["metric"] += [labels["__name__"]] * len(samples)
        columns["labels"] += [[pair for pair in labels.items() if pair[0] != "__name__"]] * len(samples)
    return pa.table(columns, schema=LONG_FORM)
