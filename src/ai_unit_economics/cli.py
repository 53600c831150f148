"""The command line: `ai-unit-economics --help`."""

from __future__ import annotations

import os
from pathlib import Path

import click
import duckdb
from rich.console import Console

from ai_unit_economics import __version__
from ai_unit_economics.books.closing import close_command, reopen_command
from ai_unit_economics.compacting import compact_command
from ai_unit_economics.conformance import conformance
from ai_unit_economics.dbt_on_spark import dbt_on_spark_command
from ai_unit_economics.doctor import doctor_command
from ai_unit_economics.explain import explain_command
from ai_unit_economics.from_spark import from_spark_command
from ai_unit_economics.land import land_command
from ai_unit_economics.metrics import metrics_command
from ai_unit_economics.new_exports import new_exports_command
from ai_unit_economics.owned_hardware import owned_hardware_command
from ai_unit_economics.private_files import write_for_owner_only
from ai_unit_economics.prometheus import fetch_prometheus_command
from ai_unit_economics.provider_costs import provider_costs_command
from ai_unit_economics.pseudonym import pseudonym_command
from ai_unit_economics.publishing import publish_command, rollback_command, versions_command
from ai_unit_economics.report import report_command
from ai_unit_economics.sample.__main__ import main as sample
from ai_unit_economics.statements.commands import journal_command, statement_command
from ai_unit_economics.summary import MissingMartError, print_summary

DEFAULT_DATABASE = "data/unit_economics.duckdb"


class Commands(click.Group):
    """What the machine, a file or a database refuses is said in a line: no command ends with a traceback of it."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except OSError as error:
            said = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
            raise click.ClickException(said) from error
        except duckdb.Error as error:
            raise click.ClickException(str(error).splitlines()[0]) from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ai-unit-economics")
def main() -> None:
    """What a unit of AI work costs, fully loaded, from billing exports and server telemetry."""
    write_for_owner_only()


@main.command()
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATABASE") or DEFAULT_DATABASE,
    show_default=f"UNIT_ECONOMICS_DATABASE, else {DEFAULT_DATABASE}",
    help="The database that dbt build wrote; it is only read.",
)
def summary(database: Path) -> None:
    """Yesterday's cost per million output tokens, and the proof that the bill is accounted for."""
    if not database.is_file():
        raise click.ClickException(f"{database}: no such database; run make build, or set UNIT_ECONOMICS_DATABASE")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            print_summary(connection, Console())
    except MissingMartError as missing:
        raise click.ClickException(str(missing)) from None
    except duckdb.IOException as error:
        raise click.ClickException(f"{database} cannot be read: {str(error).splitlines()[0]}") from None


main.add_command(sample, "sample")
main.add_command(close_command)
main.add_command(compact_command)
main.add_command(conformance)
main.add_command(dbt_on_spark_command)
main.add_command(doctor_command)
main.add_command(explain_command)
main.add_command(fetch_prometheus_command)
main.add_command(from_spark_command)
main.add_command(journal_command)
main.add_command(land_command)
main.add_command(new_exports_command)
main.add_command(owned_hardware_command)
main.add_command(provider_costs_command)
main.add_command(pseudonym_command)
main.add_command(publish_command)
main.add_command(reopen_command)
main.add_command(rollback_command)
main.add_command(versions_command)
main.add_command(report_command)
main.add_command(statement_command)
main.add_command(metrics_command)


if __name__ == "__main__":
    main()
