"""What lies under the data root and in the seeds. Files are looked at by the code that lands them; nothing is built."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from ai_unit_economics.doctor.seed_checks import problems_of_seeds, variable_of
from ai_unit_economics.landing import models, samples
from ai_unit_economics.landing.bills import SHAPES as BILLS
from ai_unit_economics.landing.files import File, RootError, is_address
from ai_unit_economics.landing.privacy import Privacy, PrivacyError, hidden_from_rules, treatments_of
from ai_unit_economics.landing.register import FOLDERS, Entry, register
from ai_unit_economics.landing.shapes import Catalogues, Reading
from ai_unit_economics.sql import sql

# Enough to meet every metric of a scrape, and no more than a breath of a large export: of files that differ by digits
# alone, which are days or shards of one export, the newest few.
ROWS_READ, FILES_READ = 50_000, 3
# A small file is read through, of a larger one the beginning.
THROUGH_AT_MOST = 1 << 24
# What is wrong with these stops what counts usage, too.
SEEDS_OF_USAGE = ("deployments", "series_rules", "metric_catalog", "column_aliases")
# Prometheus, and then the meanings that the metric catalogue knows.
TOKEN_MEANINGS = ("input_tokens", "output_tokens")


@dataclass
class Inputs:
    """All that the verdicts are drawn from."""

    root: str
    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # what is read otherwise than somebody may have meant
    notes: list[str] = field(default_factory=list)
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
    # seed -> header of the user's own file
    seed_columns: dict[str, list[str]] = field(default_factory=dict)
    # and what divides its cells, where that is no comma
    seed_separators: dict[str, str] = field(default_factory=dict)

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
    inputs.stops_costs += misnamed_seeds(own_seeds, project)
    inputs.stops_usage += problems_of_privacy(project, inputs.seeds)
    # a seed that is not UTF-8 is read as well as can be, which is no ground to blame its rows
    found = [
        (name, f"{name}.csv is divided by {sign!r}: save it with commas")
        for name, sign in inputs.seed_separators.items()
    ]
    if not inputs.stops_usage:
        found += problems_of_seeds(project, inputs.seeds, inputs.seed_columns)
    for seed, problem in found:
        (inputs.stops_usage if seed in SEEDS_OF_USAGE else inputs.stops_costs).append(problem)
    is_said = any(seed == "focus_sources" for seed, _ in found)
    inputs.stops_costs += [
        problem
        for problem in models.problems_of_bills(inputs.entries)
        if not (is_said and "focus_sources.csv, source" in problem)
    ]
    look_at_bills(inputs, catalogues, connection, variable_of(project, "reporting_currency") or "USD")
    return inputs


def problems_of_privacy(project: Path, seeds: dict[str, list[dict[str, str]]]) -> list[str]:
    """An unknown kind or treatment, and rows of seeds that look for what is hashed or dropped."""
    try:
        privacy = Privacy(treatments_of(variable_of(project, "privacy")))
    except PrivacyError as error:
        return [str(error)]
    return hidden_from_rules(privacy, seeds)


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
        sign = separator(text)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=sign)
        inputs.seeds.setdefault(path.stem, [])
        if path.parent == own:
            inputs.seed_columns[path.stem] = list(rows.fieldnames or ())
            if sign != ",":
                # read all the same: else its rows would be called missing
                inputs.seed_separators[path.stem] = sign
        inputs.seeds[path.stem] += [{key: value or "" for key, value in row.items() if key} for row in rows]


def separator(text: str) -> str:
    """What divides the cells of a header: a comma, or what a spreadsheet of another language writes for it."""
    header = text.split("\n", 1)[0]
    return "," if "," in header else next((sign for sign in ";\t|" if sign in header), ",")


def csv_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.csv") if path.is_file())


def look_at_files(inputs: Inputs) -> None:
    inputs.shaped.update(dict.fromkeys(FOLDERS, 0))
    inputs.problems += unread_folders(inputs.entries)
    inputs.notes += dialects(inputs.entries)
    for entry in inputs.entries:
        folder = entry.file.folder
        if folder not in FOLDERS:
            continue
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


def unread_folders(entries: list[Entry]) -> Iterator[str]:
    """Folders beneath the root that nobody reads, each with what may have been meant."""
    files: dict[str, int] = {}
    for entry in entries:
        if entry.file.folder not in FOLDERS:
            parts = entry.file.relative_path.split("/")
            name = "/".join(parts[:-1][:2]) + "/" if len(parts) > 1 else parts[0]
            files[name] = files.get(name, 0) + 1
    for name, count in sorted(files.items()):
        meant = meant_folder(name)
        what = (
            f"{count} file{'' if count == 1 else 's'} in a folder that is not read"
            if name.endswith("/")
            else ("it lies in no folder that is read")
        )
        yield f"{name}: {what}; {f'is {meant}/ meant?' if meant else 'these are read: ' + ', '.join(FOLDERS)}"


def meant_folder(name: str) -> str | None:
    words = set(re.split(r"[^a-z]+", name.lower()))
    return next((folder for folder in FOLDERS if words & set(re.split(r"[^a-z]+", folder)) - {"telemetry"}), None)


def dialects(entries: list[Entry]) -> Iterator[str]:
    """Tables that are divided by something else than commas, or are not UTF-8: read, and worth a look."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        head = entry.head
        if entry.counts and head.format == "csv" and (head.delimiter != "," or head.encoding != "utf-8"):
            kinds.setdefault((head.delimiter, head.encoding), []).append(entry.file.relative_path)
    for (delimiter, encoding), paths in kinds.items():
        sign = {"\t": "tab"}.get(delimiter, delimiter)
        others = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        yield f"{paths[0]}{others}: read as {encoding}, its cells divided by {sign}"


