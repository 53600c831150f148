"""`ai-unit-economics statement` and `journal`: a month's files for owners and for the general ledger."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click
import duckdb

from ai_unit_economics.books.closing import month_of
from ai_unit_economics.books.records import BooksError
from ai_unit_economics.report import database_to_report
from ai_unit_economics.statements.content import Month, StatementError, read_month
from ai_unit_economics.statements.files import file_name
from ai_unit_economics.statements.journal import batch_of, entries, journal_text
from ai_unit_economics.statements.page import Statement, render, statement_csv
from ai_unit_economics.writing import write

FOLDER = Path("data/statements")
DATABASE_OPTION = click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=database_to_report,
    show_default="what is published, else UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Where the marts are; only read.",
)


@click.command("statement")
@click.argument("period")
@click.option("--owner", "owners", multiple=True, help="Only for this owner; give it once for each.")
@DATABASE_OPTION
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    show_default="data/statements/PERIOD",
    help="The folder that the files are written into.",
)
def statement_command(period: str, owners: tuple[str, ...], database: Path, out: Path | None) -> None:
    """Write what each owner pays of PERIOD, such as 2026-07: a page for people and a CSV file, an owner each."""
    month = _read(database, period)
    if unknown := sorted(set(owners) - set(month.owners)):
        raise click.ClickException(f"{period} has no owner {unknown[0]}; it has {', '.join(month.owners)}")
    out = out or FOLDER / period
    try:
        for owner in owners or month.owners:
            page = out / f"{file_name(owner)}.html"
            write(page, render(month, owner))
            write(page.with_suffix(".csv"), statement_csv(month, owner))
            click.echo(f"wrote {page}: {owner}, {Statement(month, owner).total:,.2f} {month.currency}, {month.basis}")
    except OSError as error:
        raise click.ClickException(str(error)) from None


@click.command("journal")
@click.argument("period")
@click.option("--draft", is_flag=True, help="Write it though the month is not signed; its batch says DRAFT.")
@DATABASE_OPTION
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    show_default="data/statements/PERIOD/journal.csv",
)
def journal_command(period: str, draft: bool, database: Path, out: Path | None) -> None:
    """Write PERIOD, such as 2026-07, as one balanced batch of double entry: owners against the bills of the clouds."""
    month = _read(database, period)
    if not month.is_closed and not draft:
        raise click.ClickException(
            f"{period} is not signed: ai-unit-economics close {period}, build, and write it then; or look at it "
            "with --draft"
        )
    out = out or FOLDER / period / "journal.csv"
    try:
        lines = entries(month)
        write(out, journal_text(month))
    except (StatementError, OSError) as error:
        raise click.ClickException(str(error)) from None
    debits = sum((entry.amount for entry in lines if entry.amount > 0), Decimal(0))
    click.echo(f"wrote {out}: batch {batch_of(month)}, {len(lines)} lines, {debits:,.2f} {month.currency} a side")


def _read(database: Path, period: str) -> Month:
    if not database.is_file():
        raise click.ClickException(f"{database}: no such database; run make publish, or set UNIT_ECONOMICS_DATABASE")
    try:
        start = month_of(period)
        with duckdb.connect(str(database), read_only=True) as connection:
            return read_month(connection, start)
    except (BooksError, StatementError, duckdb.IOException) as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
