"""`ai-unit-economics explain WORKLOAD`: a month of a workload, from its cost back to the charges and their rules."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import click
import duckdb
from rich.console import Console

from ai_unit_economics.explain.content import Explanation, UnknownError, explain
from ai_unit_economics.explain.printed import print_explanation
from ai_unit_economics.figures import why_unknown
from ai_unit_economics.report import database_to_report


def told(explanation: Explanation) -> dict:
    """As JSON: amounts are text, so that no digit is lost; what is not known is null, with the reason beside it."""
    found = asdict(explanation)
    for row in (*found["units"], *found["bearers"]):
        row["null_reason_text"] = row["null_reason"] and why_unknown(row["null_reason"])
    return found


def _json_value(value: object) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
    raise TypeError(f"no JSON for a {type(value).__name__}")


class Month(click.ParamType):
    name = "YYYY-MM"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return datetime.strptime(str(value), "%Y-%m").date()
        except ValueError:
            self.fail(f"{value} is no month: write it as 2026-09", param, ctx)


@click.command("explain")
@click.argument("workload")
@click.option("--month", type=Month(), help="Such as 2026-09; without it the last month that is billed as a whole.")
@click.option("--environment", help="Without it production, where the workload runs there, else where it costs most.")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=database_to_report,
    show_default="what is published, else UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Where the marts are; only read.",
)
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", show_default=True)
def explain_command(workload: str, month: date | None, environment: str | None, database: Path, output: str) -> None:
    """What a workload cost in a month, why it moved, who bears it, and the charges and rules behind it."""
    if not database.is_file():
        raise click.ClickException(f"{database}: no such database; run make publish, or set UNIT_ECONOMICS_DATABASE")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            found = explain(connection, workload, month, environment)
    except (UnknownError, duckdb.IOException) as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
    if output == "json":
        click.echo(json.dumps(told(found), default=_json_value, ensure_ascii=False, indent=2))
    else:
        print_explanation(found, Console())
