"""What the report says: figures as the marts hold them. A section whose mart is absent is None."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from string import ascii_lowercase

import duckdb

from ai_unit_economics import opening
from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.figures import change_of, unit_cost
from ai_unit_economics.report import charts
from ai_unit_economics.report.charts import Fan, Level, Mark, Trend
from ai_unit_economics.sql import Sql, identifier, joined, sql

# The unit by which a workload is told: the first of these that it has a cost for.
UNITS = ("output_token", "embedding", "training_token", "request")
UNIT_NAMES = {
    "input_token": "input tokens",
    "cached_input_token": "cached input tokens",
    "output_token": "output tokens",
    "token": "tokens",
    "request": "request",
    "embedding": "embedding",
    "training_step": "training step",
    "training_token": "training tokens",
    "active_user": "active user",
    "session": "session",
}
CONFIGURATION = (
    "release",
    "model",
    "model_variant",
    "accelerator",
    "quantization",
    "batching",
    "prefix_caching",
    "speculative_decoding",
    "mig_profile",
    "serving_engine",
)
DRIVERS = {
    "price_change": "price of capacity",
    "utilization_change": "utilization",
    "throughput_change": "throughput",
    "capacity_use_change": "use of capacity",
    "direct_change": "cost without accelerators",
    "idle_change": "idle capacity",
    "unobserved_change": "capacity that nobody watched",
    "unused_commitment_change": "unused commitments",
    "shared_change": "shared services",
    "mix_change": "mix of deployments",
    "start_stop_change": "deployments that start or stop",
    "days_without_units_change": "days without units",
}
# Parts of a move below this share of the cost per unit are told as one.
SMALLEST_PART = Decimal("0.0005")
# What the parts leave open by their last digits is no part.
ROUNDING = Decimal("0.000001")
TREATMENTS = {
    "direct_cost": "direct",
    "pool_cost": "capacity pools",
    "shared_cost": "shared services",
    "excluded_cost": "excluded",
    "unallocated_cost": "unallocated",
}
# The row of fct_tier_margin that is the sum over a tier's workloads
ALL_WORKLOADS = "(all)"
ENDED_AFTER_DAYS = 31
PRECISION = {"day": "daily", "week": "weekly", "month": "monthly"}


class Marts:
    """Queries over the marts that are there."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        columns = connection.execute(
            "select table_name, list(column_name) from information_schema.columns "
            "where table_schema = 'marts' group by table_name"
        ).fetchall()
        self.columns = {name: set(found) for name, found in columns}
        self.environment = opening.main_environment(connection) if self.has("fct_unit_economics_daily") else ""
        self.charges_until = self._charges_until()

    def _charges_until(self) -> dict[str, date]:
        """Each live source, and the day until which its charges have come: a charge for a year has days ahead of it.
        One that is more than a month behind the others has ended, as in int_costs__source_arrivals."""
        if self.has("fct_cost_reconciliation", "charges_until"):
            query = "select source, max(charges_until) as day from marts.fct_cost_reconciliation group by source"
        elif self.has("fct_deployment_costs_daily", "source"):  # of an older version
            query = "select source, max(date_day) + 1 as day from marts.fct_deployment_costs_daily group by source"
        else:
            return {}
        found = {row["source"]: row["day"] for row in self.rows(f"{query} order by source") if row["day"]}
        newest = max(found.values(), default=date.min)
        return {source: day for source, day in found.items() if newest - day <= timedelta(days=ENDED_AFTER_DAYS)}

    @property
    def come_until(self) -> date:
        """A day from here on has come only if its units are known: the newest bill does not reach it."""
        return max(self.charges_until.values(), default=date.max)

    @property
    def targets_today(self) -> Sql:
        """Of fct_target_status: a target's answer of today, and of one that holds and has none that it has no data."""
        return sql(
            "(is_current or status = 'no_data' and period_start < {until} and period_end >= {until} "
            "and target_id not in (select target_id from marts.fct_target_status where is_current))",
            until=self.come_until,
        )

    def has(self, mart: str, *columns: str) -> bool:
        return set(columns) <= self.columns.get(mart, set()) and mart in self.columns

    def rows(self, sql: str, *parameters: object) -> list[dict]:
        found = self.connection.execute(sql, list(parameters))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def value(self, sql: str, *parameters: object) -> object:
        row = self.connection.execute(sql, list(parameters)).fetchone()
        return row[0] if row else None


