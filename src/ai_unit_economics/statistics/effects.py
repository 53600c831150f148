"""The effect of a change at fixed volume, from daily series before and after it.

`log y = weekday + g(load) + gamma after`. Cost is mostly fixed, so that a cost per unit moves with volume: what counts
is the step that is left at equal volume. To the first order `g` is `b log load`; it bends as the logarithm of a cost
with a fixed part does, or a large fall of volume looks like a rise of cost. Days are integers that grow by 1 a day, in
order; a missing day is simply absent. How it is fitted: `regression`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtrit

from ai_unit_economics.statistics import regression
from ai_unit_economics.statistics.regression import Days, Floats

POWER = 0.80
MIN_FREEDOM = 5
# A history of so many days can show that cost per unit drifted or stepped before the change, ...
MIN_DAYS_OF_HISTORY = 56
# ... if that makes the days before this much likelier, in logarithms: the odds against it before any day is seen. A
# step may be on any day: the odds are longer.
TREND_PENALTY, STEP_PENALTY = 3.0, 8.0
MOST_TERMS = 2
STEP_EDGE = 14


@dataclass(frozen=True)
class Effect:
    """A step in the logarithm of something, and how sure it is."""

    log_effect: float
    standard_error: float
    degrees_of_freedom: int
    excess_kurtosis: float = 0.0

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
        return Effect(-self.log_effect, self.standard_error, self.degrees_of_freedom, self.excess_kurtosis)

    def _quantile(self, confidence: float) -> float:
        """Student's t, and further out where errors have heavier tails than the normal's (Cornish and Fisher)."""
        quantile = float(stdtrit(self.degrees_of_freedom, confidence))
        return quantile + max(self.excess_kurtosis / 24 * (quantile**3 - 3 * quantile), 0.0)


def weekdays(days: Days) -> Floats:
    """(day, weekday): a column for each day of the week that occurs; together they are the intercept."""
    return (days[:, None] % 7 == np.unique(days % 7)[None, :]).astype(float)


def step_effects(
    outcome: Floats,
    loads: Sequence[Floats],
    days: Days,
    changed_on: int,
    ends: Sequence[int],
    other_changes: Sequence[int] = (),
) -> list[Effect | None]:
    """The step of `outcome` on `changed_on` at equal loads, all logarithms, as known before each of `ends`.

    None where it cannot be told apart. The first load acts as on a cost that is partly fixed and partly in proportion.
    Other changes within the days have steps of their own, and so has what the days before show.
    """
    after = (days >= changed_on).astype(float)
    before = days < changed_on
    others = [load - load.mean() for load in loads[1:]] + [(days >= day).astype(float) for day in other_changes]
    load = np.exp(loads[0] - loads[0][before].mean())

    def series(*terms: Floats) -> regression.Series:
        return regression.Series(outcome, load, np.column_stack([weekdays(days), *others, *terms, after]), days)

    steps, drifts = history_terms(series(), changed_on)
    used = days < np.asarray(ends)[:, None]
    if drifts is None:
        found = regression.fit(series(*steps), used)
    else:
        # the column before the change's own
        found = regression.fit(series(*steps, _drift(days, changed_on)), used, doubtful=-2, probability=drifts)
    return [
        Effect(float(estimate), float(error), int(freedom), float(kurtosis))
        if known and freedom >= MIN_FREEDOM
        else None
        for estimate, error, freedom, kurtosis, known in zip(
            found.estimate, found.error, found.freedom, found.excess_kurtosis, found.is_identified, strict=True
        )
    ]


def history_terms(series: regression.Series, changed_on: int) -> tuple[list[Floats], float | None]:
    """What happened before the change and nobody listed: columns of steps on any day, clearest first, and the
    probability that cost drifted. Without a history of its own length neither is looked for.

    Without its own column a drift of 1 % a week would be taken for an effect, and a step of old would move the level
    that the days after are held against.
    """
    days, before = series.days, series.days < changed_on
    if not before.any() or changed_on - days[0] < MIN_DAYS_OF_HISTORY:
        return [], None
    step_days = range(int(days[0]) + STEP_EDGE, changed_on - STEP_EDGE + 1)
    drift = _drift(days, changed_on)
    candidates = np.column_stack([drift, *((days >= day).astype(float) for day in step_days)])
    penalties = np.array([TREND_PENALTY] + [STEP_PENALTY] * len(step_days))

    def clearer(chosen: list[int]) -> Floats:
        # the change's own column, the last one, is 0 before it
        columns = np.column_stack([series.columns[:, :-1], candidates[:, chosen]])
        return regression.gains(replace(series, columns=columns), before, candidates) - penalties

    chosen: list[int] = []
    found = clearer(chosen)
    while found.max() > 0 and len(chosen) < MOST_TERMS:
        chosen.append(int(found.argmax()))
        found = clearer(chosen)
    steps = [each for each in chosen if each != 0]
    if len(steps) < len(chosen):
        found = clearer(steps)
    return [candidates[:, each] for each in steps], float(1 / (1 + np.exp(-found[0])))


def _drift(days: Days, changed_on: int) -> Floats:
    """(day): by four weeks."""
    return (days - changed_on) / 28.0


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
