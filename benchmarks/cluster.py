"""From landed samples to daily states on a Spark cluster, against DuckDB on the same machine.

`make benchmark-cluster` runs it: 2,000 series of 35 days, 201.6 million samples. Every state must be equal on both
engines; else the command fails.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console

from benchmarks.build import PROJECT, Usage, environment_in, measured
from benchmarks.stages import SCRAPES_A_DAY, machine, write_world
from tools.spark_cluster import running_cluster
from tools.spark_marts import NAMES_OF_VERSIONS, differences, hand_over, put_in_place, with_what_they_read

STATES = "int_usage__counter_states_daily"
MEMORY = "3GB"
BUILD = (
    *("build", "--profiles-dir", "profiles", "--select", f"+{STATES}"),
    *("--exclude-resource-type", "unit_test", "test"),
)
ON_SPARK = ("--exclude", "path:models/landing", "--target", "spark")


@dataclass(frozen=True)
class Moved:
    """Bytes that the tasks of a cluster wrote for others to read, and spilled."""

    shuffled: int
    spilled: int


def count_on_spark(folder: Path, environment: Path) -> None:
    """Starts the cluster, makes tables of what lies in `folder`/tables and builds the states of them."""
    log = folder / "events"
    log.mkdir()
    settings = f"spark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir {log.as_uri()}\n"
    settings += "spark.sql.shuffle.partitions 64\n"
    with running_cluster(environment, folder / "spark", settings=settings, java="") as cluster:
        variables = {
            **os.environ,
            **cluster.environment,
            "UNIT_ECONOMICS_SPARK_FORMAT": "parquet",
            "DBT_TARGET_PATH": str(folder / "target_spark"),
            "PYTHONPATH": str(PROJECT / "src"),
        }
        python = environment / "bin" / "python"
        command = [python, "-m", "tools.spark_dbt", folder / "tables", *BUILD, *ON_SPARK]
        subprocess.run(command, cwd=PROJECT, env=variables, check=True)


def moved(folder: Path) -> Moved:
    """What the log of events says of all tasks."""
    shuffled, spilled = 0, 0
    for path in folder.rglob("events_*"):
        with path.open(encoding="utf-8") as lines:
            for event in map(json.loads, lines):
                if event["Event"] == "SparkListenerTaskEnd":
                    metrics = event["Task Metrics"]
                    shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
                    spilled += metrics["Disk Bytes Spilled"]
    return Moved(shuffled, spilled)


@click.command()
@click.option("--series", type=int, default=2000, show_default=True)
@click.option("--days", type=int, default=35, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--environment", type=click.Path(exists=True, path_type=Path), default=PROJECT / ".venv-spark")
@click.option("--count-in", type=click.Path(path_type=Path), hidden=True, help="What the command runs to be measured.")
def main(series: int, days: int, seed: int, environment: Path, count_in: Path | None) -> None:
    """Print a table in Markdown, as docs/spark.md has it."""
    if count_in:
        count_on_spark(count_in, environment.resolve())
        return
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as name:
        folder = Path(name)
        with console.status("writing the world"):
            _, samples = write_world(folder / "world", series, "repeating", seed, days, days * SCRAPES_A_DAY)
        variables = {**environment_in(folder, folder / "world"), "UNIT_ECONOMICS_MEMORY": MEMORY}
        with console.status("DuckDB"):
            usages = [measured(f"DuckDB with {MEMORY}, with dbt's own start", ["dbt", "--quiet", *BUILD], variables)]
        manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
        models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
        states = [node for node in models if node["name"] == STATES]
        database = Path(variables["UNIT_ECONOMICS_DATABASE"])
        with console.status("land"):
            land = ["ai-unit-economics", "land", "--out", str(folder / "landed"), "--data", str(folder / "world")]
            usages.append(measured("`ai-unit-economics land`", land, variables))
            landed = [node for node in models if node["schema"] == "landing"]
            read = set(with_what_they_read(states, models)) - {"landed_prometheus_samples"}
            hand_over(database, [node for node in landed if node["name"] in read], folder / "tables")
            put_in_place(folder / "landed", folder / "tables")
        with console.status("Spark"):
            command = [sys.executable, "-m", "benchmarks.cluster", "--count-in", name]
            command += ["--environment", str(environment)]
            usages.append(measured("Spark: two executors of one core and 1 GB", command, dict(os.environ)))
        (folder / "spark" / "warehouse").rename(folder / "warehouse")
        [found] = differences(database, folder, states, NAMES_OF_VERSIONS)
        print_table(samples, found.rows, usages, moved(folder / "events"))
        if not found.is_equal:
            raise click.ClickException(
                f"of the states {found.missing} are not on Spark, and {found.added} are new there"
            )


def print_table(samples: int, states: int, usages: list[Usage], between: Moved) -> None:
    click.echo(f"{samples:,} samples, {states:,} states of days; {machine()}\n")
    click.echo("| | CPU s | s | peak GB |")
    click.echo("|---|--:|--:|--:|")
    for usage in usages:
        click.echo(
            f"| {usage.name} | {usage.cpu_seconds:.0f} | {usage.wall_seconds:.0f} | {usage.peak_bytes / 1e9:.1f} |"
        )
    click.echo(f"\nSpark shuffled {between.shuffled / 1e9:.1f} GB and spilled {between.spilled / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
