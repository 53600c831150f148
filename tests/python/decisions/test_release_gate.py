"""The statistics of the release gate: against libraries and formulas of others, on cases worked by hand, and in every
verdict; and a few runs of what benchmarks/release_gate.py does with many.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student
from statsmodels.regression.linear_model import GLS

from ai_unit_economics.statistics import regression
from ai_unit_economics.statistics.changes import effects_of_changes
from ai_unit_economics.statistics.effects import Effect, capacity_step, step_effects
from ai_unit_economics.statistics.release_gate import (
    ERROR,
    LOOKS,
    Estimate,
    Evidence,
    Series,
    confidence,
    confidence_sequence,
    gather,
    judge,
    judge_daily,
    missing_floor,
)
from benchmarks.noise import autoregressive
from benchmarks.release_gate import CHANGED_ON, MINIMUM_UNITS, THRESHOLD, WORLDS, World, simulate

TODAY = CHANGED_ON - 28


def weekday_columns(days: np.ndarray) -> np.ndarray:
    return (days[:, None] % 7 == np.arange(7)).astype(float)


def daily(seed: int, missing: set[int] = frozenset(), effect: float = 0.0, follows: float = 0.0):
    """56 days around a change, some missing: (days, log load, log outcome), elasticity .4, noise 2 %."""
    rng = np.random.default_rng(seed)
    load, noise = rng.normal(0, 0.25, 56), autoregressive(rng, 56, 0.02, follows)
    kept = np.array([day not in missing for day in range(56)])
    days = np.arange(TODAY, TODAY + 56)
    relative = np.exp(load - load[kept][days[kept] < CHANGED_ON].mean())
    outcome = np.log1p(0.4 * (relative - 1)) + effect * (days >= CHANGED_ON) + noise
    return days[kept], load[kept], outcome[kept]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sets(st.integers(1, 54), max_size=6), effect=st.floats(-0.3, 0.3))
def test_at_a_known_autocorrelation_the_fit_is_that_of_statsmodels(seed, missing, effect):
    """Its generalized least squares, given the covariance of days that are so far apart."""
    days, load, outcome = daily(seed, missing, effect, 0.5)
    columns = np.column_stack([weekday_columns(days), (days >= CHANGED_ON).astype(float)])
    series = regression.Series(outcome, np.exp(load - load.mean()), columns, days)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(regression, "AUTOCORRELATIONS", np.array([0.5]))
        patch.setattr(regression, "ODD_LEAST", np.inf)
        elasticity = np.array([0.4])
        found = regression._generalized(series, np.ones((1, len(days)), bool), elasticity)
        # one step of Gauss and Newton from .4, as the fit makes it
        for _ in range(2):
            curve, slope = series.bent(elasticity)
            design = np.column_stack([slope[0], columns])
            apart = np.abs(np.subtract.outer(days, days))
            oracle = GLS(outcome - curve[0], design, sigma=0.5**apart).fit()
            last, elasticity = oracle, np.clip(elasticity + oracle.params[0], 0.0, 1.0)
    assert found.estimate[0] == pytest.approx(last.params[-1], abs=1e-6)
    assert found.error[0] == pytest.approx(last.bse[-1], rel=1e-4)
    assert found.freedom[0] == len(days) - 9


def test_an_interval_holds_the_effect_as_often_as_it_says():
    """95 % at day 7 and at day 28, whatever the autocorrelation: of 150 at least 133 (p = .001 below)."""
    for follows in (0.0, 0.5, 0.7):
        inside = np.zeros(2)
        for seed in range(150):
            days, load, outcome = daily(seed, follows=follows)
            for number, effect in enumerate(
                step_effects(outcome, [load], days, CHANGED_ON, [CHANGED_ON + 7, CHANGED_ON + 28])
            ):
                inside[number] += effect.bound(-1, 0.975) <= 0 <= effect.bound(+1, 0.975)
        assert inside.min() >= 133, (follows, inside)


def test_a_partly_fixed_cost_at_lower_volume_is_no_effect():
    """Cost of 70 + 30 v without noise: at any volume the effect is 0; the change adds 10 %."""
    days = np.arange(TODAY, TODAY + 42)
    volume = (
        np.where(days % 7 >= 5, 0.6, 1.0) * (1 + 0.05 * np.sin(days * 1.7)) * np.where(days >= CHANGED_ON, 0.7, 1.0)
    )
    cost = 70 + 30 * volume

    def effect(cost: np.ndarray) -> Effect:
        return step_effects(np.log(cost), [np.log(volume)], days, CHANGED_ON, [CHANGED_ON + 14])[0]

    assert effect(cost).relative == pytest.approx(0, abs=0.004)
    assert effect(cost * np.where(days >= CHANGED_ON, 1.1, 1)).relative == pytest.approx(0.1, abs=0.005)


def test_an_effect_that_is_one_with_the_load_is_not_identified():
    days = np.arange(TODAY, TODAY + 42)
    load = (days >= CHANGED_ON).astype(float)
    assert step_effects(load + 0.0, [load], days, CHANGED_ON, [CHANGED_ON + 14]) == [None]


def test_another_change_within_the_days_has_a_step_of_its_own():
    days = np.arange(TODAY, TODAY + 42)
    rng = np.random.default_rng(1)
    load = rng.normal(0, 0.1, 42)
    outcome = np.log1p(0.5 * (np.exp(load) - 1)) + 0.2 * (days >= TODAY + 10) + 0.1 * (days >= CHANGED_ON)
    outcome = outcome + rng.normal(0, 1e-5, 42)
    (effect,) = step_effects(outcome, [load], days, CHANGED_ON, [CHANGED_ON + 14], [TODAY + 10])
    assert effect.log_effect == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize("history", ["drift", "step"])
def test_what_happened_before_and_nobody_listed_is_no_effect(history):
    """1 % a week for 84 days, or 10 % more 40 days before the change: with noise of 1 % the effect is 0 to 2 points."""
    days = np.arange(CHANGED_ON - 84, CHANGED_ON + 28)
    rng = np.random.default_rng(3)
    load = rng.normal(0, 0.1, len(days))
    moved = 0.01 * (days - CHANGED_ON) / 7 if history == "drift" else 0.1 * (days >= CHANGED_ON - 40)
    outcome = 0.3 * load + moved + rng.normal(0, 0.01, len(days))
    (effect,) = step_effects(outcome, [load], days, CHANGED_ON, [CHANGED_ON + 28])
    assert effect.relative == pytest.approx(0, abs=0.02)


def test_odd_days_are_left_out_and_a_weekly_shape_is_not():
    """Three days at twice the cost move an effect by less than a point; weekends after a change are no accident."""
    days, load, outcome = daily(5)
    ends = [CHANGED_ON + 28]
    (plain,) = step_effects(outcome, [load], days, CHANGED_ON, ends)
    odd = outcome + np.log(2) * np.isin(days, [TODAY + 9, TODAY + 20, CHANGED_ON + 3])
    (robust,) = step_effects(odd, [load], days, CHANGED_ON, ends)
    assert robust.relative == pytest.approx(plain.relative, abs=0.01)
    assert robust.standard_error == pytest.approx(plain.standard_error, rel=0.15)
    weekends = outcome + 0.3 * ((days >= CHANGED_ON) & (days % 7 >= 5))
    (shaped,) = step_effects(weekends, [load], days, CHANGED_ON, ends)
    assert shaped.log_effect == pytest.approx(plain.log_effect + 0.3 * 2 / 7, abs=0.02)


def test_as_many_odd_days_are_borne_as_chance_has():
    """Where one day of twenty is odd, three of ten are so in 12 of 1000 cases and are left out: they move the effect by
    no more than 3 points. Four of ten are in 1 of 1000: that is what the series is like, and they count.
    """
    days, load, outcome = daily(6)
    ends = [CHANGED_ON + 10]
    (plain,) = step_effects(outcome, [load], days, CHANGED_ON, ends)
    for odd_days, most in (([1, 4, 8], 0.03), ([1, 3, 5, 8], 0.5)):
        odd = outcome + np.log(1.6) * np.isin(days, [CHANGED_ON + day for day in odd_days])
        (found,) = step_effects(odd, [load], days, CHANGED_ON, ends)
        assert abs(found.relative - plain.relative) < most
    assert abs(found.relative - plain.relative) > 0.1


def test_a_doubtful_column_is_averaged_over():
    """With the column for certain, and without it, the fit is that of either; in doubt the estimate lies between, and
    its error holds how far apart they are: by hand from the two."""
    days, load, outcome = daily(7)
    columns = np.column_stack([weekday_columns(days), (days - CHANGED_ON) / 28, (days >= CHANGED_ON).astype(float)])
    series = regression.Series(outcome, np.exp(load - load.mean()), columns, days)
    used = np.ones((1, len(days)), bool)
    with_it, without, in_doubt = (regression.fit(series, used, -2, share) for share in (1.0, 0.0, 0.25))
    assert with_it.estimate == pytest.approx(regression.fit(series, used).estimate)
    plain = replace(series, columns=np.delete(columns, -2, axis=1))
    assert without.estimate == pytest.approx(regression.fit(plain, used).estimate, abs=1e-3)
    mean = 0.75 * without.estimate + 0.25 * with_it.estimate
    between = 0.75 * (without.estimate - mean) ** 2 + 0.25 * (with_it.estimate - mean) ** 2
    assert in_doubt.estimate == pytest.approx(mean)
    assert in_doubt.error**2 == pytest.approx(0.75 * without.error**2 + 0.25 * with_it.error**2 + between)


def test_capacity_that_follows_load_did_not_step():
    days = np.arange(TODAY, TODAY + 42)
    rng = np.random.default_rng(2)
    load = np.exp(rng.normal(0, 0.1, 42))
    hours = 40 * load * np.exp(rng.normal(0, 0.01, 42))
    assert not capacity_step(hours, load, days)
    assert capacity_step(hours * np.where(days >= TODAY + 20, 1.1, 1), load, days)


def test_all_looks_together_err_by_what_is_allowed():
    """By Bonferroni the looks' errors add up to 2 %, on each side."""
    assert sum(1 - confidence(look) for look in LOOKS) == pytest.approx(ERROR)
    assert min(confidence(look) for look in LOOKS) == confidence(7) == 0.994