@dataclass(frozen=True)
class Workload:
    """One card and one chart."""

    name: str
    unit: str
    unit_text: str
    days: list[dict]
    weeks: list[dict]
    target: dict | None
    # its cost per unit in the period before
    target_before: Decimal | None
    marks: list[Mark]
    fan: list[dict]
    chart: str

    @property
    def latest(self) -> dict | None:
        return next(
            (row for row in reversed(self.days) if row["is_complete"] and row["cost_per_unit"] is not None), None
        )

    @property
    def has_intervals(self) -> bool:
        return any(row["low_80"] is not None for row in self.fan)

    @property
    def whole_weeks(self) -> list[dict]:
        return [{**row, "units": known_units(row)} for row in self.weeks if row["is_complete"]]

    @property
    def card(self) -> dict | None:
        """One period for all that a card says: the target's, else the last whole week, else the last complete day."""
        if self.target and self.target["cost_per_unit"] is not None:
            before = self.target_before
            return {
                "period": period_text(self.target["grain"], self.target["end_of_figure"], self.target["is_complete"]),
                "value": self.target["cost_per_unit"],
                "change": change_of(before, self.target["cost_per_unit"]),
                "grain": self.target["grain"],
            }
        weeks = [row for row in self.whole_weeks if row["cost_per_unit"] is not None]
        if weeks:
            two = self.whole_weeks[-2:]
            before = two[0]["cost_per_unit"] if len(two) == 2 and two[1] == weeks[-1] else None
            return {
                "period": period_text("week", weeks[-1]["period_start"], True),
                "value": weeks[-1]["cost_per_unit"],
                "change": change_of(before, weeks[-1]["cost_per_unit"]),
                "grain": "week",
            }
        day = self.latest
        return day and {
            "period": period_text("day", day["period_start"], True),
            "value": day["cost_per_unit"],
            "change": None,
            "grain": "day",
        }


def period_text(grain: str, period_start: date, is_complete: bool) -> str:
    if grain == "month":
        text = f"{period_start:%B %Y}"
    else:
        text = f"week from {period_start}" if grain == "week" else f"{period_start}"
    return text if is_complete else f"{text} so far"


def unit_text(unit: str, scale: int) -> str:
    name = UNIT_NAMES.get(unit, unit)
    return f"million {name}" if scale == 1_000_000 else name


def known_units(row: Mapping) -> int | None:
    """A 0 is known only where somebody looked."""
    return row["units"] if row["units"] or row["null_reason"] in (None, "no_units") else None


def workloads(marts: Marts) -> list[Workload]:
    found = []
    for name in marts.rows(
        "select workload from (select workload, unit, sum(effective_cost) as cost from marts.fct_unit_economics_daily "
        "where environment = ? and cohort_dimension = 'all' and unit in ('token', 'embedding', 'training_token') "
        "group by all) group by workload order by max(cost) desc, workload",
        marts.environment,
    ):
        workload = _workload(marts, name["workload"])
        if workload:
            found.append(workload)
    return found


