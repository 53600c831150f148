"""One HTML file that can be sent to somebody: everything inline, no script, nothing loaded from anywhere."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import click
import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from ai_unit_economics import opening
from ai_unit_economics.figures import count, money, percent, plain, signed, unit_cost, why_unknown
from ai_unit_economics.report import content
from ai_unit_economics.writing import write

REQUIRED = (
    "fct_unit_economics_daily",
    "fct_unit_economics_weekly",
    "fct_deployment_costs_daily",
    "fct_cost_reconciliation",
    "dim_deployments",
)


class NothingToReportError(Exception):
    """The database lacks what a report needs; the text says what to do."""


def render(connection: duckdb.DuckDBPyConnection, today: date | None = None) -> str:
    """`today` is the day on which the page is made: the one clock here, for a reader has to know how old data is."""
    marts = content.Marts(connection)
    missing = [name for name in REQUIRED if not marts.has(name)]
    if missing:
        raise NothingToReportError(
            f"marts.{missing[0]} is not in the database; run make build and look at its first error"
        )
    spent = opening.spend(connection)
    facts = content.facts(marts, today or datetime.now(UTC).date(), spent)
    if facts is None:
        raise NothingToReportError("the marts are empty; is UNIT_ECONOMICS_DATA the right folder?")
    found = opening.findings(connection, marts.environment)
    workloads = content.workloads(marts)
    environment = Environment(
        loader=PackageLoader("ai_unit_economics.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        {write.__name__: write for write in (money, percent, plain, signed, unit_cost, why_unknown)}
    )
    environment.filters["number"] = count
    return environment.get_template("page.html.j2").render(
        facts=facts,
        spent=spent,
        findings=found,
        dearest=opening.dearest(found),
        saving=opening.best_saving(found),
        workloads=workloads,
        has_units=bool(workloads),
        silent=content.silent(marts, workloads, facts.since),
        drivers=content.drivers(marts, workloads),
        margins=content.margins(marts),
        hosted=content.hosted(marts),
        targets=content.targets(marts),
        reconciliation=content.reconciliation(marts),
        origins=content.origins(marts, facts.money_from, facts.money_until),
        coverage=content.coverage(marts, facts.since),
        freshness=content.freshness(marts),
        unknown=content.unknown(marts, facts.since),
        broken_rules=content.broken_rules(marts),
    )


def database_to_report() -> Path:
    """What readers see if something is published, else what was built last."""
    published = Path(os.environ.get("UNIT_ECONOMICS_PUBLISHED") or "data/published") / "unit_economics.duckdb"
    return (
        published
        if published.exists()
        else Path(os.environ.get("UNIT_ECONOMICS_DATABASE") or "data/unit_economics.duckdb")
    )


@click.command("report")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=database_to_report,
    show_default="what is published, else UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Where the marts are; only read.",
)
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), default=Path("data/report.html"), show_default=True
)
def report_command(database: Path, out: Path) -> None:
    """Render one self-contained HTML file of the figures, to be opened anywhere and sent to anybody."""
    if not database.is_file():
        raise click.ClickException(f"{database}: no such database; run make publish, or set UNIT_ECONOMICS_DATABASE")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            page = render(connection)
    except (NothingToReportError, duckdb.IOException) as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
    write(out, page)
    click.echo(f"wrote {out} ({len(page.encode()) / 1000:,.0f} kB)")