def test_bounds_are_those_of_every_look_so_far():
    """10 % with a standard error of 2 at day 7: a lower bound of .1 - t × .02 in logarithms, t of .994, 26 degrees. The
    wider bounds of day 8 change nothing. At day 14 it is 30 %, which they exclude: they begin anew."""
    seven, eight, fourteen = Effect(0.10, 0.02, 26), Effect(0.09, 0.03, 26), Effect(0.30, 0.01, 26)
    found = confidence_sequence([seven, eight, fourteen], [7, 8, 14])
    quantile = student.ppf(0.994, 26)
    assert found[0].lower == pytest.approx(math.expm1(0.10 - quantile * 0.02))
    assert (found[1].lower, found[1].upper) == (found[0].lower, found[0].upper)
    assert found[2].lower == pytest.approx(fourteen.bound(-1, confidence(14)))
    assert found[0].inverse().lower == pytest.approx(1 / (1 + found[0].upper) - 1)


def test_heavy_tails_widen_bounds():
    """Cornish and Fisher: a quantile z of an excess kurtosis k lies k/24 (z³ - 3z) further out."""
    plain, heavy = Effect(0.0, 0.01, 10**6), Effect(0.0, 0.01, 10**6, 0.6)
    z = norm.ppf(0.994)
    assert math.log1p(plain.bound(+1, 0.994)) == pytest.approx(0.01 * z, rel=1e-4)
    assert math.log1p(heavy.bound(+1, 0.994)) == pytest.approx(0.01 * (z + 0.6 / 24 * (z**3 - 3 * z)), rel=1e-4)


