"""Rolling origins: every model forecasts the past from what was known before it, a week apart, and is scored.

Usage and cost are forecast; cost per unit is their quotient, so that the three always fit. Usage has a model of its
own or comes by way of cost per unit: the cost forecast over a baseline's cost per unit, or over the level of cost per
unit since its last step. A pair of models is chosen together, by its errors at past origins and nothing else.
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
# Under eight weeks models are not compared: the reference alone forecasts.
MIN_DAYS_FOR_A_RACE = 56
REFERENCE = MODELS.index(models.MEAN_28_DAYS)
COMBINATION, CAUTIOUS = MODELS.index(models.COMBINATION), MODELS.index(models.CAUTIOUS)
LEVEL_SINCE_STEP = MODELS.index(models.LEVEL_SINCE_STEP)
# Fewer origins, which overlap, do not tell which model is better: nothing is chosen before thirteen weeks are known.
MIN_ORIGINS_FOR_A_CHOICE = 9
# Then the incumbent stays unless it is beaten by more than luck, ...
STANDARD_ERRORS = 3.0
# ... or equalled to this much by something simpler.
AS_GOOD_AS = 1.02
# Cost per unit that moves by less than this part of what cost does: cost follows usage, or is usage at a price.
METERED, PRICED = 1 / 2, 1 / 3
# Cost that moves by less than this from week to week stands between steps.
STEADY = 0.02
# Of a shorter history than this half of the forecast is the last week, where nothing else is known of the cost.
SHORT = 91
# In logarithms: by so much another of the few that may be the incumbent has to be better than the first.
LEAD = 0.2

# As far off as counts: something that came of nothing, or no cost per unit where there was one.
HOPELESS = 50.0
# An error that is as good as none, in multiples of the naive one: a hundredth more or less of it is no evidence.
NO_ERROR = 0.02
# A day is far off by so many spreads, and by this part of what is usual: the median of so many weeks. A spread is at
# least this part of it.
LONE_SPREADS, LONE_PART, LONE_WEEKS, LEAST_SPREAD = 10.0, 0.5, 5, 0.01
# Such days stand alone: so many in a row, and the next ones are more than two months away.
LONE_DAYS, LONE_FROM_OTHERS = 2, 63
GRAINS = ("day", "week")
MEASURES = ("usage", "cost", "cost_per_unit")
# Usage by way of cost per unit stands last.
USAGE_MODELS = (*MODELS, *(f"cost_over_{name}" for name in (*BASELINES, models.LEVEL_SINCE_STEP)))
COST_OVER_NAIVE, COST_OVER_LEVEL = len(MODELS), len(USAGE_MODELS) - 1

Pair = tuple[int, int]
# What forecasts usage and cost of each kind before past forecasts tell more
FIRST: dict[str, Pair] = {
    "priced": (COST_OVER_LEVEL, COMBINATION),
    "metered": (COMBINATION, COMBINATION),
    "stepped": (COMBINATION, LEVEL_SINCE_STEP),
    "mixed": (COMBINATION, COMBINATION),
    "short": (COMBINATION, CAUTIOUS),
}


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


def lone_days(past: np.ndarray) -> np.ndarray:
    """(day): a day or two far from the same weekdays around them, and no other such day near: a fee, a credit, an
    outage. Of the days to come they say nothing. `past` has no gaps.

    A third day is a step; what comes again, as a fee of every month does, is what the series is like.
    """
    lone = np.zeros(len(past), bool)
    weeks = len(past) // WEEK
    if weeks < LONE_WEEKS:
        return lone
    around = np.clip(np.arange(weeks) - LONE_WEEKS // 2, 0, weeks - LONE_WEEKS)[:, None] + np.arange(LONE_WEEKS)
    by_week = past[-weeks * WEEK :].reshape(weeks, WEEK)
    usual = np.median(by_week[around], axis=1).ravel()
    off = np.abs(by_week.ravel() - usual)
    spread = max(np.median(off) / 0.6745, LEAST_SPREAD * np.median(np.abs(usual)))
    far = len(past) - len(off) + np.flatnonzero(off > np.maximum(LONE_SPREADS * spread, LONE_PART * np.abs(usual)))
    if not len(far) or spread == 0:
        return lone
    runs = np.split(far, np.flatnonzero(np.diff(far) > 1) + 1)
    before = np.array([-LONE_FROM_OTHERS, *(run[-1] for run in runs[:-1])])
    after = np.array([*(run[0] for run in runs[1:]), len(past) + LONE_FROM_OTHERS])
    for run, left, right in zip(runs, before, after, strict=True):
        lone[run] = len(run) <= LONE_DAYS and min(run[0] - left, right - run[-1]) > LONE_FROM_OTHERS
    return lone


def without(values: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Values without gaps, and some days filled as unknown ones are."""
    return fill_gaps(np.where(days, np.nan, values)) if days.any() else values


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
class Backtest:
    """One series at its origins. `ahead` is (model, origin, day), `actual` unknown after the series' end."""

    values: np.ndarray
    filled: np.ndarray  # without gaps
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


