"""What the Python models of `models/landing` return: how a landed table comes to be, in whatever database.

The materialization `landed` (macros/landing) calls `into` with the place that dbt has for the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import duckdb
import pyarrow

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.exported import rows_of
from ai_unit_economics.landing.load import LandingError, load, view
from ai_unit_economics.landing.register import (
    BILLS,
    SHAPES,
    Entry,
    entry_of,
    entry_row,
    goes_into,
    known_heads,
    register,
)
from ai_unit_economics.landing.samples import summary_by
from ai_unit_economics.landing.shapes import Catalogues
from ai_unit_economics.landing.tables import Table
from ai_unit_economics.sql import Sql, identifier, sql

BY_NAME = {table.name: table for table in tables.TABLES}


@dataclass(frozen=True)
class Place:
    """Where a landed table goes, and what it is made from.

    Attributes:
        target: database, schema and name.
        root: the data root.
        landed_folder: where `ai-unit-economics land` wrote the tables, if the files are not to be read here.
        books: where the books are.
        books_are_named: whether somebody named that place, so that it has to be there.
        fresh: whether to read every file again.
        say: takes a line on how far it has got.
    """

    target: tuple[str, ...]
    root: str
    landed_folder: str = ""
    books: str = ""
    books_are_named: bool = False
    fresh: bool = False
    say: Callable[[str], None] = print

    @property
    def name(self) -> Sql:
        return identifier(*self.target)

    def clear_for(self, session: duckdb.DuckDBPyConnection, kind: str) -> None:
        """Drops what stands there if it is no `VIEW`, or no `TABLE`, as a run with another `landed_folder` left it."""
        query = """
            select table_type from information_schema.tables
            where [table_catalog, table_schema, table_name] = $target and not ends_with(table_type, $kind)
        """
        for (found,) in session.execute(query, {"target": list(self.target), "kind": kind}).fetchall():
            other = sql("view" if found == "VIEW" else "table")
            session.execute(sql("drop {other} {target}", other=other, target=self.name).text)


class Landing(Protocol):
    """A landed table that is still to be made."""

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        """Makes the table, or brings it to the state of the files."""


@dataclass(frozen=True)
class Files:
    """The register of files, `landed_files`."""

    catalogues: Catalogues

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        if place.landed_folder:
            _view_of(session, place, tables.FILES)
            return
        place.clear_for(session, "TABLE")
        known = {} if place.fresh else known_heads(_rows_of(session, place.name))
        rows = [entry_row(entry) for entry in register(place.root, session, self.catalogues, known)]
        given = pyarrow.Table.from_pylist(rows, schema=_schema(session, tables.FILES))
        session.register("files_of_this_run", given)
        try:
            session.execute(
                sql("create or replace table {target} as select * from files_of_this_run", target=place.name).text
            )
        finally:
            session.unregister("files_of_this_run")


@dataclass(frozen=True)
class Rows:
    """A table of rows of files."""

    table: Table
    entries: tuple[Entry, ...]
    catalogues: Catalogues

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        if place.landed_folder:
            _view_of(session, place, self.table)
            if self.table is tables.FOCUS_CHARGES:
                self._stop(_unreadable(session, place.name))
            return
        place.clear_for(session, "TABLE")
        summarise = summary_by(self.catalogues) if self.table is tables.PROMETHEUS_SERIES else None
        report = load(
            session,
            place.name,
            self.table,
            [entry for entry in self.entries if goes_into(entry, self.table)],
            self.catalogues,
            fresh=place.fresh,
            summarise=summarise,
            say=place.say,
        )
        if self.table is tables.FOCUS_CHARGES:
            self._stop(report.unreadable)

    def _stop(self, unreadable: Mapping[str, str]) -> None:
        """A bill that is not known makes every number wrong: the build stops, and says of all files why at once."""
        problems = problems_of_bills(self.entries, unreadable)
        if problems:
            raise LandingError("these bills cannot be counted:\n" + "\n".join(f"  {line}" for line in problems))


def problems_of_bills(entries: Iterable[Entry], unreadable: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """A line for each reason why bills cannot be counted, with the files that it is true of."""
    files: dict[str, list[str]] = {}
    for entry in entries:
        if entry.file.folder == BILLS and (entry.stops or entry.file.path in unreadable):
            problem = unreadable.get(entry.file.path) or entry.problem
            files.setdefault(problem, []).append(entry.file.relative_path)
    return [
        f"{', '.join(paths[:3])}{f' and {len(paths) - 3} more' if len(paths) > 3 else ''}: {problem}"
        for problem, paths in files.items()
    ]


@dataclass(frozen=True)
class View:
    """The view over files of samples, those that could be read through."""

    entries: tuple[Entry, ...]
    unreadable: frozenset[str]
    catalogues: Catalogues

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        if place.landed_folder:
            _view_of(session, place, tables.PROMETHEUS_SAMPLES)
            return
        place.clear_for(session, "VIEW")
        entries = [
            entry
            for entry in self.entries
            if goes_into(entry, tables.PROMETHEUS_SAMPLES) and entry.file.path not in self.unreadable
        ]
        view(session, place.name, tables.PROMETHEUS_SAMPLES, entries, self.catalogues)


def files(**seeds: duckdb.DuckDBPyRelation) -> Files:
    """The register, by these seeds."""
    return Files(_catalogues(seeds))


def rows(name: str, files: duckdb.DuckDBPyRelation, **seeds: duckdb.DuckDBPyRelation) -> Rows:
    """The landed table `name` of the files of the register."""
    return Rows(BY_NAME[name], tuple(map(entry_of, _dicts(files))), _catalogues(seeds))


def samples(files: duckdb.DuckDBPyRelation, series: duckdb.DuckDBPyRelation) -> View:
    """The view over files of samples; `series` says which could be read."""
    unreadable = frozenset(
        path for (path,) in series.filter("problem is not null").select("source_file").distinct().fetchall()
    )
    return View(tuple(map(entry_of, _dicts(files))), unreadable, Catalogues())


def _view_of(session: duckdb.DuckDBPyConnection, place: Place, table: Table) -> None:
    """Makes the model a view over what was landed elsewhere."""
    place.clear_for(session, "VIEW")
    rows = rows_of(Path(place.landed_folder), table)
    session.execute(sql("create or replace view {target} as {rows}", target=place.name, rows=rows).text)


def _unreadable(session: duckdb.DuckDBPyConnection, target: Sql) -> dict[str, str]:
    query = "select source_file, problem from {target} where source_row is null and problem is not null"
    return dict(session.execute(sql(query, target=target).text).fetchall())


def _catalogues(seeds: Mapping[str, duckdb.DuckDBPyRelation]) -> Catalogues:
    return catalogues({name: list(_dicts(relation)) for name, relation in seeds.items()})


def catalogues(rows: Mapping[str, Sequence[Mapping[str, str]]]) -> Catalogues:
    """What reading goes by, from the rows of seeds by name."""
    matched = (row for name in ("cost_rules", "sku_meters", "amortization_schedules") for row in rows.get(name, []))
    return Catalogues(
        {row.get("source") or "": row for row in rows.get("focus_sources", [])},
        rows.get("focus_column_mappings", []),
        rows.get("column_aliases", []),
        rows.get("metric_catalog", []),
        frozenset(row["column_name"] for row in matched if row.get("column_name")),
    )


def _dicts(relation: duckdb.DuckDBPyRelation) -> Iterable[dict[str, object]]:
    names = relation.columns
    return (dict(zip(names, row, strict=True)) for row in relation.fetchall())


def _rows_of(session: duckdb.DuckDBPyConnection, target: Sql) -> Iterable[dict[str, object]]:
    """The rows of the register as it was, or none where it was another version's."""
    try:
        relation = session.sql(sql("select * from {target}", target=target).text)
    except duckdb.CatalogException:
        return []
    if relation.columns != [column.name for column in tables.FILES.columns]:
        return []
    return _dicts(relation)


def _schema(session: duckdb.DuckDBPyConnection, table: Table) -> pyarrow.Schema:
    return session.sql(table.empty.text).to_arrow_table().schema


__all__ = ["SHAPES", "Landing", "Place", "files", "rows", "samples"]