def known(log_effect: float, error: float) -> Estimate:
    return confidence_sequence([Effect(log_effect, error, 26)], [7])[0]


NONE, WORSE, BETTER = known(0.0, 0.001), known(0.10, 0.01), known(-0.10, 0.01)
NOISY, CLOSE, BIG_AND_UNSURE = known(0.02, 0.05), known(0.03, 0.012), known(0.06, 0.026)
STEADY = Evidence(NONE, NONE, NONE, NONE, "constant", False)


@pytest.mark.parametrize(
    ("evidence", "verdict", "reason"),
    [
        (STEADY, "pass", "within_threshold"),
        (replace(STEADY, cost=WORSE), "fail", "material_and_significant"),
        (replace(STEADY, cost=BETTER), "pass", "within_threshold"),
        (replace(STEADY, cost=CLOSE), "warn", "cannot_rule_out"),
        (replace(STEADY, cost=BIG_AND_UNSURE), "warn", "cannot_rule_out"),
        (replace(STEADY, cost=NOISY), "inconclusive", "too_noisy"),
        (replace(STEADY, cost=None), "inconclusive", "effect_not_identified"),
        (replace(STEADY, busy=WORSE), "warn", "more_busy_time_at_equal_cost"),
        (replace(STEADY, cost=WORSE, capacity="stepped"), "warn", "capacity_rose_with_the_change"),
        (replace(STEADY, cost=WORSE, busy=WORSE, capacity="stepped"), "fail", "material_and_significant"),
        (replace(STEADY, cost=WORSE, cost_per_hour=WORSE, capacity="follows_load"), "fail", "material_and_significant"),
        (replace(STEADY, busy=NOISY, capacity="stepped"), "inconclusive", "too_noisy"),
        (replace(STEADY, cost=WORSE, busy=None, capacity="follows_load"), "fail", "material_and_significant"),
        (
            replace(STEADY, cost=WORSE, busy=None, capacity="stepped"),
            "inconclusive",
            "capacity_stepped_and_busy_time_unknown",
        ),
        (replace(STEADY, cost=WORSE, busy=None, cost_per_hour=None, capacity=None), "fail", "material_and_significant"),
    ],
)
def test_every_verdict(evidence, verdict, reason):
    judgement = judge(evidence, 0.05)
    assert (judgement.verdict, judgement.reason) == (verdict, reason)


