"""A month of a workload, as the marts hold it: no number is made here but sums and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

import duckdb

from ai_unit_economics import opening
from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.figures import change_of
from ai_unit_economics.report import content

# Who bears the cost, where the build knows it.
BEARERS = {"customer_tier": "customer tier", "geography": "geography", "customer": "customer"}

REQUIRED = (
    "fct_unit_economics_monthly",
    "fct_deployment_costs_daily",
    "fct_focus_allocated_costs",
    "fct_cost_per_unit_drivers",
    "fct_spend_monthly",
    "dim_deployments",
)
# The first of these that a workload has bears all of its cost: who pays is told by it.
WHOLE_UNITS = ("token", "embedding", "training_token", "training_step", "request")


class UnknownError(Exception):
    """What was asked for is not in the marts; the text says what is."""


@dataclass(frozen=True)
class Part:
    """A named part of the workload's cost."""

    name: str
    cost: Decimal


@dataclass(frozen=True)
class Unit:
    """A unit of the workload in the month. `units` is None where nobody knows; 0 says that somebody looked."""

    unit: str
    text: str
    units: int | None
    cost_per_unit: Decimal | None
    before: Decimal | None
    null_reason: str | None

    @property
    def change(self) -> Decimal | None:
        return change_of(self.before, self.cost_per_unit)


@dataclass(frozen=True)
class Move:
    """Why the cost of the main unit moved between two periods; the parts sum to the move."""

    text: str
    period: str
    before: Decimal
    after: Decimal
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Bearer:
    """What falls to a cohort, and the main unit's cost for it."""

    dimension: str
    cohort: str
    cost: Decimal
    units: int | None
    cost_per_unit: Decimal | None
    null_reason: str | None


@dataclass(frozen=True)
class Charge:
    """A part of the bill that came to the workload, with the rule and the method that brought it."""

    source: str
    charge: str
    rule: str | None
    method: str | None
    cost: Decimal
    currency: str


@dataclass(frozen=True)
class Explanation:
    workload: str
    environment: str
    month: date
    is_billed_whole: bool
    is_counted_whole: bool
    is_closed: bool
    currency: str
    cost: Decimal
    cost_before: Decimal | None
    share_of_bill: Decimal | None
    origins: tuple[Part, ...]
    deployments: tuple[Part, ...]
    units: tuple[Unit, ...]
    move: Move | None
    changes: tuple[str, ...]
    # what the units of the bearers are, and their cost is per
    main_unit: str | None
    bearers: tuple[Bearer, ...]
    findings: tuple[opening.Finding, ...]
    charges: tuple[Charge, ...]

    @property
    def month_text(self) -> str:
        return f"{self.month:%B %Y}"


def explain(
    connection: duckdb.DuckDBPyConnection, workload: str, month: date | None = None, environment: str | None = None
) -> Explanation:
    """Raises UnknownError where the marts, the workload, its environment or the month are not there."""
    marts = content.Marts(connection)
    if missing := [name for name in REQUIRED if not marts.has(name)]:
        raise UnknownError(f"marts.{missing[0]} is not in the database; run make publish, or name another --database")
    environment = environment_of(marts, workload, environment)
    bill = month_of(marts, workload, environment, month)
    start, end = bill["period_start"], bill["period_end"]
    rows = marts.rows(
        "select * from marts.fct_unit_economics_monthly where workload = ? and environment = ? and period_start = ?",
        workload,
        environment,
        start,
    )
    before = marts.rows(
        "select unit, cost_per_unit from marts.fct_unit_economics_monthly where workload = ? and environment = ? "
        "and period_end = ? and cohort_dimension = 'all' and is_complete",
        workload,
        environment,
        start,
    )
    wholes = [row for row in rows if row["cohort_dimension"] == "all"]
    parts = marts.rows(
        "select cost_origin, deployment_id, origin_pool, sum(effective_cost) as cost "
        "from marts.fct_deployment_costs_daily "
        "where workload = ? and environment = ? and date_day >= ? and date_day < ? group by all",
        workload,
        environment,
        start,
        end,
    )
    main = main_unit(wholes)
    pools = {row["origin_pool"] for row in parts}
    return Explanation(
        workload=workload,
        environment=environment,
        month=start,
        is_billed_whole=bill["is_complete"],
        is_counted_whole=bool(wholes) and all(row["is_complete"] for row in wholes),
        is_closed=bool(wholes) and all(row["is_closed"] for row in wholes),
        currency=bill["currency"],
        cost=sum((row["cost"] for row in parts), Decimal(0)),
        cost_before=cost_before(marts, workload, environment, start) if bill["is_complete"] else None,
        share_of_bill=share(sum((row["cost"] for row in parts), Decimal(0)), bill["effective_cost"]),
        origins=summed(parts, "cost_origin", COST_ORIGINS),
        deployments=summed(parts, "deployment_id", {}),
        units=units(wholes, {row["unit"]: row["cost_per_unit"] for row in before}),
        move=move(marts, workload, environment, main, start, end),
        changes=changes(marts, workload, environment, start, end),
        main_unit=main and content.unit_text(main["unit"], main["unit_scale"]),
        bearers=bearers(rows, main),
        findings=tuple(
            finding
            for finding in opening.findings(connection, environment)
            if finding.workload == workload
            or (finding.workload is None and finding.evidence.get("origin_pool") in pools)
        ),
        charges=charges(marts, workload, environment, start, end),
    )


