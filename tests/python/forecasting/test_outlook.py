"""Forecasts of whole workloads: what always holds, what bad series get, and that intervals tell the truth."""

import dataclasses
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_unit_economics.forecasting.backtest import lone_days
from ai_unit_economics.forecasting.outlook import History, Outlook, PlannedChange, forecast_all
from ai_unit_economics.forecasting.tables import forecast_series
from tests.python.forecasting.series import START, grown

HORIZON = 35


def one(history: History, **options) -> Outlook:
    (outlook,) = forecast_all([history], HORIZON, **options)
    return outlook


def rows(outlook: Outlook, grain: str) -> list[dict]:
    return [row for row in outlook.forecasts if row["grain"] == grain]


def test_figures_of_a_row_fit() -> None:
    for row in one(grown()).forecasts:
        assert row["cost_per_unit"] == pytest.approx(row["effective_cost"] / row["units"])
        for name in ("units", "effective_cost", "cost_per_unit", "month_to_date_cost"):
            bounds = [row[f"{name}_{level}"] for level in ("low_95", "low_80", "high_80", "high_95")]
            assert bounds == sorted(bounds)
            assert bounds[1] <= row[name] <= bounds[2]


def test_same_input_gives_the_same_output() -> None:
    assert one(grown()).forecasts == one(grown()).forecasts


def test_units_that_share_cost_share_its_forecast() -> None:
    """Requests and tokens of one workload divide the same money."""
    request, token = grown(unit="request"), grown(unit="token", seed=2)
    token = dataclasses.replace(token, cost=request.cost.copy())
    first, second = forecast_all([request, token], HORIZON)
    assert first.cost_model == second.cost_model
    for a, b in zip(first.forecasts, second.forecasts, strict=True):
        assert a["effective_cost"] == b["effective_cost"]


def test_interval_of_the_ratio_is_joint_and_not_bounds_divided() -> None:
    """Usage wanders and cost follows it to 1 %: both are uncertain, their quotient hardly is."""
    rng = np.random.default_rng(3)
    usage = grown(wander=0.03, noise=0.02, days=180).usage
    history = History("production", "hosted", "request", START, usage, usage * 2 * rng.lognormal(0, 0.01, len(usage)))
    row = rows(one(history), "week")[-1]
    width = row["cost_per_unit_high_80"] / row["cost_per_unit_low_80"]
    divided = (row["effective_cost_high_80"] / row["units_low_80"]) / (
        row["effective_cost_low_80"] / row["units_high_80"]
    )
    assert width < 1.05
    assert divided > 1.3


def test_weeks_and_months_hold_what_has_happened() -> None:
    """121 days from Monday 5 January end on 5 May: the week began on Monday 4 May, the month on the 1st."""
    history = grown(days=121)
    outlook = one(history)
    assert history.as_of == date(2026, 5, 6)
    week, month = rows(outlook, "week")[0], rows(outlook, "month")[0]
    days = rows(outlook, "day")
    assert (week["period_start"], week["observed_days"]) == (date(2026, 5, 4), 2)
    assert week["units"] == pytest.approx(history.usage[-2:].sum() + sum(day["units"] for day in days[:5]))
    assert (month["period_start"], month["period_end"], month["observed_days"]) == (
        date(2026, 5, 1),
        date(2026, 6, 1),
        5,
    )
    assert month["effective_cost"] == pytest.approx(
        history.cost[-5:].sum() + sum(day["effective_cost"] for day in days[:26])
    )
    assert days[25]["month_to_date_cost"] == pytest.approx(month["effective_cost"])
    assert days[26]["month_to_date_cost"] == pytest.approx(days[26]["effective_cost"])
    # 6 May + 35 days = 10 June: June is not over by then, and its last whole week ends on the 8th.
    assert len(rows(outlook, "month")) == 1
    assert rows(outlook, "week")[-1]["period_end"] == date(2026, 6, 8)


def test_weeks_begin_when_they_are_told_to() -> None:
    assert rows(one(grown(), week_start=6), "week")[0]["period_start"].weekday() == 6


@pytest.mark.parametrize(
    ("days", "reason"), [(0, "no_complete_days"), (13, "fewer_than_14_days"), (14, None), (55, None), (56, None)]
)
def test_short_series(days: int, reason: str | None) -> None:
    """Under two weeks nothing, under eight the 28-day mean without an interval."""
    outlook = one(grown(days=days))
    assert outlook.null_reason == reason
    assert len(rows(outlook, "day")) == HORIZON
    assert all((row.get("units") is None) == (reason is not None) for row in rows(outlook, "day"))
    if 14 <= days < 56:
        assert (outlook.usage_model, outlook.cost_model) == ("mean_28_days", "mean_28_days")
        assert outlook.interval_null_reason == "fewer_than_8_weeks"
        assert outlook.forecasts[0]["units_low_80"] is None
    if days == 56:
        assert outlook.interval_null_reason is None


