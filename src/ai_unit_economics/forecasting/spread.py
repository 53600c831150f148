"""How far off a forecast may be: paths of usage and cost drawn together from the errors of past forecasts.

An error of a week ahead has two parts. Its level is the logarithm of what the week came to over what was forecast; its
shape is how the days of that week lay around the week's mean. Shapes of usage and cost are drawn as they occurred,
together. Levels walk: their variance grows from week to week, fitted to past errors for usage, for cost and for their
ratio, and the three variances say how usage and cost move together. Few past forecasts make tails longer: Student's t.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ai_unit_economics.forecasting.backtest import MIN_ORIGINS
from ai_unit_economics.forecasting.models import WEEK

# Something came of a forecast of nothing, or nothing of something: off by a factor of ten.
FARTHEST = np.log(10)
# A week with fewer known days says nothing about its level.
MIN_KNOWN_DAYS = 4
# How levels grow from week to week rests on few origins: before there are more, so many of a walk from nothing.
PRIOR_ORIGINS = 4
# Fewer moves from week to week do not say how a series moves.
MIN_MOVES = 4


@dataclass(frozen=True)
class WeekErrors:
    """(origin, week) of one model for one series: `level` is a logarithm, `shape` has days behind, in week means."""

    level: np.ndarray
    shape: np.ndarray


def week_errors(actual: np.ndarray, ahead: np.ndarray, together_with: np.ndarray) -> WeekErrors:
    """Errors of forecasts for (origin, day), over the days on which the other series is known as well."""
    origins, horizon = actual.shape
    unknown = (np.isnan(actual) | np.isnan(together_with)).reshape(origins, horizon // WEEK, WEEK)
    actual, ahead = actual.reshape(unknown.shape), ahead.reshape(unknown.shape)
    total = np.where(unknown, 0, actual).sum(axis=-1)
    expected = np.where(unknown, 0, ahead).sum(axis=-1)
    # Over nothing, or next to nothing, the quotient is infinite: off by the farthest.
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        level = np.clip(np.log(total / expected), -FARTHEST, FARTHEST)
    level = np.where((total == 0) & (expected == 0), 0.0, level)
    level = np.where((total < 0) | (expected < 0) | ((~unknown).sum(axis=-1) < MIN_KNOWN_DAYS), np.nan, level)
    moved = ahead * np.exp(np.nan_to_num(level))[..., None]
    mean = moved.mean(axis=-1, keepdims=True)
    shape = np.where(unknown | (mean <= 0), 0.0, (actual - moved) / np.where(mean > 0, mean, 1))
    return WeekErrors(level, shape)


@dataclass(frozen=True)
class Spread:
    """What paths are drawn from."""

    offset: np.ndarray  # covariance of cost and usage, from the first week on
    walk: np.ndarray  # what every week adds to it
    shapes: np.ndarray  # (week, day, cost and usage)
    freedom: int


def weekly_variance(weeks: np.ndarray) -> float:
    """By how much a week's logarithm may differ from what is expected of it, from how the past moved week by week.

    Of a walk that is the variance of its moves; of noise half of it, as one move up is followed by one down. Unknown
    of too few weeks.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = np.diff(np.log(weeks))
    moves = np.clip(moves, -FARTHEST, FARTHEST)
    moves = moves[np.isfinite(moves)]
    if len(moves) < MIN_MOVES:
        return float("nan")
    moves = moves - moves.mean()
    return float((moves @ moves + min(moves[1:] @ moves[:-1], 0.0)) / (len(moves) - 1))


def fit_spread(usage: WeekErrors, cost: WeekErrors, cells: np.ndarray, expected: Sequence[float]) -> Spread | None:
    """From the errors in these (origin, week) cells; None where there are too few.

    A series that has stood still at the few origins so far may have moved before them: `expected` are the weekly
    variances of usage, cost and cost per unit.
    """
    known = cells & ~np.isnan(usage.level) & ~np.isnan(cost.level)
    freedom = int(known[:, 0].sum()) if known.size else 0
    if freedom < MIN_ORIGINS:
        return None
    levels = usage.level, cost.level, cost.level - usage.level
    variances = [_growth(level, known, variance) for level, variance in zip(levels, expected, strict=True)]
    offset, walk = (_covariance(*(variance[part] for variance in variances)) for part in (0, 1))
    shapes = np.stack([cost.shape[known], usage.shape[known]], axis=-1)
    return Spread(offset, walk, shapes, freedom)


