"""The register: every file beneath the data root, what it was taken for, and whether it counts.

What was found out about a file is kept with its version, so that a run opens only what is new or changed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from ai_unit_economics.landing import bills, customers, product, provider_usage, requests, samples, training
from ai_unit_economics.landing.files import File, list_files
from ai_unit_economics.landing.heads import EMPTY_LINES, Column, Head, look
from ai_unit_economics.landing.privacy import without_emails
from ai_unit_economics.landing.runs import Delivery, Manifest, deliveries, read_manifest
from ai_unit_economics.landing.shapes import Catalogues, Shape
from ai_unit_economics.landing.tables import PROMETHEUS_SAMPLES, PROMETHEUS_SERIES, Table
from ai_unit_economics.sql import file_names, sql

SHAPES: tuple[Shape, ...] = (
    *bills.SHAPES,
    *samples.SHAPES,
    *requests.SHAPES,
    *provider_usage.SHAPES,
    *training.SHAPES,
    *product.SHAPES,
    *customers.SHAPES,
)
FOLDERS = tuple(dict.fromkeys(shape.folder for shape in SHAPES))
BILLS = "focus"
# By these a file is read; when one learns something, what was read before is read anew.
SEEDS_OF = {
    samples.FOLDER: ("metric_catalog",),
    requests.FOLDER: ("column_aliases",),
    provider_usage.FOLDER: ("column_aliases",),
    training.FOLDER: ("column_aliases",),
    product.FOLDER: ("column_aliases",),
}
# Beside a bill lie notes and descriptions; what looks like a table or like rows is taken for a bill that cannot be
# read.
ROWS = ("parquet", "csv", "json_lines")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class Entry:
    """A file of the register.

    Attributes:
        file: where it is.
        head: what it is.
        shape: what it was taken for; None where it is not read.
        problem: why it is not read.
        stops: whether the build cannot go on with it: it is a bill, and what it costs is not known.
        delivery: of charges whether they count.
        settings: what of the seeds decides how it is read.
    """

    file: File
    head: Head
    shape: Shape | None = None
    problem: str | None = None
    stops: bool = False
    delivery: Delivery = field(default_factory=Delivery)
    settings: str = ""

    @property
    def version(self) -> str:
        return f"{self.file.version}-{self.settings}" if self.settings else self.file.version

    @property
    def counts(self) -> bool:
        return self.shape is not None and self.problem is None and self.delivery.not_current_because is None


def register(
    root: str,
    session: duckdb.DuckDBPyConnection,
    catalogues: Catalogues,
    known: Mapping[tuple[str, str], Sequence[tuple[File, Head]]] | None = None,
    through_at_most: float = math.inf,
    privacy_version: str = "",
) -> list[Entry]:
    """The files beneath `root`.

    Args:
        known: by path and version of a file what was found in it before.
        through_at_most: the size in bytes of a file that is still read through.
        privacy_version: what is done with personal data; part of the version of each file that is read.

    Raises:
        RootError: the root cannot be listed.
    """
    known = known or {}
    found: list[tuple[File, Head]] = []
    fresh: list[File] = []
    for file in list_files(root, session):
        seen = known.get((file.path, file.version)) if file.problem is None else None
        if seen is None and file.folder in FOLDERS:
            fresh.append(file)
        elif seen is None:
            found.append((file, Head(problem="it lies in no folder that is read")))
        else:
            found += ((replace(opened, same_as=file.same_as), head) for opened, head in seen)
    found += look(fresh, session, through_at_most)
    versions = {folder: catalogues.version(*SEEDS_OF.get(folder, ())) for folder in FOLDERS}
    entries = [
        _entry(file, head, catalogues, versions) for file, head in sorted(found, key=lambda one: one[0].relative_path)
    ]
    if privacy_version:
        entries = [
            replace(entry, settings="|".join(filter(None, (entry.settings, privacy_version)))) if entry.shape else entry
            for entry in entries
        ]
    return _with_deliveries(entries, session, catalogues)


def _entry(file: File, head: Head, catalogues: Catalogues, versions: Mapping[str, str]) -> Entry:
    is_bill = file.folder == BILLS
    if head.problem:
        return Entry(file, head, problem=head.problem, stops=is_bill and _is_meant_as_bill(file, head))
    shape = next((shape for shape in SHAPES if shape.folder == file.folder and shape.recognises(head)), None)
    if shape is None:
        problem = f"it has no shape that is read; it has {', '.join(sorted(head.keys))[:200] or head.first_line[:80]!r}"
        if is_bill and file.relative_path.lower().endswith(".parquet") and head.format != "parquet":
            return Entry(
                file, head, problem="its name says Parquet and its content does not: export it again", stops=True
            )
        if is_bill and _is_meant_as_bill(file, head):
            return Entry(file, head, problem=bills.missing_cost(head, file.source, catalogues) or problem, stops=True)
        return Entry(file, head, problem=problem)
    if shape.unfit:
        return Entry(file, head, problem=f"{shape.name}: {shape.unfit}")
    if is_bill:
        problem = "bytes of it are not UTF-8; save it as UTF-8" if head.is_damaged else None
        if head.note and EMPTY_LINES in head.note:
            problem = f"{EMPTY_LINES}: take them away"
        if shape.table is bills.SHAPES[0].table:
            problem = problem or bills.missing_cost(head, file.source, catalogues)
        settings = bills.settings_version(head, file.source, catalogues)
        return Entry(file, head, shape, problem, stops=problem is not None, settings=settings)
    if shape.folder == samples.FOLDER and (problem := samples.cannot_stay_packed(head)):
        return Entry(file, head, problem=problem)
    return Entry(file, head, shape, settings=versions[shape.folder])


def _is_meant_as_bill(file: File, head: Head) -> bool:
    name = file.relative_path.lower().removesuffix(".gz").removesuffix(".zst")
    if head.problem:
        return file.size_bytes > 0 and name.endswith((".parquet", ".csv", ".jsonl", ".ndjson", ".zip"))
    return head.format in ROWS and name.endswith((".parquet", ".csv", ".jsonl", ".ndjson", ".tsv", ".txt"))


def _with_deliveries(entries: list[Entry], session: duckdb.DuckDBPyConnection, catalogues: Catalogues) -> list[Entry]:
    entries = _without_copies(entries)
    bills_read = [
        entry for entry in entries if entry.shape and entry.shape.folder == BILLS and not entry.problem and entry.counts
    ]
    others = [entry.file for entry in entries if entry.file.folder == BILLS and entry.shape is None]
    manifests = list(_manifests(others, session))
    found = deliveries([(entry.file, entry.head) for entry in bills_read], manifests, catalogues.focus_sources)
    paths = {manifest.file.path for manifest in manifests}
    return [_delivered(entry, found.get(entry.file.path), entry.file.path in paths) for entry in entries]


def _without_copies(entries: Iterable[Entry]) -> list[Entry]:
    """Of a file that lies here twice, by a link or as a copy, the first by name counts.

    Copies within a source of bills are a matter of its runs (runs.py), and a sample counts once wherever it lies. What
    folders, or the name of a file, say of its rows is a part of them.
    """
    first: dict[tuple, str] = {}
    judged = []
    for entry in entries:
        original = _original(entry, first) if entry.counts else None
        if original:
            note = f"it is a copy of {original}, and counts once"
            entry = replace(entry, delivery=replace(entry.delivery, not_current_because="copy", note=note))
        judged.append(entry)
    return judged


def _original(entry: Entry, first: dict[tuple, str]) -> str | None:
    """The file that counts instead of this one."""
    path, link = entry.file.relative_path, entry.file.same_as
    if entry.file.folder == BILLS:
        return link if link and link.split("/")[:2] != path.split("/")[:2] else None
    if link or entry.file.folder == samples.FOLDER or entry.head.checksum is None:
        return link or None
    said = tuple(part for part in path.split("/")[:-1] if "=" in part)
    name = path.rsplit("/", 1)[-1].split(".")[0] if entry.shape.names_matter else ""
    original = first.setdefault((entry.file.folder, entry.head.checksum, said, name), path)
    return original if original != path else None


def _delivered(entry: Entry, delivery: Delivery | None, is_manifest: bool) -> Entry:
    changes: dict[str, object] = {}
    if delivery:
        changes = {"delivery": delivery, "problem": delivery.problem, "stops": delivery.problem is not None}
    elif is_manifest:
        note = "it is the manifest of a run"
        changes = {"problem": None, "stops": False, "delivery": replace(entry.delivery, note=note)}
    return Entry(**{**vars(entry), **changes}) if changes else entry


def _manifests(files: Iterable[File], session: duckdb.DuckDBPyConnection) -> Iterator[Manifest]:
    """Manifests are small files of JSON; they are read anew each time, since another run may have written them."""
    small = [file for file in files if file.relative_path.lower().endswith(".json") and 0 < file.size_bytes < 1 << 24]
    if not small:
        return
    by_path = {file.path: file for file in small}
    for path, text in _texts(list(by_path), session):
        if manifest := read_manifest(by_path[path], text):
            yield manifest


def _texts(paths: list[str], session: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    query = sql("select filename, content from read_blob({files})", files=file_names(paths))
    for path, content in session.execute(query.text).fetchall():
        yield path, bytes(content).decode("utf-8", errors="replace")


def goes_into(entry: Entry, table: Table) -> bool:
    """Whether the rows of a file belong to a landed table."""
    if not entry.counts or entry.shape is None:
        return False
    if entry.shape.folder == samples.FOLDER:
        return table in (PROMETHEUS_SERIES, PROMETHEUS_SAMPLES)
    return entry.shape.table is table


def entry_row(entry: Entry) -> dict[str, object]:
    """An entry as a row of `landed_files`."""
    file, head, delivery = entry.file, entry.head, entry.delivery
    notes = [note for note in (head.note, delivery.note) if note]
    return {
        "source_file": file.path,
        "relative_path": file.relative_path,
        "folder": file.folder,
        "source": file.source,
        "format": head.format,
        "packing": head.packing,
        "encoding": head.encoding,
        "delimiter": head.delimiter,
        "escape": head.escape,
        "has_header": head.has_header,
        "columns": [{"name": without_emails(column.name), "type": column.type} for column in head.columns],
        "keys": sorted(map(without_emails, head.keys)),
        "first_line": _kept_beginning(head),
        "shape": entry.shape.name if entry.shape and not entry.problem else None,
        "problem": without_emails(entry.problem),
        "stops": entry.stops,
        "note": without_emails("; ".join(notes) or None),
        "is_damaged": head.is_damaged,
        "not_current_because": delivery.not_current_because,
        "superseded_days": list(delivery.superseded_days),
        "listed_row_count": delivery.listed_row_count,
        "delivery": delivery.delivery if file.folder == BILLS else None,
        "run_scope": delivery.scope,
        "run_at": delivery.run_at,
        "checksum": head.checksum,
        "container": file.container,
        "size_bytes": file.size_bytes,
        "modified_at": file.modified_at,
        "head_problem": without_emails(head.problem),
        "head_note": without_emails(head.note),
        "has_times_without_offset": head.has_times_without_offset,
        "file_version": entry.version,
    }


def _kept_beginning(head: Head) -> str:
    """What the next run needs of a file's beginning, without the values in it."""
    if head.format == "text":
        return _QUOTED.sub('"..."', head.first_line.partition("\n")[0])
    return "" if head.keys else without_emails(head.first_line[:80])


