"""From the rows of changes and their days to a row for each change and look: what the dbt model calls."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from ai_unit_economics.statistics.release_gate import (
    DAYS_OF_HISTORY,
    Estimate,
    Evidence,
    Judgement,
    Series,
    judge_daily,
)

# How each effect is called in the table.
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

Row = dict[str, Any]


def effects_of_changes(
    changes: duckdb.DuckDBPyRelation, days: duckdb.DuckDBPyRelation, threshold: float, minimum_units: float
) -> pa.Table:
    """A row for each change and look that its days reach; one with the missing floor for a change that reaches none."""
    all_changes = _rows(changes.select("change_id, deployment_id, changed_on, next_changed_on"))
    by_change: dict[str, list[Row]] = {}
    for row in _rows(days):
        by_change.setdefault(row["change_id"], []).append(row)
    dates: dict[str, list[int]] = {}
    for change in all_changes:
        dates.setdefault(change["deployment_id"], []).append(change["changed_on"].toordinal())
    gate = {"threshold": threshold, "minimum_units": minimum_units}
    rows: list[Row] = []
    for change in all_changes:
        changed_on = change["changed_on"].toordinal()
        others = [day for day in dates[change["deployment_id"]] if changed_on - DAYS_OF_HISTORY < day < changed_on]
        rows += _looks(change["change_id"], others, by_change.get(change["change_id"], []), changed_on, gate)
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _looks(change_id: str, others: list[int], rows: list[Row], changed_on: int, gate: dict[str, float]) -> list[Row]:
    own, control = ([row for row in rows if row["is_control"] == is_control] for is_control in (False, True))
    beside = _series(control)
    beside = beside.where((beside.units > 0) & (beside.cost > 0))
    looks = judge_daily(
        _series(own),
        changed_on,
        # The first day counts whether it is settled or not.
        first_day=min((row["date_day"].toordinal() for row in own), default=changed_on),
        other_changes=others,
        control=beside if len(beside.days) else None,
        **gate,
    )
    has_control = [look.evidence is not None and look.evidence.has_control for look in looks]
    return [
        {
            "change_id": change_id,
            "control_deployment_id": control[0]["deployment_id"] if controlled else None,
            "days_before": look.used_before,
            "days_after": look.used_after,
            "looked_until": date.fromordinal(changed_on + look.days_after),
        }
        | _columns(look.evidence, look.judgement)
        for look, controlled in zip(looks, has_control, strict=True)
    ]


def _columns(evidence: Evidence | None, judgement: Judgement) -> Row:
    effects = {
        "cost_per_unit": evidence and evidence.cost,
        "throughput_per_busy_hour": evidence and evidence.busy and evidence.busy.inverse(),
        "throughput_per_provisioned_hour": evidence and evidence.provisioned and evidence.provisioned.inverse(),
        "decisive": judgement.estimate,
    }
    verdict = {
        "verdict": judgement.verdict,
        "verdict_reason": judgement.reason,
        "verdict_form": judgement.form,
        "minimum_detectable_effect": judgement.minimum_detectable_effect,
        "capacity": evidence and evidence.capacity,
    }
    return verdict | {key: value for name, effect in effects.items() for key, value in _bounds(name, effect).items()}


def _bounds(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    return {
        f"{name}_effect": estimate and estimate.relative,
        f"{name}_effect_lower": estimate and estimate.lower,
        f"{name}_effect_upper": estimate and estimate.upper,
    }


def _series(rows: Iterable[Row]) -> Series:
    """The settled days, in order."""
    kept = sorted((row for row in rows if row["is_complete"]), key=lambda row: row["date_day"])

    def column(name: str, per: float = 1.0) -> np.ndarray:
        return np.array([float(row[name]) / per for row in kept], dtype=float)

    return Series(
        days=np.array([row["date_day"].toordinal() for row in kept], dtype=np.int64),
        units=column("units"),
        cost=column("repriced_cost"),
        provisioned_hours=column("accelerator_seconds", 3600),
        busy_hours=column("busy_accelerator_seconds", 3600),
    )


def _rows(relation: duckdb.DuckDBPyRelation) -> list[Row]:
    names = relation.columns
    return [dict(zip(names, row, strict=True)) for row in relation.fetchall()]
