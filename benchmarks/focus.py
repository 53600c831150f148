"""Staging of FOCUS exports of a gigabyte, as Parquet and as CSV.GZ: processor time and memory, against a plain load.

`make benchmark-focus` runs it, and it fails beyond 4 GB of memory. The data are the sample's AWS rows over and over,
each time with other resources, costs and quantities, in files of the size that providers write. They lie in a
temporary folder and go with it.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click
import duckdb
from rich.console import Console

from benchmarks.build import PROJECT, Usage, environment_in, measured

SAMPLE = PROJECT / "data" / "sample"
MOST_BYTES = 4_000_000_000
ROUNDS_A_FILE = {"parquet": 16, "csv": 8}
FORMATS = {"parquet": "format parquet, compression snappy", "csv": "format csv, header, compression gzip"}
ENDINGS = {"parquet": "snappy.parquet", "csv": "csv.gz"}

# Digits that no two rows share, so that files compress as real ones do.
ROWS = """
    select * replace (
        ResourceId || '/' || left(md5(concat(file_row_number, ' ', round)), 17) as ResourceId,
        EffectiveCost * (1 + part) as EffectiveCost, BilledCost * (1 + part) as BilledCost,
        ContractedCost * (1 + part) as ContractedCost, ListCost * (1 + part) as ListCost,
        PricingQuantity * (1 + part) as PricingQuantity, ConsumedQuantity * (1 + part) as ConsumedQuantity
    )
    from (
        select charges.*, round, hash(file_row_number, round) % 1000000 / 1e9 as part
        from {source} as charges, range({first}, {after}) as rounds (round)
    )
"""


def write(kind: str, size: int, folder: Path, sample: Path) -> int:
    """Writes files until the folder has the size; gives the number of rows."""
    rows = 0
    with duckdb.connect(config={"memory_limit": "1400MB", "temp_directory": str(folder)}) as connection:
        source = f"read_parquet('{sample}/focus/aws/**/*.parquet', hive_partitioning = false, file_row_number = true)"
        columns = connection.execute(f"describe select * exclude (file_row_number) from {source}").fetchall()
        select = f"select {', '.join(written_as(kind, *column[:2]) for column in columns)} from ({ROWS})"
        target = folder / "focus" / "aws" / "data"
        target.mkdir(parents=True)
        number = 0
        while sum(file.stat().st_size for file in target.iterdir()) < size:
            first = number * ROUNDS_A_FILE[kind]
            query = select.format(source=source, first=first, after=first + ROUNDS_A_FILE[kind])
            file = target / f"bill-{number:05}.{ENDINGS[kind]}"
            (written,) = connection.execute(f"copy ({query}) to '{file}' ({FORMATS[kind]})").fetchone() or (0,)
            rows += written
            number += 1
    return rows


def written_as(kind: str, name: str, column_type: str) -> str:
    """A CSV has no maps: providers write tags into it as JSON."""
    if kind == "csv" and column_type.startswith("MAP"):
        return f'cast(to_json("{name}") as varchar) as "{name}"'
    return f'"{name}"'


def load(kind: str, folder: Path) -> float:
    """Processor seconds of the least that keeping every value takes: one table of the files' own columns."""
    files = [str(path) for path in (folder / "focus" / "aws" / "data").iterdir()]
    reader = "read_parquet($files)" if kind == "parquet" else "read_csv($files, all_varchar = true)"
    before = os.times()
    with duckdb.connect(str(folder / "loaded.duckdb"), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        connection.execute(f"create table loaded as select * from {reader}", {"files": files})
    after = os.times()
    return after.user + after.system - before.user - before.system


def stage(kind: str, folder: Path) -> tuple[Usage, int, float]:
    """What staging the files took, how many rows there are then, and what a plain load of the same files takes."""
    environment = environment_in(folder, folder)
    options = ["--profiles-dir", "profiles", "--select"]
    measured("dbt seed", ["dbt", "--quiet", "seed", *options, "resource_type:seed"], environment)
    usage = measured(
        f"staging {kind}",
        ["dbt", "--quiet", "run", *options, "+stg_focus__charges,resource_type:model"],
        environment,
    )
    with duckdb.connect(environment["UNIT_ECONOMICS_DATABASE"], read_only=True) as connection:
        (rows,) = connection.execute("select count(*) from staging.stg_focus__charges").fetchone() or (0,)
    return usage, rows, load(kind, folder)


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=SAMPLE,
    help="Where the AWS rows come from; the sample if not given.",
)
@click.option("--gigabytes", type=float, default=1.0, show_default=True, help="How much of each format.")
@click.option(
    "--format", "kinds", type=click.Choice(list(FORMATS)), multiple=True, default=list(FORMATS), show_default=True
)
def main(data: Path, gigabytes: float, kinds: tuple[str, ...]) -> None:
    """Stage a gigabyte of each format from nothing, and load the same files plainly."""
    console = Console()
    too_much = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="unit-economics-") as name:
            folder = Path(name)
            with console.status(f"writing {gigabytes:g} GB of {kind}"):
                written = write(kind, int(gigabytes * 1e9), folder, data.resolve())
            with console.status(f"staging {written:,} rows of {kind}"):
                usage, rows, floor = stage(kind, folder)
            files = [file.stat().st_size for file in (folder / "focus").rglob(f"*.{ENDINGS[kind]}")]
        if rows != written:
            raise click.ClickException(f"{kind}: {written:,} rows were written and {rows:,} staged")
        peak = usage.peak_bytes / 1e9
        console.print(
            f"{kind}: {sum(files) / 1e9:.2f} GB in {len(files)} files, {rows:,} rows: {usage.cpu_seconds:.0f} CPU s,"
            f" {peak:.2f} GB at the peak; a plain load {floor:.0f} CPU s, so {usage.cpu_seconds / floor:.1f} times"
        )
        if usage.peak_bytes > MOST_BYTES:
            too_much.append(kind)
    if too_much:
        sys.exit(f"{' and '.join(too_much)}: more than {MOST_BYTES / 1e9:.0f} GB of memory")


if __name__ == "__main__":
    main()