def known_heads(rows: Iterable[Mapping[str, object]]) -> dict[tuple[str, str], list[tuple[File, Head]]]:
    """What rows of `landed_files` say of files, by the path and version of the file, or of the ZIP, that was opened."""
    known: dict[tuple[str, str], list[tuple[File, Head]]] = {}
    for row in rows:
        file = File(row["source_file"], row["relative_path"], row["size_bytes"], row["modified_at"], row["container"])
        head = Head(
            row["format"],
            row["packing"],
            row["encoding"],
            row["delimiter"],
            row["escape"],
            row["has_header"],
            tuple(Column(column["name"], column["type"]) for column in row["columns"]),
            frozenset(row["keys"]),
            row["first_line"],
            row["checksum"],
            row["is_damaged"],
            row["head_note"],
            row["head_problem"],
            bool(row.get("has_times_without_offset")),
        )
        known.setdefault((file.container or file.path, file.version), []).append((file, head))
    return known


def entry_of(row: Mapping[str, object]) -> Entry:
    """A row of `landed_files` as an entry."""
    [[(file, head)]] = known_heads([row]).values()
    shape = next((shape for shape in SHAPES if (shape.folder, shape.name) == (file.folder, row["shape"])), None)
    delivery = Delivery(
        row["delivery"] or "overwrite",
        row["run_scope"],
        run_at=row["run_at"],
        superseded_days=tuple(row["superseded_days"]),
        not_current_because=row["not_current_because"],
        listed_row_count=row["listed_row_count"],
    )
    settings = row["file_version"].removeprefix(file.version).removeprefix("-")
    return Entry(file, head, shape, row["problem"], row["stops"], delivery, settings)
