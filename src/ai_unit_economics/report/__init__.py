"""One HTML file that can be sent to somebody: everything inline, no script, nothing loaded from anywhere."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import click
import duckdb
from jinja2 import Environment, PackageLoader, StrictUndefined

from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.report import content

REQUIRED = (
    "fct_unit_economics_daily",
    "fct_unit_economics_weekly",
    "fct_deployment_costs_daily",
    "fct_cost_reconciliation",
    "dim_deployments",
)


class NothingToReportError(Exception):
    """The database lacks what a report needs; the text says what to do."""


def render(connection: duckdb.DuckDBPyConnection) -> str:
    marts = content.Marts(connection)
    missing = [name for name in REQUIRED if not marts.has(name)]
    if missing:
        raise NothingToReportError(
            f"marts.{missing[0]} is not in the database; run make build and look at its first error"
        )
    facts = content.facts(marts)
    if facts is None:
        raise NothingToReportError(without_units(marts))
    workloads = content.workloads(marts)
    environment = Environment(
        loader=PackageLoader("ai_unit_economics.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(money=money, unit_cost=unit_cost, percent=percent, signed=signed, plain=plain)
    return environment.get_template("page.html.j2").render(
        facts=facts,
        workloads=workloads,
        drivers=content.drivers(marts, workloads),
        margins=content.margins(marts),
        hosted=content.hosted(marts),
        targets=content.targets(marts),
        reconciliation=content.reconciliation(marts),
        treatments=content.TREATMENTS,
        origins=content.origins(marts, facts.since),
        origin_names=COST_ORIGINS,
        coverage=content.coverage(marts, facts.since),
        freshness=content.freshness(marts),
        unknown=content.unknown(marts, facts.since),
        findings=content.findings(marts),
    )


def without_units(marts: content.Marts) -> str:
    """What there is instead of a cost per unit, and what the next step is."""
    bills = marts.rows(
        "select currency, sum(effective_cost_in) as cost, sum(unallocated_cost) as unallocated "
        "from marts.fct_cost_reconciliation group by currency order by currency"
    )
    if not bills:
        return "the marts are empty; is UNIT_ECONOMICS_DATA the right folder?"
    amounts = "; ".join(
        f"{money(bill['cost'])} {bill['currency']}, {money(bill['unallocated'])} of it unallocated" for bill in bills
    )
    return (
        f"there is a bill ({amounts}) but no workload with a cost per unit: ai-unit-economics doctor says what is "
        "missing, docs/connect/README.md how to add it"
    )


def money(value: Decimal | None) -> str:
    return "–" if value is None else f"{value:,.2f}".replace("-", "−")


def unit_cost(value: Decimal | None) -> str:
    """Enough digits to tell 4.0072 from 4.0193 and 0.000021 from 0."""
    if value is None:
        return "–"
    return f"{value:,.4f}" if abs(value) >= 1 or value == 0 else f"{value:.4g}"


def percent(value: Decimal | float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}%}".replace("-", "−").replace("%", " %")


def signed(value: Decimal | float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:+.{digits}%}".replace("-", "−").replace("%", " %")


def plain(value: Decimal) -> str:
    """All the decimals that an amount has: a cent that went missing must not be rounded away."""
    whole, _, fraction = f"{value:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


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
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    click.echo(f"wrote {out} ({len(page.encode()) / 1000:,.0f} kB)")