def environment_of(marts: content.Marts, workload: str, asked: str | None) -> str:
    """The one that was asked for; else production, where the workload runs there; else where it costs most."""
    known = marts.rows(
        "select environment, workload, coalesce(sum(effective_cost), 0) as cost from ("
        "select distinct environment, workload, null::decimal(38, 18) as effective_cost from marts.dim_deployments "
        "union all select environment, workload, effective_cost from marts.fct_deployment_costs_daily) "
        "where workload is not null group by environment, workload "
        "order by environment = ? desc, cost desc, environment, workload",
        marts.environment,
    )
    names = sorted({row["workload"] for row in known})
    if workload not in names:
        meant = get_close_matches(workload, names, n=1)
        hint = f" Did you mean {meant[0]}?" if meant else ""
        known_names = ", ".join(names) or "none"
        raise UnknownError(
            f"there is no workload {workload}.{hint} Known: {known_names}; the seed deployments names them"
        )
    environments = [row["environment"] for row in known if row["workload"] == workload]
    if asked is None:
        return environments[0]
    if asked not in environments:
        raise UnknownError(f"{workload} does not run in {asked}; it runs in {', '.join(environments)}")
    return asked


def month_of(marts: content.Marts, workload: str, environment: str, asked: date | None) -> dict:
    """The month that was asked for; else the last that is billed as a whole and in which it cost anything, else the
    newest of these."""
    months = marts.rows(
        "select period_start, period_end, bool_and(is_complete) as is_complete, bool_or(has_begun) as has_begun, "
        "sum(effective_cost) as effective_cost, "
        "any_value(currency) as currency, "
        "period_start in (select date_trunc('month', date_day) from marts.fct_deployment_costs_daily "
        "where workload = ? and environment = ?) as is_its_own "
        "from marts.fct_spend_monthly group by period_start, period_end order by period_start desc",
        workload,
        environment,
    )
    if asked is not None:
        found = [row for row in months if row["period_start"] == asked]
    else:
        own = [row for row in months if row["is_its_own"]] or months
        found = [row for row in own if row["is_complete"]] or [row for row in own if row["has_begun"]] or own
    if not found:
        held = ", ".join(f"{row['period_start']:%Y-%m}" for row in reversed(months)) or "none"
        raise UnknownError(f"the bill has no month {asked:%Y-%m}; it has {held}" if asked else "the bill is empty")
    return found[0]


def cost_before(marts: content.Marts, workload: str, environment: str, month: date) -> Decimal | None:
    """None where the month before is not billed as a whole: half a month is no comparison."""
    return marts.value(
        "select sum(effective_cost) from marts.fct_deployment_costs_daily where workload = ? and environment = ? "
        "and date_trunc('month', date_day) = (select max(period_start) from marts.fct_spend_monthly "
        "where period_end = ? and is_complete)",
        workload,
        environment,
        month,
    )


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


def summed(rows: Sequence[dict], column: str, names: Mapping[str, str]) -> tuple[Part, ...]:
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row[column]] = sums.get(row[column], Decimal(0)) + row["cost"]
    parts = [Part(names.get(name, name), cost) for name, cost in sums.items() if cost]
    return tuple(sorted(parts, key=lambda part: (-abs(part.cost), part.name)))


def main_unit(wholes: Sequence[dict]) -> dict | None:
    """The unit by which the workload is told, as in the report: the first that has a cost, else the first there is."""
    by_unit = {row["unit"]: row for row in wholes}
    order = [*(unit for unit in content.UNITS if unit in by_unit), *sorted(by_unit)]
    known = [unit for unit in order if by_unit[unit]["cost_per_unit"] is not None] or order
    return by_unit[known[0]] if known else None


