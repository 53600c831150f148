"""Unit economics as Prometheus metrics: the newest values for a scrape, and all of history for a backfill.

A value that is not known is a series that is absent: Prometheus would take a 0 for a price.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import click
import duckdb

from ai_unit_economics import writing
from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.private_files import folder_for_readers
from ai_unit_economics.report import database_to_report
from ai_unit_economics.report.content import ENDED_AFTER_DAYS, Marts
from ai_unit_economics.sql import Sql, identifier, joined, sql

# Each dimension multiplies the series; these are what latency and errors are looked at by.
DIMENSIONS = ("all", "deployment", "customer_tier", "model")
STATUSES = ("met", "at_risk", "breached", "no_data")
PREFIX = "ai_unit_economics_"
REQUIRED = ("fct_unit_economics_daily", "fct_deployment_costs_daily", "fct_cost_reconciliation")
FOR_COLLECTORS = 0o644  # a collector is another user
# A count with another reason is a part of the units, or the 0 of nobody who looked
KNOWN_UNITS = (None, "no_units", "no_cost")
# The gateway sees them where nobody saw anything else
OF_GATEWAY = ("active_user", "session")
COHORT = ("environment", "workload", "cohort_dimension", "cohort", "unit")


@dataclass(frozen=True)
class Sample:
    labels: dict[str, str]
    value: object
    # When the value was true: the end of its period. None for what is true of the file as a whole.
    at: datetime | None = None


@dataclass(frozen=True)
class Family:
    name: str
    help: str
    samples: Sequence[Sample]


def families(marts: Marts, *, history: bool) -> list[Family]:
    """All metrics; of the series over time every complete day, or the newest one of each series."""
    makers: Iterable[Callable[[Marts, bool], Iterator[Family]]] = (_unit_economics, _coverage, _targets, _bill, _file)
    return [family for make in makers for family in make(marts, history) if family.samples]


def _unit_economics(marts: Marts, history: bool) -> Iterator[Family]:
    # A day that is not complete is not the newest: it would move on every build
    newest = sql(
        "and ({series}) in {going_on} "
        "qualify row_number() over (partition by all_labels order by period_start desc) = 1",
        series=joined(map(identifier, COHORT[:-1])),
        going_on=_going_on(marts),
    )
    every = sql("")
    query = sql(
        "select {cohort}, currency, unit_scale, period_end, units, cost_per_unit, null_reason, {costs}, "
        "({cohort}) as all_labels "
        "from marts.fct_unit_economics_daily where is_complete and cohort_dimension in {dimensions} {newest} "
        "order by {cohort}, period_start",
        cohort=joined(map(identifier, COHORT)),
        costs=joined(identifier(f"{origin}_cost") for origin in COST_ORIGINS),
        dimensions=list(DIMENSIONS),
        newest=every if history else newest,
    )
    rows = marts.rows(query.text)
    costs, units, origins = [], [], []
    for row in rows:
        labels, at = {name: row[name] for name in COHORT}, _end_of(row["period_end"])
        if row["units"] is not None and row["null_reason"] in KNOWN_UNITS:
            units.append(Sample(labels, row["units"], at))
        if row["cost_per_unit"] is not None:
            scale = {"unit_scale": str(row["unit_scale"]), "currency": row["currency"]}
            costs.append(Sample(labels | scale, row["cost_per_unit"], at))
        if row["unit"] in ("token", "embedding", "training_token"):
            whole = {name: row[name] for name in COHORT if name != "unit"} | {"currency": row["currency"]}
            origins.extend(
                Sample(whole | {"unit": row["unit"], "cost_origin": origin}, row[f"{origin}_cost"], at)
                for origin in COST_ORIGINS
            )
    yield Family("cost_per_unit", "Fully-loaded cost of unit_scale units, of one complete day", costs)
    yield Family("units", "Units of one complete day", units)
    yield Family("cost", "Fully-loaded cost of one complete day by origin", origins)
    if not history:
        newest_days: dict[tuple[str, str], datetime] = {}
        for row in rows:
            if row["unit"] in OF_GATEWAY:
                continue
            key = (row["environment"], row["workload"])
            newest_days[key] = max(_end_of(row["period_end"]), newest_days.get(key, datetime.min.replace(tzinfo=UTC)))
        yield Family(
            "complete_through_timestamp_seconds",
            "End of the newest complete day",
            [
                Sample({"environment": environment, "workload": workload}, int(end.timestamp()))
                for (environment, workload), end in newest_days.items()
            ],
        )


def _going_on(marts: Marts) -> Sql:
    """The cohorts of the newest complete day of their workloads, or of later days: what has ended would stand in every
    sum and alert for ever. A workload that is more than a month behind the others has ended, as a source has."""
    return sql(
        "(with days as (select * from marts.fct_unit_economics_daily where period_start < {until} or units is not null)"
        ", workloads as (select environment, workload, max(period_start) as last_day, "
        "max(period_start) filter (is_complete and cohort_dimension = 'all' and unit not in {of_gateway}) "
        "as complete_day from days group by all) "
        "select {series} from days inner join workloads using (environment, workload) group by all "
        "having max(period_start) >= coalesce(max(complete_day), date '0001-01-01') "
        "and max(last_day) >= (select max(period_start) from days) - {behind})",
        series=joined(map(identifier, COHORT[:-1])),
        until=marts.come_until,
        behind=ENDED_AFTER_DAYS,
        of_gateway=list(OF_GATEWAY),
    )


def _coverage(marts: Marts, history: bool) -> Iterator[Family]:
    # a day that no bill has reached, and of which nobody counted anything, is one of a charge that reaches ahead
    query = sql(
        "select * from ("
        "select environment, workload, cohort as deployment, period_end as day, min(telemetry_coverage) as coverage, "
        "row_number() over (partition by environment, cohort order by period_end desc) as newest, "
        "({series}) in {going_on} as goes_on "
        "from marts.fct_unit_economics_daily where cohort_dimension = 'deployment' and telemetry_coverage is not null "
        "and unit not in {of_gateway} "
        "and (period_start < {come_until} or units is not null) "
        "group by environment, workload, cohort_dimension, cohort, period_end"
        ") where {history} or (newest = 1 and goes_on) order by environment, workload, deployment, day",
        series=joined(map(identifier, COHORT[:-1])),
        going_on=_going_on(marts),
        history=history,
        come_until=marts.come_until,
        of_gateway=list(OF_GATEWAY),
    )
    rows = marts.rows(query.text)
    yield Family(
        "telemetry_coverage_ratio",
        "Share of the time that telemetry covers, of one day",
        [
            Sample(
                {name: row[name] for name in ("environment", "workload", "deployment")},
                row["coverage"],
                _end_of(row["day"]),
            )
            for row in rows
        ],
    )


def _targets(marts: Marts, history: bool) -> Iterator[Family]:
    if not marts.has("fct_target_status"):
        return
    query = sql(
        "select target_id, severity, status, grain, environment, workload, cohort_dimension, cohort, unit, currency, "
        "unit_scale, max_cost_per_unit, headroom_ratio, period_end from marts.fct_target_status "
        "where {kept} order by target_id, period_end",
        kept=identifier("is_complete") if history else marts.targets_today,
    )
    rows = marts.rows(query.text)
    limits, statuses, headrooms = [], [], []
    for row in rows:
        at = _end_of(row["period_end"]) if history else None
        labels = {"target_id": row["target_id"], "severity": row["severity"], "grain": row["grain"]}
        cohort = {name: row[name] for name in COHORT}
        limits.append(Sample(labels | cohort | {"currency": row["currency"]}, row["max_cost_per_unit"], at))
        statuses.extend(
            Sample(labels | {"workload": row["workload"], "status": status}, int(row["status"] == status), at)
            for status in STATUSES
        )
        if row["headroom_ratio"] is not None:
            headrooms.append(Sample(labels | {"workload": row["workload"]}, row["headroom_ratio"], at))
    yield Family("target_max_cost_per_unit", "The limit of a target, for unit_scale units", limits)
    yield Family("target_status", "1 for the status that a target has", statuses)
    yield Family("target_headroom_ratio", "How far the cost per unit is below the limit; negative above it", headrooms)


def _bill(marts: Marts, history: bool) -> Iterator[Family]:
    if history:
        return
    yield Family(
        "charges_through_timestamp_seconds",
        "End of the newest day whose charges have come, of a source that has not ended",
        [Sample({"source": source}, int(_end_of(day).timestamp())) for source, day in marts.charges_until.items()],
    )
    differences = marts.rows(
        "select source, sum(abs(difference)) as difference, "
        "arg_max_null(unallocated_cost / nullif(effective_cost_in, 0), billing_period_start) as unallocated "
        "from marts.fct_cost_reconciliation group by source order by source"
    )
    yield Family(
        "reconciliation_difference",
        "EffectiveCost that came in and did not go out, over all billing periods, without sign",
        [Sample({"source": row["source"]}, row["difference"]) for row in differences],
    )
    yield Family(
        "unallocated_ratio",
        "Share of the newest billing period that no rule sends anywhere",
        [
            Sample({"source": row["source"]}, row["unallocated"])
            for row in differences
            if row["unallocated"] is not None
        ],
    )


def _file(marts: Marts, history: bool) -> Iterator[Family]:
    if history or not marts.has("publication"):
        return
    (row,) = marts.rows("from marts.publication")
    built_at = row["built_at"].replace(tzinfo=UTC)
    yield Family("built_timestamp_seconds", "When the build ended", [Sample({}, int(built_at.timestamp()))])


def text(found: Sequence[Family], *, history: bool) -> str:
    """OpenMetrics; without timestamps it is the older text format too, which node_exporter reads."""
    lines = []
    for family in found:
        name = PREFIX + family.name
        lines += [f"# HELP {name} {family.help}.", f"# TYPE {name} gauge"]
        for sample in family.samples:
            labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels.items())
            end = f" {int(sample.at.timestamp())}" if history and sample.at else ""
            lines.append(f"{name}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}{end}")
    return "\n".join([*lines, "# EOF", ""])


def _number(value: object) -> str:
    # The shortest digits that give the same float, never an exponent that an older parser stumbles over
    return repr(float(value)) if not isinstance(value, int) else str(value)


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def write(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[Path]:
    marts = Marts(connection)
    folder_for_readers(folder)
    files = []
    for name, history in (("unit_economics.prom", False), ("history.om", True)):
        exposition = text(families(marts, history=history), history=history)
        writing.write(folder / name, exposition, mode=FOR_COLLECTORS)
        files.append(folder / name)
    return files


@click.command("metrics")
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=database_to_report,
    show_default="what is published, else UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Where the marts are; only read.",
)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), default=Path("data/metrics"), show_default=True
)
def metrics_command(database: Path, folder: Path) -> None:
    """Write the newest values and the history as OpenMetrics text, for Prometheus."""
    if not database.is_file():
        raise click.ClickException(f"{database}: no such database; run make publish, or set UNIT_ECONOMICS_DATABASE")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            missing = [name for name in REQUIRED if not Marts(connection).has(name)]
            if missing:
                raise click.ClickException(
                    f"{database}: marts.{missing[0]} is not in it; run make build and look at its first error"
                )
            for file in write(connection, folder):
                click.echo(f"wrote {file}")
    except duckdb.Error as error:
        raise click.ClickException(str(error).splitlines()[0]) from None
