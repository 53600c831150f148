"""Each stage of a build against its floor, on a world that a seed makes: bills and counters as large as you like.

`make benchmark-stages SIZE=1000000` runs it. A floor is the cheapest scan of the same files, or a plain `create table
as select` of them where they must be kept; both run in processes of their own, as the build does, so that memory is
theirs. Charges repeat by hour, as bills do; `--world distinct` has as many distinct lines as rows, as bills by request
have. Counters are scraped every 30 s and come in files by day, sorted by series, as the sample's do.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
import psutil
from rich.console import Console

from benchmarks.build import Usage, environment_in, measured

SAMPLES_A_CHARGE = 20
CHARGES_A_FILE = 500_000
SERIES = 200
SCRAPES_A_DAY = 2880
HOURS = 61 * 24
FIRST_DAY = "2026-05-01"
# A world repeats its lines by hour, or has a new one in every row.
WORLDS = ("repeating", "distinct")

CHARGES = """
    select
        cast(line % 977 * 0.013 + {least} as decimal(18, 6)) as "BilledCost",
        cast(line % 977 * 0.013 + {least} as decimal(18, 6)) as "EffectiveCost",
        cast(line % 977 * 0.013 + {least} as decimal(18, 6)) as "ContractedCost",
        cast(line % 977 * 0.017 + {least} as decimal(18, 6)) as "ListCost",
        'USD' as "BillingCurrency",
        'Usage' as "ChargeCategory",
        'Usage-Based' as "ChargeFrequency",
        'acme-' || line % 7 as "BillingAccountId",
        'team-' || line % 31 as "SubAccountId",
        'Acme Cloud' as "ProviderName",
        'Acme Cloud' as "PublisherName",
        'Acme Cloud' as "InvoiceIssuerName",
        'service-' || line % 23 as "ServiceName",
        'Compute' as "ServiceCategory",
        'region-' || line % 9 as "RegionId",
        'node-' || line as "ResourceId",
        'sku-' || line % 211 as "SkuId",
        'price-' || line % 499 as "SkuPriceId",
        'hour ' || line % 61 as "ChargeDescription",
        cast(line % 13 + 1 as decimal(18, 6)) as "ConsumedQuantity",
        'Hours' as "ConsumedUnit",
        cast(line % 13 + 1 as decimal(18, 6)) as "PricingQuantity",
        'Hours' as "PricingUnit",
        map {{'team': 'team-' || line % 31, 'workload': 'work-' || line % 53, 'env': 'prod'}} as "Tags",
        timestamp '{first_day}' + to_hours(hour) as "ChargePeriodStart",
        timestamp '{first_day}' + to_hours(hour + 1) as "ChargePeriodEnd",
        date_trunc('month', timestamp '{first_day}' + to_hours(hour)) as "BillingPeriodStart",
        date_trunc('month', timestamp '{first_day}' + to_hours(hour)) + interval 1 month as "BillingPeriodEnd"
    from (
        select (row_number + {seed}) % {hours} as hour, {line} as line
        from range({first}, {after}) as rows (row_number)
    )
    order by hour
"""
SAMPLES = """
    select
        timestamp '{first_day}' + to_days({day}) + to_seconds(scrape * 30 + series % 30) as ts,
        'vllm:' || ['prompt_tokens', 'generation_tokens', 'request_success'][series % 3 + 1] || '_total' as metric,
        '{{"cluster": "a", "namespace": "inference", "job": "vllm", "pod": "pod-' || series // 3 || '"}}' as labels,
        -- a counter rises with the time since its last restart, one in each ten days
        cast((series % 17 + 1) * (({day} + series) % 10 * {scrapes} + scrape) + hash(series, {seed}) % 997 as double)
            as value
    from range({series}) as all_series (series), range({scrapes}) as all_scrapes (scrape)
    order by series, scrape
"""
PLAIN_LOAD = "create table loaded as select * from read_parquet({files})"
GROUPED_SCAN = """
    select count(*), sum(rise) from (
        select metric, labels, date_trunc('hour', ts) as hour, max(value) - min(value) as rise
        from read_parquet({files}) group by all
    )