def test_material_alone_and_significant_alone_do_not_fail():
    significant = known(0.04, 0.001)
    assert significant.lower > 0
    assert judge(replace(STEADY, cost=significant), 0.05).verdict == "pass"
    assert BIG_AND_UNSURE.relative > 0.05
    assert BIG_AND_UNSURE.lower < 0


def test_a_control_takes_out_what_befell_both():
    """Both deployments' cost rises by 10 % with the release; only the control tells that it was not the release."""
    series = simulate(World("steady"), 0.0, np.random.default_rng(3)).series
    shock = np.where(series.days >= CHANGED_ON, 1.1, 1.0)
    changed, control = replace(series, cost=series.cost * shock), replace(series, cost=60 * shock)
    assert judge(gather(changed, CHANGED_ON, [14])[0], 0.05).verdict == "fail"
    (evidence,) = gather(changed, CHANGED_ON, [14], control=control)
    assert evidence.has_control
    assert evidence.cost.relative == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("change", "floor"),
    [
        ({}, None),
        ({"first_day": TODAY + 1}, "fewer_than_28_days_before"),
        ({"look": 2}, "fewer_than_3_days_after"),
        ({"drop": 1}, None),
        ({"drop": 4}, None),
        ({"drop": 5}, "days_missing"),
        ({"units": 10.0}, None),
        ({"units": 10.0, "odd": 2}, "units_below_minimum"),
        ({"cost": 0.0, "odd": 2}, "cost_not_positive"),
        ({"no_weekends": True}, None),
        ({"rests_on_the_first": True, "first_day": TODAY + 1}, None),
    ],
)
def test_every_floor(change, floor):
    """28 days before, 7 after: 4 of the former may be missing and 1 of the latter, or be too small to use."""
    series = simulate(World("steady", history=28), 0.0, np.random.default_rng(4)).series.within(TODAY, CHANGED_ON + 7)
    if "drop" in change:
        series = series.on(series.days[change["drop"] :])
    if "no_weekends" in change:
        series = series.on(series.days[series.days % 7 < 5])
    if "rests_on_the_first" in change:
        series = series.on(series.days[series.days % 7 != TODAY % 7])
    for name in ("units", "cost"):
        if name in change:
            values = getattr(series, name).copy()
            values[-change.get("odd", 1) :] = change[name]
            series = replace(series, **{name: values})
    first_day, look = change.get("first_day", TODAY), change.get("look", 7)
    series = series.within(TODAY, CHANGED_ON + look)
    assert missing_floor(series, CHANGED_ON, look, first_day, 1000) == floor


