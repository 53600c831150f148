"""The DAG, run for real by `airflow dags test`: `make airflow-test`. The tests are one story and run in this order.

Airflow has a home, a metadata database and a sample of its own in a folder that is thrown away. What happened is read
from that database: the state of each task, how often it was tried, and the events of assets.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
AIRFLOW_VENV = Path(os.environ.get("AIRFLOW_VENV", PROJECT / ".venv-airflow"))
CONFORMANCE_VENV = Path(os.environ.get("CONFORMANCE_VENV", PROJECT / ".venv-conformance"))
DAG = "unit_economics"
TASKS = ("wait_for_exports", "conformance", "build", "gate", "publish", "gates_passed")
# Half of the nodes: the other tests are run by `make test`
FEWER_TESTS = """
data_tests: {ai_unit_economics: {+enabled: false, marts: {+enabled: true}}}
"""
# Kills dbt once, in the middle of writing, as a worker that runs out of memory does
KILLED_ONCE = """#!/usr/bin/env bash
written() { cat "$UNIT_ECONOMICS_DATABASE"* 2>/dev/null | wc -c; }
if [ -e "$UNIT_ECONOMICS_DATABASE.was_killed" ]; then exec DBT "$@"; fi
touch "$UNIT_ECONOMICS_DATABASE.was_killed"
before=$(written)
DBT "$@" &
until [ "$(written)" -gt $((before + 2000000)) ]; do sleep 0.1; kill -0 $! || exit 3; done
kill -KILL $!
wait $!
"""


@dataclass(frozen=True)
class Run:
    state: str
    states: dict[str, str]
    tries: dict[str, int]
    # asset -> what its event of this run tells
    events: dict[str, dict]
    log: str


class Airflow:
    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.project = folder, folder / "exports", folder / "project"
        self.database, self.published = folder / "warehouse.duckdb", folder / "published"
        self.environment = os.environ | {
            "AIRFLOW_HOME": str(folder / "home"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
            "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
            "UNIT_ECONOMICS_PROJECT": str(self.project),
            "UNIT_ECONOMICS_VENV": str(folder / "venv"),
            "UNIT_ECONOMICS_CONFORMANCE_VENV": str(CONFORMANCE_VENV),
            "UNIT_ECONOMICS_DATA": str(self.data),
            "UNIT_ECONOMICS_DATABASE": str(self.database),
            "UNIT_ECONOMICS_PUBLISHED": str(self.published),
            "UNIT_ECONOMICS_TEMP": str(folder / "tmp"),
            "UNIT_ECONOMICS_WAIT_HOURS": "0",
            "UNIT_ECONOMICS_SETTLED_MINUTES": "0",
        }
        (folder / "tmp").mkdir()
        self._link_project()
        self._wrap_commands()
        sample = [sys.executable, "-m", "ai_unit_economics.cli", "sample", "--out", str(self.data), "--quiet"]
        subprocess.run([*sample, "--days", "35", "--scale", "0.1"], check=True)
        self.command("db", "migrate")
        self.command("pools", "set", "unit_economics_writer", "1", "one writer")

    def _link_project(self) -> None:
        """The project with seeds of its own; a fleet this small is dear, so that its targets are out of reach."""
        self.project.mkdir()
        for entry in PROJECT.iterdir():
            if entry.name not in ("dbt_project.yml", "seeds", "target", "logs", "data"):
                (self.project / entry.name).symlink_to(entry)
        configuration = (PROJECT / "dbt_project.yml").read_text()
        (self.project / "dbt_project.yml").write_text(configuration + FEWER_TESTS)
        shutil.copytree(PROJECT / "seeds", self.project / "seeds")
        lenient = re.sub(r"\.00,(.*,error)", r"000.00,\1", self.targets.read_text())
        self.targets.write_text(lenient)

    @property
    def targets(self) -> Path:
        return self.project / "seeds" / "config" / "targets.csv"

    def _wrap_commands(self) -> None:
        binaries = self.folder / "venv" / "bin"
        binaries.mkdir(parents=True)
        scripts = {
            "python": f'#!/bin/sh\nexec {sys.executable} "$@"\n',
            "dbt": KILLED_ONCE.replace("DBT", str(Path(sys.executable).with_name("dbt"))),
        }
        for name, script in scripts.items():
            (binaries / name).write_text(script)
            (binaries / name).chmod(0o755)

    def command(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            [AIRFLOW_VENV / "bin" / "airflow", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout[-4000:]
        return done.stdout

    def run(self, *only: str, **conf: object) -> Run:
        """Runs the DAG; with `only` these tasks, and the others count as done."""
        rest = ["--mark-success-pattern", f"(?!({'|'.join(only)})$).*"] if only else []
        log = self.command("dags", "test", DAG, "--conf", json.dumps(conf), *rest, check=False)
        with sqlite3.connect(self.folder / "home" / "airflow.db") as metadata:
            run_id, state = metadata.execute("select run_id, state from dag_run order by id desc limit 1").fetchone()
            tasks = metadata.execute(
                "select task_id, state, try_number from task_instance where run_id = ?", [run_id]
            ).fetchall()
            events = metadata.execute(
                "select asset.name, asset_event.extra from asset_event join asset on asset.id = asset_event.asset_id "
                "where source_run_id = ?",
                [run_id],
            ).fetchall()
        return Run(
            state,
            {task: state for task, state, _ in tasks},
            {task: tries for task, _, tries in tasks},
            {name: json.loads(extra) for name, extra in events},
            log,
        )

    def latest(self) -> str | None:
        """The version that a reader gets, who has to be able to read."""
        file = self.published / "unit_economics.duckdb"
        if not file.exists():
            return None
        with duckdb.connect(str(file), read_only=True) as connection:
            assert connection.execute("select count(*) > 0 from marts.fct_unit_economics_daily").fetchone()[0]
            return connection.execute("select version from marts.publication").fetchone()[0]

    def newest_azure_export(self) -> Path:
        return max(self.data.glob("focus/azure/**/*.csv.gz"), key=lambda path: path.parts[-3])


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("airflow")
    yield Airflow(folder)
    shutil.rmtree(folder)


def states(*values: str) -> dict[str, str]:
    return dict(zip(TASKS, values, strict=True))


def test_the_dag_loads_and_whatever_meets_the_database_waits_for_one_slot(airflow: Airflow) -> None:
    listed = subprocess.run(
        [AIRFLOW_VENV / "bin" / "python", "-c", LIST_TASKS],
        env=airflow.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    dag = json.loads(listed.stdout.splitlines()[-1])
    assert dag["import_errors"] == {}
    assert (dag["max_active_runs"], dag["catchup"]) == (1, False)
    writers = {task for task, (pool, slots) in dag["tasks"].items() if (pool, slots) == ("unit_economics_writer", 1)}
    assert writers == {"conformance", "build", "gate", "publish"}


LIST_TASKS = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag()
dag = bag.dags["unit_economics"]
tasks = {task.task_id: (task.pool, task.pool_slots) for task in dag.tasks}
facts = {"max_active_runs": dag.max_active_runs, "catchup": dag.catchup, "tasks": tasks}
print(json.dumps(facts | {"import_errors": bag.import_errors}))
"""


