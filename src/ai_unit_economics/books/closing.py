"""`ai-unit-economics close` and `reopen`: a month as the last build says it is signed, or no longer.

What is signed is written aside and renamed when it is complete. The record comes last, and only it closes a month.
"""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import click
import duckdb

from ai_unit_economics import __version__
from ai_unit_economics.addresses import plain_address
from ai_unit_economics.books.findings import Finding, findings_of
from ai_unit_economics.books.records import (
    CLOSED,
    REOPENED,
    BooksError,
    Content,
    Record,
    closings_in_force,
    content_hash,
    read_records,
)
from ai_unit_economics.books.tables import INPUTS, SIGNED
from ai_unit_economics.publishing import DATABASE_OPTION, Build, NotPublishedError, last_build, opened
from ai_unit_economics.sql import Sql, file_names, identifier, sql
from ai_unit_economics.writing import alone_in, flush

SAMPLE = "data/sample"


def default_books() -> str:
    """Where the books are: UNIT_ECONOMICS_BOOKS, else beside the data; macros/books says the same to dbt."""
    data = os.environ.get("UNIT_ECONOMICS_DATA") or SAMPLE
    return os.environ.get("UNIT_ECONOMICS_BOOKS") or data.rstrip("/") + "-books"


def close(
    connection: duckdb.DuckDBPyConnection,
    books: str,
    period: str,
    build: Build,
    by: str,
    note: str = "",
    accept: Sequence[str] = (),
) -> Record:
    """Signs a month as the build in the database says it.

    Args:
        connection: a database that `dbt build` wrote.
        books: the folder of the books, or an address in an object store.
        period: the month, such as `2026-07`.
        build: the build that is signed.
        by: who signs.
        note: what they have to say.
        accept: findings beyond their limit that they accept, by name.

    Raises:
        BooksError: the month cannot be closed; nothing was changed.
    """
    month = month_of(period)
    with sole_writer(books):
        records = read_records(connection, books)
        _check_books_of_build(connection, records, books)
        _check_order(records, month, period)
        _check_complete(connection, month, period)
        findings = findings_of(connection, _relation(connection, "int_books__open_findings"), month)
        _check_accepted(findings, accept)
        number = len(records) + 1
        first_month = closings_in_force(records)[0].month if closings_in_force(records) else month
        tables = _write_tables(connection, books, month, first_month, f"{period}/{number:06}")
        record = Record(
            number=number,
            action=CLOSED,
            period=period,
            by=by,
            at=_now(),
            note=note,
            build={
                "invocation_id": build.invocation_id,
                "finished_at": build.finished_at.isoformat(),
                "project_version": __version__,
            },
            tables=tables,
            findings=[finding.as_text() for finding in findings],
            accepted=sorted(finding.name for finding in findings if finding.is_beyond_limit),
            previous=records[-1].hash if records else "",
        )
        _write_record(connection, books, record)
    return record


def reopen(connection: duckdb.DuckDBPyConnection, books: str, period: str, by: str, note: str) -> Record:
    """Takes the signature off a month. What was signed stays in the books, and so does the reason.

    Raises:
        BooksError: the month cannot be reopened; nothing was changed.
    """
    month_of(period)
    if not note.strip():
        raise BooksError(f"reopening {period} needs a reason: give --note")
    with sole_writer(books):
        records = read_records(connection, books)
        closed = [record.period for record in closings_in_force(records)]
        if period not in closed:
            raise BooksError(f"{period} is not closed; closed are {', '.join(closed) or 'no months'}")
        if period != closed[-1]:
            raise BooksError(
                f"{closed[-1]} was closed after {period} and holds its adjustments; reopen {closed[-1]} first"
            )
        number = len(records) + 1
        record = Record(number, REOPENED, period, by=by, at=_now(), note=note, previous=records[-1].hash)
        _write_record(connection, books, record)
    return record


def month_of(period: str) -> date:
    """The first day of a month that is written as 2026-07."""
    try:
        return datetime.strptime(period, "%Y-%m").date()
    except ValueError:
        raise BooksError(f"{period} is no month; write it as 2026-07") from None


