"""Each model on series whose future is known by construction, and on series that break naive code."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_unit_economics.forecasting import models

TRENDS = ("drift", "damped_trend", "mstl_ets")
WEEKDAYS = np.array([100.0, 110.0, 120.0, 115.0, 105.0, 40.0, 30.0])


def test_seasonal_naive_repeats_the_last_week() -> None:
    past = np.concatenate([np.zeros(7), [1, 2, 3, 4, 5, 6, 7]])
    assert models.seasonal_naive(past, 10).tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2, 3]


def test_mean_28_days_is_the_ratio_of_sums() -> None:
    """Four weeks of cost 10, 20, 30, 40 a day over usage 1, 2, 2, 5 a day: 700 / 70 = 10 in any week ahead."""
    cost = models.mean_28_days(np.repeat([10.0, 20.0, 30.0, 40.0], 7), 7)
    usage = models.mean_28_days(np.repeat([1.0, 2.0, 2.0, 5.0], 7), 7)
    assert cost.sum() / usage.sum() == pytest.approx(10)


def test_mean_28_days_looks_no_further_back() -> None:
    past = np.concatenate([np.full(70, 1e6), np.full(28, 3.0)])
    assert models.mean_28_days(past, 14).tolist() == [3.0] * 14


def test_drift_goes_on_as_before() -> None:
    """A straight line of 2 a day: from 0 at day 0 to 2 × 62 at day 62, ahead 2 × 63 ..."""
    past = 2.0 * np.arange(63)
    assert models.drift(past, 9) == pytest.approx(2.0 * np.arange(63, 72))


@pytest.mark.parametrize("name", [models.DAMPED_TREND, models.MSTL_ETS, models.COMBINATION])
def test_growth_of_two_percent_a_week_is_followed(name: str) -> None:
    """After four weeks 1.02⁴ = 8.2 % more: a model that stays at the last week is off by 5 % on average."""
    days = np.arange(98)
    path = 1.02 ** (days / 7) * WEEKDAYS[days % 7]
    ahead = models.forecast_all(path[:70], 28)
    off = np.abs(ahead[name] / path[70:] - 1).mean()
    naive = np.abs(ahead[models.SEASONAL_NAIVE] / path[70:] - 1).mean()
    assert off < naive * 0.75


def test_combinations_are_means_of_what_stands_in_the_race() -> None:
    """Drift falls below 0, which usage never was, and counts as 0: the mean is of what each model would publish."""
    past = np.concatenate([np.full(14, 100.0), np.full(42, 1.0)])
    ahead = models.forecast_all(past, 28)
    assert ahead[models.DRIFT].tolist() == [0.0] * 28
    assert ahead[models.MEAN_OF_BASELINES] == pytest.approx(np.full(28, 2 / 3))
    means = (models.MEAN_OF_BASELINES, models.COMBINATION, models.CAUTIOUS)
    others = {"seasonal_naive", "mean_28_days", "level_since_step", *TRENDS}
    assert {name for name in models.MODELS if name not in means} == others
    trends = sum(ahead[name] for name in TRENDS)
    combination = (ahead["seasonal_naive"] + ahead["mean_28_days"] + 3 * trends) / 11
    assert ahead[models.COMBINATION] == pytest.approx(combination)
    assert ahead[models.CAUTIOUS] == pytest.approx(combination / 2 + 1 / 2)


@pytest.mark.parametrize("name", models.MODELS)
def test_nothing_comes_on_a_day_off(name: str) -> None:
    """Usage grows by 2 % a week and rests on the last day of each: there is no growth of nothing."""
    days = np.arange(70)
    past = np.where(days % 7 == 6, 0, 100 * 1.02 ** (days / 7))
    ahead = models.forecast_all(past, 28)[name].reshape(4, 7)
    assert (ahead[:, 6] == 0).all()
    assert (ahead[:, :6] > 90).all()


@pytest.mark.parametrize("name", models.MODELS)
def test_weekly_series_is_continued_exactly(name: str) -> None:
    past = np.tile(WEEKDAYS, 9)
    assert models.forecast_all(past, 21)[name] == pytest.approx(np.tile(WEEKDAYS, 3))


@pytest.mark.parametrize("name", models.MODELS)
def test_weekends_off_stay_off(name: str) -> None:
    past = np.tile([5.0, 6.0, 7.0, 6.0, 5.0, 0.0, 0.0], 10) * np.random.default_rng(1).lognormal(0, 0.05, 70)
    ahead = models.forecast_all(past, 14)[name].reshape(2, 7)
    assert (ahead[:, :5] > 3).all()
    assert (ahead[:, 5:] < 1).all()


series = st.lists(
    st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1e12, allow_subnormal=False), st.floats(0, 1e-6)),
    min_size=14,
    max_size=80,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(series, st.integers(1, 35))
def test_any_series_gives_finite_days_that_are_not_negative(values: list[float], horizon: int) -> None:
    ahead = models.forecast_all(np.array(values), horizon)
    assert set(ahead) == set(models.MODELS)
    for days in ahead.values():
        assert days.shape == (horizon,)
        assert np.isfinite(days).all()
        assert (days >= 0).all()


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.floats(0.5, 2), min_size=56, max_size=80), st.floats(1e-6, 1e9))
def test_units_of_measure_do_not_matter(values: list[float], factor: float) -> None:
    past = np.array(values)
    for name in models.BASELINES:
        one, other = models.forecast_all(past, 14)[name], models.forecast_all(past * factor, 14)[name]
        assert other == pytest.approx(one * factor, rel=1e-6)


def test_credits_may_be_forecast() -> None:
    past = np.tile([-3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0], 8)
    assert models.forecast_all(past, 7)[models.MEAN_28_DAYS][0] == -3.0


def test_race_goes_on_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "augurs", None)
    past = np.tile(WEEKDAYS, 8) * 1.01 ** np.arange(56)
    ahead = models.forecast_all(past, 14)
    assert ahead[models.MSTL_ETS] == pytest.approx(ahead[models.SEASONAL_NAIVE])


def test_a_price_is_what_it_was_since_it_stepped() -> None:
    """60 days at 2 a unit and 10 at 1.5, noise of 1 %: 1.5 comes next, on every day alike; of heavy days and light ones
    the heavy ones count, as in a ratio of sums; an unknown day counts for nothing."""
    rng = np.random.default_rng(4)
    usage = rng.lognormal(5, 0.3, 70)
    price = np.repeat([2.0, 1.5], [60, 10]) * rng.lognormal(0, 0.01, 70)
    assert models.price_ahead(usage, usage * price, price, 14) == pytest.approx(np.full(14, 1.5), rel=0.02)
    heavy = np.arange(70) % 2 == 0
    usage, price = np.where(heavy, 900.0, 100.0), np.where(heavy, 1.0, 1.2)
    ahead = models.price_ahead(usage, usage * price, price, 14)
    assert ahead.mean() == pytest.approx(1.02, rel=0.06)
    cost = usage * price
    cost[66] = np.nan
    assert np.isfinite(models.price_ahead(usage, cost, price, 14)).all()


def test_a_price_that_wanders_is_followed() -> None:
    """A walk of 5 % a day without noise: the last day counts most; noise of 5 % about 2 without a walk: the mean."""
    rng = np.random.default_rng(5)
    walk, noise = 2 * np.exp(np.cumsum(rng.normal(0, 0.05, 84))), 2 * rng.lognormal(0, 0.05, 84)
    ones = np.ones(84)
    assert models.price_ahead(ones, walk, walk, 7).mean() == pytest.approx(walk[-3:].mean(), rel=0.1)
    assert models.price_ahead(ones, noise, noise, 7).mean() == pytest.approx(2, rel=0.02)
