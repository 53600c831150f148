"""The same count by other engines: from raw samples in files to what each counter rose by in each day.

`make benchmark-peers SIZE=1000000` runs it, each engine in a process of its own over the same files, and stops if two
totals differ. This project does more with the same samples (replicas of one server, gaps, what is kept for the next
day); its rows are its models from the files to these days, with and without what dbt itself takes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click
import duckdb
from rich.console import Console

from benchmarks.build import PROJECT, Usage, environment_in, measured
from benchmarks.stages import machine, write_world

COUNTS = PROJECT / "benchmarks" / "peer_counts.py"
MEMORY = "3GB"
DAYS = "int_usage__counter_increases_daily"
# What an engine is called, and the most samples that it is given: pandas holds them all.
ENGINES = {
    "duckdb_window": ("DuckDB, one statement", sys.maxsize),
    "polars": ("Polars, streaming", sys.maxsize),
    "chdb": ("chDB", sys.maxsize),
    "spark": ("Spark, local mode", sys.maxsize),
    "pandas": ("pandas", 25_000_000),
}


def counted_by(engine: str, python: Path, files: list[Path], folder: Path) -> tuple[Usage, str]:
    name, _ = ENGINES[engine]
    result = folder / f"{engine}.txt"
    usage = measured(
        name, [str(python), str(COUNTS), engine, MEMORY, str(result), *map(str, files)], environment_in(folder, folder)
    )
    return usage, result.read_text(encoding="ascii")


def counted_here(folder: Path) -> tuple[list[Usage], str]:
    """The models from the files to the days, and a start of dbt that does nothing, with what they found."""
    environment = {**environment_in(folder, folder), "UNIT_ECONOMICS_MEMORY": MEMORY}
    command = [
        "dbt",
        "--quiet",
        "build",
        "--profiles-dir",
        "profiles",
        "--exclude-resource-type",
        "unit_test",
        "--select",
    ]
    measured("dbt, its first start", ["dbt", "--quiet", "parse", "--profiles-dir", "profiles"], environment)
    first = measured("this project", [*command, f"+{DAYS}"], environment)
    again = measured("this project, nothing new", [*command, f"+{DAYS}"], environment)
    with duckdb.connect(environment["UNIT_ECONOMICS_DATABASE"], read_only=True) as connection:
        query = f"select cast(sum(increase) as varchar), count(*) from intermediate.{DAYS} where date_day is not null"
        total, _ = connection.execute(query).fetchone() or (None, 0)
    return [first, again], str(total)


@click.command()
@click.option("--charges", type=int, default=1_000_000, show_default=True, help="A twentieth of the samples.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--python", type=click.Path(exists=True, path_type=Path), required=True, help="Of the peers' environment."
)
@click.argument("engines", nargs=-1, type=click.Choice(list(ENGINES)))
def main(charges: int, seed: int, python: Path, engines: tuple[str, ...]) -> None:
    """Print a table in Markdown, as docs/performance.md has it. ENGINES: those to run, all if none is given."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as name:
        folder = Path(name)
        with console.status("writing the world"):
            _, samples = write_world(folder, charges, "repeating", seed)
        files = sorted((folder / "telemetry").rglob("*.parquet"))
        usages, totals = [], {}
        for engine in engines or ENGINES:
            title, at_most = ENGINES[engine]
            if samples > at_most:
                console.print(f"{title}: at most {at_most:,} samples")
                continue
            with console.status(title):
                usage, totals[title] = counted_by(engine, python, files, folder)
                usages.append(usage)
        with console.status("this project"):
            own, total = counted_here(folder)
    different = {title: found for title, found in totals.items() if found.split()[0] != total}
    if different:
        raise click.ClickException(f"this project counts {total}, and others do not: {different}")
    click.echo(f"{samples:,} samples, {total} counted by each; {machine()}\n")
    click.echo("| engine | CPU s | s | peak GB |")
    click.echo("|---|--:|--:|--:|")
    for usage in (*usages, *own):
        click.echo(
            f"| {usage.name} | {usage.cpu_seconds:.1f} | {usage.wall_seconds:.1f} | {usage.peak_bytes / 1e9:.2f} |"
        )


if __name__ == "__main__":
    main()
