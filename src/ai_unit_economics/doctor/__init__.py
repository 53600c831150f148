"""`ai-unit-economics doctor`: what is missing for which mart, before anything is built.

It recognises files by the code that lands them, and reads the seeds as CSV. Values that only a build can judge, such
as two overlapping periods or a missing exchange rate, stop the build with a line of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from ai_unit_economics.doctor.inputs import Inputs, look
from ai_unit_economics.doctor.verdicts import Verdict, anything_can_be_built, verdicts

STATES = {"full": ("green", "yes"), "partial": ("yellow", "partly"), "empty": ("red", "no")}
FOLDERS = (
    "focus",
    "telemetry/prometheus",
    "telemetry/requests",
    "telemetry/training",
    "telemetry/provider_usage",
    "telemetry/product",
    "customers",
)


DATA_OPTION = click.option(
    "--data",
    "root",
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATA") or "data/sample",
    show_default="UNIT_ECONOMICS_DATA, else data/sample",
    help="The data root: a folder or an object store's address.",
)
PROJECT_OPTION = click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=Path(),
    show_default="this folder",
    help="The folder of this dbt project, for its seeds.",
)
SEEDS_OPTION = click.option(
    "--seeds",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=lambda: os.environ.get("UNIT_ECONOMICS_SEEDS") or None,
    show_default="UNIT_ECONOMICS_SEEDS, else seeds/config of the project",
    help="The folder of your own seeds, if they are not in the project.",
)


def require_project(project: Path) -> None:
    """Raises a ClickException where the folder is not that of this dbt project."""
    if not (project / "seeds" / "reference").is_dir():
        raise click.ClickException(
            f"{project}: no seeds/reference here; name the folder of the dbt project by --project"
        )


@click.command("doctor")
@DATA_OPTION
@PROJECT_OPTION
@SEEDS_OPTION
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATABASE") or "data/unit_economics.duckdb",
    show_default="UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="What the last build wrote, if there is one; it is only read.",
)
def doctor_command(root: str, project: Path, seeds: Path | None, database: Path) -> None:
    """What your data and seeds are missing, for which mart. Needs no build; fails only if nothing can be built."""
    require_project(project)
    own = seeds or project / "seeds" / "config"
    if not (own / "deployments.csv").is_file():
        raise click.ClickException(f"{own} has no deployments.csv; name the folder of your seeds by --seeds")
    with duckdb.connect() as connection:
        inputs = look(root, project, connection, seeds)
    found = verdicts(inputs)
    console = Console(width=None if Console().is_terminal else 80)
    for part in (files_found, troubles, marts, last_build):
        part(console, inputs, found, database)
    if not anything_can_be_built(found):
        console.print("\n[bold red]Nothing can be built from this.[/bold red] Begin with the bill: docs/connect/")
        raise SystemExit(1)


def files_found(console: Console, inputs: Inputs, *_: object) -> None:
    console.print(f"[bold]Under {escape(inputs.root)}[/bold]", highlight=False)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for folder in FOLDERS:
        count = len(inputs.in_folder(folder))
        table.add_row(f"  {folder}", f"{count}" if count else "none", escape(what_is_in(folder, inputs)))
    console.print(table, highlight=False)


def what_is_in(folder: str, inputs: Inputs) -> str:
    if folder == "focus":
        return ", ".join(f"{name}: {count} that count" for name, count in sorted(inputs.sources.items()))
    if folder == "telemetry/prometheus":
        return ", ".join(sorted(inputs.meanings)).replace("_", " ")
    if folder == "customers":
        return ", ".join(sorted(inputs.customer_columns))
    return f"{inputs.shaped.get(folder, 0)} of a known shape" if inputs.in_folder(folder) else ""


def troubles(console: Console, inputs: Inputs, *_: object) -> None:
    for heading, style, lines in (
        ("This stops the build", "bold red", inputs.stops_usage + inputs.stops_costs),
        ("This is not read", "bold yellow", inputs.problems),
    ):
        if lines:
            console.print(f"\n[{style}]{heading}[/{style}]")
        for line in lines[:10]:
            console.print(Padding(escape(line), (0, 0, 0, 2)), highlight=False)
        if len(lines) > 10:
            console.print(f"  and {len(lines) - 10} more like these", highlight=False)


def marts(console: Console, _: Inputs, found: list[Verdict], *__: object) -> None:
    """A line a mart; what is missing is said once, with a number that the marts name."""
    reasons = list(dict.fromkeys(reason for verdict in found for reason in verdict.missing))
    console.print("\n[bold]Which marts this fills[/bold]")
    table = Table.grid(padding=(0, 2))
    for verdict in found:
        style, word = STATES[verdict.state]
        numbers = ", ".join(str(reasons.index(reason) + 1) for reason in verdict.missing)
        table.add_row(f"  {verdict.mart}", f"[{style}]{word}[/{style}]", f"see {numbers}" if numbers else "")
    console.print(table, highlight=False)
    if reasons:
        console.print("\n[bold]What is missing[/bold]")
        table = Table.grid(padding=(0, 1))
        table.add_column(justify="right", width=4)
        table.add_column(overflow="fold")
        for number, reason in enumerate(reasons, start=1):
            table.add_row(f"{number}", escape(reason))
        console.print(table, highlight=False)


def last_build(console: Console, _: Inputs, __: list[Verdict], database: Path) -> None:
    if not database.is_file():
        return
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            lines = list(of_last_build(connection))
    except duckdb.Error as error:
        lines = [f"{database} cannot be read now: {str(error).splitlines()[0]}"]
    console.print("\n[bold]What the last build left open[/bold]")
    for line in lines or ["nothing"]:
        console.print(Padding(escape(line), (0, 0, 0, 2)), highlight=False)


def of_last_build(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    built = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
    if "fct_deployment_costs_daily" in built:
        rows = connection.execute(
            """
            select currency, sum(effective_cost) filter (deployment_id = '(unallocated)'), sum(effective_cost)
            from marts.fct_deployment_costs_daily group by currency order by currency
            """
        ).fetchall()
        for currency, unallocated, total in rows:
            if unallocated:
                yield f"{unallocated:,.2f} of {total:,.2f} {currency} is unallocated: no rule of cost_rules.csv matches"
    if "fct_unit_economics_daily" in built:
        rows = connection.execute(
            """
            select null_reason, count(distinct (workload, unit)), count(distinct period_start)
            from marts.fct_unit_economics_daily
            where cohort_dimension = 'all' and null_reason is not null group by null_reason order by null_reason
            """
        ).fetchall()
        for reason, series, days in rows:
            yield f"no cost per unit for {series} pairs of workload and unit on up to {days} days: null_reason {reason}"
    if "fct_undeclared_usage" in built:
        yield from undeclared_usage(connection)


# Names of pods that a line has room for.
SHOWN_PODS = 3


def undeclared_usage(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rows = connection.execute(
        """
        select
            count(*),
            sum(accelerator_seconds),
            sum(effective_cost),
            any_value(currency),
            list(coalesce(nullif(concat_ws('/', nullif(namespace, ''), nullif(pod, '')), ''), instance)
                order by effective_cost desc, accelerator_seconds desc, tokens desc, namespace, pod, instance)
        from marts.fct_undeclared_usage
        where accelerator_seconds > 0 or tokens > 0
        having count(*) > 0
        """
    ).fetchall()
    for number, seconds, cost, currency, names in rows:
        shown = ", ".join(names[:SHOWN_PODS]) + (" and others" if number > SHOWN_PODS else "")
        yield (
            f"{number} pods or processes are of no deployment ({shown}): {seconds / 3600:,.1f} accelerator-hours, "
            f"{cost:,.2f} {currency}; fct_undeclared_usage names them, series_rules.csv takes them"
        )
