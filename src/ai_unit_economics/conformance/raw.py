"""The raw exports of the data root, held against the rules of the dbt models in a database of their own.

The conditions are written once, in `models/intermediate/quality`: dbt builds these models and what they read, without
the tests that would stop at the first error, and away from the marts.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from ai_unit_economics.sql import identifier, joined, sql

BUILT = "+int_quality__focus_findings"


class ExportError(Exception):
    """One line for the user: which file, what is wrong, what to do."""


def snake_case(name: str) -> str:
    """`BilledCost` as a column of staging is named: `billed_cost`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()


def read_seed(project: Path, path: str) -> list[dict[str, str]]:
    """The rows of a seed of the project, values as text."""
    with (project / "seeds" / path).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def build(project: Path, data: str, scratch: Path) -> Path:
    """Lands the exports and puts the rules to them; gives the database.

    Args:
        project: the dbt project, whose rules and seeds are used.
        data: the data root.
        scratch: a folder for the database and for what dbt writes.

    Raises:
        ExportError: exports cannot be counted; the message names all of them.
    """
    database = scratch / "raw_exports.duckdb"
    environment = {
        "UNIT_ECONOMICS_DATA": data,
        "UNIT_ECONOMICS_DATABASE": str(database),
        "DBT_TARGET_PATH": str(scratch / "target"),
        "DO_NOT_TRACK": "1",
    }
    profiles = project / "profiles"
    options = [
        *("--project-dir", str(project), "--log-path", str(scratch / "logs"), "--log-level", "none"),
        *(("--profiles-dir", str(profiles)) if profiles.is_dir() else ()),
    ]
    with mock.patch.dict(os.environ, environment):
        try:
            answer = dbtRunner().invoke(
                ["build", "--resource-type", "seed", "--resource-type", "model", "--select", BUILT, *options]
            )
        finally:
            DuckDBConnectionManager.close_all_connections()
    if answer.success:
        return database
    if answer.exception is not None:
        raise ExportError(str(answer.exception).strip()) from None
    failed = [result for result in answer.result.results if result.status == "error"]
    raise ExportError("\n".join(_reason(result.message) for result in failed))


def _reason(message: str) -> str:
    """What dbt says of a model that failed, without where dbt keeps it."""
    lines = [line for line in message.strip().splitlines() if "compiled code at" not in line]
    found = [number for number, line in enumerate(lines) if "LandingError" in line or "these bills" in line]
    return "\n".join(line.strip() for line in lines[found[-1] + 1 :] if line.strip()) if found else "\n".join(lines)


class RawSource:
    """The raw charges of one source, and what the rules find in them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, source: str) -> None:
        self.connection, self.source = connection, source
        self.relative_paths = dict(
            connection.execute(
                "select source_file, relative_path from staging.base_focus__files where source = ?", [source]
            ).fetchall()
        )

    def findings(self) -> Mapping[str, dict[str, object]]:
        """What each rule found in the source, as in the dbt model of this name."""
        rows = self._rows("select * from intermediate.int_quality__focus_findings where source = {source}")
        return {row["rule_id"]: row for row in rows}

    def file_profiles(self) -> list[dict[str, object]]:
        """One row a file: its rows, its time, and for each rule of its version how many rows break it."""
        counts: dict[str, dict[str, int]] = {}
        for row in self._rows("""
            select source_file, rule_id, violating_count
            from intermediate.int_quality__focus_file_findings where source = {source}
        """):
            counts.setdefault(row["source_file"], {})[row["rule_id"]] = row["violating_count"]
        files = self._rows("""
            select source_file, focus_version, coalesce(row_count, 0) as rows, charges_from, charges_until
            from staging.stg_focus__files where source = {source} and is_current order by source_file
        """)
        return [
            {
                "file": self.relative_paths[file["source_file"]],
                "focus_version": file["focus_version"],
                "rows": file["rows"],
                "first_charge": str(file["charges_from"] or ""),
                "last_charge": str(file["charges_until"] or ""),
                **counts.get(file["source_file"], {}),
            }
            for file in files
        ]

    def distinct_values(self, columns: list[str]) -> list[dict[str, object]]:
        """One row a combination of the enumerated columns: exact, and small however large the export is."""
        return self._rows(
            "select {columns}, count(*) as rows from staging.stg_focus__charges where source = {source}"
            " group by all order by all",
            columns=joined(identifier(column) for column in columns),
        )

    def balances(self) -> list[dict[str, object]]:
        """One row an invoice or commitment that can be compared: how far it is beyond its tolerance, or 0."""
        rows = self._rows("""
            select 'invoice_matches_billed_cost' as rule_id, invoice_id as subject, difference, tolerance
            from intermediate.int_quality__focus_invoice_balances where source = {source} and status != 'not_closable'
            union all
            select 'commitment_balances', commitment_discount_id, difference, tolerance
            from intermediate.int_quality__focus_commitment_balances
            where source = {source} and status != 'not_closable'
            union all
            select 'invoice_in_one_currency', invoice_id, currency_count - 1, 0
            from intermediate.int_quality__focus_invoice_balances where source = {source}
        """)
        return [{**row, "beyond_tolerance": float(max(0, abs(row["difference"]) - row["tolerance"]))} for row in rows]

    def column_profiles(self) -> list[tuple]:
        """One row a column that has a value: name, how many rows, how many filled, how varied, least and greatest."""
        (total, *filled), names = self._row("select count(*), count(columns(*)) from charges")
        distinct, _ = self._row("select approx_count_distinct(columns(*)) from charges")
        least, _ = self._row("select min(columns(*)) from charges")
        greatest, _ = self._row("select max(columns(*)) from charges")
        profiles = zip(names[1:], filled, distinct, least, greatest, strict=True)
        return [(name, total, *profile) for name, *profile in profiles if profile[0]]

    def _row(self, query: str) -> tuple[tuple, list[str]]:
        names, (row,) = self._answer(
            """
            with charges as (
                select * exclude (source_file, source_row, source, columns_of, other_columns, has_null_as_text)
                from staging.base_focus__charges
                where source = {source}
            )
            {query}
            """,
            query=sql(query),
        )
        return row, names

    def _rows(self, query: str, /, **parts: object) -> list[dict[str, object]]:
        names, rows = self._answer(query, **parts)
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _answer(self, query: str, /, **parts: object) -> tuple[list[str], list[tuple]]:
        cursor = self.connection.execute(sql(query, source=self.source, **parts).text)
        return [name for name, *_ in cursor.description], cursor.fetchall()
