"""A database of another version: it is built upon, or a line says what to do before anything is changed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import duckdb
import pytest
import yaml

from ai_unit_economics import __version__
from tests.python.conftest import PROJECT, Warehouse


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def as_of_format(warehouse: Warehouse, statement: str) -> list[tuple]:
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute(statement)
    return runs(warehouse)


def runs(warehouse: Warehouse) -> list[tuple]:
    return warehouse.query("select invocation_id, command from builds.invocations order by all")


def test_a_database_of_a_newer_version_stays_as_it_is(warehouse):
    warehouse.dbt("seed", "--select", "focus_sources")
    assert warehouse.query("select database_format from builds.invocations") == [(1,)]
    before = as_of_format(warehouse, "update builds.invocations set database_format = 99")
    for refresh in ([], ["--full-refresh"]):
        assert not warehouse.dbt("seed", "--select", "focus_sources", *refresh, check=False)
        assert "built by a newer version of this project (format 99" in warehouse.output
    assert runs(warehouse) == before


def test_a_database_of_an_older_version_needs_a_full_refresh(warehouse):
    warehouse.dbt("seed", "--select", "focus_sources")
    before = as_of_format(warehouse, "update builds.invocations set database_format = 0")
    assert not warehouse.dbt("seed", "--select", "focus_sources", check=False)
    assert "run dbt build --full-refresh once" in warehouse.output
    assert runs(warehouse) == before
    warehouse.dbt("seed", "--select", "focus_sources", "--full-refresh")
    warehouse.dbt("seed", "--select", "focus_sources")


def test_a_database_that_says_nothing_is_of_the_first_format(warehouse):
    warehouse.dbt("seed", "--select", "focus_sources")
    as_of_format(warehouse, "alter table builds.invocations drop column database_format")
    warehouse.dbt("seed", "--select", "focus_sources")
    assert warehouse.query("select database_format from builds.invocations order by started_at") == [(None,), (1,)]


def test_all_say_one_version_and_the_changelog_begins_with_it():
    assert tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"] == __version__
    assert yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["version"] == __version__
    headings = re.findall(r"^## (.+)$", (PROJECT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1].split(" - ")[0] == __version__
