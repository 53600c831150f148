"""What dbt's hooks write about each run, with a real dbt on a project of two models."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ai_unit_economics.publishing import NotPublishedError, last_build

ROOT = Path(__file__).resolve().parents[3]
PROJECT = f"""
name: ai_unit_economics
version: 1.0.0
profile: ai_unit_economics
macro-paths: [macros, '{ROOT}/macros/publishing', '{ROOT}/macros/files']
vars: {{skip_unchanged: false}}
models: {{+schema: marts, +materialized: table}}
on-run-start: "{{{{ record_start_of_build() }}}}"
on-run-end: "{{{{ record_end_of_build(results) }}}}"
flags: {{skip_nodes_if_on_run_start_fails: true}}
"""
MODELS = """
models:
  - name: fct_cost
    access: public
    columns:
      - name: cost
        data_tests:
          - accepted_values: {arguments: {values: [1], quote: false}}
          - accepted_values:
              name: gate_of_cost
              arguments: {values: ["{{ var('allowed_cost', 1) }}"], quote: false}
              config: {tags: [gate]}
  - name: int_cost
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "macros").mkdir()
    shutil.copy(ROOT / "macros" / "generate_schema_name.sql", tmp_path / "macros")
    (tmp_path / "dbt_project.yml").write_text(PROJECT)
    (tmp_path / "models" / "models.yml").write_text(MODELS)
    (tmp_path / "models" / "int_cost.sql").write_text("select {{ var('cost', 1) }} as cost")
    (tmp_path / "models" / "fct_cost.sql").write_text("select cost from {{ ref('int_cost') }}")
    return tmp_path


def dbt(project: Path, *arguments: str) -> None:
    before = dict(os.environ)
    os.environ.update(
        UNIT_ECONOMICS_DATABASE=str(project / "warehouse.duckdb"),
        UNIT_ECONOMICS_TEMP=str(project / "tmp"),
        DO_NOT_TRACK="1",
    )
    options = ["--project-dir", str(project), "--profiles-dir", str(ROOT / "profiles"), "--log-level", "none"]
    try:
        dbtRunner().invoke([*arguments, *options, "--log-path", str(project / "logs")])
    finally:
        DuckDBConnectionManager.close_all_connections()
        os.environ.clear()
        os.environ.update(before)


def marts(project: Path) -> tuple[tuple[str, str], ...]:
    with duckdb.connect(str(project / "warehouse.duckdb"), read_only=True) as connection:
        return last_build(connection).marts


def test_a_whole_build_that_passed_names_its_public_models(project: Path) -> None:
    dbt(project, "build")
    assert marts(project) == (("marts", "fct_cost"),)
    dbt(project, "test", "--select", "fct_cost")
    assert marts(project) == (("marts", "fct_cost"),)
    dbt(project, "compile")
    assert marts(project) == (("marts", "fct_cost"),)


def test_unit_tests_say_nothing_about_the_data(project: Path) -> None:
    dbt(project, "build", "--exclude-resource-type", "unit_test")
    assert marts(project) == (("marts", "fct_cost"),)


def test_a_failed_test_is_named(project: Path) -> None:
    dbt(project, "build")
    dbt(project, "build", "--vars", "{cost: 2}")
    with pytest.raises(NotPublishedError, match=r"did not pass \(fail: test\..*accepted_values_fct_cost"):
        marts(project)
    dbt(project, "build")
    assert marts(project)


def test_the_newest_run_is_the_last_one_whatever_its_clock_said(project: Path) -> None:
    """A build of next year, by its clock, and a failed one of today after it."""
    dbt(project, "build")
    with duckdb.connect(str(project / "warehouse.duckdb")) as connection:
        connection.execute("update builds.invocations set started_at = started_at + interval 1 year")
    dbt(project, "build", "--vars", "{cost: 2}")
    with pytest.raises(NotPublishedError, match="did not pass"):
        marts(project)


def test_tests_that_fail_later_count_too(project: Path) -> None:
    dbt(project, "build")
    with duckdb.connect(str(project / "warehouse.duckdb")) as connection:
        connection.execute("update marts.fct_cost set cost = 3")
    dbt(project, "test")
    with pytest.raises(NotPublishedError, match="the last `dbt test` did not pass"):
        marts(project)


def test_a_gate_that_tells_of_a_missed_target_hides_no_number(project: Path) -> None:
    dbt(project, "build", "--vars", "{allowed_cost: 5}")
    dbt(project, "build", "--select", "tag:gate", "--vars", "{allowed_cost: 5}")
    assert marts(project) == (("marts", "fct_cost"),)


def gates(project: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with duckdb.connect(str(project / "warehouse.duckdb"), read_only=True) as connection:
        build = last_build(connection)
        return build.gates_passed, build.gates_broken


def test_the_newest_answer_of_the_gates_since_the_build_is_known(project: Path) -> None:
    dbt(project, "build")
    assert gates(project) == (("gate_of_cost",), ())
    dbt(project, "build", "--select", "tag:gate", "--vars", "{allowed_cost: 5}")
    dbt(project, "test", "--select", "fct_cost", "--exclude", "tag:gate")
    assert gates(project) == ((), ("gate_of_cost",))
    dbt(project, "build", "--select", "tag:gate")
    assert gates(project) == (("gate_of_cost",), ())


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["build", "--select", "int_cost"],
        ["build", "--exclude", "int_cost"],
        ["build", "--exclude-resource-type", "test"],
        ["build", "--empty"],
        ["run"],
        ["retry"],
    ],
    ids=" ".join,
)
def test_what_leaves_a_model_or_a_test_out_is_no_build(project: Path, arguments: list[str]) -> None:
    dbt(project, "build", "--vars", f"{{cost: {2 if arguments == ['retry'] else 1}}}")
    dbt(project, *arguments)
    with pytest.raises(NotPublishedError, match=r"a part of a build|did not pass"):
        marts(project)


def test_a_database_without_a_record_is_not_published(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(NotPublishedError, match="knows of no build"):
        last_build(connection)
