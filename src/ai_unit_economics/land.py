"""`ai-unit-economics land`: the landed tables as Parquet, for engines and dbt versions without Python models."""

from __future__ import annotations

from pathlib import Path

import click
import duckdb
from rich.console import Console

from ai_unit_economics.doctor import DATA_OPTION, PROJECT_OPTION, SEEDS_OPTION, require_project
from ai_unit_economics.doctor.inputs import Inputs, read_seeds, variable_of
from ai_unit_economics.landing.exported import export
from ai_unit_economics.landing.files import RootError, is_address, plain_root
from ai_unit_economics.landing.models import catalogues, problems_of_bills
from ai_unit_economics.landing.privacy import PrivacyError, hidden_from_rules, privacy_of
from ai_unit_economics.landing.register import register
from ai_unit_economics.writing import alone_in


@click.command("land")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where the tables go: a folder for each, and in it one for each day.",
)
@DATA_OPTION
@PROJECT_OPTION
@SEEDS_OPTION
def land_command(out: Path, root: str, project: Path, seeds: Path | None) -> None:
    """Write what is read of your files as Parquet by day; only new and changed files are read again.

    Personal data is hashed or dropped as the variable privacy of dbt_project.yml says.
    """
    require_project(project)
    if not is_address(root) and not Path(root).exists():
        raise click.ClickException(f"{root}: no such folder, so no table was changed; set UNIT_ECONOMICS_DATA")
    inputs = Inputs(root)
    read_seeds(inputs, project, seeds or project / "seeds" / "config")
    if inputs.stops_usage:
        raise click.ClickException("\n".join(inputs.stops_usage))
    known = catalogues(inputs.seeds)
    console = Console(stderr=True)
    busy = click.ClickException(f"another process lands into {out}: try again when it is done")
    with alone_in(out, busy, ".landing-*"):
        with duckdb.connect() as session:
            session.execute("set TimeZone = 'UTC'")
            try:
                privacy = privacy_of(variable_of(project, "privacy"), out)
                if hidden := hidden_from_rules(privacy, inputs.seeds):
                    raise PrivacyError("\n".join(hidden))
                entries = register(plain_root(root), session, known, privacy_version=privacy.version)
            except (RootError, PrivacyError) as error:
                raise click.ClickException(str(error)) from None
        report = export(
            out, entries, known, privacy, say=lambda line: console.print(line, highlight=False, soft_wrap=True)
        )
    console.print(f"{out}: {sum(report.read.values())} files read", highlight=False, soft_wrap=True)
    if problems := problems_of_bills(entries, report.unreadable):
        raise click.ClickException("these bills cannot be counted:\n" + "\n".join(f"  {line}" for line in problems))