def _workload(marts: Marts, name: str) -> Workload | None:
    known = marts.rows(
        "select unit, any_value(unit_scale) as unit_scale from marts.fct_unit_economics_daily "
        "where environment = ? and cohort_dimension = 'all' and workload = ? "
        "group by unit having count(cost_per_unit) > 0",
        marts.environment,
        name,
    )
    scales = {row["unit"]: row["unit_scale"] for row in known}
    unit = next((unit for unit in UNITS if unit in scales), None)
    if unit is None:
        return None
    days, weeks = (
        marts.rows(
            sql(
                "select period_start, period_end, is_complete, units, effective_cost, cost_per_unit, null_reason "
                "from {mart} where environment = ? and cohort_dimension = 'all' and workload = ? and unit = ? "
                "and (period_start < ? or units is not null) order by period_start",
                mart=identifier("marts", f"fct_unit_economics_{grain}"),
            ).text,
            marts.environment,
            name,
            unit,
            marts.come_until,
        )
        for grain in ("daily", "weekly")
    )
    targets = target_levels(marts, name, unit)
    fan = forecast(marts, name, unit, days[-1]["period_start"])
    last_day = max([days[-1]["period_start"], *(row["day"] for row in fan)])
    marks = configuration_marks(marts, name, marts.environment, days[0]["period_start"], last_day)
    text = unit_text(unit, scales[unit])
    chart = charts.trend(
        Trend(
            days=[(row["period_start"], _float(row["cost_per_unit"]), row["is_complete"]) for row in days],
            weeks=[
                (row["period_start"], row["period_end"], _float(row["cost_per_unit"]))
                for row in weeks
                if row["is_complete"]
            ],
            levels=[Level(row["start"], row["end"], float(row["max_cost_per_unit"])) for row in targets],
            marks=marks,
            fan=[
                Fan(
                    row["day"],
                    float(row["middle"]),
                    _pair(row["low_80"], row["high_80"]),
                    _pair(row["low_95"], row["high_95"]),
                )
                for row in fan
            ],
        ),
        _spoken(name, text, days, targets),
    )
    target, before = current_target(targets)
    return Workload(name, unit, text, days, weeks, target, before, marks, fan, chart)


def silent(marts: Marts, found: Sequence[Workload], since: date) -> dict[str, list[str]]:
    """Workloads without any cost per unit, by why: a card that is not there would look as if there were no workload."""
    rows = marts.rows(
        "select workload, arg_max(null_reason, days) as null_reason from ("
        "select workload, null_reason, count(*) as days from marts.fct_unit_economics_daily "
        "where environment = ? and cohort_dimension = 'all' and unit not in ('active_user', 'session') "
        "and null_reason is not null and period_start >= ? and (period_start < ? or units is not null) group by all) "
        "group by workload order by workload",
        marts.environment,
        since,
        marts.come_until,
    )
    shown = {workload.name for workload in found}
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["workload"] not in shown:
            reasons.setdefault(row["null_reason"], []).append(row["workload"])
    return reasons


def current_target(levels: Sequence[dict]) -> tuple[dict | None, Decimal | None]:
    """The target that holds now, in its newest whole period with a figure, else in the running one, and the figure of
    the period before: a part of a week has other weekdays than the week before."""
    if not levels or (levels[-1]["cost_per_unit"] is not None and not levels[-1]["is_current"]):
        # the last that there was has ended, and says nothing of today
        return None, None
    periods = levels[-1]["periods"]
    known = [row for row in periods if row["cost_per_unit"] is not None]
    known = [row for row in known if row["is_complete"]] or known
    if not known:
        return levels[-1], None
    before = known[-2]["cost_per_unit"] if len(known) > 1 and known[-2]["end"] == known[-1]["start"] else None
    return {**known[-1], "end_of_figure": known[-1]["start"]}, before


def _spoken(name: str, text: str, days: Sequence[dict], targets: Sequence[dict]) -> str:
    known = [row for row in days if row["cost_per_unit"] is not None]
    first, last = known[0], known[-1]
    sentence = (
        f"{name}: cost per {text}, {unit_cost(first['cost_per_unit'])} on {first['period_start']} "
        f"and {unit_cost(last['cost_per_unit'])} on {last['period_start']}"
    )
    return f"{sentence}; target {unit_cost(targets[-1]['max_cost_per_unit'])}" if targets else sentence


def target_levels(marts: Marts, workload: str, unit: str) -> list[dict]:
    if not marts.has("fct_target_status"):
        return []
    rows = marts.rows(
        "select target_id, grain, status, cost_per_unit, max_cost_per_unit, is_complete, is_current, "
        "period_start as start, period_end as end "
        "from marts.fct_target_status where environment = ? and workload = ? and unit = ? and cohort_dimension = 'all' "
        "order by target_id, period_start",
        marts.environment,
        workload,
        unit,
    )
    levels = []
    for _, group in groupby(rows, key=lambda row: (row["target_id"], row["max_cost_per_unit"])):
        periods = list(group)
        shown = {"start": periods[0]["start"], "end": periods[-1]["end"], "periods": periods}
        levels.append({**periods[-1], **shown, "is_current": any(row["is_current"] for row in periods)})
    # the one that holds now comes last, whatever its name; where none does, the one that ended last
    return sorted(levels, key=lambda level: (level["is_current"], date.min if level["is_current"] else level["end"]))


