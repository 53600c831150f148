"""The records of the books: what was closed or reopened, by whom, when, and the hash of every table that was signed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date

import duckdb

from ai_unit_economics.sql import Sql, file_names, identifier, joined, sql

# Raised when a reader of an older version would misread what is written.
FORMAT = 1
CLOSED, REOPENED = "closed", "reopened"
ROWS_AT_ONCE = 10_000
RECORD_NAME = re.compile(r"(?P<number>\d{6})\.json")


class BooksError(Exception):
    """The books cannot be read, or what was asked of them cannot be done; the text says why and what to do."""


@dataclass(frozen=True)
class Content:
    """A table that was signed.

    Attributes:
        file: where it lies, beneath the books.
        rows: how many rows it has.
        hash: SHA-256 of its rows as text, in their order; another writer of Parquet gives the same.
    """

    file: str
    rows: int
    hash: str


@dataclass(frozen=True)
class Record:
    """A closing, or a reopening.

    Attributes:
        number: 1 for the first record of the books, and so on.
        action: `closed` or `reopened`.
        period: the month, such as `2026-07`.
        by: who did it.
        at: when, UTC.
        note: why; a reopening has one.
        build: the build that was signed: its id, when it ended, the version of the project.
        tables: what was signed, by name.
        findings: what was open when it was signed, with its money and its limit.
        accepted: names of findings beyond their limit that were accepted.
        previous: hash of the record before; empty for the first.
        format: version of the books' layout.
    """

    number: int
    action: str
    period: str
    by: str
    at: str
    note: str = ""
    build: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Content] = field(default_factory=dict)
    findings: list[dict[str, str]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    previous: str = ""
    format: int = FORMAT

    @property
    def month(self) -> date:
        return date.fromisoformat(f"{self.period}-01")

    @property
    def hash(self) -> str:
        return hashlib.sha256(_canonical(asdict(self)).encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps({**asdict(self), "hash": self.hash}, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """What `to_json` wrote.

        Raises:
            ValueError: it is no record, or its hash is not the one that it names.
        """
        try:
            written = json.loads(text)
            signed = written.pop("hash")
            tables = {name: Content(**content) for name, content in written.pop("tables").items()}
            record = cls(**written, tables=tables)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValueError("this is no record of the books") from None
        if record.hash != signed:
            raise ValueError("it was changed after it was signed (its hash differs)")
        return record


def read_records(session: duckdb.DuckDBPyConnection, books: str) -> list[Record]:
    """The records in their order; none where there are no books.

    Raises:
        BooksError: a record was changed, is missing, or was written by a newer version.
    """
    if not books:
        return []
    pattern = f"{file_names([books.rstrip('/')])[0]}/records/*.json"
    query = sql("select filename, content from read_text({pattern}) order by filename", pattern=pattern)
    try:
        found = session.execute(query.text).fetchall()
    except duckdb.IOException as error:
        if "No files found" in str(error):
            return []
        raise BooksError(f"{books}: the books cannot be read ({str(error).splitlines()[0]})") from None
    records: list[Record] = []
    for path, text in found:
        name = path.rsplit("/", 1)[-1]
        # A record that is being written has another name
        if RECORD_NAME.fullmatch(name):
            records.append(_record(path, text, number=len(records) + 1, previous=records[-1:]))
    return records


def closings_in_force(records: Sequence[Record]) -> list[Record]:
    """The closings that count, by month: those that nobody reopened."""
    latest = {record.period: record for record in records}
    return sorted((record for record in latest.values() if record.action == CLOSED), key=lambda record: record.period)


def content_hash(session: duckdb.DuckDBPyConnection, relation: Sql) -> tuple[int, str]:
    """How many rows a relation has, and SHA-256 of them: names of columns, then each row as JSON of texts, in order."""
    columns = [name for name, *_ in session.execute(sql("describe from {it}", it=relation).text).fetchall()]
    row = joined(sql("cast({name} as varchar)", name=identifier(column)) for column in columns)
    query = sql("select cast(to_json([{row}]) as varchar) as line from {it} order by line", row=row, it=relation)
    digest = hashlib.sha256(json.dumps(columns, ensure_ascii=False).encode())
    count = 0
    result = session.execute(query.text)
    while lines := result.fetchmany(ROWS_AT_ONCE):
        count += len(lines)
        for (line,) in lines:
            digest.update(b"\n" + line.encode())
    return count, digest.hexdigest()


def _record(path: str, text: str, number: int, previous: Sequence[Record]) -> Record:
    if (version := _format(text)) > FORMAT:
        raise BooksError(
            f"{path}: a newer version of this project wrote it (format {version}, this one knows {FORMAT}); "
            "upgrade the project"
        )
    try:
        record = Record.from_json(text)
    except ValueError as problem:
        raise BooksError(f"{path}: {problem}; restore the file from a copy") from None
    if record.number != number or record.previous != (previous[0].hash if previous else ""):
        raise BooksError(
            f"{path}: a record before it is missing or was replaced; restore {path.rsplit('/', 1)[0]} from a copy"
        )
    return record


def _format(text: str) -> int:
    try:
        return int(json.loads(text)["format"])
    except (ValueError, TypeError, KeyError):
        return FORMAT


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
