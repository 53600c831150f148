"""The raw exports of one billing source, read into a scratch database and held against the rules of the dbt models.

The conditions are written once, in `models/intermediate/quality`: those models are rendered here over the raw rows,
before any staging has stopped at, changed or assumed anything.
"""

from __future__ import annotations

import csv
import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb
from jinja2 import Environment, StrictUndefined

MODELS = (
    "int_quality__focus_files",
    "int_quality__focus_row_findings",
    "int_quality__focus_value_findings",
    "int_quality__focus_invoice_balances",
    "int_quality__focus_commitment_balances",
    "int_quality__focus_findings",
)
MACROS = ("money/money.sql", "focus/parse.sql", "quality/conformance.sql")
NUMBERS = (
    "billed_cost",
    "effective_cost",
    "contracted_cost",
    "list_cost",
    "consumed_quantity",
    "pricing_quantity",
    "list_unit_price",
    "contracted_unit_price",
)
TIMES = ("billing_period_start", "billing_period_end", "charge_period_start", "charge_period_end")
# the newest name, and what older versions and providers call it
OLDER_NAMES = {
    "region_id": ["region"],
    "consumed_quantity": ["usage_quantity"],
    "consumed_unit": ["usage_unit"],
    "invoice_issuer_name": ["invoice_issuer"],
    "service_provider_name": ["provider_name", "provider"],
    "host_provider_name": ["publisher_name", "publisher"],
}
# Rules about what staging would have to change: on the raw rows, what makes it do so.
TEXT_RULES = {
    "no_cost": "effective_cost_text is null and billed_cost_text is null",
    "effective_cost_from_billed_cost": "effective_cost_text is null and billed_cost_text is not null",
    "billing_currency_assumed": "billing_currency is null",
    "charge_period_from_billing_period": "charge_period_start_text is null",
    "billing_period_from_charge_period": "billing_period_start_text is null",
    "unreadable_tags": "not json_valid(tags)",
    "numbers_readable": " or ".join(f"({name}_text is not null and {name} is null)" for name in NUMBERS),
    "times_readable": " or ".join(f"({name}_text is not null and {name} is null)" for name in TIMES),
}


class ExportError(Exception):
    """One line for the user: which file, what is wrong, what to do."""


@dataclass(frozen=True)
class Export:
    """One file of a billing source."""

    path: str
    source: str
    relative_path: str

    @property
    def reader(self) -> str:
        path = self.path.replace("'", "''")
        if self.path.lower().endswith(".parquet"):
            return f"read_parquet('{path}', hive_partitioning = false)"
        options = (
            "header = true, delim = ',', quote = '\"', escape = '\"', all_varchar = true, hive_partitioning = false"
        )
        return f"read_csv('{path}', {options})"


