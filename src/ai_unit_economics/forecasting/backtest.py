"""Rolling origins: every model forecasts the past from what was known before it, a week apart, and is scored.

Usage and cost are forecast; cost per unit is their quotient, so that the three always fit. Usage has a model of its
own or comes by way of cost per unit: the cost forecast over a baseline's cost per unit. A pair of models is chosen
together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ai_unit_economics.forecasting import models
from ai_unit_economics.forecasting.models import BASELINES, MODELS, WEEK

MIN_ORIGINS = 3
MAX_ORIGINS = 13
# Under eight weeks there is no race worth its name: the reference alone forecasts.
MIN_DAYS_FOR_A_RACE = 56
REFERENCE = MODELS.index(models.MEAN_28_DAYS)
COMBINATION, CAUTIOUS = MODELS.index(models.COMBINATION), MODELS.index(models.CAUTIOUS)
# Fewer origins, which overlap, do not tell which model is better: nothing is chosen before there are thirteen weeks.
MIN_ORIGINS_FOR_A_CHOICE = 9
MIN_DAYS_FOR_A_CHOICE = models.MIN_TRAINING_DAYS + MIN_ORIGINS_FOR_A_CHOICE * WEEK
# Then the incumbent stays unless it is beaten by more than luck, ...
STANDARD_ERRORS = 3.0
# ... or equalled to this much by something simpler.
AS_GOOD_AS = 1.02
# No chosen model is more than this much worse than the best baseline, in usage, cost or cost per unit.
TOLERANCE = 1.10

# As far off as counts: something that came of nothing, or no cost per unit where there was one.
HOPELESS = 50.0
# An error that is as good as none, in multiples of the naive one: a hundredth more or less of it is no evidence.
NO_ERROR = 0.02
GRAINS = ("day", "week")
MEASURES = ("usage", "cost", "cost_per_unit")
# Usage by way of cost per unit stands last.
USAGE_MODELS = (*MODELS, *(f"cost_over_{name}" for name in BASELINES))

Pair = tuple[int, int]


def fill_gaps(values: np.ndarray) -> np.ndarray:
    """Unknown days as the same weekday a week before; in the first weeks, as the first one known."""
    filled = np.array(values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(filled))
    for day in np.flatnonzero(np.isnan(filled)):
        if day >= WEEK and not np.isnan(filled[day - WEEK]):
            filled[day] = filled[day - WEEK]
            continue
        same_weekday = known[(known - day) % WEEK == 0]
        pool = same_weekday if len(same_weekday) else known
        later = pool[pool > day]
        filled[day] = values[later[0] if len(later) else pool[-1]]
    return filled


def naive_scale(past: np.ndarray, lag: int = WEEK) -> float:
    """MASE's scale: how far the seasonal naive forecast is off within the past. NaN where it is never off."""
    changes = np.abs(past[lag:] - past[:-lag])
    known = changes[np.isfinite(changes)]
    return float(known.mean()) if len(known) and known.mean() > 0 else float("nan")


def ratio(cost: np.ndarray, usage: np.ndarray) -> np.ndarray:
    """Cost per unit; unknown without usage."""
    with np.errstate(over="ignore"):
        return np.divide(cost, usage, out=np.full(np.broadcast(cost, usage).shape, np.nan), where=usage > 0)


def week_sums(values: np.ndarray) -> np.ndarray:
    """Of the last axis: whole weeks, counted from its end. A week with an unknown day is unknown."""
    whole = values.shape[-1] // WEEK * WEEK
    return values[..., values.shape[-1] - whole :].reshape(*values.shape[:-1], -1, WEEK).sum(axis=-1)


def naive_scales(usage: np.ndarray, cost: np.ndarray) -> np.ndarray:
    """Of (grain, measure)."""
    scales = [
        naive_scale(values, lag)
        for lag, units, money in ((WEEK, usage, cost), (1, week_sums(usage), week_sums(cost)))
        for values in (units, money, ratio(money, units))
    ]
    return np.array(scales).reshape(len(GRAINS), len(MEASURES))


