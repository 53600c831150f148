"""`ai-unit-economics doctor`: what is missing for which mart, before anything is built.

It recognises files by the code that lands them and runs the seeds' own checks on their CSV files, so that what stops
the build is said before it begins.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import duckdb
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from ai_unit_economics.addresses import plain_address
from ai_unit_economics.doctor.inputs import Inputs, look
from ai_unit_economics.doctor.last_build import LastBuild, last_build_of
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
    callback=plain_address,
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
@click.option(
    "--format",
    "output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is for programs: the same, as one object.",
)
def doctor_command(root: str, project: Path, seeds: Path | None, database: Path, output: str) -> None:
    """What your data and seeds are missing, for which mart. Builds nothing; fails if the build would stop."""
    require_project(project)
    own = seeds or project / "seeds" / "config"
    if not (own / "deployments.csv").is_file():
        raise click.ClickException(f"{own} has no deployments.csv; name the folder of your seeds by --seeds")
    with duckdb.connect() as connection:
        inputs = look(root, project, connection, seeds)
    found = verdicts(inputs)
    built = last_build_of(database, inputs)
    stops = stops_of(inputs, found)
    if output == "json":
        click.echo(json.dumps(as_json(inputs, own, found, built, stops), indent=2, ensure_ascii=False))
    else:
        console = Console(width=None if Console().is_terminal else 80)
        looked_at(console, inputs, own, built)
        files_found(console, inputs)
        troubles(console, inputs)
        marts(console, found)
        left_open(console, built)
        if not anything_can_be_built(found):
            console.print("\n[bold red]Nothing can be built from this.[/bold red] Begin with the bill: docs/connect/")
        elif stops:
            console.print(f"\n[bold red]The build would stop[/bold red]: {len(stops)} to mend, see above")
    if stops:
        raise SystemExit(1)


def stops_of(inputs: Inputs, found: list[Verdict]) -> list[str]:
    stops = inputs.stops_usage + inputs.stops_costs
    return stops if stops or anything_can_be_built(found) else ["nothing can be built from this"]


def as_json(inputs: Inputs, own: Path, found: list[Verdict], built: LastBuild, stops: list[str]) -> dict:
    return {
        "data": inputs.root,
        "seeds": str(own),
        "database": str(built.database),
        "database_is_of_this_data": built.is_of_this_data,
        "would_stop": bool(stops),
        "stops": stops,
        "not_read": inputs.problems,
        "notes": inputs.notes,
        "folders": {
            folder: {"files": len(inputs.in_folder(folder)), "of_known_shape": inputs.shaped.get(folder, 0)}
            for folder in FOLDERS
        },
        "marts": {verdict.mart: {"state": verdict.state, "missing": list(verdict.missing)} for verdict in found},
        "left_open_by_last_build": built.lines,
    }


def looked_at(console: Console, inputs: Inputs, own: Path, built: LastBuild) -> None:
    for name, what in (("Data", inputs.root), ("Seeds", str(own)), ("Database", built.says)):
        console.print(Padding(f"[bold]{name}[/bold] {escape(what)}", (0, 0, 0, 0)), highlight=False)


def files_found(console: Console, inputs: Inputs) -> None:
    console.print("\n[bold]What lies there[/bold]", highlight=False)
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


def troubles(console: Console, inputs: Inputs) -> None:
    for heading, style, lines in (
        ("This stops the build", "bold red", inputs.stops_usage + inputs.stops_costs),
        ("This is not read", "bold yellow", inputs.problems),
        ("This is read, and may be meant otherwise", "bold", inputs.notes),
    ):
        if lines:
            console.print(f"\n[{style}]{heading}[/{style}]")
        for line in lines[:10]:
            console.print(Padding(escape(line), (0, 0, 0, 2)), highlight=False)
        if len(lines) > 10:
            console.print(f"  and {len(lines) - 10} more like these", highlight=False)


def marts(console: Console, found: list[Verdict]) -> None:
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


def left_open(console: Console, built: LastBuild) -> None:
    if built.lines is None:
        return
    console.print("\n[bold]What the last build left open[/bold]")
    for line in built.lines or ["nothing"]:
        console.print(Padding(escape(line), (0, 0, 0, 2)), highlight=False)
