"""How often the release gate errs, on simulated deployments, beside what is commonly used instead.

    python -m benchmarks.release_gate --quick      # a few minutes
    python -m benchmarks.release_gate              # the tables of docs/release-gates.md

Seeds are fixed: the same options give the same figures. `--seed` draws other ones.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from scipy.stats import t as student

from ai_unit_economics.statistics.release_gate import (
    DAYS_BEFORE,
    DAYS_OF_HISTORY,
    LOOKS,
    Look,
    Series,
    Verdict,
    judge_daily,
)
from benchmarks.noise import JUDGING_SEED, TODAY, Floats, autoregressive, outliers, week_shape

THRESHOLD = 0.05
MINIMUM_UNITS = 1000
CHANGED_ON = TODAY + DAYS_OF_HISTORY
AFTER = LOOKS[-1]
UNITS = 1e8  # of a day


@dataclass(frozen=True)
class World:
    """One deployment's days around a change. What moves beside the change is no effect of it.

    Cost is 70 % fixed, or so much a unit where `hosted`. Noise of volume is 10 % with an autocorrelation of .5.
    """

    name: str
    cost_noise: float = 0.03
    autocorrelation: float = 0.5
    tails: str = "normal"
    history: int = DAYS_OF_HISTORY  # days before the change
    volume_step: float = 0.0  # with the change
    volume_ramp: float = 0.0  # over the four weeks after it
    volume_growth: float = 0.0  # a week
    weekend_cost: float = 0.0  # beyond what volume explains
    cost_drift: float = 0.0  # a week
    old_step: float = 0.0  # of cost, 40 days before, listed nowhere
    odd_days: int = 0  # of the 56 around the change, cost 1.4 to 2 times what it would be
    missing: int = 0  # of the 56, and the very first one of the 28
    rests: bool = False  # on the weekday of the first of the 28 days
    hosted: bool = False
    price_step: float = 0.0  # three days before the change


@dataclass(frozen=True)
class Days:
    """What the gate is given. `billed` is the cost before it is repriced as int_decisions__change_days does."""

    series: Series
    billed: Floats
    first_day: int


def simulate(world: World, effect: float, rng: np.random.Generator) -> Days:
    """The days of one run; the change makes a unit dearer by `effect`."""
    size = world.history + AFTER
    days = CHANGED_ON - world.history + np.arange(size)
    since = days - CHANGED_ON
    after = since >= 0
    growth = (1 + world.volume_growth) ** (since / 7) * (1 + world.volume_step * after)
    growth *= 1 + world.volume_ramp * np.clip(since / 28, 0, 1)
    volume = week_shape(days, 0.6) * np.exp(autoregressive(rng, size, 0.10, 0.5)) * growth
    noise = np.exp(autoregressive(rng, size, world.cost_noise, world.autocorrelation, world.tails))
    noise *= week_shape(days, 1 + world.weekend_cost) * (1 + world.cost_drift) ** (since / 7)
    noise *= 1 + world.old_step * (since >= -40)
    quantity = (volume if world.hosted else 0.7 + 0.3 * volume) * (1 + effect * after) * noise
    around = np.flatnonzero(since >= -DAYS_BEFORE)
    quantity[around] *= outliers(rng, world.odd_days, len(around))
    billed = 150.0 * quantity * (1 + world.price_step * (since >= -3))
    series = Series(days, UNITS * volume, repriced(billed, quantity, ~after), np.zeros(size), np.zeros(size))
    known = np.ones(size, bool)
    if world.missing:
        known[around[0]] = False
        known[rng.choice(around[1:], world.missing - 1, replace=False)] = False
    if world.rests:
        known &= days % 7 != (CHANGED_ON - DAYS_BEFORE) % 7
    first_day = int(days[known][0]) if world.rests else int(days[0])
    return Days(series.where(known), billed[known], first_day)


def repriced(cost: Floats, quantity: Floats, before: np.ndarray) -> Floats:
    """Each day's quantity at the price before the change: the rule of int_decisions__change_days."""
    return quantity * cost[before].sum() / quantity[before].sum()