def run_backtest(values: np.ndarray, horizon: int) -> Backtest:
    """All models at all origins of a series; `values` may have gaps, `horizon` is whole weeks."""
    filled = fill_gaps(values)
    origins = origins_of(len(values))
    actual = np.full((len(origins), horizon), np.nan)
    ahead = np.full((len(MODELS), len(origins), horizon), np.nan)
    for number, origin in enumerate(origins):
        seen = min(horizon, len(values) - origin)
        actual[number, :seen] = values[origin : origin + seen]
        forecasts = models.forecast_all(without(filled[:origin], lone_days(filled[:origin])), horizon)
        for model, name in enumerate(MODELS):
            ahead[model, number] = forecasts[name]
    final = models.forecast_all(without(filled, lone_days(filled)), horizon)
    never_negative = bool(filled.min() >= 0)
    return Backtest(values, filled, origins, actual, ahead, np.array([final[name] for name in MODELS]), never_negative)


@dataclass(frozen=True)
class UnitBacktest:
    """Usage and cost of one unit. A pair is (usage model, cost model), by their places in the two tuples of names."""

    usage: Backtest
    cost: Backtest

    @cached_property
    def level_ahead(self) -> np.ndarray:
        """Cost per unit as a price: (origin, day)."""
        return np.array([self._price(origin) for origin in self.usage.origins]).reshape(self.usage.actual.shape)

    @cached_property
    def level_final(self) -> np.ndarray:
        """(day)"""
        return self._price(len(self.usage.values))

    def _price(self, known: int) -> np.ndarray:
        """From so many days."""
        lone = lone_days(self.usage.filled[:known]) | lone_days(self.cost.filled[:known])
        usage, cost = (np.where(lone, np.nan, each.values[:known]) for each in (self.usage, self.cost))
        with np.errstate(over="ignore", invalid="ignore"):
            price = without(self._filled_ratio[:known], lone)
            return models.price_ahead(usage, cost, price, self.usage.final.shape[1])

    @cached_property
    def _filled_ratio(self) -> np.ndarray:
        values = ratio(self.cost.values, self.usage.values)
        return fill_gaps(values) if np.isfinite(values).any() else np.zeros(len(values))

    def usage_ahead(self, pair: Pair) -> np.ndarray:
        """(origin, day)"""
        return self._usage(self.usage.ahead, self.cost.ahead, pair, self.level_ahead)

    def usage_final(self, pair: Pair) -> np.ndarray:
        return self._usage(self.usage.final, self.cost.final, pair, self.level_final)

    def cost_ahead(self, pair: Pair) -> np.ndarray:
        return self.cost.ahead[pair[1]]

    def cost_final(self, pair: Pair) -> np.ndarray:
        return self.cost.final[pair[1]]

    @staticmethod
    def _usage(usage: np.ndarray, cost: np.ndarray, pair: Pair, level: np.ndarray) -> np.ndarray:
        model, cost_model = pair
        if model < len(MODELS):
            return usage[model]
        if model == COST_OVER_LEVEL:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                found = cost[cost_model] / level
            # a weekday on which nothing is used stays one, whatever it costs
            return np.where(np.isfinite(found) & (level > 0) & (usage[COMBINATION] != 0), found, usage[COMBINATION])
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
        own = np.repeat(self.usage.ahead[:, None], len(MODELS), axis=1)
        by_cost = [
            [self.usage_ahead((usage, cost)) for cost in range(len(MODELS))]
            for usage in range(len(MODELS), len(USAGE_MODELS))
        ]
        usage = np.concatenate([own, by_cost])
        cost = np.broadcast_to(self.cost.ahead, usage.shape)
        scales = self.scales
        off_usage = np.abs(usage - self.usage.actual) / _scale(scales[:, 0, 0], self.usage.actual)
        off_cost = np.abs(cost - self.cost.actual) / _scale(scales[:, 0, 1], self.cost.actual)
        actual = ratio(week_sums(self.cost.actual), week_sums(self.usage.actual))
        off = np.abs(ratio(week_sums(cost), week_sums(usage)) - actual) / _scale(scales[:, 1, 2], actual)
        off_ratio = np.where(np.isnan(actual), np.nan, np.nan_to_num(off, nan=HOPELESS))
        return np.stack([mean_of_known(_weeks(off_usage)), mean_of_known(_weeks(off_cost)), off_ratio])


