"""How often the release gate errs, on simulated fleets, beside what is commonly used instead.

    python -m benchmarks.release_gate --runs 500

Prints the tables of docs/release-gates.md. Seeds are fixed: the same runs give the same figures.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import t as student

from ai_unit_economics.statistics.effects import Floats
from ai_unit_economics.statistics.release_gate import DAYS_BEFORE, LOOKS, Series, gather, judge

THRESHOLD = 0.05
VOLUMES = (-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
STEPS = ("none", "random", "release")
STEP_SIZE = 0.10
HORIZON = DAYS_BEFORE + LOOKS[-1]
TODAY = 739_000  # any day; only weekdays count


@dataclass(frozen=True)
class World:
    """A deployment's noise. `autocorrelation` is from day to day, of volume and of cost."""

    name: str
    volume_noise: float
    volume_autocorrelation: float
    cost_noise: float
    cost_autocorrelation: float
    busy_noise: float
    autoscaled: bool
    weekend: float = 0.6
    growth: float = 0.0  # a week


WORLDS = (
    World("fixed fleet", 0.10, 0.5, 0.03, 0.0, 0.01, autoscaled=False),
    World("fixed fleet, cost drifts", 0.10, 0.5, 0.03, 0.5, 0.01, autoscaled=False),
    World("as the sample", 0.03, 0.2, 0.018, -0.3, 0.009, autoscaled=True, weekend=0.5, growth=0.02),
)


def autoregressive(rng: np.random.Generator, size: int, deviation: float, correlation: float) -> Floats:
    """Noise with this standard deviation and correlation from day to day."""
    noise = np.empty(size)
    shocks = rng.normal(0, deviation * np.sqrt(1 - correlation**2), size)
    noise[0] = rng.normal(0, deviation)
    for day in range(1, size):
        noise[day] = correlation * noise[day - 1] + shocks[day]
    return noise


def simulate(world: World, volume: float, effect: float, step: str, rng: np.random.Generator) -> Series:
    """28 days before a release and 28 after, in which volume moves by `volume` and work per unit by `effect` with it.

    A capacity step of 10 % comes on the day of the release, on a random one, or not at all.
    """
    days = TODAY + np.arange(HORIZON)
    after = np.arange(HORIZON) >= DAYS_BEFORE
    season = np.where(days % 7 >= 5, world.weekend, 1.0)
    noise = np.exp(autoregressive(rng, HORIZON, world.volume_noise, world.volume_autocorrelation))
    trend = (1 + world.growth) ** (np.arange(HORIZON) / 7)
    units = 1e8 * season * noise * trend * (1 + volume * after)
    work = units / 1e8 * (1 + effect * after)
    busy = 21.0 * work * np.exp(autoregressive(rng, HORIZON, world.busy_noise, 0.2))
    cost_noise = np.exp(autoregressive(rng, HORIZON, world.cost_noise, world.cost_autocorrelation))
    stepped_on = {"none": HORIZON, "release": DAYS_BEFORE, "random": int(rng.integers(3, HORIZON - 3))}[step]
    capacity = 1 + STEP_SIZE * (np.arange(HORIZON) >= stepped_on)
    if world.autoscaled:
        hours = np.round(np.maximum(24.0, busy / 0.58) * cost_noise * capacity)
        cost = 3.0 * hours
    else:
        hours = 48.0 * capacity
        cost = 3.0 * 48.0 * (0.7 * capacity + 0.3 * units / 1e8) * (1 + effect * after) * cost_noise
    return Series(days, units, cost, hours, busy)


def our_gate(series: Series, looks: tuple[int, ...]) -> str:
    """The verdict of the last look; `fail` if any of them failed."""
    verdict = "inconclusive"
    for look in looks:
        seen = series.within(TODAY, TODAY + DAYS_BEFORE + look)
        verdict = judge(gather(seen, TODAY + DAYS_BEFORE), THRESHOLD).verdict
        if verdict == "fail":
            break
    return verdict


def split(series: Series, look: int) -> tuple[Series, Series]:
    changed_on = TODAY + DAYS_BEFORE
    return series.within(TODAY, changed_on), series.within(changed_on, changed_on + look)


