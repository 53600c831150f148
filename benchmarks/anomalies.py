"""How often a day is called an anomaly where nothing happened, and how often a day that is dearer is seen.

    python -m benchmarks.anomalies        # the table of docs/release-gates.md, under a minute

The models int_decisions__metric_bands and fct_anomalies run on simulated days, as they are. Seeds are
fixed: the same options give the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import click
import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import yaml
from rich.console import Console
from rich.table import Table

from benchmarks.build import PROJECT
from benchmarks.noise import JUDGING_SEED, autoregressive, week_shape

MODELS = ("intermediate/decisions/int_decisions__metric_bands", "marts/decisions/fct_anomalies")
START = date(2026, 1, 5)  # a Monday
DAYS, WARM_UP = 140, 63
UNITS = ("request", "token")
DEARER = 1.3


@dataclass(frozen=True)
class World:
    """Noise of usage and of cost, which follow no plan; usage grows by 2 % a week."""

    name: str
    noise: float
    tails: str = "normal"
    autocorrelation: float = 0.3


WORLDS = (
    World("normal noise 5 %", 0.05),
    World("heavy tails (t4) 5 %", 0.05, "t4"),
    World("normal noise 10 %", 0.10),
    World("normal noise 5 %, AR .7", 0.05, autocorrelation=0.7),
)


def workload_days(world: World, name: str, dearer_on: set[int], rng: np.random.Generator) -> list[dict]:
    """Days of one workload as int_books__unit_economics has them; 70 % of cost is fixed, units share it."""
    day = np.arange(DAYS)
    usage, other, cost = (
        np.exp(autoregressive(rng, DAYS, world.noise, world.autocorrelation, world.tails)) for _ in range(3)
    )
    units = 1e6 * week_shape(day, 0.7) * 1.02 ** (day / 7) * usage
    cost = 100 * (0.7 + 0.3 * units / 1e6) * cost * np.where(np.isin(day, list(dearer_on)), DEARER, 1.0)
    counts = {"request": units, "token": units * np.exp(0.02 * np.log(other) / world.noise)}
    return [
        {"grain": "day", "environment": "p", "workload": name, "cohort_dimension": "all", "unit": unit,
         "is_complete": True, "units": int(counts[unit][each]), "effective_cost": float(cost[each]),
         "cost_per_unit": float(cost[each] / counts[unit][each]), "period_start": START + timedelta(days=int(each))}
        for unit in UNITS
        for each in day
    ]  # fmt: skip


def compiled(model: str) -> str:
    """The model's SQL over tables of the same names, with the variables' defaults."""
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 - SQL, from our own files
    template = environment.from_string((PROJECT / "models" / f"{model}.sql").read_text(encoding="utf-8"))
    macros = {
        "money_type": lambda: "decimal(38, 18)",
        "days_between": lambda earlier, later: f"date_diff('day', {earlier}, {later})",
    }
    return template.render(ref=str, var=variables.__getitem__, **macros)


def anomalies(rows: list[dict]) -> list[tuple]:
    """(workload, days since the start, metric, is_alarm) of what the two models say about the days."""
    with duckdb.connect() as connection:
        given = pa.Table.from_pylist(rows)
        connection.register("given", given)
        connection.sql("create table int_books__unit_economics as select *, null::varchar as null_reason from given")
        connection.sql("create table units as select unnest(['request', 'token']) as unit, 'sum' as counting")
        connection.sql(
            "create table int_decisions__week_moves as select environment, workload, unit, 'x' as main_driver,"
            " 'x' as units_deployment_id, 'x' as cost_deployment_id, 0 as cost_change, 0 as volume_cost_change,"
            " period_start as date_day from given"
        )
        for model in MODELS:
            connection.sql(f"create table {model.split('/')[-1]} as {compiled(model)}")
        return connection.execute(
            f"select workload, date_day - date '{START}', metric, is_alarm from fct_anomalies"
        ).fetchall()


def rates(world: World, workloads: int, seed: int) -> list[str]:
    """Rows of quiet days by metric and alarms of quiet days, per 100; and how often a dearer day is seen and alarms."""
    rng = np.random.default_rng([seed, int(1000 * world.noise), len(world.name)])
    dearer = {f"dear-{number}": {int(rng.integers(WARM_UP, DAYS))} for number in range(workloads)}
    rows = [row for number in range(workloads) for row in workload_days(world, f"quiet-{number}", set(), rng)]
    rows += [row for name, days in dearer.items() for row in workload_days(world, name, days, rng)]
    found = anomalies(rows)
    quiet = [row for row in found if row[0].startswith("quiet") and row[1] >= WARM_UP]
    days = workloads * (DAYS - WARM_UP)
    by_metric = [
        sum(row[2] == metric for row in quiet) / days / len(UNITS)
        for metric in ("units", "effective_cost", "cost_per_unit")
    ]
    alarms = sum(row[3] for row in quiet) / days
    seen = [
        len({row[0] for row in found if row[0] in dearer and row[1] in dearer[row[0]] and row[2] == metric}) / workloads
        for metric in ("effective_cost", "cost_per_unit")
    ]
    alarmed = len({row[0] for row in found if row[0] in dearer and row[1] in dearer[row[0]]}) / workloads
    return [
        *(f"{100 * share:.2f}" for share in (*by_metric, alarms)),
        *(f"{100 * share:.0f}" for share in (*seen, alarmed)),
    ]


@click.command()
@click.option("--workloads", type=int, default=150, show_default=True)
@click.option("--seed", type=int, default=JUDGING_SEED, show_default=True)
def main(workloads: int, seed: int) -> None:
    """Print false alarms per 100 days, and the share of days of +30 % cost that are seen."""
    table = Table(
        "noise", "units", "cost", "cost per unit", "alarms", "seen in cost", "in cost per unit", "seen at all",
        title="false, per 100 series-days; +30 % days seen, %",
    )  # fmt: skip
    for world in WORLDS:
        table.add_row(world.name, *rates(world, workloads, seed))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
