"""The verdict on a change: did it make a unit dearer, by enough to matter, and can the data tell?

Looked at every day from the third to the 28th after the change. The looks share the error that is allowed, and their
bounds hold together: a confidence sequence. So reading it every day, or stopping at the first `fail`, does not make a
false alarm likelier.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from ai_unit_economics.statistics.effects import Effect, capacity_step, step_effects
from ai_unit_economics.statistics.regression import Days, Floats

Verdict = Literal["pass", "warn", "fail", "inconclusive"]

DAYS_BEFORE = 28  # have to exist
DAYS_OF_HISTORY = 84  # are used where they exist
LOOKS = range(3, 29)  # days after the change
# One-sided error of all looks together. Whole weeks hold every weekday once and get most of it, the first and the last
# above all.
ERROR = 0.02
ERROR_OF_WEEKS = {7: 0.006, 14: 0.0025, 21: 0.0025, 28: 0.005}
USABLE_SHARE = 0.85  # of each side's days, or all but one
MIN_USED_BEFORE = 14  # for an effect that is no more than an indication


def confidence(look: int) -> float:
    """Of a one-sided bound so many days after the change: all looks together miss the truth with ERROR at most."""
    others = (ERROR - sum(ERROR_OF_WEEKS.values())) / (len(LOOKS) - len(ERROR_OF_WEEKS))
    return 1 - ERROR_OF_WEEKS.get(look, others)


@dataclass(frozen=True)
class Series:
    """A deployment's days, in order: units served, what they cost at fixed prices, and the hours behind them.

    Hours are 0 where there are none or where nothing measures them.
    """

    days: Days
    units: Floats
    cost: Floats
    provisioned_hours: Floats
    busy_hours: Floats

    def within(self, first: int, end: int) -> Series:
        """The days of [first, end)."""
        return self.where((self.days >= first) & (self.days < end))

    def on(self, days: Days) -> Series:
        """Some of its days."""
        return self.where(np.isin(self.days, days))

    def where(self, inside: np.ndarray) -> Series:
        return Series(*(getattr(self, name)[inside] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Estimate:
    """An effect as known at a look, with bounds that hold together with those of all other looks."""

    effect: Effect
    lower: float
    upper: float
    smallest_detectable: float

    @property
    def relative(self) -> float:
        return self.effect.relative

    def inverse(self) -> Estimate:
        """Of 1/y."""
        lower, upper = 1 / (1 + self.upper) - 1, 1 / (1 + self.lower) - 1
        return Estimate(self.effect.inverse(), lower, upper, self.smallest_detectable)


@dataclass(frozen=True)
class Evidence:
    """The effects of a change at one look, each at fixed volume; None where the data do not give it."""

    cost: Estimate | None  # on cost per unit
    cost_per_hour: Estimate | None  # on cost per provisioned accelerator-hour, at equal load of it
    provisioned: Estimate | None  # on provisioned accelerator-hours
    busy: Estimate | None  # on busy accelerator-hours, so on 1 / throughput
    capacity: Literal["constant", "follows_load", "stepped"] | None  # None without accelerators
    has_control: bool


@dataclass(frozen=True)
class Judgement:
    """A verdict, why, the estimate that it rests on, and the smallest effect that every test of it would have seen."""

    verdict: Verdict
    reason: str
    form: Literal["fixed_volume", "per_capacity"] | None = None
    estimate: Estimate | None = None
    minimum_detectable_effect: float | None = None


@dataclass(frozen=True)
class Look:
    """What is known so many days after the change."""

    days_after: int
    judgement: Judgement
    evidence: Evidence | None
    used_before: int  # days
    used_after: int


def judge_daily(
    series: Series,
    changed_on: int,
    first_day: int,
    threshold: float,
    minimum_units: float,
    other_changes: Sequence[int] = (),
    control: Series | None = None,
) -> list[Look]:
    """Every look that the settled days of `series` reach, or one with the floor that is missed.

    `first_day` is the first day ever, settled or not.
    """
    usable = series.where((series.units >= max(minimum_units, 1)) & (series.cost > 0))
    known_until = int(series.days[-1]) + 1 if len(series.days) else changed_on
    looks = [look for look in LOOKS if changed_on + look <= known_until]
    used_before = int(np.sum(usable.days < changed_on))
    used_after = [int(np.sum((usable.days >= changed_on) & (usable.days < changed_on + look))) for look in looks]
    evidence: Sequence[Evidence | None] = [None] * len(looks)
    if looks and used_before >= MIN_USED_BEFORE and used_after[-1] >= LOOKS[0]:
        evidence = gather(usable, changed_on, looks, other_changes, control)
    found = []
    for look, known, after in zip(looks, evidence, used_after, strict=True):
        until = series.where(series.days < changed_on + look)
        floor = missing_floor(until, changed_on, look, first_day, minimum_units)
        if floor is not None or known is None:
            judgement = Judgement("inconclusive", floor or "effect_not_identified")
        else:
            judgement = judge(known, threshold)
        found.append(Look(look, judgement, known, used_before, after))
    if found:
        return found
    days = max(known_until - changed_on, 0)
    floor = missing_floor(series, changed_on, days, first_day, minimum_units) or "effect_not_identified"
    after = int(np.sum(usable.days >= changed_on))
    return [Look(days, Judgement("inconclusive", floor), None, used_before, after)]


def gather(
    series: Series,
    changed_on: int,
    looks: Sequence[int] = LOOKS,
    other_changes: Sequence[int] = (),
    control: Series | None = None,
) -> list[Evidence]:
    """The effects of a change at each look. A control that ran beside takes out what befell both."""
    series, control = _side_by_side(series, control, changed_on)

    def estimates(of: Series, name: str, beside: Series | None) -> list[Estimate | None]:
        effects = _effects(of, name, changed_on, [changed_on + look for look in looks], other_changes, beside)
        return confidence_sequence(effects, looks)

    recent = series.where(series.days >= changed_on - DAYS_BEFORE)
    cost, provisioned, busy = (estimates(series, name, control) for name in ("cost", "provisioned_hours", "busy_hours"))
    capacity = [_capacity(recent.where(recent.days < changed_on + look)) for look in looks]
    cost_per_hour: list[Estimate | None] = [None] * len(looks)
    if capacity[-1] not in (None, "constant"):
        metered = series.where(series.provisioned_hours > 0)
        hours = metered.provisioned_hours
        per_hour = replace(metered, units=metered.units / hours, cost=metered.cost / hours)
        cost_per_hour = estimates(per_hour, "cost", None)
    return [
        Evidence(*each, control is not None)
        for each in zip(cost, cost_per_hour, provisioned, busy, capacity, strict=True)
    ]


def _side_by_side(series: Series, control: Series | None, changed_on: int) -> tuple[Series, Series | None]:
    """Both on the days that they share; without the control where it misses too many of the newer days."""
    if control is None:
        return series, None
    shared = np.intersect1d(series.days, control.days)
    missing = np.setdiff1d(series.days, shared)
    newer = [int(np.sum(days >= changed_on - DAYS_BEFORE)) for days in (missing, series.days)]
    if newer[0] > _bearable(newer[1]):
        return series, None
    return series.on(shared), control.on(shared)


def _effects(
    series: Series,
    name: str,
    changed_on: int,
    ends: Sequence[int],
    other_changes: Sequence[int],
    control: Series | None,
) -> list[Effect | None]:
    """On one column of the series, before each of the ends. Days on which it was not measured are left out."""
    measured = getattr(series, name) > 0
    newer = series.days >= changed_on - DAYS_BEFORE
    is_known = [np.sum(~measured & newer & (series.days < end)) <= _bearable(int(np.sum(newer))) for end in ends]
    series = series.where(measured)
    if not np.any(series.days < changed_on):
        return [None] * len(ends)
    outcome, loads = np.log(getattr(series, name)), [np.log(series.units)]
    if control is not None:
        control = control.where(measured)
        loads.append(np.log(control.units))
        if np.all(getattr(control, name) > 0):
            outcome = outcome - np.log(getattr(control, name))
    effects = step_effects(outcome, loads, series.days, changed_on, ends, other_changes)
    return [effect if known else None for effect, known in zip(effects, is_known, strict=True)]


def confidence_sequence(effects: Sequence[Effect | None], looks: Sequence[int] = LOOKS) -> list[Estimate | None]:
    """At each look the bounds of all looks so far, which hold together: the highest lower one, the lowest upper one.

    Where they leave the newest estimate out, the effect is not one and the same: the look's own bounds begin anew.
    """
    found: list[Estimate | None] = []
    lower, upper, detectable = -math.inf, math.inf, math.inf
    for effect, look in zip(effects, looks, strict=True):
        if effect is None:
            found.append(None)
            continue
        own = [effect.bound(side, confidence(look)) for side in (-1, +1)]
        lower, upper = max(lower, own[0]), min(upper, own[1])
        if not lower <= effect.relative <= upper:
            lower, upper = own
        detectable = min(detectable, effect.smallest_detectable(confidence(look)))
        found.append(Estimate(effect, lower, upper, detectable))
    return found


def _capacity(series: Series) -> Literal["constant", "follows_load", "stepped"] | None:
    """How provisioned hours moved in these days."""
    if len(series.days) == 0 or np.any(series.provisioned_hours <= 0):
        return None
    if np.ptp(np.log(series.provisioned_hours)) < 0.005:
        return "constant"
    return "stepped" if capacity_step(series.provisioned_hours, series.units, series.days) else "follows_load"


def judge(evidence: Evidence, threshold: float) -> Judgement:
    """Material and significant is a fail; too little data to see twice the threshold is inconclusive.

    Cost at fixed volume says it all where capacity stays what it is. Where it moves, nobody can tell from cost whether
    the change moved it: then cost per accelerator-hour and busy hours per unit are judged, and cost can only warn.
    """
    plain = evidence.cost
    if plain is None:
        return Judgement("inconclusive", "effect_not_identified")
    moves = evidence.capacity in ("follows_load", "stepped")
    if moves and evidence.busy is not None:
        return _judge_per_capacity(evidence, evidence.busy, plain, threshold)
    verdict = _verdict(plain, threshold)
    reason = _REASONS[verdict]
    if evidence.capacity == "stepped":
        verdict, reason = "inconclusive", "capacity_stepped_and_busy_time_unknown"
    elif verdict == "pass" and evidence.busy is not None and _fails(evidence.busy, threshold):
        verdict, reason = "warn", "more_busy_time_at_equal_cost"
    return Judgement(verdict, reason, "fixed_volume", plain, plain.smallest_detectable)


def _judge_per_capacity(evidence: Evidence, busy: Estimate, plain: Estimate, threshold: float) -> Judgement:
    tested = [estimate for estimate in (evidence.cost_per_hour, busy) if estimate is not None]
    worst = max(tested, key=lambda estimate: (_fails(estimate, threshold), estimate.relative))
    verdicts = [_verdict(estimate, threshold) for estimate in tested]
    verdict = next(each for each in ("fail", "inconclusive", "warn", "pass") if each in verdicts)
    reason = _REASONS[verdict]
    if verdict == "pass" and _fails(plain, threshold):
        verdict, reason = "warn", "capacity_rose_with_the_change"
    detectable = max(estimate.smallest_detectable for estimate in tested)
    return Judgement(verdict, reason, "per_capacity", worst, detectable)


_REASONS: dict[Verdict, str] = {
    "fail": "material_and_significant",
    "inconclusive": "too_noisy",
    "warn": "cannot_rule_out",
    "pass": "within_threshold",
}


def _fails(estimate: Estimate, threshold: float) -> bool:
    return estimate.relative > threshold and estimate.lower > 0


def _verdict(estimate: Estimate, threshold: float) -> Verdict:
    if _fails(estimate, threshold):
        return "fail"
    if estimate.upper <= threshold and estimate.relative <= threshold:
        return "pass"
    if estimate.smallest_detectable > 2 * threshold:
        return "inconclusive"
    return "warn"


def missing_floor(series: Series, changed_on: int, look: int, first_day: int, minimum_units: float) -> str | None:
    """The first floor that is missed, or None: a history, and enough days on both sides that can be used.

    The history counts from `first_day`, the first day ever. A weekday on which the deployment never serves is not
    expected to, and one unusable day of a side is borne whatever the side's length.
    """
    first, end = changed_on - DAYS_BEFORE, changed_on + look
    calendar = np.arange(first, end)
    expected = np.isin(np.arange(7), series.days[series.units > 0] % 7)[calendar % 7]
    inside = (series.days >= first) & (series.days < end)

    def on_calendar(is_true: np.ndarray) -> np.ndarray:
        """For each expected day whether it is so."""
        found = np.zeros(len(calendar), bool)
        found[series.days[inside] - first] = is_true[inside]
        return found & expected

    is_large, has_cost = series.units >= minimum_units, series.cost > 0
    conditions = {
        "days_missing": on_calendar(inside),
        "units_below_minimum": on_calendar(is_large),
        "cost_not_positive": on_calendar(has_cost),
    }
    sides = slice(0, DAYS_BEFORE), slice(DAYS_BEFORE, None)
    if not expected[sides[0]].any() or first_day > calendar[expected][0]:
        return "fewer_than_28_days_before"
    too_early = f"fewer_than_{LOOKS[0]}_days_after"
    if look < LOOKS[0]:
        return too_early
    for side in sides:
        days = int(expected[side].sum())
        for reason, is_met in conditions.items():
            if days - is_met[side].sum() > _bearable(days):
                return reason
    return too_early if on_calendar(is_large & has_cost)[sides[1]].sum() < LOOKS[0] else None


def _bearable(days: int) -> int:
    """How many of so many days may be missing."""
    return max(1, math.floor(days * (1 - USABLE_SHARE)))