NOISES = tuple(
    World(f"noise {noise:.0%}, AR {follows}{', t4' if tails == 't4' else ''}", noise, follows, tails)
    for tails in ("normal", "t4")
    for noise in (0.03, 0.06)
    for follows in (0.0, 0.3, 0.5, 0.7)
)
OTHERS = (
    World("volume -30 %", volume_step=-0.3),
    World("volume +30 %", volume_step=0.3),
    World("volume -30 %, noise 6 %", 0.06, volume_step=-0.3),
    World("volume +30 %, noise 6 %", 0.06, volume_step=0.3),
    World("volume +60 % over 4 weeks", volume_ramp=0.6),
    World("volume -40 % over 4 weeks", volume_ramp=-0.4),
    World("volume +3 % a week", volume_growth=0.03),
    World("weekends 15 % dearer", weekend_cost=0.15),
    World("3 odd days of 56", odd_days=3),
    World("3 odd days of 56, noise 6 %", 0.06, odd_days=3),
    World("5 days missing of 56", missing=5),
    World("first of the 28 days unsettled", missing=1),
    World("rests on a weekday", rests=True),
    World("hosted, price +10 % 3 days before", 0.03, 0.3, hosted=True, price_step=0.10),
    World("hosted, price -10 % 3 days before", 0.03, 0.3, hosted=True, price_step=-0.10),
    World("cost +10 % 40 days before", old_step=0.10),
    World("cost drifts by +0.5 % a week", cost_drift=0.005),
    World("cost drifts by +1 % a week", cost_drift=0.01),
)
WORLDS = NOISES + OTHERS


@dataclass(frozen=True)
class Run:
    """What each gate said in one run: verdicts of ours by days after the change, and what others block at day 7."""

    verdicts: dict[int, Verdict]
    covers: dict[int, bool]
    blocked: dict[str, bool]

    def failed_on(self) -> float:
        """Days after the change at the first look that failed; infinite where none did."""
        return min((look for look, verdict in self.verdicts.items() if verdict == "fail"), default=np.inf)


def run(world: World, effect: float, seed: int, number: int) -> Run:
    # the same noise for each history and effect, so that differences between cells are not luck
    key = zlib.crc32(f"{replace(world, history=0)}".encode())
    days = simulate(world, effect, np.random.default_rng([seed, key, number]))
    looks = judge_daily(days.series, CHANGED_ON, days.first_day, THRESHOLD, MINIMUM_UNITS)
    verdicts = {look.days_after: look.judgement.verdict for look in looks}
    covers = {look.days_after: covered for look in looks if (covered := _covers(look, effect)) is not None}
    billed = replace(days.series, cost=days.billed)
    return Run(verdicts, covers, {name: gate(billed, 7) for name, gate in NAIVE.items()})


def _covers(look: Look, effect: float) -> bool | None:
    """Whether a plain two-sided 95 % interval of the look holds the effect."""
    if look.evidence is None or look.evidence.cost is None:
        return None
    found = look.evidence.cost.effect
    return bool(found.bound(-1, 0.975) <= effect <= found.bound(+1, 0.975))


def cell(world: World, effect: float, runs: int, seed: int) -> list[Run]:
    return [run(world, effect, seed, number) for number in range(runs)]


def split(series: Series, look: int) -> tuple[Series, Series]:
    return series.within(CHANGED_ON - DAYS_BEFORE, CHANGED_ON), series.within(CHANGED_ON, CHANGED_ON + look)


def naive_ratio(series: Series, look: int) -> bool:
    """Cost over units after the release is more than 5 % above that before."""
    before, after = split(series, look)
    return bool(after.cost.sum() / after.units.sum() > (1 + THRESHOLD) * before.cost.sum() / before.units.sum())


def welch(series: Series, look: int) -> bool:
    """One-sided Welch test of daily ratios at 5 %."""
    before, after = (side.cost / side.units for side in split(series, look))
    parts = before.var(ddof=1) / len(before), after.var(ddof=1) / len(after)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(before) - 1) + parts[1] ** 2 / (len(after) - 1))
    return bool((after.mean() - before.mean()) / np.sqrt(sum(parts)) > student.ppf(0.95, freedom))


