"""`ai-unit-economics dbt-on-spark`: dbt with its Spark adapter, and ANSI mode as the profile says it.

dbt-spark 1.11 sets `spark.sql.ansi.enabled` to false in each session, whatever the profile says: an amount that
overflows would be null and no error.
"""

from __future__ import annotations

import importlib.util

import click


def keep_ansi() -> None:
    """Every connection that dbt-spark opens in this process has ANSI mode."""
    from dbt.adapters.spark.connections import SparkCredentials

    prepare = SparkCredentials.__post_init__

    def prepare_with_ansi(self: SparkCredentials) -> None:
        prepare(self)
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    SparkCredentials.__post_init__ = prepare_with_ansi


@click.command("dbt-on-spark", context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def dbt_on_spark_command(arguments: tuple[str, ...]) -> None:
    """Run a command of dbt, such as `build --target spark --selector on_spark`, with exact numbers on Spark."""
    if not arguments or arguments[0].startswith("-"):
        raise click.UsageError("name a command of dbt first, such as: dbt-on-spark build --target spark")
    if importlib.util.find_spec("dbt.adapters.spark") is None:
        raise click.ClickException("dbt-spark is not installed here: install requirements-spark.lock")
    from dbt.cli.main import cli

    keep_ansi()
    cli(list(arguments), prog_name="dbt")