def test_constant_series_stays_and_needs_no_interval() -> None:
    history = grown(days=98)
    flat = dataclasses.replace(history, usage=np.full(98, 100.0), cost=np.full(98, 5.0))
    outlook = one(flat)
    assert outlook.usage_model == "seasonal_naive"
    for row in rows(outlook, "day"):
        assert (row["units"], row["effective_cost"], row["cost_per_unit"]) == (100, 5, 0.05)
        assert row["cost_per_unit_low_95"] == pytest.approx(0.05)
        assert row["cost_per_unit_high_95"] == pytest.approx(0.05)


def test_zeros_have_no_cost_per_unit() -> None:
    asleep = dataclasses.replace(grown(days=90), usage=np.zeros(90), cost=np.full(90, 5.0))
    for row in one(asleep).forecasts:
        assert row["units"] == 0
        assert row["cost_per_unit"] is None
        assert row["cost_per_unit_high_95"] is None
        assert row["effective_cost"] > 0


def test_weekends_off() -> None:
    """Nothing came on them and nothing is forecast, whatever the growth; that is no credit to intervals."""
    history = grown(days=98)
    off = np.tile([1.0] * 5 + [0.0, 0.0], 14)
    outlook = one(dataclasses.replace(history, usage=history.usage * off, cost=history.cost * off))
    for row in rows(outlook, "day"):
        figures = [row[name] for name in ("units", "effective_cost", "units_high_95", "effective_cost_high_95")]
        if row["period_start"].weekday() >= 5:
            assert figures == [0, 0, 0, 0]
            assert row["cost_per_unit"] is None
        else:
            assert min(figures) > 300
    days, weeks = (
        sum(row["interval_points"] for row in outlook.backtests if (row["grain"], row["measure"]) == (grain, "usage"))
        for grain in ("day", "week")
    )
    assert days == 5 * weeks > 0


def test_gaps_are_no_zeros() -> None:
    history = grown(days=120, noise=0.02)
    usage = history.usage.copy()
    usage[[5, 40, 41, 42, 90, 118]] = np.nan
    with_gaps, whole = one(dataclasses.replace(history, usage=usage)), one(history)
    ratio = rows(with_gaps, "week")[-1]["units"] / rows(whole, "week")[-1]["units"]
    assert ratio == pytest.approx(1, abs=0.03)
    # The week that is running has an unknown day: what it comes to is not known either.
    assert (
        rows(one(dataclasses.replace(grown(days=121), usage=np.append(history.usage, np.nan))), "week")[0]["units"]
        is None
    )


def test_series_that_ended_is_not_forecast() -> None:
    ended, running = grown(days=60, workload="old"), grown(days=120)
    outlooks = {outlook.history.workload: outlook for outlook in forecast_all([ended, running], HORIZON)}
    assert outlooks["old"].null_reason == "no_recent_days"
    assert outlooks["chat"].null_reason is None


@pytest.mark.parametrize("amount", [100.0, -150.0])
@pytest.mark.parametrize("elasticity", [0.0, 1.0])
def test_a_fee_or_a_credit_of_one_day_is_not_forecast_again(amount: float, elasticity: float) -> None:
    """About 10 a day for half a year, and 100 more, or 150 less, on the fifth day before the last: 5 weeks are 350."""
    history = grown(days=182, growth=0.0, elasticity=elasticity)
    cost = history.cost * 10 / history.cost.mean()
    once = cost.copy()
    once[-5] += amount
    for values in (cost, once):
        months = rows(one(dataclasses.replace(history, cost=values)), "day")
        assert sum(row["effective_cost"] for row in months) == pytest.approx(350, rel=0.04)
        assert sum(row["units"] for row in months) == pytest.approx(35 * history.usage.mean(), rel=0.04)


def test_days_that_stand_out_are_lone_or_what_the_series_is_like() -> None:
    """10 a day, and 90 more on some days: a third day in a row is a step, and a fee that comes again a habit."""
    flat = np.random.default_rng(1).normal(10, 0.3, 182)

    def found(*days: int, past: np.ndarray = flat) -> list[int]:
        values = past.copy()
        values[list(days)] += 90
        return np.flatnonzero(lone_days(values)).tolist()

    assert found(100) == [100]
    assert found(180, 181) == [180, 181]
    assert found(40, 120) == [40, 120]
    for days in [(), (179, 180, 181), (100, 130), (100, 103), range(150, 182)]:
        assert found(*days) == []
    # under five weeks nothing is usual; nor is it where nothing but the fee ever came
    assert found(10, past=flat[:34]) == []
    assert found(100, past=np.zeros(182)) == []


def test_a_series_that_ended_has_no_verdict_on_how_it_scales() -> None:
    """old cost the same while its usage fell, until 60 days ago: that is no answer about the last 13 weeks."""
    rows_of = {
        workload: grown(days=days, growth=-0.05, elasticity=0.0, workload=workload)
        for workload, days in (("old", 100), ("chat", 160))
    }
    table = pa.Table.from_pylist(
        [
            {
                "environment": "production",
                "workload": workload,
                "unit": "request",
                "is_complete": True,
                "units": int(history.usage[day]),
                "effective_cost": float(history.cost[day]),
                "date_day": START + timedelta(days=day),
            }
            for workload, history in rows_of.items()
            for day in range(len(history.usage))
        ]
    )
    planned = pa.table({"change_id": pa.array([], pa.string())})
    found = {
        row["workload"]: row["scaling"]
        for row in forecast_series(table, planned, horizon_days=7, week_start="monday").to_pylist()
    }
    assert found["chat"]["verdict"] == "regressed"
    assert (found["old"]["verdict"], found["old"]["reason"]) == ("inconclusive", "no_recent_days")
    assert found["old"]["cost_per_unit_change"] is None
    assert found["old"]["sentence"] == "No verdict, for its last days are more than four weeks old."


