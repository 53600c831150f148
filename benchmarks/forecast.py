"""Time and memory of the forecasts of 200 series of 180 days, from Arrow table to Arrow table.

`python -m benchmarks.forecast` runs it; it fails beyond 60 seconds of the clock or 1 GB. Every series has usage and
cost of its own, which is the most work: units of one workload share their cost.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from rich.console import Console

from ai_unit_economics.forecasting.tables import forecast_series

SERIES, DAYS, HORIZON = 200, 180, 35
MOST_SECONDS, MOST_BYTES = 60, 1_000_000_000


def series(count: int = SERIES, days: int = DAYS) -> pa.Table:
    """Growth, weekdays, noise and a walk, each series with its own; rows as int_forecasting__series_daily has them."""
    rng = np.random.default_rng(8)
    day = np.arange(days)
    columns: dict[str, list] = {name: [] for name in ("workload", "units", "effective_cost", "date_day")}
    for number in range(count):
        trend = rng.normal(0.01, 0.02) * day / 7 + np.cumsum(rng.normal(0, 0.01, days)) + rng.normal(0, 0.2, 7)[day % 7]
        usage = np.exp(12 + trend + rng.normal(0, 0.05, days))
        cost = np.exp(4 + rng.choice([0.3, 1.0, 1.2]) * trend + rng.normal(0, 0.03, days))
        columns["workload"] += [f"workload-{number:03d}"] * days
        columns["units"] += usage.astype(int).tolist()
        columns["effective_cost"] += cost.tolist()
        columns["date_day"] += [date(2026, 1, 1) + timedelta(days=offset) for offset in range(days)]
    rows = len(columns["workload"])
    constants = {"environment": ["production"] * rows, "unit": ["request"] * rows, "is_complete": [True] * rows}
    return pa.table(columns | constants)


def main() -> None:
    planned = pa.table({"change_id": pa.array([], pa.string())})
    console = Console()
    table = series()
    started, started_cpu = time.perf_counter(), time.process_time()
    outlooks = forecast_series(table, planned, HORIZON, "monday")
    seconds, cpu = time.perf_counter() - started, time.process_time() - started_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    forecasts = sum(len(forecast) for forecast in outlooks["forecasts"].to_pylist())
    console.print(
        f"{SERIES} series × {DAYS} days, {HORIZON} days ahead: {forecasts:,} forecasts in {seconds:.1f} s"
        f" ({cpu:.1f} CPU s), {peak / 1e6:.0f} MB at the peak"
    )
    if seconds > MOST_SECONDS or peak > MOST_BYTES:
        sys.exit(f"more than {MOST_SECONDS} s or {MOST_BYTES / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
