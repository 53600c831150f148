"""Files become rows of landed tables: new and changed ones only, each of them whole or not at all.

Files of one shape and dialect are read together. Where reading stops, the files are halved until the broken one is
found: a broken bill stops the build, and all of them are named at once; broken telemetry becomes a row that says so,
and the others go on.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import duckdb
import pyarrow

from ai_unit_economics.addresses import redacted
from ai_unit_economics.landing import samples
from ai_unit_economics.landing.files import is_address
from ai_unit_economics.landing.heads import is_of_the_store, parquet_columns
from ai_unit_economics.landing.privacy import KEEPS_ALL, Privacy, without_emails
from ai_unit_economics.landing.readers import JSON_BYTES
from ai_unit_economics.landing.register import Entry
from ai_unit_economics.landing.shapes import Catalogues, Reading, Shape
from ai_unit_economics.landing.tables import Table
from ai_unit_economics.sql import Sql, identifier, joined, sql

FILES_AT_ONCE, BYTES_AT_ONCE = 256, 1 << 31
LARGEST_JSON, ROOM_AT_MOST = 1 << 30, 1 << 26
# These say something about the machine, and nothing about a file.
NOT_THE_FILE = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.FatalException, duckdb.InternalException)
NO_SPACE = (
    *("No space left on device", "Disk quota exceeded", "File too large"),
    *("max_temp_directory_size", "failed to offload data block"),
)


class LandingError(Exception):
    """Bills that cannot be read, or rows of them; the message names each with its reason, a line each."""


@dataclass
class Report:
    """What a load did."""

    files: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)


def load(
    session: duckdb.DuckDBPyConnection,
    target: Sql,
    table: Table,
    entries: Iterable[Entry],
    catalogues: Catalogues,
    *,
    fresh: bool = False,
    summarise: Callable[[Sql], Sql] | None = None,
    privacy: Privacy = KEEPS_ALL,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Brings `target` to the state of the files.

    Args:
        target: the name of the table; it is made where there is none, and made anew where its columns are others.
        entries: the files of the table that count; rows of other files leave.
        fresh: whether to read everything again.
        summarise: what becomes of the rows of files before they are stored, by `source_file`.
        privacy: what becomes of personal data in them.
        say: takes a line on how far it has got.

    Raises:
        LandingError: bills could not be read. What could be read has landed.
    """
    wanted = {entry.file.path: entry for entry in entries}
    _prepare(session, target, table, fresh)
    landed = dict(
        session.execute(sql("select distinct source_file, file_version from {target}", target=target).text).fetchall()
    )
    gone = [path for path, version in landed.items() if path not in wanted or wanted[path].version != version]
    if gone:
        session.execute(sql("delete from {target} where source_file in {gone}", target=target, gone=gone).text)
    pending = [entry for path, entry in wanted.items() if landed.get(path) != entry.version]
    loader = _Loader(session, target, table, catalogues, summarise, privacy)
    report = Report()
    total = sum(entry.file.size_bytes for entry in pending)
    done = 0
    for chunk in _chunks(pending):
        with privacy.ready(session):
            report.unreadable |= loader.land(chunk)
        report.files += len(chunk)
        done += sum(entry.file.size_bytes for entry in chunk)
        if total > BYTES_AT_ONCE // 8:
            say(f"{table.name}: {report.files} of {len(pending)} files, {done / 1e9:.1f} of {total / 1e9:.1f} GB")
    return report


def view(
    session: duckdb.DuckDBPyConnection,
    target: Sql,
    table: Table,
    entries: Iterable[Entry],
    catalogues: Catalogues,
    stored: Sql | None = None,
) -> None:
    """Makes `target` a view over the files: their rows are read when somebody asks.

    Args:
        stored: a table with the rows of further files, which were stored.
    """
    branches = [table.empty]
    if stored is not None:
        names = joined(map(identifier, table.names))
        branches.append(sql("select {names} from {stored} where problem is null", names=names, stored=stored))
    for group in _alike(list(entries)):
        reading = _reading(group, [entry.file.path for entry in group], catalogues, session)
        branches.append(sql("select * from {rows}", rows=group[0].shape.rows(reading)))
    session.execute(
        sql(
            "create or replace view {target} as {rows}", target=target, rows=joined(branches, " union all by name ")
        ).text
    )


def _prepare(session: duckdb.DuckDBPyConnection, target: Sql, table: Table, fresh: bool) -> None:
    """Makes the table, anew where its columns are those of another version of this code."""
    with suppress(duckdb.CatalogException):
        present = _columns(session, sql("select * from {target}", target=target))
        if fresh or present != _columns(session, table.empty):
            session.execute(sql("drop table {target}", target=target).text)
    session.execute(sql("create table if not exists {target} as {empty}", target=target, empty=table.empty).text)


