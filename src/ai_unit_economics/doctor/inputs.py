"""What lies under the data root and in the seeds, by names, headers and first lines; nothing is built."""

from __future__ import annotations

import codecs
import csv
import io
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

CSV_WORD = re.compile(r'"[^"]*"|[^,;\t"]+')
METRIC_IN_TEXT = re.compile(
    r'__name__"?\s*[:=]\s*"([^"]+)"|"metrics?"\s*:\s*\[?\s*\{\s*"name"\s*:\s*"([^"]+)"|^([A-Za-z_:][\w:.]*)[,{ ]'
)
# Enough to meet every metric of a scrape, and no more than a breath of a large export: of files that differ by digits
# alone, which are days or shards of one export, the newest few.
LINES_READ, FILES_READ = 5_000, 3
COST_COLUMNS = {"effectivecost", "billedcost"}
# Prometheus, and then the meanings that the metric catalogue knows.
TOKEN_MEANINGS = ("input_tokens", "output_tokens")


@dataclass(frozen=True)
class File:
    """A file beneath the data root; `folder` is what the contract calls it, `source` the folder beneath `focus`."""

    path: str
    relative: str
    size: int
    modified: object

    @property
    def folder(self) -> str:
        parts = self.relative.split("/")
        if len(parts) == 1:
            return parts[0].split(".")[0]
        return "/".join(parts[:2]) if parts[0] == "telemetry" and len(parts) > 2 else parts[0]

    @property
    def source(self) -> str | None:
        parts = self.relative.split("/")
        return parts[1] if parts[0] == "focus" and len(parts) > 2 else None

    @property
    def format(self) -> str | None:
        name = re.sub(r"\.(gz|zst)$", "", self.relative.lower())
        suffix = name.rpartition(".")[2]
        formats = {"parquet": "parquet", "csv": "csv", "json": "json", "jsonl": "json", "ndjson": "json"}
        return formats.get(suffix) or ("text" if suffix in ("txt", "text", "dump", "log") else None)


@dataclass
class Inputs:
    """All that the verdicts are drawn from."""

    root: str
    files: list[File] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # FOCUS source -> files that have a cost
    sources: dict[str, int] = field(default_factory=dict)
    focus_columns: set[str] = field(default_factory=set)
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
        return [file for file in self.files if file.folder == folder and file.size > 0]

    def deployments(self, *kinds: str) -> list[dict[str, str]]:
        return [row for row in self.seeds["deployments"] if not kinds or row.get("kind") in kinds]


def look(root: str, project: Path, connection: duckdb.DuckDBPyConnection, own_seeds: Path | None = None) -> Inputs:
    inputs = Inputs(root=root.rstrip("/"))
    read_seeds(inputs, project, own_seeds or project / "seeds" / "config")
    try:
        inputs.root = plain_root(root)
        if "://" not in inputs.root and not Path(inputs.root).is_dir():
            inputs.problems.append(f"there is no folder {inputs.root}: name yours by UNIT_ECONOMICS_DATA or --data")
        inputs.files = sorted(list_files(inputs.root, connection), key=lambda file: file.relative)
    except ValueError as error:
        inputs.problems.append(str(error))
    except duckdb.Error as error:
        inputs.problems.append(
            f"{inputs.root} cannot be listed (docs/connect/README.md says what a bucket needs): {first_line(error)}"
        )
    look_at_focus(inputs, connection)
    look_at_prometheus(inputs, connection)
    look_at_shapes(inputs, connection)
    look_at_customers(inputs, connection)
    inputs.stops_costs += list(misnamed_seeds(own_seeds, project))
    inputs.stops_costs += list(broken_references(inputs.seeds))
    return inputs


def read_seeds(inputs: Inputs, project: Path, own: Path) -> None:
    for path in (*csv_files(project / "seeds" / "reference"), *csv_files(own)):
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            inputs.stops_usage.append(f"{path.name}, a seed, {NOT_UTF8}")
            # read all the same: else its rows would be called missing
            is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            text = content.decode("utf-16" if is_utf16 else "cp1252", errors="replace")
        rows = csv.DictReader(io.StringIO(text, newline=""))
        inputs.seeds[path.stem] = [{key: value or "" for key, value in row.items() if key} for row in rows]


def csv_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.is_file())


def plain_root(root: str) -> str:
    """The data root as DuckDB writes the names of the files beneath it; the macro plain_path does the same.

    Raises:
        ValueError: a letter of it stands for others in a path.
    """
    for sign in set("*?[") & set(root):
        raise ValueError(
            f"{root} has a {sign}, which stands for other letters in a path; rename the folder or name a link to it"
        )
    return root.rstrip("/") if "://" in root else re.sub("^//", "/", posixpath.normpath(root))


