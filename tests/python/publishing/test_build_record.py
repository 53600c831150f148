"""What dbt's hooks write about each run, what the marts say of it, and how it ends (docs/builds.md)."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path

import click
import duckdb
import pytest
from click.testing import CliRunner, Result
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import cli, dbtRunner

from ai_unit_economics.cli import main
from ai_unit_economics.publishing import NotPublishedError, last_build

ROOT = Path(__file__).resolve().parents[3]
PROJECT = f"""
name: ai_unit_economics
version: 1.0.0
profile: ai_unit_economics
macro-paths: [macros, '{ROOT}/macros/publishing', '{ROOT}/macros/files', '{ROOT}/macros/engines']
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
RECORD = ("+landed_files", "fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")
ACTIVITY = "workload,user_id,ts\nchat,ann,2026-08-01T00:00:00Z\n"
NEXT = "workload,user_id,ts\nchat,bob,2026-08-02T00:00:00Z\nchat,eve,2026-08-02T00:00:00Z\n"


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


def dbt(project: Path, *arguments: str, command: click.Command | None = None) -> Result | None:
    """Runs dbt; with `command` as its command line does, which ends with an exit code."""
    before = dict(os.environ)
    os.environ.update(
        UNIT_ECONOMICS_DATABASE=str(project / "warehouse.duckdb"),
        UNIT_ECONOMICS_TEMP=str(project / "tmp"),
        DO_NOT_TRACK="1",
    )
    options = ["--project-dir", str(project), "--profiles-dir", str(ROOT / "profiles"), "--log-level", "none"]
    whole = [*arguments, *options, "--log-path", str(project / "logs")]
    try:
        if command:
            return CliRunner().invoke(command, whole)
        dbtRunner().invoke(whole)
        return None
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


def test_a_build_upon_tables_of_spark_is_whole_as_long_as_these_are_there(project: Path) -> None:
    """`from-spark` notes which views it made; without it, `--selector after_spark` is a part of a build."""
    selector = "selectors: [{name: after_spark, definition: {method: fqn, value: fct_cost}}]\n"
    (project / "selectors.yml").write_text(selector)

    def with_int_cost(*statements: str) -> None:
        with duckdb.connect(str(project / "warehouse.duckdb")) as connection:
            for statement in statements:
                connection.execute(statement)
        dbt(project, "build", "--selector", "after_spark")

    with_int_cost("create schema marts", "create table marts.int_cost as select 1 as cost")
    with pytest.raises(NotPublishedError, match="a part of a build"):
        marts(project)
    with_int_cost(
        "drop table marts.int_cost",
        "create view marts.int_cost as select 1 as cost",
        "create table builds.spark_tables as select 'marts' as table_schema, 'int_cost' as table_name",
    )
    assert marts(project) == (("marts", "fct_cost"),)
    # a build of DuckDB alone has put a table in its place
    with_int_cost("drop view marts.int_cost", "create table marts.int_cost as select 1 as cost")
    with pytest.raises(NotPublishedError, match="a part of a build"):
        marts(project)


def test_a_database_without_a_record_is_not_published(tmp_path: Path) -> None:
    with duckdb.connect() as connection, pytest.raises(NotPublishedError, match="knows of no build"):
        last_build(connection)


def inputs(warehouse) -> list[tuple]:
    return warehouse.query(
        "select parse_filename(source_file), checksum, first_build.number, gone_build.number "
        "from marts.fct_build_inputs "
        "left join (select invocation_id, row_number() over (order by started_at, rowid) as number "
        "from builds.invocations) as first_build on first_invocation_id = first_build.invocation_id "
        "left join (select invocation_id, row_number() over (order by started_at, rowid) as number "
        "from builds.invocations) as gone_build on gone_invocation_id = gone_build.invocation_id "
        "order by first_build.number, 1"
    )


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_versions_of_inputs_come_and_go(warehouse) -> None:
    warehouse.write("telemetry/product/july.csv", ACTIVITY)
    lost = warehouse.write("telemetry/product/lost.csv", ACTIVITY.replace("ann", "kim"))
    warehouse.build(*RECORD)
    warehouse.build(*RECORD)
    warehouse.write("telemetry/product/july.csv", NEXT)
    lost.unlink()
    warehouse.build(*RECORD)
    assert inputs(warehouse) == [
        ("july.csv", sha256(ACTIVITY), 1, 3),
        ("lost.csv", sha256(ACTIVITY.replace("ann", "kim")), 1, 3),
        ("july.csv", sha256(NEXT), 3, None),
    ]
    builds = warehouse.query(
        "select command, status, new_inputs, gone_inputs, rows_in, is_whole from marts.fct_builds order by started_at"
    )
    assert builds == [
        ("build", "passed", 2, 0, None, False),
        ("build", "passed", 0, 0, None, False),
        ("build", "passed", 1, 2, None, False),
    ]
    [(files,)] = warehouse.query(
        "select table_rows from marts.fct_build_nodes where name = 'landed_files' order by table_rows limit 1"
    )
    assert files == 1
    freshness = warehouse.query("select folder, status, files, unreadable_files from marts.fct_input_freshness")
    assert freshness == [("telemetry/product", "too_few_deliveries", 1, 0)]