def configuration_marks(marts: Marts, workload: str, environment: str, first_day: date, last_day: date) -> list[Mark]:
    """A mark for each new configuration period: which of its columns changed, and the release gate's verdict."""
    rows = marts.rows(
        sql(
            "select deployment_id, valid_from, {columns} from marts.dim_deployments "
            "where workload = ? and environment = ? order by deployment_id, valid_from",
            columns=joined(map(identifier, CONFIGURATION)),
        ).text,
        workload,
        environment,
    )
    changes = []
    for deployment, group in groupby(rows, key=lambda row: row["deployment_id"]):
        periods = list(group)
        for before, after in pairwise(periods):
            changed = [
                f"{column.replace('_', ' ')} {before[column]} → {after[column]}"
                for column in CONFIGURATION
                if before[column] != after[column]
            ]
            if changed and first_day < after["valid_from"] <= last_day:
                changes.append((after["valid_from"], f"{deployment}: {', '.join(changed)}"))
    return [Mark(day, ascii_lowercase[number % 26], text) for number, (day, text) in enumerate(sorted(changes))]


def forecast(marts: Marts, workload: str, unit: str, last_day: date) -> list[dict]:
    bands = ("cost_per_unit_low_80", "cost_per_unit_high_80", "cost_per_unit_low_95", "cost_per_unit_high_95")
    if not marts.has("fct_unit_economics_forecast", "grain", "period_start", "cost_per_unit", *bands):
        return []
    return marts.rows(
        "select period_start as day, cost_per_unit as middle, cost_per_unit_low_80 as low_80, "
        "cost_per_unit_high_80 as high_80, cost_per_unit_low_95 as low_95, cost_per_unit_high_95 as high_95 "
        "from marts.fct_unit_economics_forecast where environment = ? and workload = ? and unit = ? "
        "and grain = 'day' and cost_per_unit is not null and period_start > ? order by period_start",
        marts.environment,
        workload,
        unit,
        last_day,
    )


def drivers(marts: Marts, found: Sequence[Workload]) -> list[dict] | None:
    """For each workload the last month, else week, that moved from a complete one to a complete one."""
    parts = [name for name in DRIVERS if name in marts.columns.get("fct_cost_per_unit_drivers", ())]
    if not parts:
        return None
    moves = []
    for workload in found:
        rows = marts.rows(
            sql(
                "select grain, period_start, period_end, period_start_before, cost_per_unit_before, cost_per_unit, "
                "cost_per_unit_change, {parts} from marts.fct_cost_per_unit_drivers where environment = ? "
                "and workload = ? and unit = ? and is_complete and cost_per_unit_change is not null "
                "and grain in ('month', 'week') order by grain = 'month' desc, period_start desc limit 1",
                parts=joined(map(identifier, parts)),
            ).text,
            marts.environment,
            workload.name,
            workload.unit,
        )
        if rows:
            moves.append({"workload": workload, **rows[0], "steps": _steps(rows[0], parts)})
    return moves


def _steps(row: dict, parts: Sequence[str]) -> list[dict]:
    """The waterfall, from the cost per unit before to the one after."""
    before, after = row["cost_per_unit_before"], row["cost_per_unit"]
    changes = [(DRIVERS[part], row[part]) for part in parts if abs(row[part]) >= abs(before) * SMALLEST_PART]
    rest = after - before - sum((change for _, change in changes), Decimal(0))
    if abs(rest) > abs(before) * ROUNDING:
        changes.append(("smaller parts", rest))
    changes.sort(key=lambda part: -abs(part[1]))
    levels, at = [before, after], before
    for _, change in changes:
        at += change
        levels.append(at)
    span = max(levels) - min(levels) or Decimal(1)
    low, high = float(max(min(levels) - span / 4, Decimal(0))), float(max(levels) + span / 10)

    def step(name: str, start: Decimal, end: Decimal, kind: str, value: Decimal) -> dict:
        return {
            "name": name,
            "value": value,
            "kind": kind,
            "bar": charts.bar(float(start), float(end), low, high, kind),
        }

    steps = [step("before", Decimal(str(low)), before, "level", before)]
    at = before
    for name, change in changes:
        steps.append(step(name, at, at + change, "up" if change > 0 else "down", change))
        at += change
    return [*steps, step("after", Decimal(str(low)), after, "level", after)]


