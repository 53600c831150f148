"""CPU time and memory of a build of the sample, and counting against the cheapest scan of the same samples.

`make benchmark` runs it. A build is that of `make build`, with dbt's start-up, every model and every test of the data.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
import psutil
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
COUNTING = "models/intermediate/usage/int_usage__counter_states_daily.sql"
# The least that a count can do: one pass, one group for each series and hour (shared with the figures of the field).
FLOOR = """
    select scrape_series_id, date_trunc('hour', sampled_at) as hour, max(value) - min(value) as increase
    from staging.stg_prometheus__samples
    where not is_gauge and value is not null
    group by scrape_series_id, hour
"""
REPEATS = 15


@dataclass(frozen=True)
class Usage:
    """What a process and its children used.

    Attributes:
        wall_seconds: on the clock.
        cpu_seconds: of all processors.
        peak_bytes: of memory.
        read_bytes: by system calls, from the disk or from the cache of the machine; 0 where the system does not say.
        spilled_bytes: in UNIT_ECONOMICS_TEMP, at the peak.
    """

    name: str
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    read_bytes: int = 0
    spilled_bytes: int = 0


def measured(name: str, command: list[str], environment: dict[str, str]) -> Usage:
    """Runs `command` and samples its family's memory and processor time ten times a second.

    Its own child may end without being waited for, as Spark's engine does: what was seen of it counts.

    Raises:
        click.ClickException: the command failed; its output is shown.
    """
    before = os.times()
    started = time.monotonic()
    peak, spilled = 0, 0
    seen: dict[int, float] = {}
    read: dict[int, int] = {}
    temporary = Path(environment.get("UNIT_ECONOMICS_TEMP") or os.devnull)
    with tempfile.TemporaryFile() as output:
        process = psutil.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            try:
                family = [process, *process.children(recursive=True)]
                peak = max(peak, sum(member.memory_info().rss for member in family))
                seen.update({member.pid: sum(member.cpu_times()[:2]) for member in family})
                if psutil.LINUX:
                    read.update({member.pid: member.io_counters().read_chars for member in family})
            except psutil.NoSuchProcess:
                pass
            spilled = max(spilled, bytes_in(temporary))
            time.sleep(0.1)
        if process.returncode:
            output.seek(0)
            raise click.ClickException(f"{name} failed:\n{output.read().decode()}")
    after = os.times()
    waited_for = after.children_user + after.children_system - before.children_user - before.children_system
    return Usage(
        name,
        time.monotonic() - started,
        max(waited_for, sum(seen.values())),
        peak,
        sum(read.values()),
        spilled,
    )


def bytes_in(folder: Path) -> int:
    """The size of the files of a folder, some of which may go while it looks."""
    size = 0
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            size += path.stat().st_size
    return size


def environment_in(folder: Path, data: Path) -> dict[str, str]:
    """For a build of `data` that leaves everything in `folder`."""
    return {
        **os.environ,
        "UNIT_ECONOMICS_DATA": str(data.resolve()),
        "UNIT_ECONOMICS_DATABASE": str(folder / "unit_economics.duckdb"),
        "UNIT_ECONOMICS_TEMP": str(folder / "tmp"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def cpu_of(connection: duckdb.DuckDBPyConnection, query: str) -> float:
    """The least processor time in seconds that the query took, over `REPEATS` runs after a first one."""
    seconds = []
    for _ in range(REPEATS + 1):
        before = os.times()
        connection.execute(f"select count(*), sum(increase) from ({query})").fetchall()
        after = os.times()
        seconds.append(after.user + after.system - before.user - before.system)
    return min(seconds[1:])


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=PROJECT / "data" / "sample",
    help="The data to build; the sample if not given.",
)
def main(data: Path) -> None:
    """Build twice, from nothing and with nothing new, then count against the floor."""
    folder = PROJECT / "data" / "benchmark"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = environment_in(folder, data)
    build = ["dbt", "--quiet", "build", "--profiles-dir", "profiles", "--exclude-resource-type", "unit_test"]
    console = Console()
    with console.status("dbt build, from nothing"):
        usages = [measured("dbt build, from nothing", build, environment)]
    compiled = (folder / "target" / "compiled" / "ai_unit_economics" / COUNTING).read_text(encoding="utf-8")
    with console.status("dbt build, nothing new"):
        usages.append(measured("dbt build, nothing new", build, environment))

    table = Table("", "CPU s", "wall s", "peak GB")
    for usage in usages:
        table.add_row(
            usage.name, f"{usage.cpu_seconds:.0f}", f"{usage.wall_seconds:.0f}", f"{usage.peak_bytes / 1e9:.2f}"
        )
    console.print(table)

    with duckdb.connect(environment["UNIT_ECONOMICS_DATABASE"], read_only=True) as connection:
        (samples,) = connection.execute("select count(*) from staging.stg_prometheus__samples").fetchone() or (0,)
        counting = cpu_of(connection, compiled)
        floor = cpu_of(connection, FLOOR)
    console.print(
        f"counting {samples:,} samples: {counting:.2f} CPU s, the floor {floor:.2f} CPU s: {counting / floor:.2f} times"
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