@dataclass(frozen=True)
class Race:
    """One series at its origins. `ahead` is (model, origin, day), `actual` unknown after the series' end."""

    values: np.ndarray
    origins: np.ndarray
    actual: np.ndarray  # (origin, day)
    ahead: np.ndarray
    final: np.ndarray  # (model, day): what comes after the last day
    never_negative: bool

    @property
    def weeks(self) -> int:
        return self.final.shape[1] // WEEK


def mean_of_known(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without unknowns; unknown where nothing is known."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    return np.where(count > 0, np.where(known, values, 0).sum(axis=-1) / np.maximum(count, 1), np.nan)


def origins_of(days: int) -> np.ndarray:
    """The days before which past forecasts are made: whole weeks before the end, oldest first."""
    if days < MIN_DAYS_FOR_A_RACE:
        return np.array([], dtype=int)
    count = min((days - models.MIN_TRAINING_DAYS) // WEEK, MAX_ORIGINS)
    return days - WEEK * np.arange(count, 0, -1)


def run_race(values: np.ndarray, horizon: int) -> Race:
    """All models at all origins of a series; `values` may have gaps, `horizon` is whole weeks."""
    filled = fill_gaps(values)
    origins = origins_of(len(values))
    actual = np.full((len(origins), horizon), np.nan)
    ahead = np.full((len(MODELS), len(origins), horizon), np.nan)
    for number, origin in enumerate(origins):
        seen = min(horizon, len(values) - origin)
        actual[number, :seen] = values[origin : origin + seen]
        forecasts = models.forecast_all(filled[:origin], horizon)
        for model, name in enumerate(MODELS):
            ahead[model, number] = forecasts[name]
    final = models.forecast_all(filled, horizon)
    never_negative = bool(filled.min() >= 0)
    return Race(values, origins, actual, ahead, np.array([final[name] for name in MODELS]), never_negative)


@dataclass(frozen=True)
class Duel:
    """Usage and cost of one unit. A pair is (usage model, cost model), by their places in the two tuples of names."""

    usage: Race
    cost: Race

    def usage_ahead(self, pair: Pair) -> np.ndarray:
        """(origin, day)"""
        return self._usage(self.usage.ahead, self.cost.ahead, pair)

    def usage_final(self, pair: Pair) -> np.ndarray:
        return self._usage(self.usage.final, self.cost.final, pair)

    def cost_ahead(self, pair: Pair) -> np.ndarray:
        return self.cost.ahead[pair[1]]

    def cost_final(self, pair: Pair) -> np.ndarray:
        return self.cost.final[pair[1]]

    @staticmethod
    def _usage(usage: np.ndarray, cost: np.ndarray, pair: Pair) -> np.ndarray:
        model, cost_model = pair
        if model < len(MODELS):
            return usage[model]
        baseline = model - len(MODELS)
        free = cost[baseline] <= 0
        # Next to nothing has no cost per unit either: its quotient overflows, and 0 times that would be unknown.
        with np.errstate(over="ignore", invalid="ignore"):
            found = usage[baseline] * (np.where(free, 1.0, cost[cost_model]) / np.where(free, 1.0, cost[baseline]))
        return np.where(np.isfinite(found), found, usage[baseline])

    @cached_property
    def scales(self) -> np.ndarray:
        """MASE's scale of (origin, grain, measure); unknown where the past never moved."""
        usage, cost = self.usage.values, self.cost.values
        return np.array([naive_scales(usage[:origin], cost[:origin]) for origin in self.usage.origins])

    def errors(self) -> np.ndarray:
        """MASE of (measure, usage model, cost model, origin, week): days of usage and cost, weeks of cost per unit."""
        usage = np.array([[self.usage_ahead((u, c)) for c in range(len(MODELS))] for u in range(len(USAGE_MODELS))])
        cost = np.broadcast_to(self.cost.ahead, usage.shape)
        scales = self.scales
        off_usage = np.abs(usage - self.usage.actual) / _scale(scales[:, 0, 0], self.usage.actual)
        off_cost = np.abs(cost - self.cost.actual) / _scale(scales[:, 0, 1], self.cost.actual)
        actual = ratio(week_sums(self.cost.actual), week_sums(self.usage.actual))
        off = np.abs(ratio(week_sums(cost), week_sums(usage)) - actual) / _scale(scales[:, 1, 2], actual)
        off_ratio = np.where(np.isnan(actual), np.nan, np.nan_to_num(off, nan=HOPELESS))
        return np.stack([mean_of_known(_weeks(off_usage)), mean_of_known(_weeks(off_cost)), off_ratio])


def _scale(scales: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Of a past that never moved, errors are told in parts of what came."""
    level = mean_of_known(np.abs(actual))
    return np.where(np.isnan(scales), np.where(level > 0, level, 1.0), scales)[:, None]


def _weeks(values: np.ndarray) -> np.ndarray:
    return values.reshape(*values.shape[:-1], -1, WEEK)


def known_cells(origins: int, weeks: int, before: int) -> np.ndarray:
    """(origin, week) pairs whose outcome was known before the origin of that number; `origins` itself is today."""
    return np.arange(origins)[:, None] + np.arange(1, weeks + 1)[None, :] <= before


def is_metered(usage: np.ndarray, cost: np.ndarray) -> bool:
    """Whether cost follows usage day by day, as that of a hosted model does and that of machines does not.

    Against the same day a week before, cost per unit moves less than half as much as cost.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        moves = [np.log(values[WEEK:] / values[:-WEEK]) for values in (cost, ratio(cost, usage))]
    known = np.isfinite(moves).all(axis=0)
    of_cost, of_ratio = (np.median(np.abs(move[known])) if known.any() else 0.0 for move in moves)
    return bool(of_ratio < of_cost / 2)


def incumbent(days: int, metered: bool) -> Pair:
    """What forecasts a series of so many days unless something else is surely better: the combination.

    Cost of machines moves in steps, and a trend across a step misleads: in a short history half of its forecast is the
    last week.
    """
    return COMBINATION, COMBINATION if metered or days >= MIN_DAYS_FOR_A_CHOICE else CAUTIOUS


def score_pairs(errors: np.ndarray, cells: np.ndarray, stays: Pair) -> np.ndarray:
    """(usage model, cost model): by how much a pair is surely better than the one that stays; below 0 is better.

    The mean logarithm of its error over the other's, over the three measures, plus three standard errors over the
    origins. A pair that is beyond the tolerance in any measure stands behind all that are not.
    """
    told = (cells & ~np.isnan(errors[:, *stays])).any(axis=(0, 2))
    if told.sum() < MIN_ORIGINS_FOR_A_CHOICE:
        scores = np.ones(errors.shape[1:3])
        scores[stays] = 0.0
        return scores
    known = np.where(cells, np.minimum(errors, HOPELESS), np.nan)[..., told, :]
    by_origin = np.log(mean_of_known(known) + NO_ERROR)
    against = by_origin - by_origin[:, *stays][:, None, None]
    against = mean_of_known(np.moveaxis(against, 0, -1))  # (usage model, cost model, origin)
    scores = against.mean(axis=-1) + STANDARD_ERRORS * against.std(axis=-1, ddof=1) / np.sqrt(told.sum())
    worst = np.max([_over_best_baseline(values) for values in known], axis=0)
    return scores + np.where(worst > TOLERANCE, 10 * worst, 0)


def _over_best_baseline(errors: np.ndarray) -> np.ndarray:
    """(usage model, cost model): mean error over that of the best baseline, which forecasts both."""
    off = mean_of_known(errors.reshape(*errors.shape[:2], -1))
    baselines = off[range(len(BASELINES)), range(len(BASELINES))]
    if np.isnan(baselines).all():
        return np.ones_like(off)
    hair = 1e-9
    return (off + hair) / (np.nanmin(baselines) + hair)


def choose(scores: Sequence[np.ndarray]) -> list[Pair]:
    """A pair for each unit whose cost is the same money: one cost model for all of them, a usage model for each."""
    best_usage = np.array([score.min(axis=0) for score in scores])  # (unit, cost model)
    cost_model = _simplest((best_usage.max(axis=0) + best_usage.mean(axis=0)) / 2)
    return [(_simplest(score[:, cost_model]), cost_model) for score in scores]


def _simplest(scores: np.ndarray) -> int:
    """The first of those that are as good as the best: models stand from simple to elaborate."""
    return int(np.flatnonzero(scores <= scores.min() + np.log(AS_GOOD_AS))[0])