def list_files(root: str, connection: duckdb.DuckDBPyConnection) -> Iterator[File]:
    """Of a root as `plain_root` gives it."""
    if "://" not in root and not Path(root).is_dir():
        return
    levels = [""] if "://" in root else ["", "/*", "/*/*", "/*/*/*"]
    rows = connection.execute(
        "select distinct filename, size, cast(last_modified as timestamp) from read_blob(?)",
        [[f"{root}{level}/**" for level in levels]],
    ).fetchall()
    for path, size, modified in rows:
        yield File(path, path.removeprefix(f"{root}/"), size, modified)


NOT_UTF8 = "is not UTF-8: save it as UTF-8"


def first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def unreadable(file: File, error: duckdb.Error) -> str:
    """DuckDB's first line of a broken CSV is the number of the line alone."""
    if "not utf-8 encoded" in str(error):
        return f"{file.relative} {NOT_UTF8}"
    return f"{file.relative} cannot be read: {first_line(error)}"


def lines(file: File, limit: int, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """A file's first lines as they are, compressed or not."""
    rows = connection.execute(
        """
        select line from read_csv(
            ?, columns = {line: 'varchar'}, header = false, auto_detect = false, delim = '\x01', quote = '',
            escape = '', strict_mode = false, max_line_size = 16777216, buffer_size = 67108864
        ) limit ?
        """,
        [file.path, limit],
    ).fetchall()
    return [line or "" for (line,) in rows]


def header(file: File, connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns of a table or the keys of the first JSON value, in lower case."""
    if file.format == "parquet":
        rows = connection.execute("select column_name from (describe select * from read_parquet(?))", [file.path])
        return [name.lower() for (name,) in rows.fetchall()]
    if file.format == "csv":
        first = lines(file, 1, connection)
        return [word.strip(' "\r\ufeff').lower() for word in CSV_WORD.findall(first[0])] if first else []
    whole = file.folder == "telemetry/provider_usage"
    for text in ("\n".join(lines(file, LINES_READ if whole else 1, connection)), *lines(file, 1, connection)):
        rows = connection.execute(
            "select distinct lower(tree.key) from json_tree(try_cast(? as json)) as tree where tree.key is not null",
            [text],
        ).fetchall()
        if rows:
            return [name for (name,) in rows]
    return []


def cannot_be_read(inputs: Inputs, file: File, error: duckdb.Error) -> None:
    """The build reads by the ends of names: a file of an end that it does not know is left out and stops nothing."""
    where = inputs.stops_usage if file.format else inputs.problems
    where.append(unreadable(file, error))


def headers(inputs: Inputs, folder: str, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[File, list[str]]]:
    for file in inputs.in_folder(folder):
        try:
            yield file, header(file, connection)
        except duckdb.Error as error:
            cannot_be_read(inputs, file, error)


def look_at_focus(inputs: Inputs, connection: duckdb.DuckDBPyConnection) -> None:
    exports = [file for file in inputs.in_folder("focus") if file.format in ("parquet", "csv")]
    patterns = dict(snapshot_patterns(inputs, connection))
    for file in exports:
        source = file.source or "(none)"
        try:
            columns = {name.replace("_", "") for name in header(file, connection)}
        except duckdb.Error as error:
            inputs.stops_costs.append(unreadable(file, error))
            continue
        pattern = patterns.get(source)
        if not columns & COST_COLUMNS:
            inputs.stops_costs.append(
                f"{file.relative} has neither an EffectiveCost nor a BilledCost column; export one of them"
            )
        elif pattern and not matches(pattern, file.relative, connection):
            inputs.stops_costs.append(
                f"{file.relative} does not match the snapshot_pattern of {source} in focus_sources.csv: keep the "
                "provider's folders as they are, or correct the pattern"
            )
        else:
            inputs.sources[source] = inputs.sources.get(source, 0) + 1
            inputs.focus_columns |= columns


def snapshot_patterns(inputs: Inputs, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    for row in inputs.seeds.get("focus_sources", []):
        source, pattern = row.get("source", ""), row.get("snapshot_pattern", "")
        if row.get("delivery") not in ("snapshot", "cumulative"):
            continue
        try:
            matches(pattern, "", connection)
        except duckdb.Error as error:
            inputs.stops_costs.append(
                f"focus_sources.csv, source {source}: the snapshot_pattern {pattern} is no regular expression, "
                f"{first_line(error)}; correct it"
            )
        else:
            yield source, pattern


def matches(pattern: str, text: str, connection: duckdb.DuckDBPyConnection) -> bool:
    """By DuckDB's regular expressions, which are those of the build and not quite Python's."""
    return connection.execute("select regexp_matches(?, ?)", [text, pattern]).fetchall()[0][0]


def normal_name(metric: str) -> str:
    """As macro metric_name: one name for what differs by scraper and exposition format."""
    name = re.sub("[:.]", "_", metric.lower())
    if name.startswith("ray_") and not re.search("_(total|sum|count|bucket|created)$", name):
        return name
    return re.sub("^ray_|_total$", "", name)


def newest_of_each_kind(files: list[File]) -> Iterator[File]:
    kinds: dict[str, list[File]] = {}
    for file in files:
        kinds.setdefault(re.sub(r"[0-9]+", "#", file.relative), []).append(file)
    for kind in kinds.values():
        yield from sorted(kind, key=lambda file: (file.modified, file.relative), reverse=True)[:FILES_READ]


def look_at_prometheus(inputs: Inputs, connection: duckdb.DuckDBPyConnection) -> None:
    catalog: dict[str, set[str]] = {}
    for row in inputs.seeds.get("metric_catalog", []):
        catalog.setdefault(row["metric"], set()).add(row["semantic"])
    for file in newest_of_each_kind(inputs.in_folder("telemetry/prometheus")):
        try:
            names = {normal_name(name) for name in metrics(file, connection)}
        except (duckdb.Error, csv.Error) as error:
            cannot_be_read(inputs, file, error)
            continue
        inputs.shaped["telemetry/prometheus"] = inputs.shaped.get("telemetry/prometheus", 0) + bool(names)
        if not names:
            inputs.problems.append(f"{file.relative}: no metric found in it; the shapes that are read: docs/usage.md")
        for name in names:
            inputs.meanings |= catalog.get(name, set())
            if name not in catalog:
                inputs.unknown_metrics.add(name)


def metrics_of_csv(text: list[str]) -> set[str]:
    """DuckDB would guess another dialect where the last line is cut within quotes, or stop there."""
    delimiter = max(",;\t|", key=text[0].count)
    names, *rows = csv.reader(text, delimiter=delimiter)
    place = [name.strip(' "\ufeff').lower() for name in names].index("metric")
    return {row[place] for row in rows if len(row) > place and row[place]}


def metrics(file: File, connection: duckdb.DuckDBPyConnection) -> set[str]:
    if file.format in ("parquet", "csv"):
        columns = header(file, connection)
        if "metric" in columns and file.format == "parquet":
            rows = connection.execute("select distinct metric from read_parquet(?)", [file.path]).fetchall()
            return {name for (name,) in rows if name}
        if "metric" in columns:
            return metrics_of_csv(lines(file, LINES_READ * 10, connection))
        if "__name__" not in columns and file.format == "parquet":
            return set()
    found = (match for line in lines(file, LINES_READ, connection) for match in METRIC_IN_TEXT.finditer(line))
    return {name for match in found for name in match.groups() if name}


def look_at_shapes(inputs: Inputs, connection: duckdb.DuckDBPyConnection) -> None:
    """As stg_telemetry__files: a file's shape is the first of telemetry_shapes.csv whose keys it has."""
    shapes: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for row in inputs.seeds.get("telemetry_shapes", []):
        shapes.setdefault(row["folder"], []).append((int(row["priority"]), row))
    for folder, rows in shapes.items():
        inputs.shaped.setdefault(folder, 0)
        for file, keys in headers(inputs, folder, connection):
            keys += re.findall("([a-z_]+)=[^/]+/", file.relative.lower())
            row = next(
                (row for _, row in sorted(rows, key=lambda entry: entry[0]) if has_keys(row["required_keys"], keys)),
                None,
            )
            if row is None:
                inputs.problems.append(f"{file.relative}: no known shape has its keys: {' '.join(sorted(keys))[:120]}")
            elif row["unfit_reason"]:
                inputs.problems.append(f"{file.relative}: {row['unfit_reason']}")
            else:
                inputs.shaped[folder] += 1
                if folder == "telemetry/requests":
                    inputs.request_keys |= set(keys) | {f"({row['shape']})"}


def has_keys(required: str, keys: Iterable[str]) -> bool:
    found = set(keys)
    return all(found & set(alternatives.split("|")) for alternatives in required.split())


def look_at_customers(inputs: Inputs, connection: duckdb.DuckDBPyConnection) -> None:
    for file, columns in headers(inputs, "customers", connection):
        if "customer_id" in columns:
            inputs.customer_columns |= set(columns)
        else:
            inputs.problems.append(f"{file.relative} has no column customer_id")


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
