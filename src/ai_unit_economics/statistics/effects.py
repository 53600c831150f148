"""The effect of a change at fixed volume, from daily series before and after it.

`log y = weekday + g(load) + gamma after`, least squares with standard errors that allow for autocorrelation. Cost is
mostly fixed, so that a cost per unit moves with volume: what counts is the step that is left at equal volume. To the
first order `g` is `b log load`; it bends as the logarithm of a cost with a fixed part does, or a large fall of volume
looks like a rise of cost. Days are integers that grow by 1 a day, in order; a missing day is simply absent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import S_hac_simple

Floats = NDArray[np.float64]
Days = NDArray[np.int64]

LAGS = 4
POWER = 0.80


@dataclass(frozen=True)
class Effect:
    """A step in the logarithm of something, and how sure it is."""

    log_effect: float
    standard_error: float
    degrees_of_freedom: int

    @property
    def relative(self) -> float:
        """The effect as a share: 0.1 is 10 % more."""
        return math.expm1(self.log_effect)

    def bound(self, side: int, confidence: float) -> float:
        """One-sided bound as a share: below the effect for side -1, above it for +1."""
        return math.expm1(self.log_effect + side * self._quantile(confidence) * self.standard_error)

    def smallest_detectable(self, confidence: float) -> float:
        """The effect that would be found significant in four of five cases."""
        return math.expm1((self._quantile(confidence) + self._quantile(POWER)) * self.standard_error)

    def inverse(self) -> Effect:
        """The effect on 1/y: tokens an hour become hours a token."""
        return Effect(-self.log_effect, self.standard_error, self.degrees_of_freedom)

    def _quantile(self, confidence: float) -> float:
        return float(student.ppf(confidence, self.degrees_of_freedom))


def weekdays(days: Days) -> Floats:
    """A column for each day of the week that occurs; together they are the intercept."""
    return (days[:, None] % 7 == np.unique(days % 7)[None, :]).astype(float)


def step_effect(
    outcome: Floats, loads: Sequence[Floats], days: Days, changed_on: int, other_changes: Sequence[int] = ()
) -> Effect | None:
    """The step of `outcome` on `changed_on` at equal loads, all logarithms; None where it cannot be told apart.

    The first load acts as on a cost that is partly fixed and partly in proportion, with an elasticity that is fitted.
    Other changes within the days have steps of their own.
    """
    after = (days >= changed_on).astype(float)
    others = [load - load.mean() for load in loads[1:]] + [(days >= day).astype(float) for day in other_changes]
    relative = np.exp(loads[0] - loads[0].mean())
    elasticity = 0.5
    # Gauss and Newton: the curve at the elasticity so far, and its slope there.
    for _ in range(3):
        curve = np.log1p(elasticity * (relative - 1))
        slope = (relative - 1) / (1 + elasticity * (relative - 1))
        design = np.column_stack([weekdays(days), *others, slope, after])
        correction = np.linalg.lstsq(design, outcome - curve, rcond=None)[0][-2]
        elasticity = min(max(elasticity + correction, 0.0), 1.0)
    if not _is_identified(design):
        return None
    fit = OLS(outcome - curve, design).fit()
    freedom = len(days) - int(np.linalg.matrix_rank(design))
    if freedom < 5:
        return None
    variance = _variance(design, np.asarray(fit.resid), days, freedom)
    return Effect(float(fit.params[-1]), math.sqrt(variance), freedom)


def _is_identified(design: Floats) -> bool:
    """Whether the last column is more than a combination of the others."""
    others, last = design[:, :-1], design[:, -1]
    left = last - others @ np.linalg.lstsq(others, last, rcond=None)[0]
    return bool(left @ left > 1e-6 * len(last))


def _variance(design: Floats, residuals: Floats, days: Days, freedom: int) -> float:
    """Variance of the last coefficient: Newey and West's with four days, which on so few days is often too small; so no
    less than what errors would give that depend on the day before as the residuals do."""
    bread = np.linalg.pinv(design.T @ design)
    calendar = np.zeros(days[-1] - days[0] + 1)
    calendar[days - days[0]] = residuals
    # A missing day has no score, and keeps the days around it apart.
    scores = np.zeros((len(calendar), design.shape[1]))
    scores[days - days[0]] = design * residuals[:, None]
    robust = bread @ S_hac_simple(scores, nlags=LAGS) @ bread * len(days) / freedom
    squares = float(residuals @ residuals)
    correlation = float(calendar[1:] @ calendar[:-1]) / squares if squares > 0 else 0.0
    # Residuals are less alike than errors, by about (1 + 4 r) / n.
    correlation = min(max(correlation + (1 + 4 * correlation) / len(days), 0.0), 0.9)
    plain = float(bread[-1, -1]) * squares / freedom * (1 + correlation) / (1 - correlation)
    return max(float(robust[-1, -1]), plain, 0.0)


def capacity_step(hours: Floats, load: Floats, days: Days, edge: int = 3) -> bool:
    """Whether provisioned capacity moved by a step, on any day, that volume and weekday do not explain.

    The largest of the t-values of a step on each day, `edge` days from either end; 3 and 2 % are a step.
    """
    outcome = np.log(hours)
    controls = np.column_stack([weekdays(days), np.log(load) - np.log(load).mean()])
    basis = np.linalg.svd(controls, full_matrices=False)
    basis = basis.U[:, np.greater(basis.S, 1e-9 * basis.S[0])]
    rest = outcome - basis @ (basis.T @ outcome)
    steps = (days[:, None] >= days[None, edge:-edge]).astype(float)
    steps -= basis @ (basis.T @ steps)
    squares = np.sum(steps**2, axis=0)
    known = squares > 1e-6 * len(days)
    slopes = steps[:, known].T @ rest / squares[known]
    unexplained = np.maximum(rest @ rest - slopes**2 * squares[known], 0.0) / (len(days) - basis.shape[1] - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        t_values = np.abs(slopes) / np.sqrt(unexplained / squares[known])
    return bool(np.any((t_values > 3) & (np.abs(slopes) > 0.02)))
