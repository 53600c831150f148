"""Between DuckDB and the forecasts: Arrow tables in, one out, which has a row a series."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa

from ai_unit_economics.forecasting.backtest import MEASURES
from ai_unit_economics.forecasting.calibration import LEVELS
from ai_unit_economics.forecasting.models import WEEK
from ai_unit_economics.forecasting.outlook import ENDED, History, Outlook, PlannedChange, forecast_all
from ai_unit_economics.forecasting.scaling import INCONCLUSIVE, Scaling, judge, sentence

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
FIGURES = ("units", "effective_cost", "cost_per_unit", "month_to_date_cost")

FORECAST = pa.struct(
    [
        ("grain", pa.string()),
        ("period_start", pa.date32()),
        ("period_end", pa.date32()),
        ("observed_days", pa.int32()),
        ("planned_changes", pa.string()),
        *((name, pa.float64()) for name in FIGURES),
        *((f"{name}_{level}", pa.float64()) for name in FIGURES for level in LEVELS),
        *((f"{measure}_naive_error", pa.float64()) for measure in MEASURES),
    ]
)
BACKTEST = pa.struct(
    [
        ("evaluation", pa.string()),
        ("model", pa.string()),
        ("is_baseline", pa.bool_()),
        ("grain", pa.string()),
        ("measure", pa.string()),
        ("weeks_ahead", pa.int32()),
        *((name, pa.int64()) for name in ("points", "scaled_points", "interval_points", "inside_80", "inside_95")),
        *((name, pa.float64()) for name in ("absolute_error", "error", "actual", "scaled_error")),
    ]
)
SCALING = pa.struct(
    [
        ("verdict", pa.string()),
        ("reason", pa.string()),
        ("sentence", pa.string()),
        ("weeks", pa.int32()),
        ("elasticity", pa.float64()),
        ("elasticity_low", pa.float64()),
        ("elasticity_high", pa.float64()),
        ("usage_change", pa.float64()),
        ("cost_change", pa.float64()),
        ("cost_per_unit_change", pa.float64()),
    ]
)
OUTLOOKS = pa.schema(
    [
        ("environment", pa.string()),
        ("workload", pa.string()),
        ("unit", pa.string()),
        ("usage_model", pa.string()),
        ("cost_model", pa.string()),
        ("null_reason", pa.string()),
        ("interval_null_reason", pa.string()),
        ("history_days", pa.int32()),
        ("as_of_date", pa.date32()),
        ("scaling", SCALING),
        ("forecasts", pa.list_(FORECAST)),
        ("backtests", pa.list_(BACKTEST)),
    ]
)


def forecast_series(
    series: pa.Table,
    planned_changes: pa.Table,
    horizon_days: int,
    week_start: str,
    scaling_weeks: int = 13,
    scaling_margin: float = 0.2,
    scaling_steady_margin: float = 0.05,
    report: Callable[[str], None] | None = None,
) -> pa.Table:
    """From the rows of int_forecasting__series_daily to those of int_forecasting__outlooks."""
    outlooks = forecast_all(
        histories(series),
        horizon_days,
        WEEKDAYS.index(week_start.lower()),
        changes(planned_changes),
        Progress(report or _to_terminal),
    )
    outlooks.sort(key=lambda outlook: (outlook.history.environment, outlook.history.workload, outlook.history.unit))
    margins = scaling_margin, scaling_steady_margin
    return pa.Table.from_pylist([_row(outlook, scaling_weeks, margins) for outlook in outlooks], OUTLOOKS)


def _row(outlook: Outlook, scaling_weeks: int, margins: tuple[float, float]) -> dict:
    history = outlook.history
    scaling = judge(history.usage, history.cost, scaling_weeks, *margins)
    if outlook.null_reason == ENDED:
        # its weeks are not the last ones, which a verdict is about
        scaling = Scaling(INCONCLUSIVE, ENDED, scaling.weeks)
    return {
        "environment": history.environment,
        "workload": history.workload,
        "unit": history.unit,
        "usage_model": outlook.usage_model,
        "cost_model": outlook.cost_model,
        "null_reason": outlook.null_reason,
        "interval_null_reason": outlook.interval_null_reason,
        "history_days": len(history.usage),
        "as_of_date": outlook.as_of,
        "scaling": vars(scaling) | {"sentence": sentence(scaling)},
        "forecasts": outlook.forecasts,
        "backtests": outlook.backtests,
    }


def histories(series: pa.Table) -> list[History]:
    """A history runs from the first complete day to the last. A null is unknown; a day without a row is a day off."""
    series = series.sort_by([(name, "ascending") for name in ("environment", "workload", "unit", "date_day")])
    names = list(zip(*(series[name].to_pylist() for name in ("environment", "workload", "unit")), strict=True))
    days = np.array([day.toordinal() for day in series["date_day"].to_pylist()], dtype=int)
    complete = np.array(series["is_complete"].to_pylist(), dtype=bool)
    usage, cost = (_floats(series[name]) for name in ("units", "effective_cost"))
    starts = [row for row in range(len(names)) if row == 0 or names[row] != names[row - 1]]
    found = []
    for first, end in pairwise([*starts, len(names)]):
        rows = np.arange(first, end)
        if not complete[rows].any():
            found.append(History(*names[first], date.fromordinal(days[first]), np.empty(0), np.empty(0)))
            continue
        rows = rows[np.argmax(complete[rows]) : len(rows) - np.argmax(complete[rows][::-1])]
        place = days[rows] - days[rows[0]]
        by_day = [np.full(place[-1] + 1, np.nan), np.full(place[-1] + 1, np.nan)]
        off = days_off(place)
        for values, column in zip(by_day, (usage, cost), strict=True):
            values[off] = 0.0
            values[place] = column[rows]
        found.append(History(*names[first], date.fromordinal(days[rows[0]]), *by_day))
    return found


def days_off(place: np.ndarray) -> np.ndarray:
    """Days without a row, where more than half of such weekdays have none: nobody works then. Others are unknown."""
    has_row = np.zeros(place[-1] + 1, dtype=bool)
    has_row[place] = True
    usual = np.array(
        [has_row[weekday::WEEK].mean() >= 0.5 if weekday < len(has_row) else True for weekday in range(WEEK)]
    )
    return ~has_row & ~usual[np.arange(len(has_row)) % WEEK]


def _floats(column: pa.ChunkedArray) -> np.ndarray:
    return column.cast(pa.float64()).to_numpy().astype(np.float64)


def changes(planned: pa.Table) -> list[PlannedChange]:
    return [
        PlannedChange(
            change_id=row["change_id"],
            environment=row["environment"],
            workload=row["workload"],
            starts_on=row["starts_on"],
            ends_on=row["ends_on"],
            usage_factor=_or(row["usage_factor"], 1.0),
            cost_factor=_or(row["cost_factor"], 1.0),
            cost_per_day=_or(row["cost_per_day"], 0.0),
        )
        for row in planned.sort_by("change_id").to_pylist()
    ]


def _or(value: object, default: float) -> float:
    return default if value is None else float(value)


class Progress:
    """A line every few seconds, for runs that take longer than that."""

    def __init__(self, report: Callable[[str], None], seconds: float = 5.0) -> None:
        self._report, self._seconds, self._last = report, seconds, time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._last = now
            self._report(f"forecasts: {done} of {total} series")


def _to_terminal(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