@contextmanager
def sole_writer(books: str) -> Iterator[None]:
    """One closing at a time; the lock ends with the process. An object store has none (docs/closing.md)."""
    if _is_address(books):
        yield
        return
    busy = BooksError(f"another process writes into {books}: try again when it is done")
    with alone_in(Path(books), busy, ".draft-*"):
        yield


def _check_books_of_build(connection: duckdb.DuckDBPyConnection, records: Sequence[Record], books: str) -> None:
    """A build that read other books says other adjustments."""
    signed_by = _relation(connection, "int_books__records")
    query = sql("select record_hash from {records} order by number", records=signed_by)
    read = [hash_ for (hash_,) in connection.execute(query.text).fetchall()]
    query = sql("select closed_months from {methods}", methods=_relation(connection, "int_books__methods"))
    basis = connection.execute(query.text).fetchone()[0]
    if read != [record.hash for record in records]:
        raise BooksError(
            f"the build read other books than {books} ({len(read)} records, here are {len(records)}): run dbt build, "
            "with the same UNIT_ECONOMICS_BOOKS, and close then"
        )
    if basis != "signed":
        raise BooksError(
            f"the build shows closed months as {basis} (variable closed_months): "
            "run dbt build without it, and close then"
        )


def _check_order(records: Sequence[Record], month: date, period: str) -> None:
    closed = closings_in_force(records)
    for record in closed:
        if record.period == period:
            raise BooksError(
                f"{period} is closed already: {record.by} closed it on {record.at[:10]}; "
                f"ai-unit-economics reopen {period} takes it back"
            )
    if closed and month != next_month_of(closed[-1].month):
        raise BooksError(
            f"{period} is out of order: after {closed[-1].period} comes {next_month_of(closed[-1].month):%Y-%m}"
        )


def _check_complete(connection: duckdb.DuckDBPyConnection, month: date, period: str) -> None:
    query = sql(
        "select string_agg(source || ' (' || reason || ')', ', ' order by source) filter (where not is_final), "
        "count(*) from {months} where charge_month = {month}",
        months=_relation(connection, "int_books__closable_months"),
        month=month,
    )
    missing, sources = connection.execute(query.text).fetchone()
    if not sources:
        raise BooksError(f"{period} has no charges in this build; is it the month that you mean?")
    if missing:
        raise BooksError(f"{period} is not complete: {missing}")


def _check_accepted(findings: Sequence[Finding], accept: Sequence[str]) -> None:
    beyond = {finding.name: finding for finding in findings if finding.is_beyond_limit}
    if unknown := sorted(set(accept) - beyond.keys()):
        raise BooksError(
            f"--accept {', '.join(unknown)}: no such finding is beyond its limit; "
            f"those that are: {', '.join(sorted(beyond)) or 'none'}"
        )
    if left := [beyond[name] for name in sorted(beyond.keys() - set(accept))]:
        raise BooksError(
            "; ".join(finding.line for finding in left)
            + f": mend it, or sign it with {' '.join(f'--accept {finding.name}' for finding in left)}"
        )


def _write_tables(
    connection: duckdb.DuckDBPyConnection, books: str, month: date, first_month: date, place: str
) -> dict[str, Content]:
    """Writes what is signed and reads it back: what lies there is what the record will say."""
    draft = f"{books}/.draft-{os.getpid()}"
    target = draft if not _is_address(books) else f"{books}/{place}"
    if not _is_address(books):
        Path(draft).mkdir()
    try:
        tables = {}
        for table in (*SIGNED, *INPUTS):
            relation = _relation(connection, table.model)
            rows = table.rows_of(relation, month, next_month_of(month), first_month)
            content = content_hash(connection, rows)
            path = f"{target}/{table.name}.parquet"
            copied = sql(
                "copy (select * from {rows} order by all) to {path} (format parquet, compression zstd)",
                rows=rows,
                path=path,
            )
            connection.execute(copied.text)
            back = sql("read_parquet({file}, hive_partitioning := false)", file=file_names([path]))
            if content_hash(connection, back) != content:
                raise BooksError(f"{path} is not what was built: is the disk full?")
            tables[table.name] = Content(f"{place}/{table.name}.parquet", *content)
        if not _is_address(books):
            _put_in_place(Path(draft), Path(books) / place)
    except BaseException:
        if not _is_address(books):
            shutil.rmtree(draft, ignore_errors=True)
        raise
    return tables