def margins(marts: Marts) -> dict | None:
    """The last complete month of each workload and tier, else the newest one."""
    if not marts.has("fct_tier_margin"):
        return None
    month = marts.value(
        "select coalesce(max(period_start) filter (is_complete), max(period_start)) from marts.fct_tier_margin "
        "where grain = 'month' and environment = ?",
        marts.environment,
    )
    rows = marts.rows(
        "select workload, customer_tier, is_complete, revenue, counted_cost, margin, margin_rate, "
        "null_reason from marts.fct_tier_margin where grain = 'month' and environment = ? and period_start = ? "
        "order by counted_cost desc, workload, customer_tier",
        marts.environment,
        month,
    )
    if not any(row["margin"] is not None for row in rows):
        return None
    # of a part of what was used nobody sees that it is one; what has no price is charged nothing, and that is known
    for row in rows:
        if row["null_reason"] not in (None, "no_price"):
            row |= {"revenue": None, "counted_cost": None}
    tiers = [
        {**whole, "rows": [row for row in rows if row["customer_tier"] == whole["customer_tier"] and row is not whole]}
        for whole in rows
        if whole["workload"] == ALL_WORKLOADS
    ]
    tiers.sort(key=lambda tier: (tier["margin"] is None, tier["margin"] or 0))
    known = [float(row["margin"]) for row in rows if row["margin"] is not None]
    low, high = min(0.0, *known) * 1.05, max(0.0, *known) * 1.05
    for tier in tiers:
        for row in (tier, *tier["rows"]):
            if row["margin"] is not None:
                row["bar"] = charts.bar(0, float(row["margin"]), low, high, "down" if row["margin"] >= 0 else "up")
    return {"month": month, "tiers": tiers}


def hosted(marts: Marts) -> dict | None:
    """The last complete month of each workload beside the same tokens at hosted models."""
    if not marts.has("fct_hosted_price_comparison"):
        return None
    month = marts.value(
        "select max(period_start) filter (is_complete and null_reason is null) from marts.fct_hosted_price_comparison "
        "where grain = 'month' and environment = ?",
        marts.environment,
    )
    rows = marts.rows(
        "select workload, provider, model, tokens, counted_cost, hosted_cost, cost_difference, cost_per_unit, "
        "hosted_cost_per_unit, is_cheaper_as_run, prices_seen_on from marts.fct_hosted_price_comparison "
        "where grain = 'month' and environment = ? and period_start = ? and null_reason is null "
        "order by workload, hosted_cost, provider, model",
        marts.environment,
        month,
    )
    return {"month": month, "rows": rows} if rows else None


def reconciliation(marts: Marts) -> dict:
    query = sql(
        "select source, billing_period_start, currency, effective_cost_in, effective_cost_out, difference, "
        "{treatments} from marts.fct_cost_reconciliation order by billing_period_start, source",
        treatments=joined(map(identifier, TREATMENTS)),
    )
    rows = marts.rows(query.text)
    for row in rows:
        row["bar"] = charts.stack(
            [(column, float(row[column])) for column in TREATMENTS], float(row["effective_cost_in"])
        )
    sums = ("effective_cost_in", *TREATMENTS, "effective_cost_out", "difference")
    # a column of zeros says nothing
    treatments = {column: name for column, name in TREATMENTS.items() if any(row[column] for row in rows)}
    return {"rows": rows, "total": _sums(rows, sums), "treatments": treatments}


