"""The statistics of the release gate: against a formula of their own, on cases worked by hand, and in every verdict."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from ai_unit_economics.statistics.changes import effects_of_changes
from ai_unit_economics.statistics.effects import Effect, capacity_step, step_effect
from ai_unit_economics.statistics.release_gate import (
    CONFIDENCE,
    Evidence,
    Series,
    gather,
    judge,
    missing_floor,
)
from benchmarks.release_gate import TODAY, WORLDS, simulate

CHANGED = TODAY + 28


def frisch_waugh(y: np.ndarray, x: np.ndarray, days: np.ndarray, changed_on: int) -> tuple[float, float]:
    """The step and Newey and West's error of it, as sums: weekday means out, then the load out of the step."""
    post = (days >= changed_on).astype(float)

    def without_weekdays(values: np.ndarray) -> np.ndarray:
        return values - np.array([values[days % 7 == day % 7].mean() for day in days])

    y, x, p = without_weekdays(y), without_weekdays(x), without_weekdays(post)
    z = p - x * (x @ p) / (x @ x)
    gamma = (z @ y) / (z @ z)
    b = ((x @ y) - gamma * (x @ p)) / (x @ x)
    u = z * (y - b * x - gamma * p)
    by_day = dict(zip(days.tolist(), u.tolist(), strict=True))
    meat = sum(value**2 for value in by_day.values())
    for lag in range(1, 5):
        meat += 2 * (1 - lag / 5) * sum(value * by_day.get(day - lag, 0.0) for day, value in by_day.items())
    n = len(days)
    return gamma, math.sqrt(max(n / (n - 9) * meat, 0.0)) / (z @ z)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.sets(st.integers(0, 55), max_size=6), effect=st.floats(-0.3, 0.3))
def test_the_step_is_that_of_a_general_solver_and_its_error_that_of_the_formula(seed, missing, effect):
    rng = np.random.default_rng(seed)
    days = np.array([TODAY + day for day in range(56) if day not in missing])
    load = rng.normal(0, 0.25, len(days))
    relative = np.exp(load - load.mean())
    outcome = np.log1p(0.4 * (relative - 1)) + effect * (days >= CHANGED) + rng.normal(0, 0.02, len(days))
    weekday, post = (days[:, None] % 7 == np.arange(7)).astype(float), (days >= CHANGED).astype(float)

    def left(parameters: np.ndarray) -> np.ndarray:
        elasticity, gamma = parameters[:2]
        return outcome - np.log1p(elasticity * (relative - 1)) - gamma * post - weekday @ parameters[2:]

    solved = least_squares(left, np.r_[0.5, 0.0, np.zeros(7)], xtol=1e-14, ftol=1e-14, gtol=1e-14).x
    found = step_effect(outcome, [load], days, CHANGED)
    assert found.log_effect == pytest.approx(solved[1], abs=1e-5)
    slope = (relative - 1) / (1 + solved[0] * (relative - 1))
    gamma, error = frisch_waugh(left(np.r_[solved[0], 0.0, np.zeros(7)]), slope, days, CHANGED)
    assert found.log_effect == pytest.approx(gamma, abs=1e-5)
    assert error * (1 - 1e-3) <= found.standard_error <= 2.5 * error


def test_a_partly_fixed_cost_at_lower_volume_is_no_effect():
    """Cost of 70 + 30 v without noise: at any volume the effect is 0; the change adds 10 %."""
    days = np.arange(TODAY, TODAY + 42)
    volume = np.where(days % 7 >= 5, 0.6, 1.0) * (1 + 0.05 * np.sin(days * 1.7)) * np.where(days >= CHANGED, 0.7, 1.0)
    cost = 70 + 30 * volume
    innocent = step_effect(np.log(cost), [np.log(volume)], days, CHANGED)
    assert innocent.relative == pytest.approx(0, abs=0.004)
    guilty = step_effect(np.log(cost * np.where(days >= CHANGED, 1.1, 1)), [np.log(volume)], days, CHANGED)
    assert guilty.relative == pytest.approx(0.1, abs=0.005)


def test_an_effect_that_is_one_with_the_load_is_not_identified():
    days = np.arange(TODAY, TODAY + 42)
    load = (days >= CHANGED).astype(float)
    assert step_effect(load + 0.0, [load], days, CHANGED) is None


def test_another_change_within_the_days_has_a_step_of_its_own():
    days = np.arange(TODAY, TODAY + 42)
    rng = np.random.default_rng(1)
    load = rng.normal(0, 0.1, 42)
    outcome = load + 0.2 * (days >= TODAY + 10) + 0.1 * (days >= CHANGED)
    assert step_effect(outcome, [load], days, CHANGED, [TODAY + 10]).log_effect == pytest.approx(0.1, abs=1e-6)


def test_capacity_that_follows_load_did_not_step():
    days = np.arange(TODAY, TODAY + 42)
    rng = np.random.default_rng(2)
    load = np.exp(rng.normal(0, 0.1, 42))
    hours = 40 * load * np.exp(rng.normal(0, 0.01, 42))
    assert not capacity_step(hours, load, days)
    assert capacity_step(hours * np.where(days >= TODAY + 20, 1.1, 1), load, days)


