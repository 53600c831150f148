"""What a file is, by what is in it: packing, format, encoding, dialect, columns.

A local file is read through once, byte by byte and without keeping it: what gzip's checksum is for, DuckDB does not
look at, and a broken text is better named before it is read than by a reader that stops.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import json
import math
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import charset_normalizer
import duckdb
import pyarrow

from ai_unit_economics.landing.files import File, RootError, is_address
from ai_unit_economics.sql import file_names, sql

HEAD_BYTES = 1 << 16
CHUNK_BYTES = 1 << 20
# A text of a few repeated words shrinks to a thousandth. What shrinks further than a bill ever does is a trap, or
# useless.
UNPACKED_AT_MOST = 1 << 30
UNPACKED_TIMES_AT_MOST = 400
DELIMITERS = ",;\t|"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
# A name in braces may begin a table's header.
BEGINS_AS_JSON = re.compile(r"\{\s*(\"|\}|\Z)|\[\s*([\[{\"\]]|\Z)")
KEY_IN_JSON = re.compile(r'"((?:[^"\\]|\\.)*)"\s*:')
# DuckDB takes the first of them for the header, and the header for a row.
EMPTY_LINES = "empty lines stand before its header"
# The signs of a time series database's dump, a sample a line.
DUMP_LINE = re.compile(r"^(# |[^{ ]*\{.*\} [^ ]+ [0-9.eE+-]+$|[^{ ]+ [^ ]+ [0-9.eE+-]+$)")
# What follows a time may be its offset, or the rest of it.
TIME_WITHOUT_OFFSET = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(?!\d|[:.]\d|\s?(Z|z|UTC|GMT|[+-]\d\d))")
# A name, a value and a time in milliseconds are no header.
CSV_WITHOUT_HEADER = re.compile(r'^"?[A-Za-z_:][^,]*,[^,]*,[0-9]{12,13}(,|$)')


@dataclass(frozen=True)
class Column:
    """A column of a table: its name as the file spells it, and its type in DuckDB."""

    name: str
    type: str


@dataclass(frozen=True)
class Head:
    """What is known of a file before it is read.

    Attributes:
        format: `parquet`, `csv`, `json_lines` (a value a line), `json_document` (one value over several lines), `text`,
            `zip`, or None.
        packing: `gzip`, `zstd`, `zip` for a member of one, or empty.
        encoding: of text, as Python names it.
        delimiter, escape, has_header: the dialect of a CSV.
        columns: of a table.
        keys: names of columns, or keys anywhere in the beginning of JSON, in lower case, and the names of folders
            such as `region=…/`.
        first_line: its beginning, for messages and for shapes without keys.
        checksum: SHA-256 of what is in it, unpacked.
        is_damaged: it is UTF-8 but for some bytes, which are read as U+FFFD.
        note: what a person should know of how it is read.
        problem: why it cannot be read.
        has_times_without_offset: times in it name no offset; they are read as UTC.
    """

    format: str | None = None
    packing: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    escape: str = '"'
    has_header: bool = True
    columns: tuple[Column, ...] = ()
    keys: frozenset[str] = frozenset()
    first_line: str = ""
    checksum: str | None = None
    is_damaged: bool = False
    note: str | None = None
    problem: str | None = None
    has_times_without_offset: bool = False


class BrokenFileError(Exception):
    """The file is not what it says it is; the message goes on from its name."""


def json_of(text: str) -> object:
    """The JSON value of a text.

    Raises:
        ValueError: it is none, or nests deeper than any export does.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def look(
    files: Iterable[File], session: duckdb.DuckDBPyConnection, through_at_most: float = math.inf
) -> Iterator[tuple[File, Head]]:
    """The head of each file, and of each member of a ZIP. No file stops another one.

    Args:
        through_at_most: the size in bytes of a file that is still read through; of a larger one the beginning is
        looked at.
    """
    parquet: list[tuple[File, Head]] = []
    for file in files:
        for found, head in _look_at(file, session, through_at_most):
            if head.format == "parquet" and head.problem is None:
                parquet.append((found, head))
            else:
                yield found, _with_folders(found, head)
    for found, head in _with_columns(parquet, session):
        yield found, _with_folders(found, head)


