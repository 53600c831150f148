"""Intervals held against what happened: of past forecasts, 80 of 100 should lie within the 80% interval.

A forecast of the past that was made by the same rule, from what was known at the time, scores for each bound how far
towards it what happened lay: 1 is on the bound, below 0 is on the other side of the median. A bound of the 80% interval
should have 90 of 100 on its side of it, one of the 95% interval 97.5: that quantile of the scores, over all series
together, moves the bound from then on. Each bound is moved alone, as forecasts of what grows are more often too low
than too high. They pay for the luck of the model that was chosen, too.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ai_unit_economics.forecasting.models import WEEK

LEVELS = {"low_95": 0.025, "low_80": 0.1, "high_80": 0.9, "high_95": 0.975}
# How much of what comes should lie on the median's side of each bound.
WITHIN = tuple(max(level, 1 - level) for level in LEVELS.values())
# (low, high) of the 80% and of the 95% interval among LEVELS
BOUNDS = ((1, 2), (0, 3))
# Before there are scores, there are those of an interval that is right, which weigh as much as so many origins; and no
# bound moves by more than this.
PRIOR_ORIGINS = 8
PRIOR = 200
LEAST, MOST = 0.5, 5.0
# The one that numpy has for values of different weight.
METHOD = "inverted_cdf"


def quantiles(paths: np.ndarray) -> np.ndarray:
    """(day, 5): the four bounds and the median of (path, day). Unknown where less than half of the paths know it."""
    known = np.isfinite(paths)
    ordered = np.array(paths.T, order="C")
    ordered[~known.T] = np.nan  # they come last
    ordered.sort(axis=-1)
    count = known.sum(axis=0)[:, None]
    place = np.array([*LEVELS.values(), 0.5]) * np.maximum(count - 1, 0)
    before = place.astype(int)
    low, high = (np.take_along_axis(ordered, at, axis=-1) for at in (before, np.ceil(place).astype(int)))
    return np.where(count * 2 >= len(paths), low + (high - low) * (place - before), np.nan)


def scores(found: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """(day, bound): how far from the median towards the bound it happened; 1 is on the bound.

    Unknown of an interval that is nothing wide and was right, on days off and of what never changes: nothing moves it.
    """
    median = found[:, 4:]
    off = happened[:, None] - median
    rounding = 1e-9 * np.maximum(np.abs(happened[:, None]), np.abs(median)) + 1e-300
    reach = np.abs(found[:, :4] - median)
    towards = np.where(np.array(list(LEVELS.values())) < 0.5, -off, off)
    found_scores = np.where(np.abs(off) <= rounding, 0.0, towards / np.maximum(reach, rounding))
    is_sure = (np.abs(off) <= rounding) & (reach <= rounding).all(axis=1, keepdims=True)
    return np.where(is_sure, np.nan, found_scores)


class Calibration:
    """Scores of one grain and measure, each with the day on which it became known and how many weeks ahead it was."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, np.ndarray]] = []
        self._factors: dict[int, np.ndarray] = {}

    def add(self, known_on: int, week: int, found: np.ndarray) -> None:
        known = np.isfinite(found).all(axis=1)
        if known.any():
            self._found.append((known_on, week, found[known]))

    def factors(self, day: int) -> np.ndarray:
        """By how much each bound of a forecast made on that day is to be moved away from its median.

        Workloads share their weeks, so that origins count and not series. Weeks ahead count alike: of the farther ones
        fewer are known, and they are the harder ones.
        """
        if day not in self._factors:
            normal = NormalDist()
            steps = (np.arange(PRIOR) + 0.5) / PRIOR
            prior = np.array([normal.inv_cdf(step) for step in steps])
            known = [(known_on, week, found) for known_on, week, found in self._found if known_on <= day]
            seen = np.concatenate([np.empty((0, len(LEVELS))), *(found for *_, found in known)])
            weeks = np.repeat([week for _, week, _ in known], [len(found) for *_, found in known]).astype(int)
            counts = np.bincount(weeks)
            origins = len({known_on // WEEK - week for known_on, week, _ in known})
            weights = origins / max((counts > 0).sum(), 1) / counts[weeks]
            weights = np.append(weights, np.full(PRIOR, PRIOR_ORIGINS / PRIOR))
            factors = []
            for number, within in enumerate(WITHIN):
                right = prior / normal.inv_cdf(within)
                values = np.concatenate([seen[:, number], right])
                factors.append(np.quantile(values, within, weights=weights, method=METHOD))
            self._factors[day] = np.clip(factors, LEAST, MOST)
        return self._factors[day]


def stretch(found: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(day, 4): the bounds at a multiple of their distance from the median; 95% is never inside 80%."""
    median = found[:, 4:]
    bounds = median + (found[:, :4] - median) * factors
    bounds[:, 0] = np.minimum(bounds[:, 0], bounds[:, 1])
    bounds[:, 3] = np.maximum(bounds[:, 3], bounds[:, 2])
    return bounds
