"""The landed tables as Parquet: `ai-unit-economics land` writes them, and models read them by `landed_folder`.

    FOLDER/files.parquet                                 the register, landed_files
    FOLDER/requests/day=2026-09-01/part=ab12/*.parquet   rows of one file and one UTC day
    FOLDER/landed.json                                   which parts count, written last

Rows without a day lie in `day=__HIVE_DEFAULT_PARTITION__`, as Hive and Spark write them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

from ai_unit_economics.landing import samples, tables
from ai_unit_economics.landing.load import FILES_AT_ONCE, load, view
from ai_unit_economics.landing.privacy import KEEPS_ALL, TREATED_SAMPLES, Privacy
from ai_unit_economics.landing.register import Entry, entry_row, goes_into
from ai_unit_economics.landing.shapes import Catalogues
from ai_unit_economics.landing.tables import Table
from ai_unit_economics.sql import Sql, file_names, identifier, joined, sql
from ai_unit_economics.writing import write

CONTENTS = "landed.json"
REGISTER = "files.parquet"
ROWS = tuple(table for table in tables.TABLES if table is not tables.FILES)
# In the contents beside the tables: by part why a file could not be read, so that the next run says so too.
UNREADABLE = "unreadable"
# Beside them: SHA-256 of the register that they belong to
REGISTERED = "register"


class NothingLandedError(Exception):
    """There is no complete result of `land` in the folder."""


@dataclass
class Report:
    """What an export did: how many files of the data root it read, by table, and why some could not be read."""

    read: dict[str, int] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def export(
    folder: Path,
    entries: Sequence[Entry],
    catalogues: Catalogues,
    privacy: Privacy = KEEPS_ALL,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Brings `folder` to the state of the files: reads new and changed ones, and drops the rows of those that left.

    Args:
        folder: where the tables go; it is made where there is none.
        entries: the register.
        privacy: what becomes of personal data.
        say: takes a line on how far it has got.
    """
    folder.mkdir(parents=True, exist_ok=True)
    before = _contents(folder)
    after: dict[str, Any] = {UNREADABLE: {}}
    report = Report()
    with tempfile.TemporaryDirectory(dir=folder, prefix=".landing-") as scratch:
        for table in ROWS:
            wanted = {
                _part(table, entry): entry
                for entry in entries
                if goes_into(entry, table) and entry.file.path not in _left_out(table, report)
            }
            landed = {part: files for part, files in before.get(table.name, {}).items() if part in wanted}
            for part in landed.keys() & before.get(UNREADABLE, {}).keys():
                report.unreadable[wanted[part].file.path] = before[UNREADABLE][part]
            pending = [entry for part, entry in wanted.items() if part not in landed]
            report.read[table.name] = len(pending)
            for first in range(0, len(pending), FILES_AT_ONCE):
                chunk = pending[first : first + FILES_AT_ONCE]
                personal = _personal(folder, after.get(tables.PROMETHEUS_SERIES.name, {}), table)
                landed |= _land(folder, Path(scratch), table, chunk, catalogues, privacy, personal, report)
                say(f"{table.name}: {first + len(chunk)} of {len(pending)} files")
            after[table.name] = landed
            after[UNREADABLE] |= {
                part: report.unreadable[entry.file.path]
                for part, entry in wanted.items()
                if entry.file.path in report.unreadable
            }
        after[REGISTERED] = _write_register(folder, Path(scratch), entries)
    write(folder / CONTENTS, json.dumps(after, indent=1, sort_keys=True))
    _drop_others(folder, after)
    return report


def rows_of(folder: Path, table: Table) -> Sql:
    """The rows of a landed table in `folder`.

    Raises:
        NothingLandedError: nothing, or nothing whole, was landed there.
    """
    contents = _contents(folder)
    if not (folder / CONTENTS).is_file():
        raise NothingLandedError(
            f"{folder} holds no {CONTENTS}: run ai-unit-economics land --out {folder}, or correct landed_folder"
        )
    if contents.get(REGISTERED) not in (None, _checksum(folder / REGISTER)):
        raise NothingLandedError(
            f"{folder / REGISTER} is of a run that did not come to its end: run ai-unit-economics land --out {folder}"
        )
    if table is tables.FILES:
        files = [str(folder / REGISTER)]
    else:
        files = [str(folder / file) for part in contents.get(table.name, {}).values() for file in part]
    if not files:
        return table.empty
    return sql(
        "select {columns} from read_parquet({files}, hive_partitioning := false)",
        columns=joined(map(identifier, table.names)),
        files=file_names(files),
    )


