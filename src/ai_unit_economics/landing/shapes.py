"""What a shape is: how its files are known, and the rows that they give."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from ai_unit_economics.landing.heads import Head
from ai_unit_economics.landing.readers import JSON_BYTES
from ai_unit_economics.landing.tables import Table
from ai_unit_economics.sql import Sql


@dataclass(frozen=True)
class Catalogues:
    """Rows of seeds that reading goes by, each as a mapping from column to text."""

    focus_sources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    column_mappings: Sequence[Mapping[str, str]] = ()
    column_aliases: Sequence[Mapping[str, str]] = ()
    metric_catalog: Sequence[Mapping[str, str]] = ()
    other_columns: frozenset[str] = frozenset()

    def aliases(self, shape: str, column: str) -> list[str]:
        """The names under which files of a shape have a column, best first."""
        rows = [row for row in self.column_aliases if row["shape"] == shape and row["column_name"] == column]
        return [row["alias"] for row in sorted(rows, key=lambda row: int(row["priority"] or 0))]

    def known_names(self, shape: str) -> list[str]:
        """All names that files of a shape have for a column, and those that no column needs (`not_counted`)."""
        return sorted({row["alias"] for row in self.column_aliases if row["shape"] == shape})

    def version(self, *seeds: str) -> str:
        """A short text that is another one when rows of these seeds are: what was read by them is then read anew."""
        rows = [sorted(map(str, row.items())) for seed in seeds for row in getattr(self, seed)]
        return hashlib.sha256(json.dumps(sorted(rows)).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Reading:
    """Files of one shape, dialect and set of columns, which one query reads.

    Attributes:
        paths: where they are, unpacked if DuckDB cannot.
        head: what holds for each of them.
        source: of bills the billing source.
        catalogues: what reading goes by.
        session: where a shape may ask the files something before it reads them.
        largest: the longest value of JSON to make room for, in bytes.
        encoding: of the text, as DuckDB names it.
    """

    paths: tuple[str, ...]
    head: Head
    source: str | None
    catalogues: Catalogues
    session: duckdb.DuckDBPyConnection
    largest: int = JSON_BYTES
    encoding: str = "utf-8"


@dataclass(frozen=True)
class Shape:
    """One way in which people have data.

    Attributes:
        name: its name, in tables and docs.
        folder: where it lies beneath the data root.
        table: the landed table that it goes into.
        title: what it is called in the docs.
        remarks: what a user should know of it.
        recognises: whether a file is of this shape, by its head; of a folder's shapes the first that does is taken.
        rows: SQL in parentheses with `source_file`, `source_row` and columns of the table, those that it knows.
        unfit: why it is known and not read, if it is not.
        names_matter: whether the name of a file says something of its rows, so that two files may hold the same.
    """

    name: str
    folder: str
    table: Table
    title: str
    remarks: str
    recognises: Callable[[Head], bool]
    rows: Callable[[Reading], Sql] | None = None
    unfit: str | None = None
    names_matter: bool = False


def has_keys(*required: str) -> Callable[[Head], bool]:
    """Recognises by names that a file has to have; `a|b` is one of them."""
    alternatives = [set(names.split("|")) for names in required]
    return lambda head: all(head.keys & names for names in alternatives)
