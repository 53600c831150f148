"""From the rows of changes and their days to a row for each change and look: what the dbt model calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ai_unit_economics.statistics.effects import Effect
from ai_unit_economics.statistics.release_gate import (
    CONFIDENCE,
    DAYS_BEFORE,
    LOOKS,
    Judgement,
    Series,
    gather,
    judge,
    missing_floor,
)

# How each effect is called in the table, and what of it is told.
EFFECTS = ("cost_per_unit", "throughput_per_busy_hour", "throughput_per_provisioned_hour", "decisive")
SCHEMA = pa.schema(
    [
        pa.field("change_id", pa.string()),
        pa.field("control_deployment_id", pa.string()),
        pa.field("verdict", pa.string()),
        pa.field("verdict_reason", pa.string()),
        pa.field("verdict_form", pa.string()),
        *(
            pa.field(f"{name}_{figure}", pa.float64())
            for name in EFFECTS
            for figure in ("effect", "effect_lower", "effect_upper")
        ),
        pa.field("minimum_detectable_effect", pa.float64()),
        pa.field("days_before", pa.int64()),
        pa.field("days_after", pa.int64()),
        pa.field("capacity", pa.string()),
        pa.field("looked_until", pa.date32()),
    ]
)


def effects_of_changes(
    changes: duckdb.DuckDBPyRelation, days: duckdb.DuckDBPyRelation, threshold: float, minimum_units: float
) -> pa.Table:
    """A row for each change and look that its days reach; one with the missing floor for a change that reaches none."""
    all_changes = _rows(changes.select("change_id, deployment_id, changed_on, next_changed_on"))
    by_change: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(days):
        by_change.setdefault(row["change_id"], []).append(row)
    dates: dict[str, list[date]] = {}
    for change in all_changes:
        dates.setdefault(change["deployment_id"], []).append(change["changed_on"])
    rows: list[dict[str, Any]] = []
    for change in all_changes:
        rows += _looks(change, by_change.get(change["change_id"], []), dates, threshold, minimum_units)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _looks(
    change: dict[str, Any],
    rows: list[dict[str, Any]],
    dates: dict[str, list[date]],
    threshold: float,
    minimum_units: float,
) -> list[dict[str, Any]]:
    changed_on = change["changed_on"].toordinal()
    own = _series(row for row in rows if not row["is_control"])
    control_id = next((row["deployment_id"] for row in rows if row["is_control"]), None)
    control = _series(row for row in rows if row["is_control"])
    others = [
        day.toordinal()
        for day in dates[change["deployment_id"]]
        if changed_on - DAYS_BEFORE < day.toordinal() < changed_on
    ]
    first_day = int(own.days[0]) if len(own.days) else changed_on
    known_until = int(own.days[-1]) + 1 if len(own.days) else changed_on
    looks = [changed_on + look for look in LOOKS if changed_on + look <= known_until] or [known_until]
    found = []
    for end in looks:
        series = own.within(changed_on - DAYS_BEFORE, end)
        floor = missing_floor(series, changed_on, end, first_day, minimum_units)
        used = series.within(changed_on - DAYS_BEFORE, end)
        beside = control if len(control.days) and np.all(np.isin(series.days, control.days)) else None
        evidence = None
        if floor is None or _has_two_sides(series, changed_on):
            used = _positive(series)
            evidence = gather(used, changed_on, others, beside)
        judgement = Judgement("inconclusive", floor) if floor is not None else judge(evidence, threshold)
        effects = {
            "cost_per_unit": evidence and evidence.cost,
            "throughput_per_busy_hour": evidence and evidence.busy and evidence.busy.inverse(),
            "throughput_per_provisioned_hour": evidence and evidence.provisioned and evidence.provisioned.inverse(),
            "decisive": judgement.effect,
        }
        found.append(
            {
                "change_id": change["change_id"],
                "control_deployment_id": control_id if beside is not None else None,
                "verdict": judgement.verdict,
                "verdict_reason": judgement.reason,
                "verdict_form": judgement.form,
                "minimum_detectable_effect": judgement.minimum_detectable_effect,
                "days_before": int(np.sum(used.days < changed_on)),
                "days_after": int(np.sum(used.days >= changed_on)),
                "capacity": evidence and evidence.capacity,
                "looked_until": date.fromordinal(end),
            }
            | {key: value for name, effect in effects.items() for key, value in _told(name, effect).items()}
        )
    return found


def _told(name: str, effect: Effect | None) -> dict[str, float | None]:
    return {
        f"{name}_effect": effect and effect.relative,
        f"{name}_effect_lower": effect and effect.bound(-1, CONFIDENCE),
        f"{name}_effect_upper": effect and effect.bound(+1, CONFIDENCE),
    }


def _has_two_sides(series: Series, changed_on: int) -> bool:
    usable = _positive(series).days
    return int(np.sum(usable < changed_on)) >= 14 and int(np.sum(usable >= changed_on)) >= 7


def _positive(series: Series) -> Series:
    return series.on(series.days[(series.units > 0) & (series.cost > 0)])


def _series(rows: Iterable[dict[str, Any]]) -> Series:
    """The settled days, in order."""
    kept = sorted((row for row in rows if row["is_complete"]), key=lambda row: row["usage_date"])

    def column(name: str, per: float = 1.0) -> np.ndarray:
        return np.array([float(row[name]) / per for row in kept], dtype=float)

    return Series(
        days=np.array([row["usage_date"].toordinal() for row in kept], dtype=np.int64),
        units=column("units"),
        cost=column("repriced_cost"),
        provisioned_hours=column("accelerator_seconds", 3600),
        busy_hours=column("busy_accelerator_seconds", 3600),
    )


def _rows(relation: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    names = relation.columns
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