def snake_case(name: str) -> str:
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def read_seed(project: Path, path: str) -> list[dict[str, str]]:
    with (project / "seeds" / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def find_exports(data_root: str, project: Path) -> list[Export]:
    """The files that count: of snapshots that lie side by side only the newest one that is complete."""
    base = f"{data_root.rstrip('/')}/focus/"
    # `**` does not walk through a linked folder but `*` does
    depths = ["**"] if "://" in base else ["**", "*/**", "*/*/**"]
    paths = {
        path
        for depth in depths
        for (path,) in duckdb.execute("select file from glob(?)", [base + depth]).fetchall()
        if re.search(r"\.(parquet|csv|csv\.gz|json)$", path, re.IGNORECASE)
    }
    exports = []
    for path in sorted(paths):
        beneath = path[len(base) :]
        source = beneath.split("/")[0] if "/" in beneath else "(none)"
        exports.append(Export(path, source, f"focus/{beneath}"))
    return _current(exports, project)


def _current(exports: list[Export], project: Path) -> list[Export]:
    """Of snapshots only the newest run that is complete, as stg_focus__files says."""
    patterns = {
        row["source"]: row["snapshot_pattern"]
        for row in read_seed(project, "config/focus_sources.csv")
        if row["delivery"] == "snapshot"
    }

    def run_of(export: Export) -> tuple[str, tuple[str, ...], str] | None:
        match = re.search(patterns[export.source], export.relative_path) if export.source in patterns else None
        return (export.source, match.groups()[:-1], match.groups()[-1]) if match else None

    data = [export for export in exports if not export.path.lower().endswith(".json")]
    runs: dict[tuple, set[str]] = {}
    for export in data:
        runs.setdefault(run_of(export), set()).add(export.path.rsplit("/", 1)[-1])
    listed: dict[tuple, set[str]] = {}
    for export in exports:
        if export.path.lower().endswith(".json") and (run := run_of(export)):
            names = _listed_files(export)
            if names:
                listed[run] = names
    with_manifests = {source for source, _, _ in listed}
    ages: dict[tuple, str] = {}
    for run, names in runs.items():
        if run and (listed[run] <= names if run in listed else run[0] not in with_manifests):
            ages[run[:2]] = max(ages.get(run[:2], ""), run[2])

    def counts(export: Export) -> bool:
        run = run_of(export)
        if run is None:
            return True
        name = export.path.rsplit("/", 1)[-1]
        return ages.get(run[:2]) == run[2] and name in listed.get(run, {name})

    return [export for export in data if counts(export)]


def _listed_files(manifest: Export) -> set[str]:
    try:
        (content,) = duckdb.execute("select content from read_text(?)", [manifest.path]).fetchone()
        document = json.loads(content)
    except (ValueError, duckdb.Error):
        raise ExportError(f"{manifest.relative_path}: is no JSON; wait until the manifest is written") from None
    if not isinstance(document, dict):
        return set()
    files = [blob["blobName"] for blob in document.get("blobs", [])]
    files += document.get("dataFiles", []) + document.get("reportKeys", [])
    return {file.rsplit("/", 1)[-1] for file in files}


class RawSource:
    """A scratch database with the raw charges of one source, and what the rules find in them."""

    def __init__(self, project: Path, source: str, exports: list[Export], scratch: Path, memory: str) -> None:
        self.project, self.source, self.exports = project, source, exports
        self.database = scratch / "raw.duckdb"
        self.connection = duckdb.connect(
            str(self.database),
            config={"memory_limit": memory, "temp_directory": str(scratch / "tmp"), "threads": 2},
        )
        self.connection.execute("set timezone = 'UTC'")
        self.columns: dict[str, dict[str, str]] = {}
        self.templates = Environment(  # SQL, not HTML
            undefined=StrictUndefined,
            extensions=["jinja2.ext.do"],
            autoescape=False,  # noqa: S701
        )
        self.macros = "\n".join((project / "macros" / path).read_text(encoding="utf-8") for path in MACROS)
        self._load_seeds()
        self._load_charges()
        for model in MODELS:
            text = (project / "models" / "intermediate" / "quality" / f"{model}.sql").read_text(encoding="utf-8")
            self.connection.execute(f"create table {model} as {self._render(text)}")

    def close(self) -> None:
        self.connection.close()
        self.database.unlink(missing_ok=True)

    def rows(self, sql: str) -> list[tuple]:
        return self.connection.execute(sql).fetchall()

    def _render(self, text: str) -> str:
        return self.templates.from_string(self.macros + text, globals={"ref": lambda name: name}).render()

    def _load_seeds(self) -> None:
        for name, folder in {
            "focus_conformance_rules": "reference",
            "currencies": "reference",
            "invoices": "config",
        }.items():
            path = str(self.project / "seeds" / folder / f"{name}.csv").replace("'", "''")
            self.connection.execute(
                f"create table {name} as select * from read_csv('{path}', all_varchar = true, nullstr = '')"
            )
        self.connection.execute("alter table currencies alter minor_unit_digits type integer")
        self.connection.execute("alter table invoices alter payable_amount type decimal(38, 18)")

    def _load_charges(self) -> None:
        known = [row["column_name"] for row in read_seed(self.project, "reference/focus_columns.csv")]
        self.connection.execute(
            "create table raw_charges (source_file varchar, source_row bigint, "
            + ", ".join(f"{snake_case(name)} varchar" for name in known)
            + ")"
        )
        wanted = {name.lower(): snake_case(name) for name in known}
        for export in self.exports:
            try:
                described = self.rows(f"describe select * from {export.reader}")
                self.columns[export.path] = {row[0]: row[1] for row in described}
                chosen = {wanted[row[0].strip().lower()]: row for row in described if row[0].strip().lower() in wanted}
                selected = "".join(f", {_as_text(row[0], row[1])} as {name}" for name, row in chosen.items())
                self.connection.execute(f"""
                    insert into raw_charges by name
                    select {_quoted(export.path)} as source_file, row_number() over () as source_row {selected}
                    from {export.reader}
                """)
            except duckdb.Error as error:
                reason = str(error).splitlines()[0]
                raise ExportError(f"{export.relative_path}: cannot be read ({reason}); export the file again") from None
        self._name_files()
        replaced = [f"coalesce({', '.join([newest, *older])}) as {newest}" for newest, older in OLDER_NAMES.items()]
        self.connection.execute(
            f"create view named_charges as select * replace ({', '.join(replaced)}) from raw_charges"
        )
        parsed = [f"{{{{ parse_decimal('{name}') }}}} as {name}" for name in NUMBERS]
        parsed += [f"{{{{ parse_timestamp('{name}') }}}} as {name}" for name in TIMES]
        texts = ", ".join(f"{name} as {name}_text" for name in (*NUMBERS, *TIMES))
        self.connection.execute(
            "create view typed_charges as select * replace ("
            + self._render(", ".join(parsed))
            + f"), {texts} from named_charges"
        )
        changes = ", ".join(f"case when {rule} then '{rule_id}' end" for rule_id, rule in TEXT_RULES.items())
        self.connection.execute(f"""
            create view stg_focus__charges as
            select
                {_quoted(self.source)} as source,
                *,
                list_filter([{changes}], lambda change: change is not null) as source_changes
            from typed_charges
        """)

    def _name_files(self) -> None:
        declared = {
            row["source"]: row["focus_version"] or None for row in read_seed(self.project, "config/focus_sources.csv")
        }
        self.connection.execute("""
            create table headers (
                source_file varchar, source varchar, declared_version varchar, column_names varchar[]
            )
        """)
        for export in self.exports:
            names = [name.strip().lower() for name in self.columns[export.path]]
            self.connection.execute(
                "insert into headers values (?, ?, ?, ?)",
                [export.path, export.source, declared.get(export.source), names],
            )
        version = self._render("{{ focus_version_of('column_names') }}")
        self.connection.execute(f"""
            create table stg_focus__files as
            select *, coalesce(declared_version, {version}) as focus_version, true as is_current from headers
        """)

    def findings(self) -> dict[str, dict[str, object]]:
        """What each rule found in the source, as in the dbt model of this name."""
        relation = self.connection.sql("select * from int_quality__focus_findings")
        return {
            row["rule_id"]: row
            for row in (dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall())
        }

    def file_profiles(self) -> list[dict[str, object]]:
        """One row a file: its rows, its time, and for each rule of its version how many rows break it."""
        violations: dict[str, dict[str, object]] = {}
        counts = """
            with counts as (
                select source_file, rule_id, violating_count from int_quality__focus_row_findings
                union all
                select source_file, rule_id, violating_count from int_quality__focus_value_findings
            )
            select counts.source_file, counts.rule_id, counts.violating_count
            from counts
            inner join int_quality__focus_files as files on counts.source_file = files.source_file
            inner join focus_conformance_rules as rules on counts.rule_id = rules.rule_id
            where files.version_number between coalesce(list_position(VERSIONS, rules.first_version), 1)
                and coalesce(list_position(VERSIONS, rules.last_version), 99)
        """
        for source_file, rule_id, count in self.rows(
            counts.replace("VERSIONS", self._render("{{ focus_versions() }}"))
        ):
            violations.setdefault(source_file, {})[rule_id] = count
        text_counts = ", ".join(f"count(*) filter (where {rule})" for rule in TEXT_RULES.values())
        totals = {
            row[0]: row[1:]
            for row in self.rows(f"""
                select source_file, count(*), min(charge_period_start), max(charge_period_end), {text_counts}
                from stg_focus__charges group by source_file
            """)
        }
        versions = dict(self.rows("select source_file, focus_version from int_quality__focus_files"))
        missing = dict(self.rows("select source_file, len(missing_cost_columns) from int_quality__focus_files"))
        profiles = []
        for export in self.exports:
            row_count, first, last, *texts = totals.get(export.path, (0, None, None, *[0] * len(TEXT_RULES)))
            profiles.append(
                {
                    "file": export.relative_path,
                    "focus_version": versions[export.path],
                    "rows": row_count,
                    "first_charge": str(first) if first else "",
                    "last_charge": str(last) if last else "",
                    "cost_columns_present": missing[export.path],
                    **dict(zip(TEXT_RULES, texts, strict=True)),
                    **violations.get(export.path, {}),
                }
            )
        return profiles

    def distinct_values(self, columns: list[str]) -> list[dict[str, object]]:
        """One row a combination of the enumerated columns: exact, and small however large the export is."""
        relation = self.connection.sql(f"""
            select {", ".join(columns)}, count(*) as rows from stg_focus__charges group by all order by all
        """)
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]

    def balances(self) -> list[dict[str, object]]:
        """One row an invoice or commitment that can be compared: how far it is beyond its tolerance, or 0."""
        relation = self.connection.sql("""
            select 'invoice_matches_billed_cost' as rule_id, invoice_id as subject, difference, tolerance
            from int_quality__focus_invoice_balances where status != 'not_closable'
            union all
            select 'commitment_balances', commitment_discount_id, difference, tolerance
            from int_quality__focus_commitment_balances where status != 'not_closable'
            union all
            select 'invoice_in_one_currency', invoice_id, currency_count - 1, 0
            from int_quality__focus_invoice_balances
        """)
        rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
        return [{**row, "beyond_tolerance": float(max(0, abs(row["difference"]) - row["tolerance"]))} for row in rows]

    def column_profiles(self) -> list[tuple]:
        """One row a known column that has a value anywhere: how full it is, how varied, and its range as text."""
        names = [row[0] for row in self.rows("select column_name from (describe raw_charges)")][2:]
        parts = " union all ".join(
            f"select '{name}', count(*), count({name}), approx_count_distinct({name}), min({name}), max({name})"
            " from raw_charges"
            for name in names
        )
        return [row for row in self.rows(parts) if row[2]]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _as_text(name: str, kind: str) -> str:
    """A column as text; blank, and the words NULL and null, mean that there is nothing."""
    quoted = '"' + name.replace('"', '""') + '"'
    nested = re.search(r"[(\[]", kind) and not kind.startswith("DECIMAL")
    text = f"cast(to_json({quoted}) as varchar)" if nested else f"cast({quoted} as varchar)"
    return f"case when trim({text}) not in ('', 'NULL', 'null') then trim({text}) end"