def _contents(folder: Path) -> dict[str, Any]:
    """By table and part the files that count, and by part why one could not be read."""
    path = folder / CONTENTS
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _part(table: Table, entry: Entry) -> str:
    """Names the rows of a file in that version, as this code reads them."""
    text = json.dumps([entry.file.path, entry.version, table.empty.text])
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _left_out(table: Table, report: Report) -> Iterable[str]:
    """Samples are read by a view, which has no row for a file that cannot be read; the series have one."""
    return report.unreadable if table is tables.PROMETHEUS_SAMPLES else ()


def _personal(folder: Path, series: dict[str, list[str]], table: Table) -> frozenset[str]:
    """Files of samples whose labels hold personal data: to look at the labels of every sample would be dear."""
    if table is not tables.PROMETHEUS_SAMPLES or not any(series.values()):
        return frozenset()
    files = file_names(str(folder / file) for part in series.values() for file in part)
    query = sql(
        "select distinct source_file from read_parquet({files}, hive_partitioning := false) where has_personal_labels",
        files=files,
    )
    with duckdb.connect() as session:
        return frozenset(path for (path,) in session.execute(query.text).fetchall())


def _land(
    folder: Path,
    scratch: Path,
    table: Table,
    chunk: Sequence[Entry],
    catalogues: Catalogues,
    privacy: Privacy,
    personal: frozenset[str],
    report: Report,
) -> dict[str, list[str]]:
    """Writes the rows of files, and gives by part the files that hold them."""
    target = identifier(table.name)
    limits = {"temp_directory": str(scratch)}
    if memory := os.environ.get("UNIT_ECONOMICS_MEMORY"):
        limits["memory_limit"] = memory
    with duckdb.connect(str(scratch / "rows.duckdb"), config=limits) as session:
        session.execute("set TimeZone = 'UTC'")
        if table is tables.PROMETHEUS_SAMPLES:
            stored = identifier(TREATED_SAMPLES.name)
            treated = [entry for entry in chunk if entry.file.path in personal]
            load(session, stored, TREATED_SAMPLES, treated, catalogues, fresh=True, privacy=privacy)
            others = [entry for entry in chunk if entry.file.path not in personal]
            view(session, target, table, others, catalogues, stored)
        else:
            summarise = samples.summary_by(catalogues) if table is tables.PROMETHEUS_SERIES else None
            report.unreadable |= load(
                session, target, table, chunk, catalogues, fresh=True, summarise=summarise, privacy=privacy
            ).unreadable
        parts = [{"source_file": entry.file.path, "part": _part(table, entry)} for entry in chunk]
        written = scratch / table.name
        session.execute(
            sql(
                """copy (
                    select {columns}, {day} as day, parts.part
                    from {rows} as rows
                    inner join (select unnest({parts}, recursive := true)) as parts using (source_file)
                ) to {folder} (format parquet, partition_by (day, part))""",
                columns=joined(sql("rows.{name}", name=identifier(name)) for name in table.names),
                day=sql(table.day),
                rows=target,
                parts=parts,
                folder=str(written),
            ).text
        )
    (scratch / "rows.duckdb").unlink()
    landed: dict[str, list[str]] = {part["part"]: [] for part in parts}
    for path in sorted(written.glob("day=*/part=*/*")):
        day, part = path.parent.parent.name, path.parent.name
        place = folder / table.name / day / part
        if place not in {(folder / file).parent for file in landed[part.removeprefix("part=")]}:
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
        path.rename(place / path.name)
        landed[part.removeprefix("part=")].append((place / path.name).relative_to(folder).as_posix())
    shutil.rmtree(written, ignore_errors=True)
    return landed


def _write_register(folder: Path, scratch: Path, entries: Iterable[Entry]) -> str:
    with duckdb.connect() as session:
        schema = session.sql(tables.FILES.empty.text).to_arrow_table().schema
    rows = pyarrow.Table.from_pylist([entry_row(entry) for entry in entries], schema=schema)
    pyarrow.parquet.write_table(rows, scratch / REGISTER)
    (scratch / REGISTER).replace(folder / REGISTER)
    return _checksum(folder / REGISTER)


def _checksum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def _drop_others(folder: Path, contents: dict[str, dict]) -> None:
    """Drops the parts that count no longer, and those that a run left when it was stopped."""
    for table in ROWS:
        for part in (folder / table.name).glob("day=*/part=*"):
            if part.name.removeprefix("part=") not in contents[table.name]:
                shutil.rmtree(part)
                if not any(part.parent.iterdir()):
                    part.parent.rmdir()
