"""How good forecasts are: the tables of docs/forecasting.md, on the public series, the generated ones and samples.

`python -m benchmarks.forecast_accuracy --seed 7` draws that sample, builds it up to its daily unit economics, and holds
the forecasts that would have been made at past dates against what came. Without a seed: the series of the tests alone.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

import click
import duckdb
import numpy as np
from rich.console import Console
from rich.table import Table

from ai_unit_economics.forecasting.models import BASELINES
from ai_unit_economics.forecasting.outlook import History, Outlook, forecast_all
from ai_unit_economics.forecasting.tables import histories
from benchmarks.build import PROJECT, environment_in
from benchmarks.noise import JUDGING_SEED, WEEK, autoregressive
from tests.python.forecasting.series import START, WEEKDAYS
from tests.python.forecasting.test_backtest import HORIZON, azure, generated

SAMPLE_HORIZON = 35  # the default of the variable forecast_horizon_days
SELECTED = "selected"
# Unit costs are judged by weeks, as ratios of sums.
GRAIN_OF_ERRORS = {"usage": "day", "cost": "day", "cost_per_unit": "week"}
# A week's users and sessions are not the sum of its days'.
BY_DAY_ONLY = {"active_user", "session"}


def stepped(seed: int, count: int = 12, days: int = 180) -> list[History]:
    """Machines: usage that grows and wanders, and nodes that follow on some Mondays, with slack; noise of cost 1 %."""
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        day = np.arange(days)
        growth = (1 + rng.uniform(-0.005, 0.03)) ** (day / WEEK)
        usage = 1000 * growth * WEEKDAYS[day % WEEK] * np.exp(np.cumsum(rng.normal(0, 0.01, days)))
        usage = usage * np.exp(autoregressive(rng, days, 0.05, 0.4))
        smooth = np.convolve(usage, np.ones(WEEK) / WEEK, "same")
        nodes = np.full(days, np.ceil(smooth[0] / 120))
        for each in range(WEEK, days):
            is_revised = each % WEEK == 0 and rng.random() < 0.35
            nodes[each] = np.ceil(smooth[each] / rng.uniform(100, 130)) if is_revised else nodes[each - 1]
        cost = nodes * 72.0 * np.exp(rng.normal(0, 0.01, days))
        found.append(History("production", f"stepped-{seed}-{number}", "request", START, usage, cost))
    return found


def metered(seed: int, count: int = 12, days: int = 150) -> list[History]:
    """A hosted model: so much a unit, with noise of 2 % from the mix; its price wanders, and falls by 15 % once."""
    found = []
    for number in range(count):
        rng = np.random.default_rng([seed, number, 7])
        day = np.arange(days)
        growth = (1 + rng.uniform(-0.01, 0.03)) ** (day / WEEK)
        usage = 1000 * growth * WEEKDAYS[day % WEEK] * np.exp(np.cumsum(rng.normal(0, 0.015, days)))
        usage = usage * np.exp(autoregressive(rng, days, 0.08, 0.4))
        price = np.exp(np.cumsum(rng.normal(0, 0.002, days))) * (1 - 0.15 * (day > rng.integers(40, 140)))
        cost = 0.01 * usage * price * np.exp(rng.normal(0, 0.02, days))
        found.append(History("production", f"metered-{seed}-{number}", "request", START, usage, cost))
    return found


# What the rules were chosen on, and what they are judged on
SETS = {
    "azure": azure,
    "generated": generated,
    "stepped, for choosing": lambda: stepped(1) + stepped(11),
    "stepped, for judging": lambda: stepped(JUDGING_SEED) + stepped(JUDGING_SEED + 1),
    "metered, for choosing": lambda: metered(1) + metered(11),
    "metered, for judging": lambda: metered(JUDGING_SEED) + metered(JUDGING_SEED + 1),
}


def sample(seed: int, scale: float, start: str, days: int) -> list[History]:
    """The daily series of a sample that is made and built in a temporary folder.

    Raises:
        subprocess.CalledProcessError: the sample could not be made or built; what it printed has been shown.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data"
        environment = environment_in(folder, data)
        draw = ["--seed", str(seed), "--scale", str(scale), "--start", start, "--days", str(days), "--quiet"]
        command = ["ai-unit-economics", "sample", "--out", str(data), *draw]
        subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)
        models = ["--select", "resource_type:seed", "+int_forecasting__series_daily"]
        build = ["dbt", "--quiet", "build", "--profiles-dir", "profiles", *models]
        subprocess.run(
            [*build, "--exclude-resource-type", "test", "unit_test"], cwd=PROJECT, env=environment, check=True
        )
        with duckdb.connect(environment["UNIT_ECONOMICS_DATABASE"], read_only=True) as connection:
            return histories(connection.sql("from intermediate.int_forecasting__series_daily").to_arrow_table())