def _look_at(file: File, session: duckdb.DuckDBPyConnection, through_at_most: float) -> Iterator[tuple[File, Head]]:
    if file.problem:
        yield file, Head(problem=file.problem)
    elif file.size_bytes == 0:
        yield file, Head(problem="it is empty")
    elif is_address(file.path):
        yield file, _remote_head(file, session)
    else:
        try:
            with Path(file.path).open("rb") as stream:
                kind = next(
                    (name for magic, name in MAGIC.items() if stream.read(4).startswith(magic) or stream.seek(0)), ""
                )
        except OSError as error:
            yield file, Head(problem=f"it cannot be opened: {error.strerror}")
            return
        if kind == "zip":
            yield from _zip_heads(file)
        else:
            yield file, _local_head(file, kind, is_whole=file.size_bytes <= through_at_most)


def _local_head(file: File, kind: str, is_whole: bool) -> Head:
    path = Path(file.path)
    try:
        if kind == "parquet":
            with path.open("rb") as stream:
                return Head("parquet", checksum=_checksum(stream) if is_whole else None)
        if kind == "zstd":
            with pyarrow.input_stream(file.path, compression="zstd") as stream:
                return replace(_text_head(file, stream, file.size_bytes, is_whole), packing="zstd")
        if kind == "gzip":
            with path.open("rb") as packed, gzip.open(packed) as stream:
                return replace(_text_head(file, stream, file.size_bytes, is_whole), packing="gzip")
        with path.open("rb") as stream:
            return _text_head(file, stream, None, is_whole)
    except BrokenFileError as error:
        return Head(problem=str(error))
    except (OSError, EOFError, zlib.error, pyarrow.ArrowException) as error:
        return Head(problem=f"it cannot be read through: {_reason(error)}")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _checksum(stream: BinaryIO) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()


def _zip_heads(file: File) -> Iterator[tuple[File, Head]]:
    try:
        with zipfile.ZipFile(file.path) as archive:
            members = [member for member in archive.infolist() if not (member.is_dir() or _is_hidden(member.filename))]
            _refuse_bomb(sum(member.file_size for member in members), file.size_bytes)
            _refuse_names([member.filename for member in members])
            for member in members:
                inside = replace(
                    file,
                    path=f"{file.path}/{member.filename}",
                    relative_path=f"{file.relative_path}/{member.filename}",
                    container=file.path,
                )
                yield inside, _member_head(inside, archive, member)
    except (BrokenFileError, zipfile.BadZipFile, OSError) as error:
        yield file, Head("zip", problem=f"it cannot be unpacked: {_reason(error)}")