def delta_method(series: Series, look: int) -> bool:
    """The lower bound of the ratio of both ratios is above 5 %; its error by the delta method, robust."""
    logs, variance = [], 0.0
    for side in split(series, look):
        ratio = side.cost.sum() / side.units.sum()
        stray = (side.cost - ratio * side.units) / side.cost.sum()
        products = [stray @ stray] + [2 * (1 - lag / 5) * (stray[lag:] @ stray[:-lag]) for lag in range(1, 5)]
        logs.append(np.log(ratio))
        variance += sum(products) * len(stray) / (len(stray) - 1)
    return bool(logs[1] - logs[0] - 1.645 * np.sqrt(max(variance, 0.0)) > np.log(1 + THRESHOLD))


NAIVE: dict[str, Callable[[Series, int], bool]] = {"ratio": naive_ratio, "Welch": welch, "delta": delta_method}


def share(values: Sequence[bool] | np.ndarray) -> str:
    return f"{100 * np.mean(values):.1f}" if len(values) else "–"


def innocent_row(world: World, runs: int, seed: int) -> list[str]:
    """Of releases without effect: what is blocked, and how often the newest look says nothing."""
    found = cell(world, 0.0, runs, seed)
    at = {day: [run.verdicts.get(day, "inconclusive") for run in found] for day in (7, 28)}
    return [
        world.name,
        *(share([run.blocked[name] for run in found]) for name in NAIVE),
        share([run.failed_on() < np.inf for run in found]),
        *(share([verdict == "inconclusive" for verdict in at[day]]) for day in (7, 28)),
        *(share([run.covers[day] for run in found if day in run.covers]) for day in (7, 28)),
    ]


def regression_row(world: World, effect: float, runs: int, seed: int) -> list[str]:
    """Of releases with an effect: how soon they are blocked."""
    found = cell(world, effect, runs, seed)
    failed_on = np.array([run.failed_on() for run in found])
    middle = np.median(failed_on)
    at = [share([run.verdicts.get(day) == "fail" for run in found]) for day in (7, 28)]
    return [
        world.name,
        f"{effect:+.0%}",
        *(share(failed_on <= day) for day in (5, 7, 14, 28)),
        *at,
        f"{middle:.0f}" if np.isfinite(middle) else "–",
        *(share([run.blocked[name] for run in found]) for name in NAIVE),
    ]


INNOCENT = ("world", *NAIVE, "this gate, any look", "inconclusive, day 7", "day 28", "covered, day 7", "day 28")
REGRESSION = ("world", "effect", "failed by day 5", "7", "14", "28", "at day 7", "at day 28", "median day", *NAIVE)


def table(headings: Sequence[str], rows: Iterator[list[str]]) -> None:
    print(f"| {' | '.join(headings)} |")
    print("|---" * len(headings) + "|")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=400, help="runs in each cell")
    parser.add_argument("--seed", type=int, default=JUDGING_SEED)
    parser.add_argument("--history", type=int, nargs="*", default=[DAYS_OF_HISTORY, DAYS_BEFORE], help="days before")
    parser.add_argument(
        "--effects", type=float, nargs="*", default=[0.05, 0.10, 0.30], help="of the releases that have one"
    )
    parser.add_argument("--world", nargs="*", help="worlds whose name holds one of these")
    parser.add_argument("--quick", action="store_true", help="100 runs, 84 days before, the hardest worlds")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    quick = ("AR 0.5", "AR 0.7", "odd", "missing", "rests", "hosted")
    wanted = arguments.world or (quick if arguments.quick else ("",))
    runs, histories = (100, arguments.history[:1]) if arguments.quick else (arguments.runs, arguments.history)
    worlds = [world for world in WORLDS if any(part in world.name for part in wanted)]
    with ProcessPoolExecutor(arguments.processes) as pool:
        for history in histories:
            before = [replace(world, history=history) for world in worlds]
            print(f"\n### Nothing changed, {history} days before: % of {runs} runs\n")
            table(INNOCENT, pool.map(partial(innocent_row, runs=runs, seed=arguments.seed), before))
            print(f"\n### A release made it worse, {history} days before: % of {runs} runs\n")
            for effect in (0.10,) if arguments.quick else arguments.effects:
                table(
                    REGRESSION, pool.map(partial(regression_row, effect=effect, runs=runs, seed=arguments.seed), before)
                )


if __name__ == "__main__":
    main()