def _growth(level: np.ndarray, known: np.ndarray, expected: float) -> tuple[float, float]:
    """Squared errors by weeks ahead as a + b × weeks, neither below 0; a far week counts less.

    The last origins know no far week yet, so that they are drawn to a walk, b × weeks: half as past errors say, half
    as the series moved.
    """
    ahead = np.arange(1.0, level.shape[1] + 1)
    weeks = np.broadcast_to(ahead, level.shape)[known]
    squares = level[known] ** 2
    in_a_week = squares.sum() / weeks.sum()
    walk = (in_a_week if np.isnan(expected) else (in_a_week + expected) / 2) * ahead
    weeks = np.concatenate([weeks, np.tile(ahead, PRIOR_ORIGINS)])
    squares = np.concatenate([squares, np.tile(walk, PRIOR_ORIGINS)])
    weight = 1 / weeks
    mean_weeks, mean_squares = (weight @ values / weight.sum() for values in (weeks, squares))
    around = weeks - mean_weeks
    spread = (weight * around**2).sum()
    slope = (weight * around * (squares - mean_squares)).sum() / spread if spread > 0 else 0.0
    start = mean_squares - slope * mean_weeks
    if slope <= 0:
        return float(mean_squares), 0.0
    if start < 0:
        return 0.0, float((weight * weeks * squares).sum() / (weight * weeks**2).sum())
    return float(start), float(slope)


def _covariance(usage: float, cost: float, ratio: float) -> np.ndarray:
    """var(cost - usage) = var(cost) + var(usage) - 2 cov."""
    bound = np.sqrt(usage * cost)
    shared = np.clip((usage + cost - ratio) / 2, -bound, bound)
    return np.array([[cost, shared], [shared, usage]])


def draw_paths(
    spread: Spread, usage: np.ndarray, cost: np.ndarray, count: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(path, day) of usage and of cost around their forecasts, which are whole weeks long; nothing falls below 0.

    A few weeks hold few shapes: each may be turned round, and has the tails that its level has.
    """
    rng = np.random.default_rng(seed)
    weeks = len(usage) // WEEK
    steps = rng.standard_normal((count, weeks + 1, 2))
    # Half of the paths mirror the others: a level is as likely above as below.
    steps[count // 2 :] = -steps[: count - count // 2]
    tails = np.sqrt(spread.freedom / rng.chisquare(spread.freedom, count // 2))
    tails = np.concatenate([tails, tails, tails[:1]])[:count]
    levels = steps[:, :1] @ _root(spread.offset).T + np.cumsum(steps[:, 1:] @ _root(spread.walk).T, axis=1)
    levels = np.clip(levels * tails[:, None, None], -FARTHEST, FARTHEST)
    shapes = spread.shapes[(rng.random((count, weeks)) * len(spread.shapes)).astype(int)]
    shapes = shapes * (tails[:, None] * rng.choice([-1.0, 1.0], (count, weeks)))[..., None, None]
    paths = []
    for number, ahead in enumerate((cost, usage)):
        by_week = ahead.reshape(weeks, WEEK)
        mean = by_week.mean(axis=-1, keepdims=True)
        drawn = (by_week + shapes[..., number] * mean) * np.exp(levels[..., number])[..., None]
        paths.append(np.maximum(drawn, 0).reshape(count, -1))
    return paths[1], paths[0]


def _root(covariance: np.ndarray) -> np.ndarray:
    """Lower triangle whose square is the covariance; cost comes first and does not depend on the unit."""
    cost, shared, usage = covariance[0, 0], covariance[0, 1], covariance[1, 1]
    first = np.sqrt(cost)
    second = shared / first if first > 0 else 0.0
    return np.array([[first, 0.0], [second, np.sqrt(max(usage - second**2, 0.0))]])