def test_credits_get_a_forecast_and_no_interval() -> None:
    history = grown(days=90)
    cost = history.cost.copy()
    cost[30] = -5
    outlook = one(dataclasses.replace(history, cost=cost))
    assert outlook.interval_null_reason == "negative_values"
    assert outlook.forecasts[0]["units"] > 0


def test_planned_change_moves_its_days_only() -> None:
    """Half price from the eighth day on, for a week; 10 more a day from the fifteenth on."""
    history = grown()
    eighth, fifteenth = (history.as_of + timedelta(days=days) for days in (7, 14))
    planned = [
        PlannedChange("half_price", None, "chat", eighth, fifteenth, cost_factor=0.5),
        PlannedChange("new_node", "production", None, fifteenth, None, cost_per_day=10.0),
        PlannedChange("began_before", None, "chat", history.as_of - timedelta(days=1), None, cost_factor=9.0),
        PlannedChange("other_workload", None, "code", history.as_of, None, usage_factor=9.0),
    ]
    before, after = rows(one(history), "day"), rows(one(history, planned=planned), "day")
    for day, (a, b) in enumerate(zip(before, after, strict=True)):
        assert b["units"] == a["units"]
        if day < 7:
            assert b["effective_cost"] == a["effective_cost"]
            assert b["planned_changes"] is None
        elif day < 14:
            assert b["effective_cost"] == pytest.approx(a["effective_cost"] / 2)
            assert b["cost_per_unit_high_80"] == pytest.approx(a["cost_per_unit_high_80"] / 2)
            assert b["planned_changes"] == "half_price"
        else:
            assert b["effective_cost"] == pytest.approx(a["effective_cost"] + 10)
            assert b["planned_changes"] == "new_node"


def test_planned_changes_of_a_day_do_not_depend_on_their_names() -> None:
    """10 a day at half price are cost / 2 + 10, whichever of the two changes is read first."""
    history = grown()
    changes = [
        PlannedChange("a", None, "chat", history.as_of, None, cost_per_day=10.0),
        PlannedChange("b", None, "chat", history.as_of, None, cost_factor=0.5),
    ]
    before = rows(one(history), "day")
    for planned in (changes, changes[::-1]):
        for a, b in zip(before, rows(one(history, planned=planned), "day"), strict=True):
            assert b["effective_cost"] == pytest.approx(a["effective_cost"] / 2 + 10)


def test_planned_cost_of_a_day_is_added_to_days_that_cost_nothing() -> None:
    """Nobody works at weekends; a node that is booked for all week costs 10 on those days too: 7 x 10 a week.
    A saving of more than a day costs leaves nothing, and no credit."""
    history = grown(days=98)
    off = np.tile([1.0] * 5 + [0.0, 0.0], 14)
    history = dataclasses.replace(history, usage=history.usage * off, cost=history.cost * off)
    node, saving = (
        PlannedChange(name, None, "chat", history.as_of, None, cost_per_day=amount)
        for name, amount in (("node", 10.0), ("saving", -1e9))
    )
    before, after = rows(one(history), "week"), rows(one(history, planned=[node]), "week")
    for a, b in zip(before, after, strict=True):
        assert b["effective_cost"] == pytest.approx(a["effective_cost"] + 70)
    weekend = [row for row in rows(one(history, planned=[node]), "day") if row["period_start"].weekday() >= 5]
    assert {(row["effective_cost"], row["effective_cost_high_95"]) for row in weekend} == {(10.0, 10.0)}
    assert {row["effective_cost"] for row in rows(one(history, planned=[saving]), "day")} == {0.0}


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    forecast_all([grown(days=20), grown(days=20, workload="code")], 7, on_progress=lambda *done: told.append(done))
    assert told == [(1, 2), (2, 2)]


values = st.one_of(st.just(0.0), st.just(float("nan")), st.floats(0, 1e9), st.just(7.0))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 100), st.data())
def test_no_series_raises(days: int, data: st.DataObject) -> None:
    usage = np.array(data.draw(st.lists(values, min_size=days, max_size=days)))
    cost = np.array(data.draw(st.lists(st.one_of(values, st.floats(-10, 0)), min_size=days, max_size=days)))
    outlook = one(History("production", "chat", "request", START, usage, cost))
    assert len(rows(outlook, "day")) == HORIZON
    for row in outlook.forecasts:
        for name in ("units", "effective_cost", "cost_per_unit"):
            assert row.get(name) is None or np.isfinite(row[name])