def _sums(rows: Sequence[dict], columns: Sequence[str]) -> dict:
    return {column: sum((row[column] for row in rows), Decimal(0)) for column in columns}


def origins(marts: Marts, since: date, until: date) -> dict:
    """Cost by origin for each workload, and for the lines that no workload bears: all of the bill of these days."""
    query = sql(
        "select coalesce(workload || case when environment = ? then '' else ', ' || environment end, deployment_id) "
        "as name, sum(effective_cost) as total, {sums} from marts.fct_deployment_costs_daily "
        "where date_day >= ? and date_day < ? group by name having sum(effective_cost) != 0 order by total desc, name",
        sums=joined(
            sql(
                "coalesce(sum(effective_cost) filter (cost_origin = {origin}), 0) as {name}",
                origin=origin,
                name=identifier(origin),
            )
            for origin in COST_ORIGINS
        ),
    )
    rows = marts.rows(
        query.text,
        marts.environment,
        since,
        until,
    )
    largest = max((float(row["total"]) for row in rows), default=1.0)
    for row in rows:
        row["bar"] = charts.stack([(f"origin_{origin}", float(row[origin])) for origin in COST_ORIGINS], largest)
    names = {origin: name for origin, name in COST_ORIGINS.items() if any(row[origin] for row in rows)}
    return {"rows": rows, "total": _sums(rows, ("total", *COST_ORIGINS)), "names": names}


def coverage(marts: Marts, since: date) -> list[dict]:
    rows = marts.rows(
        "select cohort as deployment_id, period_start, min(telemetry_coverage) as covered, "
        "bool_and(is_complete) as whole from marts.fct_unit_economics_daily "
        "where cohort_dimension = 'deployment' and unit not in ('active_user', 'session') and period_start >= ? "
        "and (period_start < ? or units is not null) group by all order by all",
        since,
        marts.come_until,
    )
    found = []
    for deployment, group in groupby(rows, key=lambda row: row["deployment_id"]):
        days = list(group)
        known = [row["covered"] for row in days if row["covered"] is not None]
        found.append(
            {
                "deployment": deployment,
                "last_day": max((row["period_start"] for row in days if row["covered"]), default=None),
                "lowest": min(known, default=None),
                "whole": sum(row["whole"] for row in days),
                "days": len(days),
                "strip": charts.strip([(row["period_start"], row["covered"]) for row in days], 0.9),
            }
        )
    return found


def freshness(marts: Marts) -> list[dict]:
    return marts.rows(
        "select source, max(date_day) as last_day, count(distinct date_day) as days "
        "from marts.fct_deployment_costs_daily where date_day < ? group by source order by source",
        marts.come_until,
    )


def unknown(marts: Marts, since: date) -> list[dict]:
    """Why a cost per unit is null, over the workloads' days."""
    return marts.rows(
        "select workload, environment, unit, null_reason, count(*) as days from marts.fct_unit_economics_daily "
        "where cohort_dimension = 'all' and null_reason is not null and period_start >= ? "
        "and (period_start < ? or units is not null) "
        "group by all order by days desc, workload, environment, unit, null_reason",
        since,
        marts.come_until,
    )


def targets(marts: Marts) -> list[dict] | None:
    if not marts.has("fct_target_status"):
        return None
    query = sql(
        "select target_id, workload, cohort_dimension, cohort, unit, unit_scale, grain, severity, status, "
        "period_start, cost_per_unit, max_cost_per_unit, headroom_ratio, is_complete from marts.fct_target_status "
        "where {today} order by status = 'breached' desc, status = 'at_risk' desc, target_id",
        today=marts.targets_today,
    )
    rows = marts.rows(query.text)
    for row in rows:
        row["unit_text"] = unit_text(row["unit"], row["unit_scale"])
        row["period"] = PRECISION.get(row["grain"], row["grain"])
    return rows


def broken_rules(marts: Marts) -> list[dict]:
    """Rules of FOCUS that an export broke."""
    if not marts.has("fct_focus_conformance"):
        return []
    return marts.rows(
        "select source, severity, rule, violating_count, checked_count from marts.fct_focus_conformance "
        "where violating_count > 0 order by severity, violating_count desc, source, rule limit 20"
    )