def units(wholes: Sequence[dict], before: Mapping[str, Decimal | None]) -> tuple[Unit, ...]:
    order = list(content.UNIT_NAMES)
    return tuple(
        Unit(
            unit=row["unit"],
            text=content.unit_text(row["unit"], row["unit_scale"]),
            units=content.known_units(row),
            cost_per_unit=row["cost_per_unit"],
            before=before.get(row["unit"]),
            null_reason=row["null_reason"],
        )
        for row in sorted(
            wholes, key=lambda row: (order.index(row["unit"]) if row["unit"] in order else len(order), row["unit"])
        )
    )


def move(
    marts: content.Marts, workload: str, environment: str, main: dict | None, start: date, end: date
) -> Move | None:
    """Of the month, else of the last whole week that ends in it."""
    if main is None:
        return None
    rows = marts.rows(
        "select * from marts.fct_cost_per_unit_drivers where workload = ? and environment = ? and unit = ? "
        "and null_reason is null and is_complete and (grain = 'month' and period_start = ? "
        "or grain = 'week' and period_end > ? and period_end <= ?) "
        "order by grain = 'month' desc, period_start desc limit 1",
        workload,
        environment,
        main["unit"],
        start,
        start,
        end,
    )
    if not rows:
        return None
    row = rows[0]
    smallest = abs(row["cost_per_unit_before"]) * content.SMALLEST_PART
    moved = {name: row.get(column) or Decimal(0) for column, name in content.DRIVERS.items()}
    parts = [Part(name, change) for name, change in moved.items() if change and abs(change) >= smallest]
    rest = sum(moved.values(), Decimal(0)) - sum((part.cost for part in parts), Decimal(0))
    parts += [Part("smaller parts", rest)] if abs(rest) > abs(row["cost_per_unit_before"]) * content.ROUNDING else []
    return Move(
        text=content.unit_text(row["unit"], row["unit_scale"]),
        period=f"{content.period_text(row['grain'], row['period_start_before'], True)} to "
        f"{content.period_text(row['grain'], row['period_start'], True)}",
        before=row["cost_per_unit_before"],
        after=row["cost_per_unit"],
        parts=tuple(sorted(parts, key=lambda part: -abs(part.cost))),
    )


def changes(marts: content.Marts, workload: str, environment: str, start: date, end: date) -> tuple[str, ...]:
    marks = content.configuration_marks(marts, workload, environment, date.min, date.max)
    return tuple(f"{mark.day} {mark.text}" for mark in marks if start <= mark.day < end)


def bearers(rows: Sequence[dict], main: dict | None) -> tuple[Bearer, ...]:
    if main is None:
        return ()
    whole = next((unit for unit in WHOLE_UNITS if any(row["unit"] == unit for row in rows)), main["unit"])
    units = {(row["cohort_dimension"], row["cohort"]): row for row in rows if row["unit"] == main["unit"]}
    found = []
    for row in rows:
        dimension, cohort = row["cohort_dimension"], row["cohort"]
        if dimension not in BEARERS or row["unit"] != whole or not row["effective_cost"]:
            continue
        told = units.get((dimension, cohort))
        found.append(
            Bearer(
                dimension=dimension,
                cohort=cohort,
                cost=row["effective_cost"],
                units=told and content.known_units(told),
                cost_per_unit=told and told["cost_per_unit"],
                null_reason=told and told["null_reason"],
            )
        )
    order = list(BEARERS)
    return tuple(sorted(found, key=lambda row: (order.index(row.dimension), -row.cost, row.cohort)))


def charges(marts: content.Marts, workload: str, environment: str, start: date, end: date) -> tuple[Charge, ...]:
    rows = marts.rows(
        "select x_source as source, coalesce(charge_description, sku_meter, sku_id, service_name, charge_category) "
        "as charge, x_cost_rule as rule, allocated_method_id as method, sum(effective_cost) as cost, "
        "billing_currency as currency from marts.fct_focus_allocated_costs "
        "where json_extract_string(allocated_tags, '$.workload') = ? "
        "and json_extract_string(allocated_tags, '$.environment') = ? "
        "and charge_period_start >= ? and charge_period_start < ? group by all having sum(effective_cost) != 0 "
        "order by abs(sum(effective_cost)) desc, source, charge, rule, method, currency",
        workload,
        environment,
        start,
        end,
    )
    return tuple(Charge(**{**row, "charge": row["charge"] or "a charge without a text"}) for row in rows)
