"""How cost scales with usage: the elasticity of cost to usage over the last weeks, and what it means.

An elasticity of 1 is cost that grows as usage does: cost per unit stays. Below 1 a unit gets cheaper as usage grows,
above 1 dearer. It is the b for which log cost - b × log usage has no trend, and no shape of the week either where the
two agree. A regression of cost on usage would be pulled towards 0 by the day's noise in usage; trend and weekdays are
instruments, which that noise does not touch (Fieller, Anderson and Rubin). Days follow each other: errors have a
first-order autocorrelation, averaged over what the data make likely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2
from scipy.stats import t as student

from ai_unit_economics.forecasting.backtest import week_sums
from ai_unit_economics.forecasting.models import WEEK

MIN_WEEKS = 6
LINEAR, WINNING, REGRESSED = "scaling_linearly", "optimization_winning", "regressed"
STEADY, INCONCLUSIVE = "cost_per_unit_steady", "inconclusive"
# Elasticities that are tried; an interval that reaches the ends has none.
GRID = np.linspace(-5, 7, 1201)
AUTOCORRELATIONS = np.arange(-3, 10) / 10
INTERVAL = 0.95
# That something lies within a margin is shown at 5 %: two one-sided tests, so an interval of 90 %.
WITHIN = 0.90
# The week's shape counts beside the trend unless data so unlike are rarer than this.
AGREEMENT = 0.05


@dataclass(frozen=True)
class Scaling:
    """Changes are those of the trends from the first week to the last, as shares; weeks are those from the first known
    one to the last, or how many are known, where these are too few."""

    verdict: str
    reason: str | None
    weeks: int
    elasticity: float | None = None
    elasticity_low: float | None = None
    elasticity_high: float | None = None
    usage_change: float | None = None
    cost_change: float | None = None
    cost_per_unit_change: float | None = None


@dataclass(frozen=True)
class Misfit:
    """Of every elasticity of GRID: squared distance, in standard errors, of what should be 0 from 0."""

    trend: np.ndarray
    week: np.ndarray  # (elasticity): the shape of the week
    both: np.ndarray
    week_days: int  # weekdays beyond the first
    freedom: int
    slopes: np.ndarray  # (cost, usage) a day
    slope_error: float  # of cost per unit


def judge(
    usage: np.ndarray, cost: np.ndarray, weeks: int = 13, margin: float = 0.2, steady_margin: float = 0.05
) -> Scaling:
    """From days of usage and cost, unknown ones NaN: the verdict over the last whole weeks.

    Linear is an elasticity within the margin around 1: what is left of it then moves cost per unit too little to
    matter. Where usage has no trend to scale with, cost per unit may still be known to have stayed or moved.
    """
    whole = min(len(usage) // WEEK, weeks)
    usage, cost = (values[len(values) - whole * WEEK :] for values in (usage, cost))
    known_weeks = int(np.sum((week_sums(usage) > 0) & (week_sums(cost) > 0)))
    if known_weeks < MIN_WEEKS:
        return Scaling(INCONCLUSIVE, "fewer_than_6_weeks", known_weeks)
    misfit = _misfit(usage, cost)
    # a trend is not drawn on into weeks of which nothing is known
    seen = np.flatnonzero((usage > 0) & (cost > 0)) // WEEK
    weeks = int(seen[-1] - seen[0]) + 1
    span = (weeks - 1) * WEEK
    changes = {
        "usage_change": math.expm1(misfit.slopes[1] * span),
        "cost_change": math.expm1(misfit.slopes[0] * span),
        "cost_per_unit_change": math.expm1((misfit.slopes[0] - misfit.slopes[1]) * span),
    }
    elasticity = _elasticity(misfit)
    found = {"weeks": weeks, **changes, **elasticity}
    if elasticity:
        narrow = _interval(_distance(misfit), misfit.freedom, WITHIN)
        if narrow is not None and 1 - margin <= narrow[0] and narrow[1] <= 1 + margin:
            return Scaling(LINEAR, None, **found)
        if not elasticity["elasticity_low"] <= 1 <= elasticity["elasticity_high"]:
            # While usage falls, a cost that does not fall with it makes the unit dearer.
            cheaper = (elasticity["elasticity_high"] < 1) == (misfit.slopes[1] > 0)
            if cheaper == (changes["cost_per_unit_change"] < 0):
                return Scaling(WINNING if cheaper else REGRESSED, None, **found)
    unit_change, limit = math.log1p(changes["cost_per_unit_change"]), math.log1p(steady_margin)

    def reach(level: float) -> float:
        return student.ppf((1 + level) / 2, misfit.freedom) * misfit.slope_error * span

    if abs(unit_change) + reach(WITHIN) <= limit:
        return Scaling(STEADY, None, **found)
    if not elasticity and abs(unit_change) - reach(INTERVAL) > limit:
        return Scaling(WINNING if unit_change < 0 else REGRESSED, None, **found)
    return Scaling(INCONCLUSIVE, "interval_too_wide" if elasticity else "usage_has_no_trend", **found)


def _misfit(usage: np.ndarray, cost: np.ndarray) -> Misfit:
    known = (usage > 0) & (cost > 0)
    days = np.flatnonzero(known)
    logs = np.log(np.stack([cost[known], usage[known]], axis=1))  # (day, cost and usage)
    weekdays = np.unique(days % WEEK)[1:]
    trend = (days - days.mean())[:, None]
    design = np.hstack([np.ones((len(days), 1)), days[:, None] % WEEK == weekdays, trend]).astype(float)
    freedom = len(days) - design.shape[1]
    weight, fits = _by_autocorrelation(design, logs, days)
    parts = [slice(design.shape[1] - 1, None), slice(1, design.shape[1] - 1), slice(1, None)]
    misfits = np.zeros((len(parts), len(GRID)))
    for share, (coefficients, inverse, squares) in zip(weight, fits, strict=True):
        # of log cost - b log usage, for each b: the variance of its errors, and how far its coefficients are from 0
        variance = _quadratic(squares) / freedom
        for number, part in enumerate(parts):
            of_both = coefficients[part]
            distance = _quadratic(of_both.T @ np.linalg.solve(inverse[part, part], of_both))
            # the mean of variances counts, not that of their inverses
            misfits[number] += share * np.maximum(variance, 1e-18) / np.maximum(distance, 1e-18)
    slopes = sum(share * fit[0][-1] for share, fit in zip(weight, fits, strict=True))
    variances = [fit[1][-1, -1] * (fit[2][0, 0] - 2 * fit[2][0, 1] + fit[2][1, 1]) / freedom for fit in fits]
    error = math.sqrt(max(float(weight @ np.array(variances)), 0.0))
    return Misfit(*(1 / misfits), len(weekdays), freedom, slopes, error)


def _quadratic(products: np.ndarray) -> np.ndarray:
    """(elasticity): the square of cost - b × usage, from squares and products (series, series) of the two."""
    return products[0, 0] - 2 * GRID * products[0, 1] + GRID**2 * products[1, 1]


def _by_autocorrelation(
    design: np.ndarray, logs: np.ndarray, days: np.ndarray
) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray, np.ndarray]]]:
    """How likely each autocorrelation is, and its fit: coefficients (column, series), the inverse of its Gram matrix,
    and sums of squares and products of what is left of cost and usage (series, series)."""
    fits, likelihoods = [], []
    for correlation in AUTOCORRELATIONS:
        follows = np.sign(correlation) ** np.diff(days) * np.abs(correlation) ** np.diff(days)
        scale = 1 / np.sqrt(1 - follows**2)
        values = np.hstack([design, logs])
        whitened = np.vstack([values[:1], (values[1:] - follows[:, None] * values[:-1]) * scale[:, None]])
        columns, outcome = whitened[:, : design.shape[1]], whitened[:, design.shape[1] :]
        inverse = np.linalg.inv(columns.T @ columns)
        coefficients = inverse @ columns.T @ outcome
        left = outcome - columns @ coefficients
        squares = left.T @ left
        of_ratio = squares[0, 0] - 2 * squares[0, 1] + squares[1, 1]
        freedom = len(days) - design.shape[1]
        likelihood = np.log(scale).sum() + np.linalg.slogdet(inverse)[1] / 2
        likelihoods.append(likelihood - freedom / 2 * math.log(max(of_ratio, 1e-18)))
        fits.append((coefficients, inverse, squares))
    weight = np.exp(np.array(likelihoods) - max(likelihoods))
    return weight / weight.sum(), fits


def _distance(misfit: Misfit) -> np.ndarray:
    """Of every elasticity, from the trend, and from the week's shape where it agrees with the trend and with itself."""
    week = misfit.week.min()
    is_one_shape = misfit.week_days < 2 or chi2.sf(week, misfit.week_days - 1) > AGREEMENT / 3
    agrees = chi2.sf(max(misfit.both.min() - week, 0.0), 1) > AGREEMENT
    distance = misfit.both if misfit.week_days and is_one_shape and agrees else misfit.trend
    return distance - distance.min()


