"""What the Python models of `models/landing` return: how a landed table comes to be, in whatever database.

The materialization `landed` (macros/materializations) calls `into` with the place that dbt has for the model.
"""

from __future__ import annotations

import json
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
from ai_unit_economics.landing.privacy import (
    SALT,
    TREATED_SAMPLES,
    Privacy,
    PrivacyError,
    database_of,
    hidden_from_rules,
    privacy_of,
    privacy_part,
    treatments_of,
)
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
from ai_unit_economics.private_files import restrict, write_for_owner_only
from ai_unit_economics.sql import Sql, identifier, sql

BY_NAME = {table.name: table for table in tables.TABLES}


@dataclass(frozen=True)
class Place:
    """Where a landed table goes, and what it is made from.

    Attributes:
        target: database, schema and name.
        root: the data root.
        treatments: the variable `privacy`, as JSON.
        landed_folder: where `ai-unit-economics land` wrote the tables, if the files are not to be read here.
        books: where the books are.
        books_are_named: whether somebody named that place, so that it has to be there.
        fresh: whether to read every file again.
        say: takes a line on how far it has got.
    """

    target: tuple[str, ...]
    root: str
    treatments: str = "null"
    landed_folder: str = ""
    books: str = ""
    books_are_named: bool = False
    fresh: bool = False
    say: Callable[[str], None] = print

    @property
    def name(self) -> Sql:
        return identifier(*self.target)

    def privacy(self, session: duckdb.DuckDBPyConnection) -> Privacy:
        """What is done with personal data on the way into this place."""
        return privacy_of(json.loads(self.treatments), database_of(session, self.target[0]))

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
    seeds: Mapping[str, Sequence[Mapping[str, str]]]

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        if place.landed_folder:
            _view_of(session, place, tables.FILES)
            _require_treatments(session, place)
            return
        write_for_owner_only()
        if database := database_of(session, place.target[0]):
            restrict(database)
        privacy = place.privacy(session)
        if problems := hidden_from_rules(privacy, self.seeds):
            raise PrivacyError("privacy hides what rules look for:\n" + "\n".join(f"  {line}" for line in problems))
        place.clear_for(session, "TABLE")
        known = {} if place.fresh else known_heads(_rows_of(session, place.name))
        entries = register(place.root, session, self.catalogues, known, privacy_version=privacy.version)
        rows = [entry_row(entry) for entry in entries]
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
        privacy = place.privacy(session)
        _require_version(self.entries, privacy)
        summarise = summary_by(self.catalogues) if self.table is tables.PROMETHEUS_SERIES else None
        report = load(
            session,
            place.name,
            self.table,
            [entry for entry in self.entries if goes_into(entry, self.table)],
            self.catalogues,
            fresh=place.fresh,
            summarise=summarise,
            privacy=privacy,
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
    """The view over files of samples, those that could be read through; `personal` ones are stored as they may be."""

    entries: tuple[Entry, ...]
    unreadable: frozenset[str]
    personal: frozenset[str]
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
        privacy = place.privacy(session)
        _require_version(entries, privacy)
        stored = identifier(*place.target[:-1], f"{place.target[-1]}_treated")
        personal = [entry for entry in entries if entry.file.path in self.personal]
        others = [entry for entry in entries if entry.file.path not in self.personal]
        load(
            session,
            stored,
            TREATED_SAMPLES,
            personal,
            self.catalogues,
            fresh=place.fresh,
            privacy=privacy,
            say=place.say,
        )
        view(session, place.name, tables.PROMETHEUS_SAMPLES, others, self.catalogues, stored)


def files(**seeds: duckdb.DuckDBPyRelation) -> Files:
    """The register, by these seeds."""
    rows = {name: list(_dicts(relation)) for name, relation in seeds.items()}
    return Files(catalogues(rows), rows)


def rows(name: str, files: duckdb.DuckDBPyRelation, **seeds: duckdb.DuckDBPyRelation) -> Rows:
    """The landed table `name` of the files of the register."""
    return Rows(BY_NAME[name], tuple(map(entry_of, _dicts(files))), _catalogues(seeds))


def samples(files: duckdb.DuckDBPyRelation, series: duckdb.DuckDBPyRelation) -> View:
    """The view over files of samples; `series` says which could be read, and which have personal data in labels."""

    def paths(condition: str) -> frozenset[str]:
        return frozenset(path for (path,) in series.filter(condition).select("source_file").distinct().fetchall())

    entries = tuple(map(entry_of, _dicts(files)))
    return View(entries, paths("problem is not null"), paths("has_personal_labels"), Catalogues())


def _require_version(entries: Iterable[Entry], privacy: Privacy) -> None:
    """Rows of a file are treated in the way that its version says, so that no table holds a mixture."""
    if any(entry.shape and privacy_part(entry.settings) != privacy.version for entry in entries):
        raise PrivacyError(
            f"the variable privacy, or {SALT}, is another one than when landed_files was built: "
            "run dbt build without a selection, or with +landed_files"
        )


def _require_treatments(session: duckdb.DuckDBPyConnection, place: Place) -> None:
    """`land` treats what it writes, by its own key; what it treated otherwise than the variable says stays out."""
    wanted = Privacy(treatments_of(json.loads(place.treatments))).treatments_version
    query = "select count(*) from {files} where shape is not null and not contains(file_version, {wanted})"
    if wanted and session.execute(sql(query, files=place.name, wanted=wanted).text).fetchone()[0]:
        raise PrivacyError(
            f"{place.landed_folder} was landed with other treatments than the variable privacy says: "
            "run ai-unit-economics land again"
        )


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
