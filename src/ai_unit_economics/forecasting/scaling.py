"""How cost scales with usage: the elasticity of cost to usage over the last weeks, and what it means.

An elasticity of 1 is cost that grows as usage does: cost per unit stays. Below 1 a unit gets cheaper as usage grows,
above 1 dearer. It is the quotient of the two trends, of cost and of usage, by week; so noise in usage does not pull it
towards 0, as it would in a regression of one on the other. Its interval holds every elasticity b for which
log cost - b × log usage has no trend that the data can tell from none (Fieller, Anderson and Rubin). Where usage has no
clear trend there is no end to that interval, and no verdict.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ai_unit_economics.forecasting.backtest import week_sums

MIN_WEEKS = 6
LINEAR, WINNING, REGRESSED, INCONCLUSIVE = "scaling_linearly", "optimization_winning", "regressed", "inconclusive"
# Elasticities that are tried; an interval that reaches the ends has none.
GRID = np.linspace(-5, 7, 2401)
# What is left after the trend may follow itself from week to week, at most this closely.
MOST_AUTOCORRELATION = 0.8


@dataclass(frozen=True)
class Scaling:
    """Changes are those of the trends from the first week to the last, as shares."""

    verdict: str
    reason: str | None
    weeks: int
    elasticity: float | None = None
    elasticity_low: float | None = None
    elasticity_high: float | None = None
    usage_change: float | None = None
    cost_change: float | None = None
    cost_per_unit_change: float | None = None


def judge(usage: np.ndarray, cost: np.ndarray, weeks: int = 13, margin: float = 0.2) -> Scaling:
    """From days of usage and cost, unknown ones NaN: the verdict over the last whole weeks.

    Linear is an interval within the margin around 1: what is left of it then moves cost per unit too little to matter.
    """
    usage, cost = week_sums(usage)[-weeks:], week_sums(cost)[-weeks:]
    known = (usage > 0) & (cost > 0)
    if known.sum() < MIN_WEEKS:
        return Scaling(INCONCLUSIVE, "fewer_than_6_weeks", int(known.sum()))
    week = np.flatnonzero(known).astype(float)
    logs = np.stack([np.log(cost[known]), np.log(usage[known])])
    centred = week - week.mean()
    slopes = logs @ centred / (centred**2).sum()
    span = week[-1] - week[0]
    usage_change, cost_change, unit_change = (
        float(np.expm1(slope * span)) for slope in (slopes[1], slopes[0], slopes[0] - slopes[1])
    )
    found = {
        "weeks": len(week),
        "usage_change": usage_change,
        "cost_change": cost_change,
        "cost_per_unit_change": unit_change,
    }
    low, high = _interval(logs, centred, slopes)
    if low is None:
        return Scaling(INCONCLUSIVE, "usage_has_no_trend", **found)
    found |= {"elasticity": float(slopes[0] / slopes[1]), "elasticity_low": low, "elasticity_high": high}
    if 1 - margin <= low and high <= 1 + margin:
        return Scaling(LINEAR, None, **found)
    if low <= 1 <= high:
        return Scaling(INCONCLUSIVE, "interval_too_wide", **found)
    # While usage falls, a cost that does not fall with it makes the unit dearer.
    cheaper = (high < 1) == (slopes[1] > 0)
    return Scaling(WINNING if cheaper else REGRESSED, None, **found)


def _interval(logs: np.ndarray, centred: np.ndarray, slopes: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    count = logs.shape[1]
    rest = logs - logs.mean(axis=1, keepdims=True) - slopes[:, None] * centred
    trend = slopes[0] - GRID * slopes[1]
    left = rest[0] - GRID[:, None] * rest[1]
    squares = (left**2).sum(axis=1)
    follows = (left[:, 1:] * left[:, :-1]).sum(axis=1) / np.maximum(squares, 1e-300)
    # Of a short series the estimate is too low: by (1 + 3 rho) / n.
    follows = np.clip((follows * count + 1) / (count - 3), 0, MOST_AUTOCORRELATION)
    error = np.sqrt(squares / (count - 2) / (centred**2).sum() * (1 + follows) / (1 - follows))
    inside = np.abs(trend) <= student_t(0.975, count - 2) * error + 1e-12
    places = np.flatnonzero(inside)
    if not len(places) or inside[0] or inside[-1] or len(places) != places[-1] - places[0] + 1:
        exact = slopes[0] / slopes[1] if abs(slopes[1]) > 1e-9 else np.inf
        # Two straight lines: the elasticity lies between two steps of the grid, and is certain.
        if not len(places) and GRID[0] < exact < GRID[-1]:
            return float(exact), float(exact)
        return None, None
    return float(GRID[places[0]]), float(GRID[places[-1]])


MEANING = {
    LINEAR: "cost scales linearly with usage",
    WINNING: "optimization is winning",
    REGRESSED: "something has regressed",
}
NO_VERDICT = {
    "fewer_than_6_weeks": "no verdict, for fewer than 6 whole weeks are known",
    "usage_has_no_trend": "no verdict, for usage has no clear trend to scale with",
    "interval_too_wide": "no verdict, for the interval holds both cheaper and dearer",
}


def sentence(scaling: Scaling) -> str:
    """For a report: what was seen, and what it means."""
    meaning = MEANING.get(scaling.verdict) or NO_VERDICT[scaling.reason or ""]
    if scaling.usage_change is None:
        return f"{meaning[0].upper()}{meaning[1:]}."
    moved = (
        ("usage", scaling.usage_change),
        ("cost", scaling.cost_change),
        ("cost per unit", scaling.cost_per_unit_change),
    )
    seen = ", ".join(f"{name} {_moved(change)}" for name, change in moved)
    known = ""
    if scaling.elasticity is not None:
        low, high = scaling.elasticity_low, scaling.elasticity_high
        known = f" (elasticity {scaling.elasticity:.2f}, 95% interval {low:.2f} to {high:.2f})"
    return f"Over {scaling.weeks} weeks {seen}{known}: {meaning}."


def _moved(change: float) -> str:
    percent = round(change * 100)
    return "stayed" if percent == 0 else f"{'rose' if percent > 0 else 'fell'} by {abs(percent)}%"


def student_t(probability: float, freedom: int) -> float:
    """Quantile of Student's t by its expansion around the normal one; good to a hundredth from four degrees on."""
    z = NormalDist().inv_cdf(probability)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum(term / freedom ** (power + 1) for power, term in enumerate(terms))