def naive_ratio(series: Series, look: int) -> bool:
    """Cost over units after the release is more than 5 % above that before."""
    before, after = split(series, look)
    return after.cost.sum() / after.units.sum() > (1 + THRESHOLD) * before.cost.sum() / before.units.sum()


def welch(series: Series, look: int) -> bool:
    """One-sided Welch test of daily ratios at 5 %."""
    before, after = (side.cost / side.units for side in split(series, look))
    parts = before.var(ddof=1) / len(before), after.var(ddof=1) / len(after)
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(before) - 1) + parts[1] ** 2 / (len(after) - 1))
    return (after.mean() - before.mean()) / np.sqrt(sum(parts)) > student.ppf(0.95, freedom)


def delta_method(series: Series, look: int) -> bool:
    """The lower bound of the ratio of both ratios is above 5 %; its error by the delta method, robust."""
    logs, variance = [], 0.0
    for side in split(series, look):
        ratio = side.cost.sum() / side.units.sum()
        stray = (side.cost - ratio * side.units) / side.cost.sum()
        products = [stray @ stray] + [2 * (1 - lag / 5) * (stray[lag:] @ stray[:-lag]) for lag in range(1, 5)]
        logs.append(np.log(ratio))
        variance += sum(products) * len(stray) / (len(stray) - 1)
    return logs[1] - logs[0] - 1.645 * np.sqrt(max(variance, 0.0)) > np.log(1 + THRESHOLD)


NAIVE: dict[str, Callable[[Series, int], bool]] = {"ratio": naive_ratio, "Welch": welch, "delta": delta_method}


def cell(world: World, volume: float, effect: float, step: str, runs: int, look: int) -> dict[str, float]:
    """Shares of runs: what each gate blocks at this look, what ours says, and `ever`: at any of the four looks."""
    counts = dict.fromkeys([*NAIVE, "fail", "warn", "inconclusive", "pass", "ever"], 0)
    key = zlib.crc32(f"{replace(world)}|{volume}|{effect}|{step}".encode())
    for run in range(runs):
        series = simulate(world, volume, effect, step, np.random.default_rng([key, run]))
        for name, gate in NAIVE.items():
            counts[name] += gate(series, look)
        counts[our_gate(series, (look,))] += 1
        if effect == 0 and look == LOOKS[0]:
            counts["ever"] += our_gate(series, LOOKS) == "fail"
    return {name: count / runs for name, count in counts.items()}


def percent(share: float) -> str:
    return f"{share * 100:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=500, help="runs in each cell")
    parser.add_argument("--world", choices=[world.name for world in WORLDS], help="one world only")
    arguments = parser.parse_args()
    for world in WORLDS:
        if arguments.world not in (None, world.name):
            continue
        print(f"\n### {world.name}: innocent releases that are blocked, %\n")
        print("| volume | capacity step | ratio | Welch | delta | ours, 7 days | ours, ever | inconclusive | 14 days |")
        print("|---|---|---|---|---|---|---|---|---|")
        for step in STEPS:
            for volume in VOLUMES:
                week = cell(world, volume, 0.0, step, arguments.runs, 7)
                fortnight = cell(world, volume, 0.0, step, arguments.runs, 14)
                figures = [
                    week["ratio"],
                    week["Welch"],
                    week["delta"],
                    week["fail"],
                    week["ever"],
                    week["inconclusive"],
                ]
                figures.append(fortnight["fail"])
                print(f"| {volume:+.0%} | {step} | {' | '.join(map(percent, figures))} |", flush=True)
        print(f"\n### {world.name}: regressions that are blocked, %\n")
        print("| regression | volume | capacity step | days | ratio | Welch | delta | ours | warned | inconclusive |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for effect in (0.05, 0.10, 0.20):
            for volume, step in ((-0.2, "none"), (0.0, "none"), (0.2, "none"), (0.0, "random"), (0.0, "release")):
                for look in (7, 14):
                    found = cell(world, volume, effect, step, arguments.runs, look)
                    figures = [found[name] for name in ("ratio", "Welch", "delta", "fail", "warn", "inconclusive")]
                    print(
                        f"| {effect:+.0%} | {volume:+.0%} | {step} | {look} | {' | '.join(map(percent, figures))} |",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
