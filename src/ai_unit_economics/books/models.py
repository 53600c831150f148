"""What the Python models of `models/intermediate/books` return: the books as tables of the warehouse.

The materialization `landed` (macros/materializations) calls `into` with the place that dbt has for the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ai_unit_economics.books.records import CLOSED, BooksError, Record, closings_in_force, content_hash, read_records
from ai_unit_economics.books.tables import INPUTS
from ai_unit_economics.landing.models import Place
from ai_unit_economics.sql import file_names, identifier, joined, sql

# These marts are made of their own closed rows: what they have but for `is_closed`.
ADJUSTMENTS = {
    "booked_month": "date",
    "closed_month": "date",
    "date_day": "date",
    "source": "varchar",
    "deployment_id": "varchar",
    "cost_origin": "varchar",
    "origin_pool": "varchar",
    "environment": "varchar",
    "workload": "varchar",
    "cause": "varchar",
    "reference": "varchar",
    "effective_cost": "decimal(38, 18)",
    "currency": "varchar",
}
# What was counted, for models that the whole rows are made of.
UNIT_COUNTS = {
    "grain": "varchar",
    "period_start": "date",
    "environment": "varchar",
    "workload": "varchar",
    "cohort_dimension": "varchar",
    "cohort": "varchar",
    "unit": "varchar",
    "units": "bigint",
}
OWN_ROWS = {
    "adjustments": ADJUSTMENTS,
    "owner_adjustments": {**ADJUSTMENTS, "owner": "varchar"},
    "unit_economics": UNIT_COUNTS,
}


@dataclass(frozen=True)
class Records:
    """The records of the books, each held against its hash."""

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        place.clear_for(session, "TABLE")
        if place.books_are_named and "://" not in place.books and not Path(place.books).is_dir():
            raise BooksError(
                f"{place.books}: there is no such folder: make it, if these books are new, or correct its name"
            )
        records = read_records(session, place.books)
        _check_continuation(session, place, records)
        in_force = closings_in_force(records)
        columns = sql(
            """
            number bigint,
            action varchar,
            closed_month date,
            is_in_force boolean,
            is_latest_closing boolean,
            recorded_by varchar,
            recorded_at timestamp,
            note varchar,
            invocation_id varchar,
            ledger_hash varchar,
            record_hash varchar,
            accepted_findings varchar[],
            record varchar
            """
        )
        session.execute(sql("create or replace table {target} ({columns})", target=place.name, columns=columns).text)
        for record in records:
            insert = sql(
                "insert into {target} select * from (values ({cells}))",
                target=place.name,
                cells=joined(sql("{cell}", cell=cell) for cell in _cells(record, in_force)),
            )
            session.execute(insert.text)


@dataclass(frozen=True)
class Closed:
    """The rows of a table of the books, those of the closings that count.

    Attributes:
        name: the table.
        kinds: the types of the columns that the table has today; a column that is gone since is left out.
        records: the rows of `int_books__records`.
    """

    name: str
    kinds: Mapping[str, str]
    records: tuple[Record, ...]

    def into(self, session: duckdb.DuckDBPyConnection, place: Place) -> None:
        place.clear_for(session, "TABLE")
        empty = joined(
            sql("cast(null as {kind}) as {name}", kind=sql(kind), name=identifier(column))
            for column, kind in self.kinds.items()
        )
        pieces = [sql("select {empty} where false", empty=empty)]
        for record in self.records:
            if self.name not in record.tables:
                raise BooksError(
                    f"{place.books}: {record.period} was closed by a version of this project that had no {self.name} "
                    f"yet: ai-unit-economics reopen {record.period}, and close it again"
                )
            content = record.tables[self.name]
            path = f"{place.books.rstrip('/')}/{content.file}"
            rows = sql("read_parquet({file}, hive_partitioning := false)", file=file_names([path]))
            try:
                found = content_hash(session, rows)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise BooksError(
                    f"{path}: it cannot be read ({reason}); restore the file from a copy, or name the folder of the "
                    "books in UNIT_ECONOMICS_BOOKS"
                ) from None
            if found != (content.rows, content.hash):
                raise BooksError(
                    f"{path}: it was changed after {record.period} was signed (its hash differs); restore the file "
                    "from a copy"
                )
            pieces.append(sql("select * from {rows}", rows=rows))
        query = sql(
            "create or replace table {target} as select {columns} from ({pieces})",
            target=place.name,
            columns=joined(map(identifier, self.kinds)),
            pieces=joined(pieces, " union all by name "),
        )
        session.execute(query.text)


def records() -> Records:
    """All records of the books."""
    return Records()


def closed(name: str, records: duckdb.DuckDBPyRelation, like: duckdb.DuckDBPyRelation | None = None) -> Closed:
    """The closed rows of table `name`, with the columns of `like`; without it those of a mart that has its own rows."""
    rows = records.filter("is_latest_closing" if name in {table.name for table in INPUTS} else "is_in_force")
    signed = [
        Record.from_json(text)
        for (text,) in rows.select("record", "number").order("number").select("record").fetchall()
    ]
    kinds = dict(zip(like.columns, map(str, like.types), strict=True)) if like is not None else OWN_ROWS[name]
    return Closed(name, kinds, tuple(signed))


def _check_continuation(session: duckdb.DuckDBPyConnection, place: Place, records: list[Record]) -> None:
    """Books that have lost a record would make a closed month an open one."""
    try:
        query = sql("select record_hash from {target} order by number", target=place.name)
        before = [hash_ for (hash_,) in session.execute(query.text).fetchall()]
    except duckdb.CatalogException:
        return
    if not place.fresh and before != [record.hash for record in records[: len(before)]]:
        raise BooksError(
            f"{place.books}: this database was built with {len(before)} records of the books, and there are "
            f"{len(records)}, or others: name their folder in UNIT_ECONOMICS_BOOKS or restore it; "
            "dbt build --full-refresh takes the books as they are"
        )


def _cells(record: Record, in_force: list[Record]) -> tuple[object, ...]:
    is_closing = record.action == CLOSED
    return (
        record.number,
        record.action,
        record.month,
        record in in_force,
        record in in_force[-1:],
        record.by,
        sql("cast({at} as timestamp)", at=record.at),
        record.note,
        record.build.get("invocation_id"),
        record.tables["ledger"].hash if is_closing else None,
        record.hash,
        sql("cast({names} as varchar[])", names=record.accepted),
        record.to_json(),
    )