def test_a_name_of_a_file_is_only_a_name(warehouse) -> None:
    name = "it's'); drop table builds.invocations; --.csv"
    warehouse.write(f"telemetry/product/{name}", ACTIVITY)
    warehouse.build(*RECORD)
    assert [row[0] for row in inputs(warehouse)] == [name]
    assert warehouse.query("select count(*) from builds.invocations") == [(1,)]


def test_a_failed_node_is_named(warehouse) -> None:
    warehouse.write("focus/acme/june.csv", "this,is,no,bill\n1,2,3,4\n")
    assert not warehouse.build(*RECORD, "+landed_focus_charges", check=False)
    [(status, problems, new)] = warehouse.query(
        "select case when len(problems) > 0 then 'failed' end, array_to_string(problems, ', '), "
        "(select count(*) from builds.inputs) from builds.invocations"
    )
    assert (status, new) == ("failed", 1)
    assert "error: model.ai_unit_economics.landed_focus_charges" in problems


EXIT_CODES = {
    "`dbt build`": {0, 1, 2},
    "`ai-unit-economics doctor`, `conformance`": {0, 1, 2},
    "`ai-unit-economics new-exports`": {0, 1, 2, 3},
    "every other command": {0, 1, 2},
}
# What no command can do in a folder that holds `file` alone; `versions` lists nothing there, which is no failure
IMPOSSIBLE = {
    "close": "close 2026-07 --database none.duckdb --books books",
    "compact": "compact --database none.duckdb",
    "conformance": "conformance --data none --project .",
    "dbt-on-spark": "dbt-on-spark build --target spark",
    "doctor": "doctor --data none --database none.duckdb",
    "explain": "explain chat --database none.duckdb",
    "fetch-prometheus": f"fetch-prometheus --url http://127.0.0.1:9 --data . --project {ROOT}",
    "from-spark": "from-spark --tables . --database none.duckdb --project .",
    "journal": "journal 2026-07 --database none.duckdb",
    "land": f"land --data none --out out --project {ROOT}",
    "metrics": "metrics --database none.duckdb",
    "new-exports": "new-exports --data none --database none.duckdb",
    "owned-hardware": "owned-hardware file --out out.csv",
    "provider-costs": "provider-costs file --out out.csv",
    "pseudonym": f"pseudonym customer_id acme --database none.duckdb --project {ROOT}",
    "publish": "publish --database none.duckdb --to published",
    "reopen": "reopen 2026-07 --books books --note why",
    "report": "report --database none.duckdb",
    "rollback": "rollback --to published",
    "sample": "sample --out file/sample --days 1 --quiet",
    "statement": "statement 2026-07 --database none.duckdb",
    "summary": "summary --database none.duckdb",
}


def test_the_exit_codes_of_the_page_are_those_that_follow() -> None:
    page = (ROOT / "docs" / "builds.md").read_text().partition("## Exit codes")[2]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("| ")]
    codes = [int(name) for name in rows[0][1:]]
    assert {row[0]: {code for code, cell in zip(codes, row[1:], strict=True) if cell} for row in rows[1:]} == EXIT_CODES


def test_dbt_ends_with_its_exit_code(project: Path) -> None:
    """A warning passes; a failed test, and what is not known or cannot be read before it starts, do not."""
    warns = (project / "models" / "models.yml").read_text().replace("{tags: [gate]}", "{severity: warn}")
    (project / "models" / "models.yml").write_text(warns)
    assert dbt(project, "build", command=cli).exit_code == 0
    warned = dbt(project, "build", "--vars", "{allowed_cost: 5}", command=cli)
    assert warned.exit_code == 0, warned.output
    assert dbt(project, "build", "--vars", "{cost: 2}", command=cli).exit_code == 1
    assert dbt(project, "build", "--nonsense", command=cli).exit_code == 2
    (project / "models" / "int_cost.sql").write_text("select {{ cost( }}")
    assert dbt(project, "build", command=cli).exit_code == 2


@pytest.mark.parametrize("name", sorted(main.commands))
def test_a_command_ends_with_its_exit_code(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("this,is,nothing\n")
    for variable in [one for one in os.environ if one.startswith("UNIT_ECONOMICS_")]:
        monkeypatch.delenv(variable)
    assert CliRunner().invoke(main, [name, "--nonsense"]).exit_code == 2
    if name not in IMPOSSIBLE:
        assert name == "versions"
        return
    refused = CliRunner().invoke(main, IMPOSSIBLE[name].split())
    assert (refused.exit_code, type(refused.exception)) == (1, SystemExit), refused.output
    assert re.match(r"Error: \S", refused.output) or name == "doctor", refused.output
    assert {path.name for path in tmp_path.iterdir()} - {"file"} <= {"published", "books"}
