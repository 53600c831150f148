"""What lies under the data root and in the seeds. Files are looked at by the code that lands them; nothing is built."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ai_unit_economics.landing import models, samples
from ai_unit_economics.landing.bills import SHAPES as BILLS
from ai_unit_economics.landing.files import File, RootError, is_address
from ai_unit_economics.landing.register import FOLDERS, Entry, register
from ai_unit_economics.landing.shapes import Catalogues, Reading
from ai_unit_economics.sql import sql

# Enough to meet every metric of a scrape, and no more than a breath of a large export: of files that differ by digits
# alone, which are days or shards of one export, the newest few.
ROWS_READ, FILES_READ = 50_000, 3
# A small file is read through, of a larger one the beginning.
THROUGH_AT_MOST = 1 << 24
# Prometheus, and then the meanings that the metric catalogue knows.
TOKEN_MEANINGS = ("input_tokens", "output_tokens")


@dataclass
class Inputs:
    """All that the verdicts are drawn from."""

    root: str
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # FOCUS source -> files of charges that count
    sources: dict[str, int] = field(default_factory=dict)
    stops_costs: list[str] = field(default_factory=list)
    # and the costs with it: idle and shared cost go by usage
    stops_usage: list[str] = field(default_factory=list)
    # what the servers' metrics mean, by the catalogue; names that it does not know
    meanings: set[str] = field(default_factory=set)
    unknown_metrics: set[str] = field(default_factory=set)
    # folder -> files whose shape is known
    shaped: dict[str, int] = field(default_factory=dict)
    request_keys: set[str] = field(default_factory=set)
    customer_columns: set[str] = field(default_factory=set)
    seeds: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def in_folder(self, folder: str) -> list[File]:
        return [entry.file for entry in self.entries if entry.file.folder == folder and entry.file.size_bytes > 0]

    def deployments(self, *kinds: str) -> list[dict[str, str]]:
        return [row for row in self.seeds["deployments"] if not kinds or row.get("kind") in kinds]


def look(root: str, project: Path, connection: duckdb.DuckDBPyConnection, own_seeds: Path | None = None) -> Inputs:
    """Looks at a data root and at the seeds of a project, or at those in `own_seeds`."""
    inputs = Inputs(root=root.rstrip("/") or "/")
    connection.execute("set TimeZone = 'UTC'")
    read_seeds(inputs, project, own_seeds or project / "seeds" / "config")
    catalogues = models.catalogues(inputs.seeds)
    if not is_address(root) and not Path(root).is_dir():
        inputs.problems.append(f"there is no folder {root}: name yours by UNIT_ECONOMICS_DATA or --data")
    try:
        inputs.entries = register(root, connection, catalogues, through_at_most=THROUGH_AT_MOST)
    except RootError as error:
        inputs.problems.append(str(error))
    look_at_files(inputs)
    look_at_metrics(inputs, catalogues, connection)
    inputs.stops_costs += models.problems_of_bills(inputs.entries)
    inputs.stops_costs += misnamed_seeds(own_seeds, project)
    inputs.stops_costs += broken_references(inputs.seeds)
    return inputs


def read_seeds(inputs: Inputs, project: Path, own: Path) -> None:
    for path in (*csv_files(project / "seeds" / "reference"), *csv_files(own)):
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            inputs.stops_usage.append(f"{path.name}, a seed, is not UTF-8: save it as UTF-8")
            # read all the same: else its rows would be called missing
            is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            text = content.decode("utf-16" if is_utf16 else "cp1252", errors="replace")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        inputs.seeds.setdefault(path.stem, [])
        inputs.seeds[path.stem] += [{key: value or "" for key, value in row.items() if key} for row in rows]


def csv_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.is_file())


def look_at_files(inputs: Inputs) -> None:
    inputs.shaped.update(dict.fromkeys(FOLDERS, 0))
    for entry in inputs.entries:
        folder = entry.file.folder
        if entry.problem and not entry.stops:
            inputs.problems.append(f"{entry.file.relative_path}: {entry.problem}")
        if entry.shape is None or entry.problem:
            continue
        inputs.shaped[folder] += 1
        if entry.shape == BILLS[0] and entry.counts:
            inputs.sources[entry.file.source or ""] = inputs.sources.get(entry.file.source or "", 0) + 1
        if folder == "telemetry/requests":
            inputs.request_keys |= entry.head.keys | {f"({entry.shape.name})"}
        if folder == "customers":
            inputs.customer_columns |= entry.head.keys


def look_at_metrics(inputs: Inputs, catalogues: Catalogues, connection: duckdb.DuckDBPyConnection) -> None:
    meanings: dict[str, set[str]] = {}
    for row in inputs.seeds.get("metric_catalog", []):
        meanings.setdefault(row["metric"], set()).add(row["semantic"])
    entries = [entry for entry in inputs.entries if entry.counts and entry.file.folder == samples.FOLDER]
    for entry in newest_of_each_kind(entries):
        try:
            names = metrics(entry, catalogues, connection)
        except duckdb.Error as error:
            inputs.problems.append(f"{entry.file.relative_path}: it cannot be read: {str(error).splitlines()[0]}")
            continue
        if not names:
            inputs.problems.append(
                f"{entry.file.relative_path}: no metric is found in it; docs/landed-tables.md lists the shapes"
            )
        for name in names:
            inputs.meanings |= meanings.get(name, set())
            if name not in meanings:
                inputs.unknown_metrics.add(name)


def newest_of_each_kind(entries: list[Entry]) -> Iterator[Entry]:
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(re.sub(r"[0-9]+", "#", entry.file.relative_path), []).append(entry)
    for kind in kinds.values():
        newest = sorted(kind, key=lambda entry: (entry.file.modified_at, entry.file.relative_path), reverse=True)
        yield from newest[:FILES_READ]


def metrics(entry: Entry, catalogues: Catalogues, connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of metrics in the first rows of a file, in the catalogue's form."""
    reading = Reading(
        (entry.file.path,),
        entry.head,
        entry.file.source,
        catalogues,
        connection,
        largest=1 << 26,
        encoding=samples.encoding_of(entry.head),
    )
    query = sql(
        "select distinct {name} from (select metric from {rows} where metric is not null limit {most})",
        name=samples.normal_name(sql("metric")),
        rows=entry.shape.rows(reading),
        most=ROWS_READ,
    )
    return {name for (name,) in connection.execute(query.text).fetchall()}


