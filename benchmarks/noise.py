"""Noise that nobody planted in the sample: what the gate, the scaling verdict and the anomalies are tried on.

Every generator takes a random generator, so that a seed gives the same days each time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

TODAY = 739_000  # any day; only weekdays count
WEEK = 7
TAILS = ("normal", "t4")
# Methods and their constants were chosen on seeds up to 104. No choice has seen this one: the docs use it.
JUDGING_SEED = 2026


def shocks(rng: np.random.Generator, shape: int | tuple[int, ...], tails: str = "normal") -> Floats:
    """Independent draws of variance 1; `t4` are Student's with four degrees of freedom, whose tails are heavy."""
    return rng.standard_normal(shape) if tails == "normal" else rng.standard_t(4, shape) / np.sqrt(2)


def autoregressive(
    rng: np.random.Generator, size: int, deviation: float, correlation: float, tails: str = "normal"
) -> Floats:
    """Noise with this standard deviation and correlation from day to day."""
    drawn = deviation * shocks(rng, size, tails)
    noise = np.empty(size)
    noise[0] = drawn[0]
    for day in range(1, size):
        noise[day] = correlation * noise[day - 1] + np.sqrt(1 - correlation**2) * drawn[day]
    return noise


def week_shape(days: Days, weekend: float) -> Floats:
    """1 on five days of a week and `weekend` on the other two."""
    return np.where(days % WEEK >= 5, weekend, 1.0)


def outliers(rng: np.random.Generator, count: int, size: int, low: float = 1.4, high: float = 2.0) -> Floats:
    """Factors: 1, and between `low` and `high` on so many days of `size`."""
    factors = np.ones(size)
    factors[rng.choice(size, count, replace=False)] = rng.uniform(low, high, count)
    return factors
