"""Landing without dbt: a folder of files in, rows of landed tables out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pytest

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.load import load, view
from ai_unit_economics.landing.models import catalogues
from ai_unit_economics.landing.register import Entry, goes_into, register
from ai_unit_economics.landing.samples import summary_by
from ai_unit_economics.landing.tables import Table
from ai_unit_economics.sql import identifier, joined, sql
from tests.python.conftest import PROJECT

SEEDS = ("metric_catalog", "column_aliases")
VIEWS = (tables.PROMETHEUS_SAMPLES,)
# What the rows of a file say, whatever the file is called and however it is packed.
OF_THE_FILE = ("source_file", "file_version")


@dataclass
class Landed:
    """What became of the files of a folder.

    Attributes:
        entries: by path beneath the root what each file was taken for.
        problems: by path why a file, or a row of it, could not be read.
    """

    session: duckdb.DuckDBPyConnection
    root: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def rows(self, table: Table, *paths: str) -> dict[str, list[tuple]]:
        """By path the rows of a landed table, in any order."""
        names = [name for name in table.names if name not in OF_THE_FILE]
        query = sql(
            "select source_file, * from (select {names}, source_file from {table}) order by all",
            names=joined(map(identifier, names)),
            table=identifier(table.name),
        )
        found: dict[str, list[tuple]] = {path: [] for path in paths}
        for path, *row in self.session.execute(query.text).fetchall():
            relative = str(path).removeprefix(f"{self.root}/")
            found.setdefault(relative, []).append(tuple(map(str, row[:-1])))
        return found


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT / "seeds" / "reference" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [{key: value or "" for key, value in row.items()} for row in csv.DictReader(file)]


@pytest.fixture(scope="session")
def known():
    return catalogues({name: seed(name) for name in SEEDS})


@pytest.fixture
def land(known) -> Iterator[Callable[[Path], Landed]]:
    """Lands a folder and gives what became of it."""
    sessions: list[duckdb.DuckDBPyConnection] = []

    def landed(root: Path) -> Landed:
        session = duckdb.connect(config={"memory_limit": "200MB"})
        sessions.append(session)
        session.execute("set TimeZone = 'UTC'")
        result = Landed(session, root)
        entries = register(str(root), session, known)
        result.entries = {entry.file.relative_path: entry for entry in entries}
        result.problems = {path: entry.problem for path, entry in result.entries.items() if entry.problem}
        for table in tables.TABLES:
            if table is tables.FILES:
                continue
            own = [entry for entry in entries if goes_into(entry, table)]
            target = identifier(table.name)
            if table in VIEWS:
                whole = [entry for entry in own if entry.file.relative_path not in result.problems]
                view(session, target, table, whole, known)
                continue
            summarise = summary_by(known) if table is tables.PROMETHEUS_SERIES else None
            load(session, target, table, own, known, summarise=summarise)
            bad = sql(
                "select source_file, any_value(problem) from {table} where problem is not null group by 1", table=target
            )
            for path, problem in session.execute(bad.text).fetchall():
                result.problems[path.removeprefix(f"{root}/")] = problem
        return result

    yield landed
    for session in sessions:
        session.close()
