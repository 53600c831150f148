"""Superset itself over a published build: `make superset-test`. Its figures are held against plain SQL on the file.

Superset turns DECIMAL into floats on their way to a page, so that amounts are compared to nine digits.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.cookiejar import CookieJar
from pathlib import Path

import duckdb
import pytest
import yaml

from ai_unit_economics import opening, publishing

PROJECT = Path(__file__).resolve().parents[2]
BUILT = Path(os.environ["UNIT_ECONOMICS_DATABASE"])
PYTHON = os.environ.get("SUPERSET_PYTHON", ".venv-superset/bin/python")
CHARTS = {
    file.stem: yaml.safe_load(file.read_text()) for file in (PROJECT / "bi/superset/assets/charts").glob("*.yaml")
}
DATASETS = {
    file.stem: yaml.safe_load(file.read_text()) for file in (PROJECT / "bi/superset/assets/datasets").rglob("*.yaml")
}
(DASHBOARD,) = (yaml.safe_load(file.read_text()) for file in (PROJECT / "bi/superset/assets/dashboards").glob("*.yaml"))
COLOURS = DASHBOARD["metadata"]["label_colors"]
CHAT = [("series_name", "chat, per million output tokens")]


class Superset:
    """A running server, and what its REST API answers to its administrator."""

    def __init__(self, url: str, published: Path, output: Path) -> None:
        self.url, self.published, self.output = url, published, output
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.headers = {"Content-Type": "application/json", "Referer": url}

    def password(self) -> str:
        return re.search(r"^user admin, password (\S+)", self.output.read_text(), re.MULTILINE)[1]

    def sign_in(self) -> None:
        account = {"username": "admin", "password": self.password(), "provider": "db"}
        token = self.ask("/api/v1/security/login", account)["access_token"]
        self.headers["Authorization"] = f"Bearer {token}"
        self.headers["X-CSRFToken"] = self.ask("/api/v1/security/csrf_token/")["result"]

    def ask(self, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=self.headers)
        try:
            with self.opener.open(request, timeout=120) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:2000]}") from None

    def saved(self, name: str) -> dict:
        """The query that is saved with a chart, as Superset holds it after the import."""
        condition = urllib.parse.quote(f"(filters:!((col:slice_name,opr:eq,value:'{CHARTS[name]['slice_name']}')))")
        (chart,) = self.ask(f"/api/v1/chart/?q={condition}")["result"]
        return json.loads(self.ask(f"/api/v1/chart/{chart['id']}")["result"]["query_context"])

    def chart(self, name: str, filters: list[tuple[str, str]] = ()) -> list[list[dict]]:
        """The rows of each query of a chart, with the filters of the dashboard."""
        context = self.saved(name)
        for query in context["queries"]:
            query["filters"] = [{"col": column, "op": "IN", "val": [value]} for column, value in filters]
        return [result["data"] for result in self.ask("/api/v1/chart/data", context)["result"]]

    def sql(self, text: str, *parameters: object) -> list[tuple]:
        """Plain SQL on the file that readers see."""
        with duckdb.connect(str(self.published / publishing.DATABASE_NAME), read_only=True) as connection:
            return connection.execute(text, parameters).fetchall()


@pytest.fixture(scope="module")
def superset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Superset]:
    folder = tmp_path_factory.mktemp("superset")
    publishing.publish(BUILT, folder / "published")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if name != "SUPERSET_ADMIN_PASSWORD"},
        "SUPERSET_HOME": str(folder / "home"),
        "UNIT_ECONOMICS_PUBLISHED": str(folder / "published"),
        "SUPERSET_PORT": str(port),
    }
    output = folder / "output.txt"
    with output.open("w") as log:
        command = [PYTHON, str(PROJECT / "bi/superset/serve.py")]
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(server, f"http://127.0.0.1:{port}/health", output)
        running = Superset(f"http://127.0.0.1:{port}", folder / "published", output)
        running.sign_in()
        yield running
    finally:
        server.terminate()
        server.wait(60)


def wait_for(server: subprocess.Popen, url: str, output: Path) -> None:
    """Superset's migrations alone take a minute on a busy machine."""
    until = time.monotonic() + 900
    while time.monotonic() < until:
        assert server.poll() is None, output.read_text()[-3000:]
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except OSError:
            time.sleep(1)
    raise AssertionError(f"Superset did not come up: {output.read_text()[-3000:]}")