def _put_in_place(draft: Path, place: Path) -> None:
    """A folder without a record is what a killed closing left; the record is what counts."""
    for file in draft.iterdir():
        file.chmod(0o444)
        flush(file)
    shutil.rmtree(place, ignore_errors=True)
    place.parent.mkdir(exist_ok=True)
    draft.rename(place)
    flush(place.parent)


def _write_record(connection: duckdb.DuckDBPyConnection, books: str, record: Record) -> None:
    name = f"{record.number:06}.json"
    if _is_address(books):
        copied = sql(
            "copy (select {text} as line) to {path} (format csv, header false, quote '', escape '', delimiter '')",
            text=record.to_json().rstrip("\n"),
            path=f"{books}/records/{name}",
        )
        connection.execute(copied.text)
        return
    folder = Path(books) / "records"
    folder.mkdir(exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}"
    draft.write_text(record.to_json(), encoding="utf-8")
    draft.chmod(0o444)
    flush(draft)
    try:
        # A link, and no rename: it fails where there is such a record
        (folder / name).hardlink_to(draft)
    except FileExistsError:
        raise BooksError(f"{folder / name} was written meanwhile: run dbt build, and close then") from None
    finally:
        draft.unlink()
    flush(folder)


def _relation(connection: duckdb.DuckDBPyConnection, model: str) -> Sql:
    query = """
        select table_schema from information_schema.tables
        where table_catalog = current_database() and table_name = $model
    """
    schemas = [schema for (schema,) in connection.execute(query, {"model": model}).fetchall()]
    if len(schemas) != 1:
        raise BooksError(
            f"the database has {len(schemas)} tables {model}: run dbt build with this version of the project"
        )
    return identifier(schemas[0], model)


def next_month_of(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _is_address(books: str) -> bool:
    return "://" in books


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


BOOKS_OPTION = click.option(
    "--books",
    default=default_books,
    callback=plain_address,
    show_default="UNIT_ECONOMICS_BOOKS, else UNIT_ECONOMICS_DATA with -books behind it",
    help="The folder of the books, or its address in an object store.",
)
BY_OPTION = click.option("--by", default=getpass.getuser, show_default="you", help="Who signs.")


@click.command("close")
@click.argument("period")
@BY_OPTION
@click.option("--note", default="", help="What you have to say about it.")
@click.option("--accept", multiple=True, help="A finding beyond its limit that you accept; give it once for each.")
@DATABASE_OPTION
@BOOKS_OPTION
def close_command(period: str, by: str, note: str, accept: tuple[str, ...], database: Path, books: str) -> None:
    """Close the month PERIOD, such as 2026-07: it stays as the last build says, and later changes are adjustments."""
    try:
        with opened(database) as connection:
            record = close(connection, books.rstrip("/"), period, last_build(connection), by, note, accept)
    except (BooksError, NotPublishedError, duckdb.Error, OSError) as error:
        raise click.ClickException(f"nothing closed: {error}") from None
    ledger = record.tables["ledger"]
    click.echo(f"closed {period} in {books}: {ledger.rows} rows of the ledger, sha256 {ledger.hash}")
    for finding in record.findings:
        click.echo(f"  {finding['name']}: {finding['amount']} {finding['currency']}, {finding['share']} of the month")
    click.echo("run dbt build to see the month as closed")


@click.command("reopen")
@click.argument("period")
@BY_OPTION
@click.option("--note", default="", help="Why; it stays in the books.")
@BOOKS_OPTION
def reopen_command(period: str, by: str, note: str, books: str) -> None:
    """Take the signature off PERIOD, the latest closed month; what was signed and the reason stay in the books."""
    try:
        with duckdb.connect() as connection:
            record = reopen(connection, books.rstrip("/"), period, by, note)
    except (BooksError, duckdb.Error, OSError) as error:
        raise click.ClickException(f"nothing reopened: {error}") from None
    click.echo(f"reopened {period} in {books}: record {record.number}; run dbt build, and close it again")