def _scale(scales: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """Of a past that never moved, errors are in parts of what came."""
    level = mean_of_known(np.abs(actual))
    return np.where(np.isnan(scales), np.where(level > 0, level, 1.0), scales)[:, None]


def _weeks(values: np.ndarray) -> np.ndarray:
    return values.reshape(*values.shape[:-1], -1, WEEK)


def known_cells(origins: int, weeks: int, before: int) -> np.ndarray:
    """(origin, week) pairs whose outcome was known before the origin of that number; `origins` itself is today."""
    return np.arange(origins)[:, None] + np.arange(1, weeks + 1)[None, :] <= before


def kind_of_cost(usage: np.ndarray, cost: np.ndarray) -> str:
    """`priced` and `metered` cost follows usage day by day, as that of a hosted model does: against the same day a week
    before, cost per unit moves much less than cost. `stepped` cost hardly moves at all from week to week, as that of
    machines. What is neither is `mixed`. Of a `short`
    history only the first two are told apart.
    """
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        moves = [np.log(values[WEEK:] / values[:-WEEK]) for values in (cost, ratio(cost, usage))]
    known = np.isfinite(moves).all(axis=0)
    of_cost, of_ratio = (np.median(np.abs(move[known])) if known.any() else 0.0 for move in moves)
    if of_ratio < of_cost * PRICED:
        return "priced"
    if of_ratio < of_cost * METERED:
        return "metered"
    if len(cost) < SHORT:
        return "short"
    return "stepped" if of_cost < STEADY else "mixed"


def incumbent(errors: Sequence[np.ndarray], cells: np.ndarray, kind: str) -> Pair:
    """The pair of few that erred least at the origins known in `cells`, over all units whose cost is the same money.

    Cost of machines moves in steps, and a trend across a step misleads: it may be what it was since the last one. Of
    what is metered, cost per unit is a price: usage may be the cost over it, so that errors of the two do not meet in
    the price. The first of the few is taken unless another is better by LEAD.
    """
    first = FIRST[kind]
    few = [first, (COMBINATION, COMBINATION), (COMBINATION, LEVEL_SINCE_STEP)]
    few += [(COST_OVER_NAIVE, COMBINATION), (COST_OVER_LEVEL, COMBINATION)]
    found = []
    for pair in few:
        known = np.where(cells, np.minimum(np.stack([error[:, *pair] for error in errors]), HOPELESS), np.nan)
        off = np.log(mean_of_known(known.reshape(*known.shape[:2], -1)) + NO_ERROR)  # (unit, measure)
        found.append(np.nanmean(off) if np.isfinite(off).any() else 0.0)
    best = int(np.argmin(found))
    return few[best] if found[best] < found[0] - LEAD else first


def score_pairs(errors: np.ndarray, cells: np.ndarray, stays: Pair) -> np.ndarray:
    """(usage model, cost model): by how much a pair is surely better than the one that stays; below 0 is better.

    The mean logarithm of its error over the other's, over the three measures, plus three standard errors over the
    origins.
    """
    known_origins = (cells & ~np.isnan(errors[:, *stays])).any(axis=(0, 2))
    if known_origins.sum() < MIN_ORIGINS_FOR_A_CHOICE:
        scores = np.ones(errors.shape[1:3])
        scores[stays] = 0.0
        return scores
    known = np.where(cells, np.minimum(errors, HOPELESS), np.nan)[..., known_origins, :]
    by_origin = np.log(mean_of_known(known) + NO_ERROR)
    against = by_origin - by_origin[:, *stays][:, None, None]
    against = mean_of_known(np.moveaxis(against, 0, -1))  # (usage model, cost model, origin)
    return against.mean(axis=-1) + STANDARD_ERRORS * against.std(axis=-1, ddof=1) / np.sqrt(known_origins.sum())


def choose(scores: Sequence[np.ndarray]) -> list[Pair]:
    """A pair for each unit whose cost is the same money: one cost model for all of them, a usage model for each."""
    best_usage = np.array([score.min(axis=0) for score in scores])  # (unit, cost model)
    cost_model = _simplest((best_usage.max(axis=0) + best_usage.mean(axis=0)) / 2)
    return [(_simplest(score[:, cost_model]), cost_model) for score in scores]


def _simplest(scores: np.ndarray) -> int:
    """The first of those that are as good as the best: models stand from simple to elaborate."""
    return int(np.flatnonzero(scores <= scores.min() + np.log(AS_GOOD_AS))[0])