def _elasticity(misfit: Misfit) -> dict[str, float]:
    """The elasticity and its interval; nothing where usage has no trend."""
    if _interval(misfit.trend - misfit.trend.min(), misfit.freedom, INTERVAL) is None:
        return {}
    distance = _distance(misfit)
    low, high = _interval(distance, misfit.freedom, INTERVAL) or (math.nan, math.nan)
    if math.isnan(low):
        return {}
    return {"elasticity": float(GRID[int(distance.argmin())]), "elasticity_low": low, "elasticity_high": high}


def _interval(distance: np.ndarray, freedom: int, level: float) -> tuple[float, float] | None:
    """The elasticities that the data do not exclude; None where there is no end to them."""
    inside = distance <= student.ppf((1 + level) / 2, freedom) ** 2
    places = np.flatnonzero(inside)
    if not len(places) or inside[0] or inside[-1] or len(places) != places[-1] - places[0] + 1:
        return None
    # the ends lie between the last elasticity inside and the first outside
    return float(GRID[places[0] - 1]), float(GRID[places[-1] + 1])


MEANING = {
    LINEAR: "cost scales linearly with usage",
    WINNING: "optimization is winning",
    REGRESSED: "something has regressed",
    STEADY: "cost per unit stayed what it was",
}
NO_VERDICT = {
    "fewer_than_6_weeks": "no verdict, for fewer than 6 whole weeks are known",
    "no_recent_days": "no verdict, for its last days are more than four weeks old",
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
