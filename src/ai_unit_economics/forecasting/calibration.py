"""Intervals held against what happened: of past forecasts, 80 of 100 should lie within the 80% interval.

A forecast of the past that was made by the same rule, from what was known at the time, scores by how much wider its
interval would have had to be to reach what happened. The 80% and 95% quantiles of these scores, over all series
together, stretch the intervals from then on. They pay for the luck of the model that won the race, too.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

from ai_unit_economics.forecasting.models import WEEK

LEVELS = {"low_95": 0.025, "low_80": 0.1, "high_80": 0.9, "high_95": 0.975}
NOMINAL = (0.80, 0.95)
# (low, high) of the 80% and of the 95% interval among LEVELS
BOUNDS = ((1, 2), (0, 3))
# Before there are scores, there are those of an interval that is right, which weigh as much as so many origins; and no
# interval changes by more than this.
PRIOR_ORIGINS = 8
PRIOR = 200
LEAST, MOST = 0.7, 5.0
# The one that numpy has for values of different weight.
METHOD = "inverted_cdf"


def quantiles(paths: np.ndarray) -> np.ndarray:
    """(day, 5): the four bounds and the median of (path, day). Unknown where less than half of the paths know it."""
    known = np.isfinite(paths)
    ordered = np.sort(np.where(known, paths, np.nan).T, axis=-1)  # unknown ones come last
    count = known.sum(axis=0)[:, None]
    place = np.array([*LEVELS.values(), 0.5]) * np.maximum(count - 1, 0)
    before = place.astype(int)
    low, high = (np.take_along_axis(ordered, at, axis=-1) for at in (before, np.ceil(place).astype(int)))
    return np.where(count * 2 >= len(paths), low + (high - low) * (place - before), np.nan)


def scores(found: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """(day, 80% and 95%): 1 reaches from the median to the bound on the side where it happened."""
    median = found[:, 4]
    off = happened - median
    hair = 1e-9 * np.maximum(np.abs(happened), np.abs(median)) + 1e-300
    columns = []
    for low, high in BOUNDS:
        reach = np.where(off >= 0, found[:, high] - median, median - found[:, low])
        columns.append(np.where(np.abs(off) <= hair, 0.0, np.abs(off) / np.maximum(reach, hair)))
    return np.stack(columns, axis=-1)


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
        """By how much the 80% and the 95% interval of a forecast made on that day are to be stretched.

        Workloads share their weeks, so that origins count and not series. Weeks ahead count alike: of the farther ones
        fewer are known, and they are the harder ones.
        """
        if day not in self._factors:
            normal = NormalDist()
            steps = (np.arange(PRIOR) + 0.5) / PRIOR
            prior = np.array([normal.inv_cdf((1 + step) / 2) for step in steps])
            known = [(known_on, week, found) for known_on, week, found in self._found if known_on <= day]
            seen = np.concatenate([np.empty((0, 2)), *(found for *_, found in known)])
            weeks = np.repeat([week for _, week, _ in known], [len(found) for *_, found in known]).astype(int)
            counts = np.bincount(weeks)
            origins = len({known_on // WEEK - week for known_on, week, _ in known})
            weights = origins / max((counts > 0).sum(), 1) / counts[weeks]
            weights = np.append(weights, np.full(PRIOR, PRIOR_ORIGINS / PRIOR))
            factors = []
            for number, nominal in enumerate(NOMINAL):
                right = prior / normal.inv_cdf((1 + nominal) / 2)
                values = np.concatenate([seen[:, number], right])
                factors.append(np.quantile(values, nominal, weights=weights, method=METHOD))
            self._factors[day] = np.clip(factors, LEAST, MOST)
        return self._factors[day]


def stretch(found: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """(day, 4): the bounds at a multiple of their distance from the median; 95% is never inside 80%."""
    median = found[:, 4]
    bounds = np.empty((len(found), 4))
    for (low, high), factor in zip(BOUNDS, factors, strict=True):
        bounds[:, low] = median - (median - found[:, low]) * factor
        bounds[:, high] = median + (found[:, high] - median) * factor
    bounds[:, 0] = np.minimum(bounds[:, 0], bounds[:, 1])
    bounds[:, 3] = np.maximum(bounds[:, 3], bounds[:, 2])
    return bounds
