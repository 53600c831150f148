"""`ai-unit-economics pseudonym`: what stands for a name where names are hashed, for seeds and for one person's rows."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ai_unit_economics.doctor import PROJECT_OPTION
from ai_unit_economics.doctor.inputs import variable_of
from ai_unit_economics.landing.privacy import HASH, KINDS, SALT, PrivacyError, privacy_of, salt_file


@click.command("pseudonym")
@click.argument("kind", type=click.Choice([kind.name for kind in KINDS]))
@click.argument("value")
@PROJECT_OPTION
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATABASE") or "data/unit_economics.duckdb",
    show_default="UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Beside it lies the key, or beside the folder that land --out names.",
)
def pseudonym_command(kind: str, value: str, project: Path, database: Path) -> None:
    """Print what stands for VALUE where ids of this KIND are hashed."""
    try:
        if not os.environ.get(SALT) and not salt_file(database).is_file():
            raise PrivacyError(f"{salt_file(database)} is not there, and {SALT} is not set: nothing was hashed yet")
        privacy = privacy_of(variable_of(project, "privacy"), database)
    except PrivacyError as error:
        raise click.ClickException(str(error)) from None
    if privacy.treatments[kind] != HASH:
        raise click.ClickException(
            f"the variable privacy says {{{kind}: {privacy.treatments[kind]}}}: it is not hashed"
        )
    click.echo(privacy.pseudonym(kind, value))