def blocked(world: World, effect: float, runs: int) -> int:
    found = 0
    for number in range(runs):
        days = simulate(world, effect, np.random.default_rng([7, number]))
        looks = judge_daily(days.series, CHANGED_ON, days.first_day, THRESHOLD, MINIMUM_UNITS)
        found += any(look.judgement.verdict == "fail" for look in looks)
    return found


@pytest.mark.parametrize(
    "world", [world for world in WORLDS if "drifts" not in world.name], ids=lambda world: world.name
)
def test_innocent_releases_are_not_blocked_at_any_look(world):
    """Twelve runs of each: a right share of 2 % gives three or more in one of 500."""
    assert blocked(world, 0.0, 12) <= 2


@pytest.mark.parametrize(
    "world",
    [
        World("steady"),
        World("odd", odd_days=3),
        World("unsettled", missing=1, history=28),
        World("rests", rests=True, history=28),
        World("hidden by a price", hosted=True, price_step=-0.10),
    ],
    ids=lambda world: world.name,
)
def test_regressions_are_found(world):
    """+30 % in every run, whichever day is missing or odd, and at whatever price."""
    assert blocked(world, 0.3, 6) == 6


def rows_of(series: Series, change_id: str) -> list[tuple]:
    return [
        (change_id, "a", int(u), float(c), int(h * 3600), int(b * 3600), False, True, date.fromordinal(int(d)))
        for d, u, c, h, b in zip(
            series.days, series.units, series.cost, series.provisioned_hours, series.busy_hours, strict=True
        )
    ]


def test_a_row_for_each_day_that_later_days_do_not_change():
    """14 days after the change: looks after 3 to 14 days. Six days later they say the same."""
    found = simulate(World("steady"), 0.1, np.random.default_rng(5)).series
    series = replace(found, busy_hours=2e-7 * found.units * np.where(found.days >= CHANGED_ON, 1.1, 1.0))
    with duckdb.connect() as connection:
        connection.sql(
            "create table changes(change_id varchar, deployment_id varchar, changed_on date, next_changed_on date)"
        )
        changed_on = date.fromordinal(CHANGED_ON)
        connection.execute("insert into changes values ('a@1', 'a', ?, null)", [changed_on])

        def looks(days_after: int) -> list[dict]:
            connection.sql(
                "create or replace table days(change_id varchar, deployment_id varchar, units bigint,"
                " repriced_cost double, accelerator_seconds bigint, busy_accelerator_seconds bigint,"
                " is_control boolean, is_complete boolean,"
                " date_day date)"
            )
            days = rows_of(series.within(CHANGED_ON - 84, CHANGED_ON + days_after), "a@1")
            connection.executemany("insert into days values (?, ?, ?, ?, ?, ?, ?, ?, ?)", days)
            return effects_of_changes(connection.table("changes"), connection.table("days"), 0.05, 1000).to_pylist()

        early, late = looks(14), looks(20)
    assert [row["looked_until"] for row in early] == [changed_on + timedelta(days=look) for look in range(3, 15)]
    assert len(late) == 18
    for before, after in zip(early, late, strict=False):
        assert before == {name: pytest.approx(x, rel=1e-6) if isinstance(x, float) else x for name, x in after.items()}
    assert late[-1]["verdict"] == "fail"
    assert late[-1]["throughput_per_busy_hour_effect"] == pytest.approx(1 / 1.1 - 1, abs=0.01)
