"""How often the scaling verdict is right, wrong and silent, on series whose elasticity is planted.

    python -m benchmarks.scaling          # the table of docs/forecasting.md, about two minutes
    python -m benchmarks.scaling --quick

Seeds are fixed: the same options give the same figures. `--seed` draws other ones.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from ai_unit_economics.forecasting.scaling import INCONCLUSIVE, LINEAR, REGRESSED, STEADY, WINNING, judge
from benchmarks.noise import JUDGING_SEED, WEEK, autoregressive

DAYS = 13 * WEEK
WEEKDAYS = np.array([1.1, 1.15, 1.1, 1.05, 1.0, 0.8, 0.8])
RIGHT = {0.6: {WINNING}, 0.8: {WINNING}, 1.0: {LINEAR, STEADY}, 1.2: {REGRESSED}}


@dataclass(frozen=True)
class World:
    """Usage with a trend, weekdays and noise; cost is a power of it."""

    name: str
    growth: float = 0.03  # a week
    noise: float = 0.05  # of usage and of cost
    cost_noise: float | None = None
    autocorrelation: float = 0.5
    tails: str = "normal"
    # Whether cost follows the day's noise in usage, and its shape of the week, or the trend alone
    follows_noise: bool = False
    follows_week: bool = True


WORLDS = (
    World("noise 5 %, AR .5"),
    World("noise 5 %, AR 0", autocorrelation=0.0),
    World("noise 5 %, AR .3", autocorrelation=0.3),
    World("noise 5 %, AR .5, t4", tails="t4"),
    World("noise 5 %, AR .5, cost follows each day", follows_noise=True),
    World("noise 5 %, AR .5, cost knows no week", follows_week=False),
    World("noise 5 %, AR .5, usage falls 3 % a week", growth=-0.03),
    World("flat usage, cost follows to 2 %", growth=0.0, cost_noise=0.02, follows_noise=True),
    World("flat usage, noise 5 %", growth=0.0),
)


def draw(world: World, elasticity: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Usage and cost by day."""
    day = np.arange(DAYS)
    trend, week = (1 + world.growth) ** (day / WEEK), WEEKDAYS[day % WEEK]
    cost_noise = world.noise if world.cost_noise is None else world.cost_noise
    noises = [
        np.exp(autoregressive(rng, DAYS, deviation, world.autocorrelation, world.tails))
        for deviation in (world.noise, cost_noise)
    ]
    usage = 1000 * trend * week * noises[0]
    followed = trend * (week if world.follows_week else 1) * (noises[0] if world.follows_noise else 1)
    return usage, followed**elasticity * noises[1]


def expected(world: World, elasticity: float) -> set[str]:
    """While usage falls, verdicts turn round; without a trend there is nothing to win or lose."""
    if world.growth == 0:
        return {STEADY, LINEAR} if elasticity == 1 else {STEADY, INCONCLUSIVE}
    turned = {WINNING: REGRESSED, REGRESSED: WINNING}
    return {turned.get(verdict, verdict) if world.growth < 0 else verdict for verdict in RIGHT[elasticity]}


@click.command()
@click.option("--runs", type=int, default=400, show_default=True, help="Series in each cell.")
@click.option("--seed", type=int, default=JUDGING_SEED, show_default=True)
@click.option("--quick", is_flag=True, help="100 series in each cell.")
def main(runs: int, seed: int, quick: bool) -> None:
    """Print shares of right / wrong / inconclusive verdicts, in %."""
    table = Table(
        "world", *(f"elasticity {elasticity}" for elasticity in RIGHT), title="right / wrong / inconclusive, %"
    )
    for number, world in enumerate(WORLDS):
        cells = []
        for elasticity in RIGHT:
            if world.growth == 0 and elasticity != 1:
                cells.append("–")
                continue
            found: Counter[str] = Counter()
            for run in range(100 if quick else runs):
                series = draw(world, elasticity, np.random.default_rng([seed, number, run]))
                verdict = judge(*series).verdict
                right = verdict in expected(world, elasticity)
                found["right" if right else "inconclusive" if verdict == INCONCLUSIVE else "wrong"] += 1
            cells.append(
                " / ".join(f"{100 * found[each] / found.total():.0f}" for each in ("right", "wrong", "inconclusive"))
            )
        table.add_row(world.name, *cells)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