@dataclass(frozen=True)
class Span:
    """What some charges of a file say."""

    source: str
    currency: str | None
    first_day: date | None
    days: int
    # of these, those that do not begin at midnight
    shifted_days: int
    begins_at: str | None


def look_at_bills(
    inputs: Inputs, catalogues: Catalogues, connection: duckdb.DuckDBPyConnection, reporting_currency: str
) -> None:
    """Currencies without a rate, which stop the build after minutes of work, and days that begin in local time."""
    entries = [entry for entry in inputs.entries if entry.shape == BILLS[0] and entry.counts]
    spans: list[Span] = []
    for entry in some_of_each_kind(entries):
        try:
            spans += spans_of(entry, catalogues, connection)
        except duckdb.Error:
            continue  # what cannot be read stops the build by itself
    inputs.stops_costs += missing_rates(spans, inputs.seeds.get("exchange_rates", []), reporting_currency)
    inputs.notes += local_times(spans)


def some_of_each_kind(entries: list[Entry]) -> Iterator[Entry]:
    """The newest of each kind and the oldest: a rate has to be there from the first day."""
    yield from (newest := list(newest_of_each_kind(entries)))
    yield from (entry for entry in newest_of_each_kind(entries, is_oldest=True) if entry not in newest)


def spans_of(entry: Entry, catalogues: Catalogues, connection: duckdb.DuckDBPyConnection) -> Iterator[Span]:
    reading = Reading((entry.file.path,), entry.head, entry.file.source, catalogues, connection, 1 << 26)
    query = sql(
        """
        with charges as (
            select
                billingcurrency as currency,
                try_cast(chargeperiodstart as timestamp) as starts_at,
                try_cast(chargeperiodend as timestamp) as ends_at
            from {rows}
            limit {most}
        )

        select
            currency,
            cast(min(starts_at) as date),
            count(*) filter (ends_at - starts_at = interval 1 day),
            count(*) filter (ends_at - starts_at = interval 1 day and starts_at != date_trunc('day', starts_at)),
            mode(strftime(starts_at, '%H:%M')) filter (
                ends_at - starts_at = interval 1 day and starts_at != date_trunc('day', starts_at)
            )
        from charges
        group by currency
        """,
        rows=entry.shape.rows(reading),
        most=ROWS_READ,
    )
    for row in connection.execute(query.text).fetchall():
        yield Span(entry.file.source or "", *row)


def missing_rates(spans: list[Span], rates: list[dict[str, str]], reporting_currency: str) -> Iterator[str]:
    first_days: dict[tuple[str, str], date] = {}
    for span in spans:
        if span.currency and span.first_day and span.currency != reporting_currency:
            key = (span.currency, span.source)
            first_days[key] = min(span.first_day, first_days.get(key, span.first_day))
    for (currency, source), day in sorted(first_days.items()):
        known = [
            rate.get("rate_date", "")
            for rate in rates
            if rate.get("from_currency") == currency and rate.get("to_currency") == reporting_currency
        ]
        if not any(rate_date <= day.isoformat() for rate_date in known if rate_date):
            yield (
                f"exchange_rates.csv: no rate from {currency} to {reporting_currency} on or before {day}, which source "
                f"{source} needs; add it"
            )


def local_times(spans: list[Span]) -> Iterator[str]:
    """Most charges of a day begin at an hour that is not midnight: the times are not UTC, or the days are another's."""
    for source in sorted({span.source for span in spans}):
        own = [span for span in spans if span.source == source]
        days, shifted = sum(span.days for span in own), sum(span.shifted_days for span in own)
        if days and 2 * shifted > days:
            begins_at = max(own, key=lambda span: span.shifted_days).begins_at
            yield (
                f"focus/{source}: its days begin at {begins_at}, which looks like local time; FOCUS has UTC, and so is "
                "it read"
            )


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


def newest_of_each_kind(entries: list[Entry], is_oldest: bool = False) -> Iterator[Entry]:
    kinds: dict[str, list[Entry]] = {}
    for entry in entries:
        kinds.setdefault(re.sub(r"[0-9]+", "#", entry.file.relative_path), []).append(entry)
    for kind in kinds.values():
        by_age = sorted(kind, key=lambda entry: (entry.file.modified_at, entry.file.relative_path))
        yield from by_age[:1] if is_oldest else by_age[: -FILES_READ - 1 : -1]


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
