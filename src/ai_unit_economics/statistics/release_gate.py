"""The verdict on a change: did it make a unit dearer, by enough to matter, and can the data tell?

Looked at after each of the first four whole weeks and not between, with a confidence that the looks share: reading it
every day does not make a false alarm likelier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ai_unit_economics.statistics.effects import Days, Effect, Floats, capacity_step, step_effect

Verdict = Literal["pass", "warn", "fail", "inconclusive"]

DAYS_BEFORE = 28
LOOKS = (7, 14, 21, 28)  # days after the change
CONFIDENCE = 1 - 0.05 / len(LOOKS)  # one-sided, shared by the looks
USABLE_SHARE = 0.85  # of each side's days


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
        inside = (self.days >= first) & (self.days < end)
        return Series(*(getattr(self, name)[inside] for name in self.__dataclass_fields__))

    def on(self, days: Days) -> Series:
        """Some of its days."""
        inside = np.isin(self.days, days)
        return Series(*(getattr(self, name)[inside] for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Evidence:
    """The effects of a change, each at fixed volume; None where the data do not give it."""

    cost: Effect | None  # on cost per unit
    cost_per_hour: Effect | None  # on cost per provisioned accelerator-hour, at equal load of it
    provisioned: Effect | None  # on provisioned accelerator-hours
    busy: Effect | None  # on busy accelerator-hours, so on 1 / throughput
    capacity: Literal["constant", "follows_load", "stepped"] | None  # None without accelerators
    has_control: bool


@dataclass(frozen=True)
class Judgement:
    """A verdict, why, the effect that it rests on, and the smallest one that every test of it would have seen."""

    verdict: Verdict
    reason: str
    form: Literal["fixed_volume", "per_capacity"] | None = None
    effect: Effect | None = None
    minimum_detectable_effect: float | None = None


def gather(
    series: Series, changed_on: int, other_changes: Sequence[int] = (), control: Series | None = None
) -> Evidence:
    """The effects of a change on the days given. A control that ran beside takes out what befell both."""
    load = np.log(series.units)
    loads, common = [load], {"cost": 0.0, "provisioned_hours": 0.0, "busy_hours": 0.0}
    if control is not None:
        control = control.on(series.days)
        loads.append(np.log(control.units))
        common = {
            name: np.log(getattr(control, name)) if np.all(getattr(control, name) > 0) else 0.0 for name in common
        }

    def effect(name: str) -> Effect | None:
        values = getattr(series, name)
        if not np.all(values > 0):
            return None
        return step_effect(np.log(values) - common[name], loads, series.days, changed_on, other_changes)

    has_hours = bool(np.all(series.provisioned_hours > 0))
    cost_per_hour = None
    if has_hours and np.all(series.cost > 0):
        hours = np.log(series.provisioned_hours)
        cost_per_hour = step_effect(np.log(series.cost) - hours, [load - hours], series.days, changed_on, other_changes)
    return Evidence(
        cost=effect("cost"),
        cost_per_hour=cost_per_hour,
        provisioned=effect("provisioned_hours"),
        busy=effect("busy_hours"),
        capacity=_capacity(series) if has_hours else None,
        has_control=control is not None,
    )


def _capacity(series: Series) -> Literal["constant", "follows_load", "stepped"]:
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
    return Judgement(verdict, reason, "fixed_volume", plain, plain.smallest_detectable(CONFIDENCE))


def _judge_per_capacity(evidence: Evidence, busy: Effect, plain: Effect, threshold: float) -> Judgement:
    tested = [effect for effect in (evidence.cost_per_hour, busy) if effect is not None]
    worst = max(tested, key=lambda effect: (_fails(effect, threshold), effect.log_effect))
    verdicts = [_verdict(effect, threshold) for effect in tested]
    verdict = next(each for each in ("fail", "inconclusive", "warn", "pass") if each in verdicts)
    reason = _REASONS[verdict]
    if verdict == "pass" and _fails(plain, threshold):
        verdict, reason = "warn", "capacity_rose_with_the_change"
    detectable = max(effect.smallest_detectable(CONFIDENCE) for effect in tested)
    return Judgement(verdict, reason, "per_capacity", worst, detectable)


_REASONS: dict[Verdict, str] = {
    "fail": "material_and_significant",
    "inconclusive": "too_noisy",
    "warn": "cannot_rule_out",
    "pass": "within_threshold",
}


def _fails(effect: Effect, threshold: float) -> bool:
    return effect.relative > threshold and effect.bound(-1, CONFIDENCE) > 0


def _verdict(effect: Effect, threshold: float) -> Verdict:
    if _fails(effect, threshold):
        return "fail"
    if effect.smallest_detectable(CONFIDENCE) > 2 * threshold:
        return "inconclusive"
    if effect.relative > threshold or effect.bound(+1, CONFIDENCE) > threshold:
        return "warn"
    return "pass"


def missing_floor(series: Series, changed_on: int, end: int, first_day: int, minimum_units: float) -> str | None:
    """The first floor that is missed, or None: enough days on both sides, and enough units on each.

    A weekday on which the deployment never serves is not expected to.
    """
    if first_day > changed_on - DAYS_BEFORE:
        return "fewer_than_28_days_before"
    if end < changed_on + LOOKS[0]:
        return "fewer_than_7_days_after"
    served = np.unique(series.days[series.units > 0] % 7)
    for first, last in ((changed_on - DAYS_BEFORE, changed_on), (changed_on, end)):
        expected = np.isin(np.arange(first, last) % 7, served).sum()
        side = series.within(first, last)
        if len(side.days) == 0 or len(side.days) < USABLE_SHARE * expected:
            return "days_missing"
        if np.any(side.units[np.isin(side.days % 7, served)] < minimum_units):
            return "units_below_minimum"
        if np.any(side.cost <= 0):
            return "cost_not_positive"
    return None