def rows_of(outlook: Outlook, evaluation: str, grain: str, measure: str) -> list[dict]:
    if grain == "week" and measure != "cost" and outlook.history.unit in BY_DAY_ONLY:
        return []
    wanted = (evaluation, grain, measure)
    return [row for row in outlook.backtests if (row["evaluation"], row["grain"], row["measure"]) == wanted]


def errors(outlooks: Sequence[Outlook], evaluation: str, measure: str) -> list[dict[str, float]]:
    """MASE by model, of each series; a cost that units share is one series."""
    found = {}
    for outlook in outlooks:
        sums: dict[str, np.ndarray] = {}
        for row in rows_of(outlook, evaluation, GRAIN_OF_ERRORS[measure], measure):
            sums[row["model"]] = sums.get(row["model"], 0) + np.array([row["scaled_error"], row["scaled_points"]])
        mase = {model: total[0] / total[1] for model, total in sums.items() if total[1]}
        if mase:
            history = outlook.history
            key = history.cost.tobytes() if measure == "cost" else history.unit
            found[history.environment, history.workload, key] = mase
    return list(found.values())


def error_rows(outlooks: Sequence[Outlook]) -> Iterator[list[str]]:
    """The mean over series of the baselines and of the choice, and the choice's worst against its best baseline."""
    for evaluation in ("rolling_origin", "selection"):
        for measure in GRAIN_OF_ERRORS:
            found = errors(outlooks, evaluation, measure)
            means = [np.mean([mase[model] for mase in found]) for model in (*BASELINES, SELECTED)]
            over = [mase[SELECTED] / min(mase[model] for model in BASELINES) for mase in found]
            figures = [*means, max(over)]
            far = sum(ratio > 1.1 for ratio in over)
            yield [evaluation, measure, str(len(found)), *(f"{figure:.2f}" for figure in figures), str(far)]


def coverage(outlooks: Sequence[Outlook], grain: str, measure: str) -> np.ndarray:
    """How many forecasts with an interval have come, and how many of them lay within that of 80 and of 95 %."""
    rows = [
        row
        for outlook in outlooks
        for row in rows_of(outlook, "rolling_origin", grain, measure)
        if row["model"] == SELECTED
    ]
    return np.array([[row[name] for name in ("interval_points", "inside_80", "inside_95")] for row in rows]).sum(axis=0)


@click.command()
@click.option("--seed", "seeds", type=int, multiple=True, help="A sample to draw; may be given several times.")
@click.option("--scale", type=float, default=1.0, show_default=True, help="Traffic of the samples.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), default="2026-07-01", show_default=True, help="Their first day."
)
@click.option("--days", type=int, default=92, show_default=True, help="How many days they have.")
@click.option("--only", type=click.Choice(list(SETS)), help="One of the sets of series.")
def main(seeds: tuple[int, ...], only: str | None, scale: float, start: datetime, days: int) -> None:
    """Print errors and coverage at past origins, for each set of series."""
    console = Console()
    sets = {name: forecast_all(series(), HORIZON) for name, series in SETS.items() if only in (None, name)}
    for seed in seeds:
        with console.status(f"sample {seed}"):
            sets[f"sample {seed}"] = forecast_all(sample(seed, scale, f"{start:%Y-%m-%d}", days), SAMPLE_HORIZON)
    if len(seeds) > 1:
        sets["all samples"] = [outlook for seed in seeds for outlook in sets[f"sample {seed}"]]

    mase = Table("MASE", "evaluation", "measure", "series", *BASELINES, SELECTED, "worst", "over 1.1")
    cells = [(grain, measure) for grain in ("day", "week") for measure in GRAIN_OF_ERRORS]
    inside = Table("within 80 / 95 %", *(f"{measure}, {grain}s" for grain, measure in cells))
    for name, outlooks in sets.items():
        if name != "all samples":
            for row in error_rows(outlooks):
                mase.add_row(name, *row)
        counts = [coverage(outlooks, *cell) for cell in cells]
        shares = [f"{known[1] / known[0]:.0%} / {known[2] / known[0]:.0%} of {known[0]:,}" for known in counts]
        inside.add_row(name, *(share.replace("%", "") for share in shares))
    console.print(mase)
    console.print(inside)


if __name__ == "__main__":
    main()