NONE = Effect(0.0, 0.001, 26)
WORSE = Effect(0.10, 0.01, 26)
BETTER = Effect(-0.10, 0.01, 26)
NOISY = Effect(0.02, 0.05, 26)
CLOSE = Effect(0.03, 0.012, 26)
BIG_AND_UNSURE = Effect(0.06, 0.0275, 26)
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
    significant = Effect(0.04, 0.001, 26)
    assert significant.bound(-1, CONFIDENCE) > 0
    assert judge(replace(STEADY, cost=significant), 0.05).verdict == "pass"
    assert BIG_AND_UNSURE.relative > 0.05
    assert BIG_AND_UNSURE.bound(-1, CONFIDENCE) < 0


def test_the_bounds_are_those_of_students_t():
    """t at .9875 with 26 degrees of freedom is 2.3788, at .8 it is .8557."""
    effect = Effect(0.1, 0.01, 26)
    assert effect.bound(-1, CONFIDENCE) == pytest.approx(math.exp(0.1 - 0.023788) - 1, abs=1e-5)
    assert effect.smallest_detectable(CONFIDENCE) == pytest.approx(math.exp(0.023788 + 0.008557) - 1, abs=1e-5)


def test_a_control_takes_out_what_befell_both():
    """Both deployments' cost rises by 10 % with the release; only the control tells that it was not the release."""
    series = simulate(WORLDS[0], 0.0, 0.0, "none", np.random.default_rng(3)).within(TODAY, TODAY + 42)
    shock = np.where(series.days >= CHANGED, 1.1, 1.0)
    changed, control = replace(series, cost=series.cost * shock), replace(series, cost=60 * shock)
    assert judge(gather(changed, CHANGED), 0.05).verdict == "fail"
    evidence = gather(changed, CHANGED, control=control)
    assert evidence.has_control
    assert evidence.cost.relative == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize(
    ("change", "floor"),
    [
        ({}, None),
        ({"first_day": TODAY + 1}, "fewer_than_28_days_before"),
        ({"end": CHANGED + 6}, "fewer_than_7_days_after"),
        ({"drop": 5}, "days_missing"),
        ({"units": 10.0}, "units_below_minimum"),
        ({"cost": 0.0}, "cost_not_positive"),
        ({"no_weekends": True}, None),
    ],
)
def test_every_floor(change, floor):
    series = simulate(WORLDS[0], 0.0, 0.0, "none", np.random.default_rng(4)).within(TODAY, CHANGED + 7)
    if "drop" in change:
        series = series.on(series.days[change["drop"] :])
    if "no_weekends" in change:
        series = series.on(series.days[series.days % 7 < 5])
    for name in ("units", "cost"):
        if name in change:
            values = getattr(series, name).copy()
            values[-1] = change[name]
            series = replace(series, **{name: values})
    first_day, end = change.get("first_day", TODAY), change.get("end", CHANGED + 7)
    assert missing_floor(series, CHANGED, end, first_day, 1000) == floor


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_innocent_releases_pass_and_regressions_fail(world):
    """A few runs of what benchmarks/release_gate.py does with many: none of 40 innocent ones, 36 of 40 regressions."""
    blocked = found = 0
    for run in range(40):
        for effect in (0.0, 0.1):
            step = "release" if run % 2 and effect == 0 else "none"
            series = simulate(world, 0.0, effect, step, np.random.default_rng([7, run]))
            verdict = judge(gather(series.within(TODAY, CHANGED + 7), CHANGED), 0.05).verdict
            blocked += verdict == "fail" and effect == 0
            found += verdict == "fail" and effect > 0
    assert blocked <= (2 if "drifts" in world.name else 0)
    assert found >= (30 if "drifts" in world.name else 36)


def rows_of(series: Series, change_id: str) -> list[tuple]:
    return [
        (change_id, "a", int(u), float(c), int(h * 3600), int(b * 3600), False, True, date.fromordinal(int(d)))
        for d, u, c, h, b in zip(
            series.days, series.units, series.cost, series.provisioned_hours, series.busy_hours, strict=True
        )
    ]


def test_a_row_for_each_whole_week_and_none_between():
    """20 days after the change: looks after 7 and 14 days, which say the same when the days after them come."""
    series = simulate(WORLDS[2], 0.0, 0.1, "none", np.random.default_rng(5))
    with duckdb.connect() as connection:
        connection.sql(
            "create table changes(change_id varchar, deployment_id varchar, changed_on date, next_changed_on date)"
        )
        changed_on = date.fromordinal(CHANGED)
        connection.execute("insert into changes values ('a@1', 'a', ?, null)", [changed_on])

        def looks(days_after: int) -> list[dict]:
            connection.sql(
                "create or replace table days(change_id varchar, deployment_id varchar, units bigint,"
                " repriced_cost double, accelerator_seconds bigint, busy_accelerator_seconds bigint,"
                " is_control boolean, is_complete boolean,"
                " usage_date date)"
            )
            days = rows_of(series.within(TODAY, CHANGED + days_after), "a@1")
            connection.executemany("insert into days values (?, ?, ?, ?, ?, ?, ?, ?, ?)", days)
            return effects_of_changes(connection.table("changes"), connection.table("days"), 0.05, 1000).to_pylist()

        early, late = looks(14), looks(20)
    assert [row["looked_until"] for row in late] == [changed_on + timedelta(days=7), changed_on + timedelta(days=14)]
    assert early == late
    assert late[-1]["verdict"] == "fail"
    assert late[-1]["throughput_per_busy_hour_effect"] == pytest.approx(1 / 1.1 - 1, abs=0.01)