def test_a_build_that_is_killed_is_tried_again_and_published(airflow: Airflow) -> None:
    run = airflow.run()
    assert run.states == states(*["success"] * 6), run.log[-4000:]
    assert (run.state, run.tries["build"]) == ("success", 2)
    assert "-9" in run.log or "137" in run.log
    version = airflow.latest()
    assert version
    manifest = json.loads((airflow.published / "latest" / "manifest.json").read_text())
    assert run.events == {
        "unit_economics_marts": {
            "version": version,
            "built_at": manifest["built_at"],
            "latest_complete_day": manifest["latest_complete_day"],
            "gates": "passed",
            "gates_broken": [],
        },
        "unit_economics_gates_passed": {},
    }


def test_nothing_new_is_a_run_that_skips(airflow: Airflow) -> None:
    before = airflow.latest()
    run = airflow.run()
    assert (run.state, run.states, run.events) == ("success", states(*["skipped"] * 6), {}), run.log[-4000:]
    assert airflow.latest() == before


def test_a_changed_seed_is_built_when_somebody_says_so(airflow: Airflow) -> None:
    assert airflow.run("wait_for_exports").states == states(*["skipped"] * 6)
    assert airflow.run("wait_for_exports", build_anyway=True).states == states(*["success"] * 6)


def test_a_lost_mount_is_an_error_and_no_quiet_day(airflow: Airflow) -> None:
    airflow.data.rename(airflow.folder / "elsewhere")
    try:
        run = airflow.run()
    finally:
        (airflow.folder / "elsewhere").rename(airflow.data)
    assert (run.state, run.states) == ("failed", states("failed", *["upstream_failed"] * 5)), run.log[-4000:]
    assert "is UNIT_ECONOMICS_DATA right" in run.log


def test_an_export_that_does_not_conform_stops_before_the_build(airflow: Airflow) -> None:
    before, export = airflow.latest(), airflow.newest_azure_export()
    whole = export.read_bytes()
    export.write_bytes(whole[: len(whole) // 2])
    try:
        run = airflow.run()
    finally:
        export.write_bytes(whole)
    expected = states("success", "failed", *["upstream_failed"] * 4)
    assert (run.state, run.states, run.events) == ("failed", expected, {}), run.log[-4000:]
    assert airflow.latest() == before


def test_an_export_that_cannot_be_built_leaves_readers_what_they_had(airflow: Airflow) -> None:
    """The newest export bills in a currency without a rate in exchange_rates."""
    before, export = airflow.latest(), airflow.newest_azure_export()
    whole = gzip.decompress(export.read_bytes()).decode()
    assert '"USD"' in whole
    export.write_bytes(gzip.compress(whole.replace('"USD"', '"SEK"').encode()))
    try:
        run = airflow.run()
    finally:
        export.write_bytes(gzip.compress(whole.encode()))
    expected = states("success", "success", "failed", *["upstream_failed"] * 3)
    assert (run.state, run.states, run.events) == ("failed", expected, {}), run.log[-4000:]
    assert run.tries["build"] == 2
    assert "SEK" in run.log
    assert airflow.latest() == before


def test_mended_it_is_published_and_a_broken_gate_fails_the_run_and_hides_nothing(airflow: Airflow) -> None:
    before = airflow.latest()
    shutil.copy(PROJECT / "seeds" / "config" / "targets.csv", airflow.targets)
    run = airflow.run()
    expected = states("success", "success", "success", "failed", "success", "upstream_failed")
    assert (run.state, run.states) == ("failed", expected), run.log[-4000:]
    assert airflow.latest() not in (None, before)
    event = run.events.pop("unit_economics_marts")
    assert run.events == {}
    assert (event["version"], event["gates"]) == (airflow.latest(), "broken")
    assert event["gates_broken"] == ["gate_targets_are_not_breached"]