def _columns(session: duckdb.DuckDBPyConnection, query: Sql) -> list[tuple[str, str]]:
    described = session.execute(sql("describe {query}", query=query).text)
    return [(name, kind) for name, kind, *_ in described.fetchall()]


def _chunks(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Files that can be read together, not too many at once."""
    for group in _alike(entries):
        chunk: list[Entry] = []
        for entry in group:
            size = sum(one.file.size_bytes for one in chunk)
            if chunk and (len(chunk) == FILES_AT_ONCE or size + entry.file.size_bytes > BYTES_AT_ONCE):
                yield chunk
                chunk = []
            chunk.append(entry)
        yield chunk


def _alike(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    groups: dict[tuple, list[Entry]] = {}
    for entry in entries:
        head = replace(entry.head, keys=frozenset(), first_line="", checksum=None, note=None)
        # Columns of JSON are asked for by key; of tables they are in the head.
        # The room that a very large document needs is kept for it alone
        alone = entry.file.path if entry.shape.folder == samples.FOLDER and _room_of(entry) > ROOM_AT_MOST else ""
        groups.setdefault((entry.shape.name, entry.shape.rows, entry.file.source, head, alone), []).append(entry)
    yield from groups.values()


def _reading(
    group: Sequence[Entry],
    paths: Sequence[str],
    catalogues: Catalogues,
    session: duckdb.DuckDBPyConnection,
    largest: int = JSON_BYTES,
) -> Reading:
    entry = group[0]
    head = entry.head
    if entry.shape.folder != samples.FOLDER:
        packing = head.packing if paths[0] == entry.file.path else ""
        return Reading(tuple(paths), replace(head, packing=packing), entry.file.source, catalogues, session, largest)
    return Reading(
        tuple(paths),
        head,
        entry.file.source,
        catalogues,
        session,
        # of samples that were looked at once there is a view: it reads them with the same room each time
        _room(group),
        samples.encoding_of(head),
    )


def _room(group: Sequence[Entry]) -> int:
    """What a line of JSON of these files can hold at most: DuckDB keeps room for two of them for each file.

    The size of a plain document says it; of lines, and of what is packed, none gets more than `ROOM_AT_MOST`.
    """
    return max(1 << 16, *map(_room_of, group))


def _room_of(entry: Entry) -> int:
    head = entry.head
    unpacked = entry.file.size_bytes * (1032 if head.packing == "gzip" else 64 if head.packing else 1)
    is_plain_document = head.format == "json_document" and not head.packing
    return min(unpacked, LARGEST_JSON if is_plain_document else ROOM_AT_MOST)


class _Loader:
    def __init__(
        self,
        session: duckdb.DuckDBPyConnection,
        target: Sql,
        table: Table,
        catalogues: Catalogues,
        summarise: Callable[[Sql], Sql] | None,
        privacy: Privacy,
    ) -> None:
        self.session, self.target, self.table, self.catalogues = session, target, table, catalogues
        self.summarise = summarise or (lambda rows: rows)
        self.privacy = privacy

    def land(self, chunk: list[Entry]) -> dict[str, str]:
        """Lands the files of a chunk; gives by path why one could not be read."""
        try:
            self._insert(chunk)
        except duckdb.OutOfMemoryException as error:
            if len(chunk) > 1:
                middle = len(chunk) // 2
                return self.land(chunk[:middle]) | self.land(chunk[middle:])
            raise duckdb.OutOfMemoryException(
                f"{chunk[0].file.path}: raise UNIT_ECONOMICS_MEMORY, or split the file ({error})"
            ) from error
        except NOT_THE_FILE:
            raise
        except (duckdb.Error, OSError, zipfile.BadZipFile, UnicodeError) as error:
            if any(sign in str(error) for sign in NO_SPACE) or is_of_the_store(error):
                raise
            if len(chunk) > 1:
                middle = len(chunk) // 2
                return self.land(chunk[:middle]) | self.land(chunk[middle:])
            reason = _reason(error, chunk[0])
            self._note(chunk[0], reason)
            return {chunk[0].file.path: without_emails(reason)}
        return {}

    def _insert(self, chunk: list[Entry]) -> None:
        largest = JSON_BYTES
        while True:
            try:
                with _readable(chunk) as paths:
                    self._insert_from(chunk, paths, largest)
                return
            except duckdb.Error as error:
                is_too_large = "maximum_object_size" in str(error)
                if not is_too_large or largest >= LARGEST_JSON or chunk[0].shape.folder == samples.FOLDER:
                    raise
                largest *= 8

    def _insert_from(self, chunk: list[Entry], paths: Sequence[str], largest: int) -> None:
        if chunk[0].head.packing == "zip" and chunk[0].head.format == "parquet":
            columns, problem = parquet_columns(paths[0], self.session)
            if problem:
                raise duckdb.IOException(problem)
            chunk = [replace(entry, head=replace(entry.head, columns=columns)) for entry in chunk]
        shape: Shape = chunk[0].shape
        files = [
            {"read_as": path, "source_file": entry.file.path, "file_version": entry.version, "shape": shape.name}
            for path, entry in zip(paths, chunk, strict=True)
        ]
        rows = sql(
            """(
                select rows.* exclude (source_file), files.source_file, files.file_version {shape}
                from {rows} as rows
                inner join (select unnest({files}, recursive := true)) as files on rows.source_file = files.read_as
            )""",
            shape=sql(", files.shape") if "shape" in self.table.names else sql(""),
            rows=self.summarise(shape.rows(_reading(chunk, paths, self.catalogues, self.session, largest))),
            files=files,
        )
        before = [_state(entry) for entry in chunk]
        with _transaction(self.session):
            self.session.execute(
                sql(
                    "insert into {target} by name select * from {rows}",
                    target=self.target,
                    rows=self.privacy.treated(rows, self.table),
                ).text
            )
            if before != [_state(entry) for entry in chunk]:
                raise OSError("it was written while it was read: build again")

    def _note(self, entry: Entry, reason: str) -> None:
        """One row of a file that could not be read."""
        self.session.execute(
            sql(
                "insert into {target} by name select {path} as source_file, {version} as file_version, {reason} as "
                "problem",
                target=self.target,
                path=entry.file.path,
                version=entry.version,
                reason=without_emails(reason),
            ).text
        )


@contextmanager
def _transaction(session: duckdb.DuckDBPyConnection) -> Iterator[None]:
    session.execute("begin")
    try:
        yield
    except BaseException:
        session.execute("rollback")
        raise
    session.execute("commit")


def _state(entry: Entry) -> tuple[int, int, int] | None:
    path = entry.file.container or entry.file.path
    if is_address(path):
        return None
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextmanager
def _readable(chunk: Sequence[Entry]) -> Iterator[list[str]]:
    """Paths that DuckDB can read. Members of ZIPs, and files that are not UTF-8, are copied for as long as it reads."""
    if chunk[0].shape.folder == samples.FOLDER or not any(_needs_copy(entry) for entry in chunk):
        yield [entry.file.path for entry in chunk]
        return
    place = os.environ.get("UNIT_ECONOMICS_TEMP") or None
    if place:
        Path(place).mkdir(parents=True, exist_ok=True)  # DuckDB makes it when it first needs it
    with tempfile.TemporaryDirectory(dir=place, prefix="landing-") as folder:
        yield [str(_copied(entry, Path(folder) / str(number))) for number, entry in enumerate(chunk)]


def _needs_copy(entry: Entry) -> bool:
    return entry.head.packing == "zip" or entry.head.encoding != "utf-8" or entry.head.is_damaged


def _copied(entry: Entry, target: Path) -> Path:
    # what a folder says of a file is part of its name
    folders = [part for part in entry.file.relative_path.split("/")[:-1] if "=" in part and part not in ("..", ".")]
    target = target.joinpath(*folders)
    target.mkdir(parents=True, exist_ok=True)
    target /= "file"
    if entry.head.packing == "zip":
        member = entry.file.path.removeprefix(f"{entry.file.container}/")
        with (
            zipfile.ZipFile(entry.file.container) as archive,
            archive.open(member) as packed,
            target.open("wb") as copy,
        ):
            shutil.copyfileobj(packed, copy)
    elif entry.head.packing == "gzip":
        with gzip.open(entry.file.path) as packed, target.open("wb") as copy:
            shutil.copyfileobj(packed, copy)
    elif entry.head.packing == "zstd":
        with pyarrow.input_stream(entry.file.path, compression="zstd") as packed, target.open("wb") as copy:
            shutil.copyfileobj(packed, copy)
    else:
        shutil.copyfile(entry.file.path, target)
    if entry.head.encoding == "utf-8" and not entry.head.is_damaged:
        return target
    text = target.with_name("text")
    with (
        target.open(encoding=entry.head.encoding, errors="replace", newline="") as given,
        text.open("w", encoding="utf-8", newline="") as copy,
    ):
        shutil.copyfileobj(given, copy)
    target.unlink()
    return text


def _reason(error: Exception, entry: Entry) -> str:
    """The first line of what DuckDB says; of a broken row of a CSV what and where."""
    lines = [line.strip() for line in redacted(str(error)).replace(entry.file.path, "it").splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if "maximum_object_size" in text:
        text = f"a line or an array of it is longer than {_room([entry]) >> 20} MB: unpack it, or split it"
    if "CSV Error on Line" in text and len(lines) > 2:
        text = f"{text.partition('CSV Error on ')[2].lower()}: {lines[2].rstrip('.')}"
    return f"it cannot be read: {text.removeprefix('Invalid Input Error: ')[:300]}"
