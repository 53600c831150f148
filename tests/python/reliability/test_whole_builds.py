"""A whole small build: with little memory, with names that nobody may find, and on the database of an older version."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.python.conftest import PROJECT
from tests.python.reliability.conftest import MINIMUM, WholeBuild

pytestmark = pytest.mark.slow
# Whose databases are built upon: of the first commit that says its format (docs/upgrading.md), and of the tag v0.1.0.
# Commits and not tags: a clone may have no tags.
VERSIONS = {
    "before 0.1.0": "a74531117bb10d88fa1afa31aefa3501a72b523c",
    "0.1.0": "9ad485e07c15fc5284a5840ab02c9ebb17073df8",
}
NAME = re.compile(r"quince|\bcus-[0-9]{4}", re.IGNORECASE)
PASSWORD = "hunter2canary"
# Marts that say how a build went, and so are of that build
OF_THE_BUILD = ("fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")


def test_the_small_sample_builds_with_the_least_memory_that_is_promised(whole: WholeBuild) -> None:
    assert f"`{MINIMUM}`" in (PROJECT / "docs" / "configuration.md").read_text()
    [(tests, models)] = whole.query(
        "select count(*) filter (where resource_type = 'test'), count(*) filter (where resource_type = 'model') "
        "from marts.fct_build_nodes where status in ('pass', 'success')"
    )
    assert tests > 400
    assert models > 250


def test_no_name_is_found_in_anything_that_is_written(whole: WholeBuild, tmp_path: Path) -> None:
    """Customers, users and addresses of the exports, in tables, files for people, and what dbt leaves behind.

    test_privacy.py looks at what `land` writes.
    """
    public = ["--database", str(whole.published / "unit_economics.duckdb")]
    for command in (
        ["report", *public, "--out", str(tmp_path / "report.html")],
        ["metrics", *public, "--out", str(tmp_path / "metrics")],
        ["statement", "2026-07", *public, "--out", str(tmp_path / "statements")],
        ["journal", "2026-07", "--draft", *public, "--out", str(tmp_path / "journal.csv")],
        ["close", "2026-07", "--database", str(whole.database), "--books", str(tmp_path / "books")],
    ):
        done = whole.run(*command)
        assert done.exit_code == 0, done.output
        assert not NAME.search(done.output), command
    assert not NAME.search(whole.output)
    with duckdb.connect() as session:
        for database in (whole.database, whole.published / "unit_economics.duckdb"):
            session.execute(f"attach '{database}' as looked_at (read_only)")
            found = session.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'looked_at'"
            ).fetchall()
            assert len(found) > 40
            for source in [f"looked_at.{schema}.{table}" for schema, table in found]:
                assert not names_in(session, source), source
            session.execute("detach looked_at")
        packed = [path for folder in (whole.folder, tmp_path) for path in folder.rglob("*.parquet")]
        for path in packed:
            if not {whole.data, whole.few} & set(path.parents):
                assert not names_in(session, f"read_parquet('{path}', hive_partitioning := false)"), path
    looked_at = 0
    for folder in (whole.folder, tmp_path):
        for path in folder.rglob("*"):
            if path.is_file() and not {whole.data, whole.few} & set(path.parents):
                looked_at += 1
                assert not NAME.search(path.read_bytes().decode("latin-1")), path
    assert looked_at > 200


def names_in(session: duckdb.DuckDBPyConnection, source: str) -> list[tuple]:
    rows = f"select r::varchar as text from {source} as r"
    return session.execute(
        f"select text from ({rows}) where regexp_matches(text, '{NAME.pattern}', 'i') limit 1"
    ).fetchall()


def test_a_password_in_an_address_is_found_nowhere(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "UNIT_ECONOMICS_DATA": f"s3://AKIA:{PASSWORD}@acme-exports/june",
        "UNIT_ECONOMICS_BOOKS": f"s3://AKIA:{PASSWORD}@acme-books",
        "UNIT_ECONOMICS_DATABASE": str(tmp_path / "wh.duckdb"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DO_NOT_TRACK": "1",
    }
    done = run_dbt(PROJECT, environment, tmp_path, "build", "--select", "landed_files", "int_books__records")
    assert done.returncode != 0
    assert "a secret of DuckDB" in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"manifest.json", "dbt.log", "partial_parse.msgpack"} <= {path.name for path in left}
    assert not [path for path in left if PASSWORD.encode() in path.read_bytes()]


def run_dbt(project: Path, environment: dict[str, str], folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    options = ["--project-dir", str(project), "--profiles-dir", str(project / "profiles")]
    return subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", *arguments, *options, "--log-path", str(folder / "logs")],
        env=environment,
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_a_database_of_an_older_version_is_built_upon(whole: WholeBuild, tmp_path: Path, version: str) -> None:
    """Its marts are then those of a new build, or a line says what to do before anything is changed."""
    first = checked_out(VERSIONS[version], tmp_path / "first")
    upgraded = WholeBuild(tmp_path)
    upgraded.data, upgraded.seeds, upgraded.variables = whole.data, whole.seeds, whole.variables
    with whole.environment():
        environment = {
            **os.environ,
            "PYTHONPATH": str(first / "src"),
            "UNIT_ECONOMICS_DATA": str(whole.data),
            "UNIT_ECONOMICS_BOOKS": "",
            "UNIT_ECONOMICS_DATABASE": str(upgraded.database),
            "DBT_TARGET_PATH": str(tmp_path / "target of before"),
            "DBT_USE_FAST_TEST_EDGES": "true",
            "DO_NOT_TRACK": "1",
        }
        models = ["build", "--exclude-resource-type", "unit_test", "test", "--vars", str(whole.variables)]
        older = run_dbt(first, environment, tmp_path, *models)
        assert older.returncode == 0, older.stdout[-3000:]
        before = checksum(upgraded.database)
        if not upgraded.dbt("build", "--exclude-resource-type", "unit_test", "test", check=False):
            assert "run dbt build --full-refresh once" in upgraded.output
            assert checksum(upgraded.database) == before
            return
    expected = marts(whole.database)
    assert len(expected) > 30
    assert marts(upgraded.database) == expected


def checked_out(commit: str, folder: Path) -> Path:
    archived = subprocess.run(["git", "-C", str(PROJECT), "archive", commit], capture_output=True, check=False)
    if archived.returncode:
        pytest.skip(f"the commit {commit[:7]} is not in this clone: git fetch --unshallow")
    folder.mkdir()
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archived.stdout, check=True)
    return folder


def checksum(database: Path) -> dict[str, tuple[int, int]]:
    with duckdb.connect(str(database), read_only=True) as session:
        names = session.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
        return {f"{schema}.{name}": content(session, f'"{schema}"."{name}"') for schema, name in names}


def marts(database: Path) -> dict[str, tuple[int, int]]:
    return {
        name: found
        for name, found in checksum(database).items()
        if name.startswith("marts.") and name.removeprefix("marts.") not in OF_THE_BUILD
    }


def content(session: duckdb.DuckDBPyConnection, table: str) -> tuple[int, int]:
    return session.execute(f"select count(*), coalesce(sum(hash(r)), 0) from {table} as r").fetchone()