def day(value: object) -> date:
    """Superset tells a day as milliseconds since 1970."""
    return datetime.fromtimestamp(value / 1000, UTC).date()


def about(value: object) -> object:
    return None if value is None else pytest.approx(float(value), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", sorted(CHARTS))
def test_every_chart_gets_rows(superset, name):
    dataset = next(found for found in DATASETS.values() if found["uuid"] == CHARTS[name]["dataset_uuid"])
    filters = CHAT if "series_name" in {column["column_name"] for column in dataset["columns"]} else []
    answers = superset.chart(name, filters)
    assert answers
    assert all(rows for rows in answers)


def test_cost_per_unit_with_target_and_forecast_is_that_of_the_marts(superset):
    days, changes = superset.chart("cost_per_unit_over_time", CHAT)
    series = "environment = 'production' and workload = 'chat' and unit = 'output_token'"
    costs = superset.sql(
        "select period_start, case when is_complete then cost_per_unit end from marts.fct_unit_economics_daily "
        f"where {series} and cohort_dimension = 'all'"
    )
    assert {day(row["day"]): row["Each day"] for row in days if row["Each day"] is not None} == {
        day: about(cost) for day, cost in costs if cost is not None
    }
    last = max(day for day, _ in costs)
    ahead = superset.sql(
        "select period_start, cost_per_unit, cost_per_unit_low_95, cost_per_unit_high_80 "
        f"from marts.fct_unit_economics_forecast where {series} and grain = 'day' and period_start > ?",
        last,
    )
    drawn = {
        day(row["day"]): (row["Forecast"], row["95 % interval__yhat_lower"], row["80 % interval__yhat_upper"])
        for row in days
        if day(row["day"]) > last
    }
    assert drawn == {day: (about(middle), about(low), about(high)) for day, middle, low, high in ahead}
    assert len(drawn) >= 28
    ((target,),) = superset.sql(
        f"select max_cost_per_unit from marts.fct_target_status where {series} "
        "and cohort_dimension = 'all' and is_current"
    )
    assert [row["Target"] for row in days if day(row["day"]) > last] == [about(target)] * len(drawn)
    changed = superset.sql(
        "select distinct valid_from from marts.dim_deployments as later where environment = 'production' "
        "and workload = 'chat' and valid_from > (select min(valid_from) from marts.dim_deployments as first "
        "where first.deployment_id = later.deployment_id) and valid_from between ? and ?",
        min(day for day, _ in costs),
        last,
    )
    marks = {day(row["day"]) for row in changes if row["Configuration changed"] is not None}
    assert marks == {day for (day,) in changed}


def test_a_whole_week_is_a_line_of_its_weekly_cost(superset):
    days, _ = superset.chart("cost_per_unit_over_time", CHAT)
    weeks = superset.sql(
        "select period_start, cost_per_unit from marts.fct_unit_economics_weekly where environment = 'production' "
        "and workload = 'chat' and unit = 'output_token' and cohort_dimension = 'all' and is_complete"
    )
    drawn = {day(row["day"]): row["Whole week"] for row in days}
    assert weeks
    for start, cost in weeks:
        assert drawn[start] == about(cost)


def test_the_waterfall_sums_to_the_move(superset):
    ((rows),) = superset.chart("drivers", CHAT)
    ((grain, change, before),) = superset.sql(
        "select grain, cost_per_unit_change, cost_per_unit_before from marts.fct_cost_per_unit_drivers "
        "where environment = 'production' and workload = 'chat' and unit = 'output_token' and is_complete "
        "and grain in ('month', 'week') and cost_per_unit_change is not null "
        "order by grain = 'month' desc, period_start desc limit 1"
    )
    assert len(rows) >= 3
    # Parts below a millionth of the cost per unit are left out
    assert sum(row["change"] for row in rows) == pytest.approx(float(change), abs=float(before) * 11e-6), grain


def test_each_tier_is_charged_and_costs_what_the_mart_says(superset):
    (rows,) = superset.chart("margin_by_tier")
    expected = superset.sql("""
        select workload || ', ' || customer_tier, revenue, effective_cost from marts.fct_tier_margin
        where grain = 'month' and environment = 'production' and margin is not null and workload != '(all)'
            and period_start = (
                select coalesce(max(period_start) filter (where is_complete), max(period_start))
                from marts.fct_tier_margin where grain = 'month'
            )
    """)
    assert {row["tier_of_workload"]: (row["Charged to customers"], row["Full cost"]) for row in rows} == {
        tier: (about(revenue), about(cost)) for tier, revenue, cost in expected
    }
    assert len(expected) > 1


def test_every_bill_is_found_again_by_treatment(superset):
    (rows,) = superset.chart("bill_by_treatment")
    expected = superset.sql(
        "select billing_period_start, sum(effective_cost_in), sum(unallocated_cost) "
        "from marts.fct_cost_reconciliation group by all"
    )
    treatments = ("Direct", "Capacity pools", "Shared services", "Excluded", "Unallocated")
    drawn = {day(row["billing_period_start"]): row for row in rows}
    assert {month: sum(row[name] for name in treatments) for month, row in drawn.items()} == {
        month: about(cost) for month, cost, _ in expected
    }
    assert {month: row["Unallocated"] for month, row in drawn.items()} == {
        month: about(unallocated) for month, _, unallocated in expected
    }


def test_the_last_month_is_borne_by_somebody_to_the_cent(superset):
    (rows,) = superset.chart("who_bears_the_cost")
    with duckdb.connect(str(superset.published / "unit_economics.duckdb"), read_only=True) as connection:
        total = opening.spend(connection).total
    parts = ("Usage", "Shared services", "Idle", "Not observed", "Unused commitments")
    assert sum(row[part] or 0 for row in rows for part in parts) == about(total)


def test_a_workload_costs_what_its_deployments_cost(superset):
    """Whatever it is told by: embeddings are tokens too, and each of the two carries all of the cost."""
    (rows,) = superset.chart("workloads_now")
    expected = superset.sql("""
        select
            workload || case when environment = 'production' then '' else ', ' || environment end, sum(effective_cost)
        from marts.fct_deployment_costs_daily
        where date_day > (select max(period_start) - 28 from marts.fct_unit_economics_daily)
        group by all
    """)
    costs = dict(expected)
    assert {row["workload_name"]: row["cost_of_28_days"] for row in rows} == {
        row["workload_name"]: about(costs[row["workload_name"]]) for row in rows
    }
    assert {"chat", "search"} <= {row["workload_name"] for row in rows}


def test_the_last_line_tells_how_fresh_and_how_complete(superset):
    ((row,),) = superset.chart("freshness")
    ((through,),) = superset.sql("""
        select min(last_day) from (
            select max(date_day) as last_day from marts.fct_deployment_costs_daily group by source
        )
    """)
    assert row["charges_through"] == f"{through:%-d %b %Y}"
    assert row["difference"] == 0
    assert 0 < row["lowest_coverage"] <= 1


def test_the_large_figures_are_those_that_the_report_opens_with(superset):
    with duckdb.connect(str(superset.published / "unit_economics.duckdb"), read_only=True) as connection:
        spent = opening.spend(connection)
        found = opening.dearest(opening.findings(connection, opening.PRODUCTION))
    ((row,),) = superset.chart("spent")
    assert list(row.values()) == [about(spent.total)]
    ((row,),) = superset.chart("dearest_finding")
    assert list(row.values()) == [about(found[0].amount)]
    ((row,),) = superset.chart("unallocated")
    assert list(row.values()) == [about(dict(spent.places)["(unallocated)"] / spent.total)]


def test_nobody_writes_through_superset(superset):
    (database,) = superset.ask("/api/v1/database/")["result"]
    statement = {
        "database_id": database["id"],
        "schema": "marts",
        "sql": "drop table marts.dim_dates",
        "runAsync": False,
    }
    with pytest.raises(AssertionError, match=r"(?i)dml|read-only|not allowed|only SELECT"):
        superset.ask("/api/v1/sqllab/execute/", statement)
    assert superset.sql("select count(*) from marts.dim_dates")[0][0] > 0


def test_a_publication_in_between_is_not_held_up_and_shows_at_once(superset, tmp_path):
    """Readers ask all the time: each answer is of one version, and the first one after the swap is of the new one."""
    context = superset.saved("freshness")
    context["queries"][0]["columns"] = ["version", "cost_in"]
    seen: list[tuple[str, float]] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            try:
                seen.append(version_and_cost(superset, context))
            except BaseException as error:
                failures.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    before = version_and_cost(superset, context)
    for reader in readers:
        reader.start()
    try:
        versions = [before]
        for factor in (2, 3):
            version, is_new = publishing.publish(built_again(tmp_path / f"{factor}.duckdb", factor), superset.published)
            assert is_new
            versions.append((version.name, about(before[1] * factor)))
            assert version_and_cost(superset, context) == versions[-1]
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert not failures
    assert len(seen) > 3
    assert {version for version, _ in seen} <= {version for version, _ in versions}
    assert all(dict(versions)[version] == cost for version, cost in seen)
    publishing.roll_back(superset.published, versions[0][0])
    assert version_and_cost(superset, context) == before


def version_and_cost(superset: Superset, context: dict) -> tuple[str, float]:
    ((row,),) = [result["data"] for result in superset.ask("/api/v1/chart/data", context)["result"]]
    return row["version"], row["cost_in"]


def built_again(database: Path, factor: int) -> Path:
    """A later build in which every bill is so many times as high."""
    shutil.copy(BUILT, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"""
            update marts.fct_cost_reconciliation
            set effective_cost_in = effective_cost_in * {factor}, effective_cost_out = effective_cost_out * {factor};
            insert into builds.invocations
            select * replace (
                '0000000{factor}-later' as invocation_id,
                started_at + interval {factor} day as started_at,
                finished_at + interval {factor} day as finished_at
            )
            from builds.invocations where is_whole and finished_at is not null order by started_at desc limit 1
        """)
    return database


@pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("chromedriver")),
    reason="no Chromium with its driver on this machine: the dashboard is not looked at in a browser",
)
def test_the_dashboard_draws_every_chart_in_a_browser_and_asks_nobody_else(superset):
    """Screenshots stay in data/test/superset, to be looked at."""
    shots = PROJECT / "data" / "test" / "superset"
    looked = subprocess.run(
        [PYTHON, str(PROJECT / "tests/superset/browser.py"), superset.url, str(shots), *sorted(set(COLOURS.values()))],
        env={**os.environ, "SUPERSET_ADMIN_PASSWORD": superset.password()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert looked.returncode == 0, looked.stderr
    page = json.loads(looked.stdout)
    drawn = {chart["title"]: chart for tab in page["tabs"] for chart in tab["charts"]}
    assert set(drawn) == {chart["slice_name"] for chart in CHARTS.values()}
    for title, chart in drawn.items():
        assert chart["drawn"], f"{title} shows nothing: {chart['text']}"
        assert not re.search(r"(?i)error|no data|no results", chart["text"]), chart["text"]
    # Lines across the whole chart, not in a corner of it; the legend alone is 25 pixels wide
    painted = drawn["What does a unit cost, and where is it going?"]["painted"]
    for series, share in {"Each day": 0.25, "Target": 0.5, "Forecast": 0.15, "Whole week": 0.2}.items():
        assert painted[COLOURS[series]] > share, f"{series}: {painted}"
    for tab in page["tabs"]:
        assert {"As of", "What was spent"} <= {chart["title"] for chart in tab["charts"]}, tab["name"]
    # Superset's usage pixel is built into its page; the content security policy keeps it from being asked for
    left = [request["url"] for request in page["requests"] if not request["url"].startswith(superset.url)]
    assert [url for url in left if url not in page["blocked"]] == []
    assert [message for message in page["console"] if "scarf.sh" not in message] == []