def misnamed_seeds(own: Path | None, project: Path) -> Iterator[str]:
    known = {path.stem for path in (project / "seeds").glob("*/*.yml")}
    for path in csv_files(own) if own else []:
        if path.stem not in known:
            yield f"{path.name} is no seed; docs/configuration.md has their names"


def broken_references(seeds: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    """What a rule points at has to be there: the build stops otherwise."""

    def ids(seed: str, column: str) -> set[str]:
        return {row.get(column, "") for row in seeds.get(seed, [])} | {"$value", ""}

    targets = {
        "direct": ("deployments", ids("deployments", "deployment_id")),
        "pool": ("capacity_pools", ids("capacity_pools", "pool_id")),
        "shared": ("shared_pools", ids("shared_pools", "pool_id")),
    }
    for row in seeds.get("cost_rules", []):
        where, known = targets.get(row.get("treatment", ""), ("", None))
        if known is not None and row.get("target", "") not in known:
            yield (
                f"cost_rules.csv, priority {row.get('priority')}: {row.get('treatment')} target "
                f"{row.get('target')} is not in {where}.csv"
            )
    for seed, name in (("series_rules", "priority"), ("sku_meters", "value"), ("shared_pool_weights", "pool_id")):
        for row in seeds.get(seed, []):
            if row.get("deployment_id", "") not in targets["direct"][1]:
                yield f"{seed}.csv, {name} {row.get(name)}: {row['deployment_id']} is not in deployments.csv"
