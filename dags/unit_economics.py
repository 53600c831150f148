"""An Airflow DAG: waits for exports, checks them, builds, asks the gates, publishes, tells others (docs/airflow.md).

Each task is one command of the project, run in the project's own environments. What is new, what passed and what may be
published is decided there; this file holds order, retries and who may write when.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Asset, Metadata, Param, dag, task
from cosmos import InvocationMode, ProfileConfig
from cosmos.operators.local import DbtBuildLocalOperator

PROJECT = Path(os.environ.get("UNIT_ECONOMICS_PROJECT") or Path(__file__).resolve().parents[1])
VENV = os.environ.get("UNIT_ECONOMICS_VENV") or f"{PROJECT}/.venv"
CONFORMANCE_VENV = os.environ.get("UNIT_ECONOMICS_CONFORMANCE_VENV") or f"{PROJECT}/.venv-conformance"
PUBLISHED = os.environ.get("UNIT_ECONOMICS_PUBLISHED") or f"{PROJECT}/data/published"
# Absolute, because a task runs in a folder of Airflow's choice
ENVIRONMENT = {
    "UNIT_ECONOMICS_DATA": os.environ.get("UNIT_ECONOMICS_DATA") or f"{PROJECT}/data/sample",
    "UNIT_ECONOMICS_DATABASE": os.environ.get("UNIT_ECONOMICS_DATABASE") or f"{PROJECT}/data/unit_economics.duckdb",
    "UNIT_ECONOMICS_PUBLISHED": PUBLISHED,
    "UNIT_ECONOMICS_TEMP": os.environ.get("UNIT_ECONOMICS_TEMP") or f"{PROJECT}/data/tmp",
    "PYTHONPATH": f"{PROJECT}/src",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
}
WAIT = timedelta(hours=float(os.environ.get("UNIT_ECONOMICS_WAIT_HOURS") or 12))
SETTLED_MINUTES = os.environ.get("UNIT_ECONOMICS_SETTLED_MINUTES") or "5"
FOLDERS = os.environ.get("UNIT_ECONOMICS_WAIT_IN", "").split()

# One slot: DuckDB lets one process write to a file, and a reader keeps the writer out
WRITER = "unit_economics_writer"
# The marts that readers see; the event says which version they are
MARTS = Asset("unit_economics_marts")
TOLD = ("version", "built_at", "latest_complete_day", "gates", "gates_broken")
GATES_PASSED = Asset("unit_economics_gates_passed")

NOTHING_NEW = 3


def command(*arguments: str, venv: str = VENV) -> list[str]:
    return [f"{venv}/bin/python", "-m", "ai_unit_economics.cli", *arguments]


def run(*arguments: str) -> int:
    process = subprocess.Popen(
        command(*arguments),
        cwd=PROJECT,
        env=os.environ | ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for line in process.stdout:
        print(line.rstrip())
    return process.wait()


def dbt_build(task_id: str, select: str | None = None, **arguments: Any) -> DbtBuildLocalOperator:
    """One dbt process for all models: a task for each would cost seconds of start-up and meet the file's lock."""
    return DbtBuildLocalOperator(
        task_id=task_id,
        pool=WRITER,
        project_dir=str(PROJECT),
        profile_config=ProfileConfig(
            profile_name="ai_unit_economics",
            target_name="duckdb",
            profiles_yml_filepath=PROJECT / "profiles" / "profiles.yml",
        ),
        dbt_executable_path=f"{VENV}/bin/dbt",
        invocation_mode=InvocationMode.SUBPROCESS,
        select=select,
        env=ENVIRONMENT,
        append_env=True,
        # Cosmos runs dbt in a fresh folder of links, where what was parsed in another one names files that are gone
        partial_parse=False,
        install_deps=False,
        emit_datasets=False,
        should_store_compiled_sql=False,
        skip_exit_code=None,
        # Unit tests are about the code and see no data
        dbt_cmd_flags=["--exclude-resource-type", "unit_test"],
        **arguments,
    )


# soft_fail skips the run when nothing comes. It would also skip it for BashSensor's way to say that a command failed
# (AirflowFailException), and a bucket out of reach must not look like a quiet day: hence Python and a plain error.
@task.sensor(mode="reschedule", poke_interval=600, timeout=WAIT.total_seconds(), soft_fail=True, retries=2)
def wait_for_exports(params: dict[str, Any]) -> bool:
    if params["build_anyway"]:
        return True
    chosen = [argument for folder in FOLDERS for argument in ("--in", folder)]
    code = run("new-exports", "--settled-for", SETTLED_MINUTES, *chosen)
    if code not in (0, NOTHING_NEW):
        raise RuntimeError(f"new-exports ended with exit code {code}")
    return code == 0


# A gate that breaks tells a true number, which readers should see: publishing waits for the gates, not for their yes.
# `publish` itself refuses what is not whole or did not pass, and publishes a build once, however often it is run.
@task(pool=WRITER, retries=2, trigger_rule="all_done_min_one_success", outlets=[MARTS])
def publish() -> Iterator[Metadata]:
    if code := run("publish"):
        raise RuntimeError(f"publish ended with exit code {code}")
    manifest = json.loads(Path(PUBLISHED, "latest", "manifest.json").read_text())
    yield Metadata(MARTS, {name: manifest[name] for name in TOLD})


@dag(
    schedule=os.environ.get("UNIT_ECONOMICS_SCHEDULE") or "0 6 * * *",
    catchup=False,
    max_active_runs=1,
    params={
        "build_anyway": Param(
            False, type="boolean", description="Build although no export is new: a seed or a model has changed."
        )
    },
    doc_md=__doc__,
    tags=["dbt", "FinOps"],
)
def unit_economics() -> None:
    conformance = BashOperator(
        task_id="conformance",
        bash_command=shlex.join(command("conformance", venv=CONFORMANCE_VENV)),
        cwd=str(PROJECT),
        env=ENVIRONMENT,
        append_env=True,
        pool=WRITER,
        retries=1,
    )
    # A killed build leaves whole tables, and the next one begins anew; dbt's own retry would not count as a build
    build = dbt_build("build", retries=1)
    # Asking again changes no number
    gate = dbt_build("gate", select="tag:gate", retries=0)
    published = publish()
    # Fails the run when a gate broke, after the marts are published
    gates_passed = EmptyOperator(task_id="gates_passed", outlets=[GATES_PASSED])

    wait_for_exports() >> conformance >> build >> gate >> published >> gates_passed
    build >> published
    gate >> gates_passed


unit_economics()