# Days after which a reader is told that data is old: a bill of yesterday and telemetry of today are new.
OLD_AFTER_DAYS = 2


@dataclass(frozen=True)
class Facts:
    """What always stands on top: how fresh, how complete, and whether the bill adds up."""

    currency: str
    environment: str
    first_day: date
    last_day: date
    charges_through: date | None
    telemetry_through: date | None
    lowest_coverage: float | None
    # the month that the page opens with, or the last 28 days where there is none
    money_from: date
    money_until: date
    money_text: str
    unallocated_share: Decimal | None
    difference: Decimal
    rows_that_differ: int
    version: str | None
    built_at: str | None
    today: date

    @property
    def since(self) -> date:
        """The last 28 days that the marts hold."""
        return max(self.last_day - timedelta(days=27), self.first_day)

    @property
    def old(self) -> list[str]:
        """What had not arrived two days ago, in words."""
        arrived = (("the bill", self.charges_through), ("telemetry", self.telemetry_through))
        ages = [(name, (self.today - day).days - 1, day) for name, day in arrived if day]
        return [f"{name} ends on {day}, {age} days ago" for name, age, day in ages if age > OLD_AFTER_DAYS]


def facts(marts: Marts, today: date, spent: opening.Spend | None) -> Facts | None:
    bill = marts.rows(
        "select any_value(currency) as currency, min(date_day) as first_day, max(date_day) as last_day "
        "from marts.fct_deployment_costs_daily where date_day < ?",
        marts.come_until,
    )[0]
    units = marts.rows(
        "select any_value(currency) as currency, min(period_start) as first_day, max(period_start) as last_day, "
        "max(period_start) filter (telemetry_coverage > 0) as telemetry_through "
        "from marts.fct_unit_economics_daily "
        "where cohort_dimension = 'all' and (period_start < ? or units is not null)",
        marts.come_until,
    )[0]
    if units["first_day"] is None and bill["first_day"] is None:
        return None
    first_day = units["first_day"] or bill["first_day"]
    last_day = units["last_day"] or bill["last_day"]
    if spent is not None:
        money_from, money_until, money_text = spent.period_start, spent.period_end, spent.month
    else:
        money_from, money_until = max(last_day - timedelta(days=27), first_day), last_day + timedelta(days=1)
        money_text = "28 days"
    cost = marts.rows(
        "select sum(effective_cost) as total, "
        "sum(effective_cost) filter (deployment_id = '(unallocated)') as unallocated "
        "from marts.fct_deployment_costs_daily where date_day >= ? and date_day < ?",
        money_from,
        money_until,
    )[0]
    through = min(marts.charges_until.values(), default=None)
    difference = marts.rows(
        "select coalesce(sum(abs(difference)), 0) as amount, count(*) filter (difference is distinct from 0) as rows "
        "from marts.fct_cost_reconciliation"
    )[0]
    publication = marts.rows("from marts.publication") if marts.has("publication") else []
    return Facts(
        currency=units["currency"] or bill["currency"],
        environment=marts.environment,
        first_day=first_day,
        last_day=last_day,
        charges_through=through and through - timedelta(days=1),
        telemetry_through=units["telemetry_through"],
        lowest_coverage=marts.value(
            "select min(telemetry_coverage) from marts.fct_unit_economics_daily where cohort_dimension = 'all' "
            "and environment = ? and period_start >= ? and (period_start < ? or units is not null)",
            marts.environment,
            max(last_day - timedelta(days=27), first_day),
            marts.come_until,
        ),
        money_from=money_from,
        money_until=money_until,
        money_text=money_text,
        unallocated_share=(cost["unallocated"] or Decimal(0)) / cost["total"] if cost["total"] else None,
        difference=difference["amount"],
        rows_that_differ=difference["rows"],
        version=publication[0]["version"] if publication else None,
        built_at=f"{publication[0]['built_at']:%Y-%m-%d %H:%M} UTC" if publication else None,
        today=today,
    )


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _pair(low: object, high: object) -> tuple[float, float] | None:
    return None if low is None or high is None else (float(low), float(high))