"""
SCAN = 'select sum("EffectiveCost"), count(distinct "ResourceId") from read_parquet({files})'
FLOORS = {"scan": (SCAN, "focus"), "load": (PLAIN_LOAD, "focus")}
FLOORS |= {"grouped scan": (GROUPED_SCAN, "telemetry"), "load of samples": (PLAIN_LOAD, "telemetry")}


@dataclass(frozen=True)
class Stage:
    """Models that do one thing, and what that cannot cost less than.

    Attributes:
        models: beginnings of their names.
        floor: its name in FLOORS.
    """

    name: str
    models: tuple[str, ...]
    floor: str


STAGES = (
    Stage("land charges", ("landed_focus_charges",), "load"),
    Stage("normalise charges", ("base_focus__", "stg_focus__"), "load"),
    Stage("findings of charges", ("int_quality__focus_",), "load"),
    Stage("cost lines by day", ("int_costs__charges_daily", "int_costs__charge_attributes"), "load"),
    Stage("land samples", ("landed_prometheus_", "stg_prometheus__"), "load of samples"),
    Stage("count", ("int_usage__counter_states_daily",), "grouped scan"),
)

# Whose operators are timed: the dearest
PROFILED = ("stg_prometheus__samples", "int_quality__focus_row_findings", "int_quality__focus_change_findings")


def write_bill(path: Path, world: str, seed: int, first: int, charges: int, least: str = "0.01") -> None:
    """Writes the rows of the bill from `first` on, as many as a file has; the least of them costs `least`."""
    # an hour of a repeating world has the lines of every other hour
    line = f"row_number // {HOURS}" if world == "repeating" else "row_number"
    after = min(first + CHARGES_A_FILE, charges)
    query = CHARGES.format(
        first_day=FIRST_DAY, seed=seed, hours=HOURS, line=line, first=first, after=after, least=least
    )
    with duckdb.connect(config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")


def write_world(
    folder: Path, charges: int, world: str, seed: int, days: int = 0, samples_a_charge: int = SAMPLES_A_CHARGE
) -> tuple[int, int]:
    """Writes bills and samples; gives how many of each. `days` of samples, of fewer or more series; else of SERIES."""
    bills, telemetry = folder / "focus" / "acme" / "data", folder / "telemetry" / "prometheus" / "vllm"
    bills.mkdir(parents=True)
    telemetry.mkdir(parents=True)
    samples = charges * samples_a_charge
    series = max(3, round(samples / (days * SCRAPES_A_DAY))) if days else SERIES
    days = days or max(1, round(samples / (SERIES * SCRAPES_A_DAY)))
    for number, first in enumerate(range(0, charges, CHARGES_A_FILE)):
        write_bill(bills / f"bill-{number:03}.parquet", world, seed, first, charges)
    with duckdb.connect(config={"memory_limit": "1GB", "temp_directory": str(folder / "tmp")}) as connection:
        for day in range(days):
            query = SAMPLES.format(first_day=FIRST_DAY, seed=seed, day=day, series=series, scrapes=SCRAPES_A_DAY)
            connection.execute(f"copy ({query}) to '{telemetry}/{day:03}.parquet' (format parquet, compression zstd)")
    return charges, days * series * SCRAPES_A_DAY


def restate_last_bill(folder: Path, charges: int, world: str, seed: int) -> None:
    """Writes the last file of the bill again: each of its lines, at most half a million, costs a cent more."""
    last = max((folder / "focus").rglob("*.parquet"))
    first = int(last.stem.rpartition("-")[2]) * CHARGES_A_FILE
    last.unlink()
    write_bill(last, world, seed, first, charges, least="0.02")


def hold_back_last_day(folder: Path, alone: Path) -> Path:
    """Moves the samples of the last day into a root of their own, where a bill is not."""
    last = max((folder / "telemetry").rglob("*.parquet"))
    place = alone / last.relative_to(folder)
    place.parent.mkdir(parents=True)
    last.rename(place)
    return alone


def floors(folder: Path, environment: dict[str, str]) -> Iterator[Usage]:
    """Each floor in a process of its own, with the threads and the memory that a build has."""
    for name, (query, kind) in FLOORS.items():
        files = [str(path) for path in sorted((folder / kind).rglob("*.parquet"))]
        limit = environment.get("UNIT_ECONOMICS_MEMORY") or "1400MB"
        program = (
            "import duckdb, sys\n"
            "connection = duckdb.connect(sys.argv[1], config={'memory_limit': sys.argv[2]})\n"
            "connection.execute(sys.argv[3]).fetchall()"
        )
        database = folder / f"{name.replace(' ', '-')}.duckdb"
        yield measured(
            name, [sys.executable, "-c", program, str(database), limit, query.format(files=files)], environment
        )
        database.unlink()


def seconds_by_node(target: Path) -> dict[str, float]:
    """Seconds on the clock of each model, by what dbt noted."""
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {
        node["unique_id"].rpartition(".")[2]: node["execution_time"]
        for node in results
        if node["unique_id"].startswith("model.")
    }


def seconds_by_operator(environment: dict[str, str], model: str) -> Counter[str]:
    """Processor seconds of each kind of operator, where DuckDB makes the table of a model into another database."""
    database = Path(environment["UNIT_ECONOMICS_DATABASE"])
    [compiled] = Path(environment["DBT_TARGET_PATH"]).rglob(f"compiled/**/{model}.sql")
    profile, scratch = database.with_name("profile.json"), database.with_name("profiled.duckdb")
    limit = environment.get("UNIT_ECONOMICS_MEMORY") or "1400MB"
    with duckdb.connect(str(scratch), config={"memory_limit": limit}) as connection:
        connection.execute(f"attach '{database}' as {database.stem} (read_only)")
        connection.execute("set enable_profiling = 'json'")
        connection.execute(f"set profiling_output = '{profile}'")
        connection.execute(f"create table profiled as {compiled.read_text(encoding='utf-8')}")
        connection.execute("set enable_profiling = 'no_output'")
    scratch.unlink()
    seconds: Counter[str] = Counter()
    waiting = json.loads(profile.read_text(encoding="utf-8"))["operator"]
    while waiting:
        operator = waiting.pop()
        seconds[operator["type"]] += operator["timing"]
        waiting += operator.get("children", [])
    return seconds


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} on {platform.machine()}, Python "
        f"{platform.python_version()}, DuckDB {duckdb.__version__}; load of the machine over 5 minutes {load:.1f}"
    )


@click.command()
@click.option("--charges", type=int, default=1_000_000, show_default=True, help="Rows of the bill.")
@click.option("--world", type=click.Choice(WORLDS), default="repeating", show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--days", type=int, default=0, help="Days of samples, of as many series as their number needs.")
@click.option("--samples-a-charge", type=int, default=SAMPLES_A_CHARGE, show_default=True)
@click.option("--select", default="", help="Of dbt what to build, such as +int_costs__charges_daily; all if not given.")
def main(charges: int, world: str, seed: int, days: int, samples_a_charge: int, select: str) -> None:
    """Print a table of stages and floors, in Markdown, as docs/performance.md has it."""
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as name:
        folder = Path(name) / "world"
        with console.status("writing the world"):
            rows, samples = write_world(folder, charges, world, seed, days, samples_a_charge)
        alone = hold_back_last_day(folder, Path(name) / "alone")
        environment = environment_in(folder, folder)
        with console.status("floors"):
            floor = {usage.name: usage for usage in floors(folder, environment)}
        build = ["dbt", "--quiet", "build", "--profiles-dir", "profiles", "--exclude-resource-type", "unit_test"]
        build += ["--select", *select.split()] if select else []
        usages, nodes, operators = [], [], {}
        for title in ("from nothing", "nothing new", "one more day of samples"):
            if title == "one more day of samples":
                held = next(alone.rglob("*.parquet"))
                (folder / held.relative_to(alone)).hardlink_to(held)
            with console.status(f"build, {title}"):
                usages.append(measured(f"build, {title}", build, environment))
            nodes.append(seconds_by_node(folder / "target"))
            if title == "from nothing" and not select:
                operators = {model: seconds_by_operator(environment, model) for model in PROFILED}
        restate_last_bill(folder, charges, world, seed)
        with console.status("build, a file of the bill restated"):
            usages.append(measured("build, a file of the bill restated", build, environment))
        with console.status("build, that day alone"):
            usages.append(measured("build, that day alone", build, environment_in(alone, alone)))
        of_days = len(list((folder / "telemetry").rglob("*.parquet")))
        print_table(rows, samples, of_days, world, floor, usages, nodes)
        print_operators(operators)


def print_table(
    charges: int,
    samples: int,
    days: int,
    world: str,
    floor: dict[str, Usage],
    usages: list[Usage],
    nodes: list[dict[str, float]],
) -> None:
    click.echo(f"{charges:,} charges ({world}) and {samples:,} samples of {days} days; {machine()}\n")
    click.echo("| stage | s | nothing new, s | one more day of samples, s | floor | floor, s | times |")
    click.echo("|---|--:|--:|--:|---|--:|--:|")
    for stage in STAGES:
        cold, warm, day = (
            sum(seconds for node, seconds in run.items() if node.startswith(stage.models)) for run in nodes
        )
        least = floor[stage.floor].wall_seconds
        click.echo(
            f"| {stage.name} | {cold:.1f} | {warm:.1f} | {day:.1f} | {stage.floor} | {least:.1f} | {cold / least:.1f} |"
        )
    click.echo("\n| process | CPU s | s | peak GB | GB read | GB spilled |")
    click.echo("|---|--:|--:|--:|--:|--:|")
    for usage in (*floor.values(), *usages):
        click.echo(
            f"| {usage.name} | {usage.cpu_seconds:.1f} | {usage.wall_seconds:.1f} | {usage.peak_bytes / 1e9:.2f} "
            f"| {usage.read_bytes / 1e9:.2f} | {usage.spilled_bytes / 1e9:.2f} |"
        )


def print_operators(operators: dict[str, Counter[str]]) -> None:
    click.echo("\n| model | CPU s | the dearest operators |")
    click.echo("|---|--:|---|")
    for model, seconds in operators.items():
        dearest = ", ".join(f"{kind} {value:.1f}" for kind, value in seconds.most_common(5))
        click.echo(f"| {model} | {seconds.total():.1f} | {dearest} |")


if __name__ == "__main__":
    main()