def _member_head(file: File, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Head:
    if member.flag_bits & 1:
        return Head(packing="zip", problem="it is locked with a password: unpack it")
    if member.file_size == 0:
        return Head(packing="zip", problem="it is empty")
    try:
        with archive.open(member) as stream:
            magic = stream.read(4)
        kind = next((name for sign, name in MAGIC.items() if magic.startswith(sign)), "")
        with archive.open(member) as stream:
            if kind == "parquet":
                return Head("parquet", "zip", checksum=_checksum(stream))
            if kind:
                return Head(packing="zip", problem=f"{kind} within a ZIP: unpack it")
            return replace(_text_head(file, stream, member.compress_size), packing="zip")
    except (BrokenFileError, zipfile.BadZipFile, OSError, EOFError, zlib.error, NotImplementedError) as error:
        return Head(packing="zip", problem=f"it cannot be read through: {_reason(error)}")


def _is_hidden(name: str) -> bool:
    """Whether a folder would hide it, or macOS packed it beside a file: it is nothing that somebody exported."""
    return any((part.startswith(".") and part.strip(".")) or part == "__MACOSX" for part in name.split("/"))


def _refuse_names(names: Sequence[str]) -> None:
    """A member is read by its name: of two alike one would be lost, and a name that leads out is no export's."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BrokenFileError(f"it holds two files of the name {name}: unpack it")
        seen.add(name)
    for name in names:
        if name.startswith("/") or ".." in re.split(r"[/\\\\]", name):
            raise BrokenFileError(f"it holds {name}, which leads out of it: take it away")


def _refuse_bomb(unpacked: int, packed: int) -> None:
    if unpacked > max(UNPACKED_AT_MOST, UNPACKED_TIMES_AT_MOST * packed):
        raise BrokenFileError(f"unpacked it is more than {UNPACKED_TIMES_AT_MOST} times as large: unpack it yourself")


def _text_head(file: File, stream: BinaryIO, packed: int | None = None, is_whole: bool = True) -> Head:
    """Reads a text through to its end: its checksum, its encoding, and what its beginning says."""
    digest = hashlib.sha256()
    beginning = b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, around, size = True, b"", 0
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        if packed is not None:
            _refuse_bomb(size, packed)
        if len(beginning) < HEAD_BYTES:
            beginning += chunk[: HEAD_BYTES - len(beginning)]
        if is_utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                is_utf8 = False
                around = chunk[max(error.start - HEAD_BYTES // 2, 0) : error.start + HEAD_BYTES // 2]
        if not is_whole:
            break
    encoding, is_damaged = _encoding(beginning, is_utf8, around)
    # a character may be cut at the end of what was kept
    text = codecs.getincrementaldecoder(encoding)("replace").decode(beginning).lstrip("\ufeff")
    head = describe_text(file.relative_path, text, is_all=size <= len(beginning) and is_whole)
    notes = (
        f"its encoding is {encoding}" if encoding != "utf-8" else None,
        "bytes that are not UTF-8 were replaced" if is_damaged else None,
        head.note,
    )
    note = "; ".join(filter(None, notes)) or None
    return replace(
        head, encoding=encoding, checksum=digest.hexdigest() if is_whole else None, is_damaged=is_damaged, note=note
    )


def _encoding(beginning: bytes, is_utf8: bool, around: bytes) -> tuple[str, bool]:
    """The encoding, by its mark or by the first bytes that are not UTF-8, and whether it is damaged UTF-8."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if beginning.startswith(mark) and (is_utf8 or encoding != "utf-8"):
            return encoding, False
    if is_utf8 and beginning.count(b"\0") < len(beginning) / 4:
        return "utf-8", False
    if not around.decode("utf-8", errors="ignore").isascii():
        return "utf-8", True  # other letters beyond ASCII are as UTF-8 has them
    best = charset_normalizer.from_bytes(around or beginning).best()
    detected = codecs.lookup(best.encoding).name if best else "cp1252"
    return ("cp1252", False) if detected in ("ascii", "utf-8") else (detected, False)


def describe_text(name: str, text: str, is_all: bool) -> Head:
    """Format, dialect and names of a text by its beginning, and whether its times are of no zone.

    Args:
        name: the file's, whose ending decides between a table of one column and other text.
        text: the beginning, decoded.
        is_all: whether that is all of it.
    """
    head = _describe_text(name, text, is_all)
    return replace(head, has_times_without_offset=TIME_WITHOUT_OFFSET.search(text) is not None)


def _describe_text(name: str, text: str, is_all: bool) -> Head:
    first_line, _, rest = text.lstrip().partition("\n")
    first_line, second_line = first_line.rstrip("\r"), rest.partition("\n")[0].rstrip("\r")
    if not first_line:
        return Head(problem="it has no text in it")
    if DUMP_LINE.match(first_line) and not name.lower().removesuffix(".gz").endswith(".csv"):
        return Head("text", first_line=first_line[:4000])
    if BEGINS_AS_JSON.match(text.lstrip()):
        # of lines the first may be broken; of a document the second is no object of its own
        is_line = _is_json(first_line) or (second_line.startswith("{") and _is_json(second_line))
        is_one_line = not rest and not is_all
        keys = frozenset(key.lower() for key in KEY_IN_JSON.findall(text))
        return Head("json_lines" if is_line or is_one_line else "json_document", keys=keys, first_line=text[:4000])
    if "\r" in first_line:
        return Head(problem="its lines end with a carriage return alone: save it with line ends of Unix or Windows")
    head = _csv_head(first_line[:HEAD_BYTES], second_line.replace("\r", " ")[:HEAD_BYTES])
    has_empty_lines = "\n" in text[: len(text) - len(text.lstrip())]
    return replace(head, note="; ".join(filter(None, (EMPTY_LINES, head.note)))) if has_empty_lines else head


def _is_json(text: str) -> bool:
    try:
        json_of(text)
    except ValueError:
        return False
    return True


def _csv_head(header: str, first_row: str) -> Head:
    delimiter = _delimiter(header, first_row)
    escape = "\\" if first_row.count('\\"') > first_row.count('""') else '"'
    has_header = CSV_WITHOUT_HEADER.match(header) is None
    cells = next(csv.reader(io.StringIO(header), delimiter=delimiter), [])
    names: dict[str, str] = {}
    notes = [] if delimiter == "," else [f"its cells are divided by {'a tab' if delimiter == chr(9) else delimiter}"]
    for place, cell in enumerate(cells, start=1):
        name = cell.strip() if has_header else ("metric", "value", "ts")[place - 1] if place <= 3 else f"column_{place}"
        if name.lower() in names:
            notes.append(f"its header names {name[:80]} twice")
        if not name or name.lower() in names:
            name = f"{name}_{place}"
        names[name.lower()] = name
    return Head(
        "csv",
        delimiter=delimiter,
        escape=escape,
        has_header=has_header,
        columns=tuple(Column(name, "VARCHAR") for name in names.values()),
        keys=frozenset(names),
        first_line=header[:4000],
        note="; ".join(notes) or None,
    )


def _delimiter(header: str, first_row: str) -> str:
    """What divides both lines into as many cells; of several, or where none does, what the header has most of."""

    def cells(line: str, delimiter: str) -> int:
        return len(next(csv.reader(io.StringIO(line), delimiter=delimiter), []))

    bare = re.sub('"[^"]*"', "", header)
    alike = [delimiter for delimiter in DELIMITERS if cells(header, delimiter) == cells(first_row, delimiter) > 1]
    return max(alike or DELIMITERS, key=bare.count)


def _remote_head(file: File, session: duckdb.DuckDBPyConnection) -> Head:
    """By DuckDB's reader, which fetches no more than a beginning; format and packing are known by the name."""
    name = file.relative_path.lower()
    if name.endswith(".parquet"):
        return Head("parquet")
    if name.endswith(".zip"):
        return Head("zip", problem="a ZIP in a bucket is not read: unpack it, or copy it to a folder")
    packing = "gzip" if name.endswith(".gz") else "zstd" if name.endswith(".zst") else ""
    query = sql(
        """
        select line from read_csv(
            {file}, columns = {columns}, header = false, auto_detect = false, delim = '\x01', quote = '', escape = '',
            strict_mode = false, max_line_size = 16777216, buffer_size = 67108864, compression = {compression}
        ) limit 200
        """,
        file=file_names([file.path]),
        columns={"line": "VARCHAR"},
        compression=packing or "none",
    )
    try:
        lines = [line or "" for (line,) in session.execute(query.text).fetchall()]
    except duckdb.Error as error:
        return Head(problem=f"it cannot be read: {first_line(error, file.path)}")
    return replace(describe_text(file.relative_path, "\n".join(lines), is_all=len(lines) < 200), packing=packing)


def _with_columns(files: list[tuple[File, Head]], session: duckdb.DuckDBPyConnection) -> Iterator[tuple[File, Head]]:
    """Parquet files with their columns. Files of one schema are described once."""
    local = [entry for entry in files if entry[1].packing != "zip"]
    yield from ((file, head) for file, head in files if head.packing == "zip")  # described once they are unpacked
    by_schema: dict[tuple, list[tuple[File, Head]]] = {}
    schemas = _schemas([file.path for file, _ in local], session)
    for file, head in local:
        schema = schemas.get(file.path)
        if isinstance(schema, tuple):
            by_schema.setdefault(schema, []).append((file, head))
        else:
            yield file, replace(head, problem=f"it cannot be read: {schema or 'it has no columns'}")
    for alike in by_schema.values():
        columns, problem = parquet_columns(alike[0][0].path, session)
        keys = frozenset(column.name.lower() for column in columns)
        for file, head in alike:
            # TIMESTAMP, TIMESTAMP_S, TIMESTAMP_MS and TIMESTAMP_NS are of no zone
            is_naive = any(column.type.startswith("TIMESTAMP") and "ZONE" not in column.type for column in columns)
            yield (
                file,
                replace(head, columns=columns, keys=keys, problem=problem, has_times_without_offset=is_naive),
            )


def parquet_columns(path: str, session: duckdb.DuckDBPyConnection) -> tuple[tuple[Column, ...], str | None]:
    """The columns of a Parquet file, or why they cannot be read."""
    query = sql("describe select * from read_parquet({file}, hive_partitioning = false)", file=file_names([path]))
    try:
        rows = session.execute(query.text).fetchall()
    except duckdb.Error as error:
        return (), f"it cannot be read: {first_line(error, path)}"
    columns = tuple(Column(name, kind) for name, kind, *_ in rows)
    if not any(_is_numbered(column.name, columns[:place]) for place, column in enumerate(columns)):
        return columns, None
    # DuckDB numbers names that differ in their letters' case alone; only the file knows how it wrote them
    fields = session.execute(
        sql("select name, num_children from parquet_schema({file}) order by column_id", file=file_names([path])).text
    ).fetchall()
    written = list(_children(iter(fields)))
    numbered = (
        f"{name}_{place}" if name.lower() in map(str.lower, written[: place - 1]) else name
        for place, name in enumerate(written, start=1)
    )
    return tuple(Column(name, column.type) for name, column in zip(numbered, columns, strict=True)), None


def _is_numbered(name: str, before: Iterable[Column]) -> bool:
    """Whether a name is one of those before it with a number behind it."""
    stem, _, number = name.rpartition("_")
    return number.isdigit() and stem.lower() in {column.name.lower() for column in before}


def _children(fields: Iterator[tuple[str, int | None]]) -> Iterator[str]:
    """The names of the columns of a schema, without what is in them."""
    _, count = next(fields)
    for _ in range(count or 0):
        name, children = next(fields)
        yield name
        below = children or 0
        while below:
            _, further = next(fields)
            below += (further or 0) - 1


def written_names(columns: Sequence[Column]) -> list[str]:
    """The names of columns as their file spells them: one that is there already has its place behind it."""
    return [
        column.name.removesuffix(f"_{place}") if _is_numbered(column.name, columns[: place - 1]) else column.name
        for place, column in enumerate(columns, start=1)
    ]


def is_of_the_store(error: Exception) -> bool:
    """Whether an object store, or the way to it, failed: a status, or no connection."""
    return isinstance(error, duckdb.HTTPException) or (
        isinstance(error, duckdb.IOException) and re.search(r"HTTP|[Cc]onnection", str(error)) is not None
    )


def first_line(error: Exception, path: str) -> str:
    """The first line of what DuckDB says of a file, without its path, so that one reason reads the same for all.

    Raises RootError where it says nothing of the file: a store that did not answer for it today may do so tomorrow.
    """
    text = str(error).strip().splitlines()[0]
    if is_of_the_store(error):
        raise RootError(f"{path}: the store did not give it: {text}. Nothing is noted of it: run this again") from error
    for quote in ("'", '"', ""):
        text = text.replace(f" {quote}{path}{quote}", "")
    return text


def _schemas(paths: list[str], session: duckdb.DuckDBPyConnection) -> dict[str, tuple | str]:
    """By path the fields of a schema, or DuckDB's complaint. A broken file among many is found by halving."""
    if not paths:
        return {}
    query = sql(
        """
        select
            file_name,
            list([name, type, converted_type, logical_type, cast(num_children as varchar)] order by column_id)
        from parquet_schema({files}) group by file_name
        """,
        files=file_names(paths),
    )
    try:
        rows = session.execute(query.text).fetchall()
    except duckdb.Error as error:
        if len(paths) == 1:
            return {paths[0]: first_line(error, paths[0])}
        middle = len(paths) // 2
        return _schemas(paths[:middle], session) | _schemas(paths[middle:], session)
    return {path: tuple(map(tuple, fields)) for path, fields in rows}


def _with_folders(file: File, head: Head) -> Head:
    """What a path says in the way of Hive is a key too."""
    folders = re.findall(r"(?:^|/)([a-z_]+)=[^/]+(?=/)", file.relative_path.lower())
    return replace(head, keys=head.keys | frozenset(folders)) if folders else head
