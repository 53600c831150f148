"""Verdicts on series whose elasticity is planted, and on noise."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from ai_unit_economics.forecasting import scaling
from ai_unit_economics.forecasting.outlook import History
from ai_unit_economics.forecasting.scaling import judge, sentence
from tests.python.forecasting.series import WEEKDAYS, grown

SEEDS = range(40)


def verdicts(histories: list[History]) -> dict[str, int]:
    found = [judge(history.usage, history.cost).verdict for history in histories]
    return {verdict: found.count(verdict) for verdict in set(found)}


@pytest.mark.parametrize(
    ("elasticity", "verdict"),
    [(0.5, scaling.WINNING), (1.0, scaling.LINEAR), (1.5, scaling.REGRESSED)],
)
def test_planted_elasticity_is_found(elasticity: float, verdict: str) -> None:
    """A 95% interval misses one in twenty: of 40 series at least 34 (p = .003 below, were it right)."""
    found = verdicts([grown(91, growth=0.03, elasticity=elasticity, seed=seed) for seed in SEEDS])
    assert found.get(verdict, 0) >= 34


def test_elasticity_lies_in_its_interval_as_often_as_it_says() -> None:
    """95% of 40 is 38; fewer than 34 would be one in 300."""
    inside = 0
    for seed in SEEDS:
        history = grown(91, growth=0.03, elasticity=0.8, seed=seed)
        found = judge(history.usage, history.cost)
        inside += found.elasticity_low <= 0.8 <= found.elasticity_high
    assert inside >= 34


@pytest.mark.parametrize(("noise", "verdict"), [(0.02, scaling.STEADY), (0.1, scaling.INCONCLUSIVE)])
def test_without_a_trend_cost_per_unit_stays_or_nobody_can_tell(noise: float, verdict: str) -> None:
    found = verdicts([grown(91, growth=0.0, noise=noise, seed=seed) for seed in SEEDS])
    assert found.get(verdict, 0) >= 34
    assert found.get(scaling.WINNING, 0) + found.get(scaling.REGRESSED, 0) <= 2


@pytest.mark.parametrize(
    ("weekly", "step", "verdict"),
    [(1.03, 1.0, scaling.REGRESSED), (0.97, 1.0, scaling.WINNING), (1.0, 1.3, scaling.REGRESSED)],
)
def test_cost_that_moves_while_usage_stays_has_a_verdict(weekly: float, step: float, verdict: str) -> None:
    """Usage has no trend to scale with, and cost rises by 1.03 ** 12 - 1 = 43 %, falls by 31 %, or steps up by 30 %."""
    day = np.arange(91)
    histories = []
    for seed in SEEDS:
        history = grown(91, growth=0.0, noise=0.05, seed=seed)
        histories.append(
            dataclasses.replace(history, cost=history.cost * weekly ** (day / 7) * np.where(day < 45, 1, step))
        )
    found = verdicts(histories)
    assert found.get(verdict, 0) >= 34
    assert set(found) <= {verdict, scaling.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("unknown", "weeks"), [([5, 20, 27, 34, 50, 77], 13), (range(42), 7), (range(85, 91), 13), (range(84, 91), 12)]
)
def test_changes_are_those_of_the_weeks_that_are_named(unknown: Sequence[int], weeks: int) -> None:
    """Usage grows by 3 % a week and cost by its square root. A lost day loses no week; of six lost weeks nothing is
    told: from the first of 7 weeks to the last usage rises by 1.03 ** 6 - 1 = 19 %, not by the 43 % of 13 weeks."""
    usage = 1000 * 1.03 ** (np.arange(91) / 7)
    cost = np.sqrt(usage)
    usage[list(unknown)] = np.nan
    found = judge(usage, cost)
    assert found.weeks == weeks
    assert found.usage_change == pytest.approx(1.03 ** (weeks - 1) - 1)
    assert sentence(found).startswith(f"Over {weeks} weeks usage rose by {round(100 * (1.03 ** (weeks - 1) - 1))}%")


def test_a_shape_of_the_week_that_disagrees_with_the_trend_does_not_count() -> None:
    """Machines stand all week and follow the trend: by weekdays alone an elasticity of 0, by the trend 1."""
    histories = [grown(91, growth=0.03, noise=0.02, seed=seed) for seed in SEEDS]
    day = np.arange(91)
    fixed = [dataclasses.replace(each, cost=each.cost / WEEKDAYS[day % 7]) for each in histories]
    found = verdicts(fixed)
    assert found.get(scaling.LINEAR, 0) >= 34
    assert found.get(scaling.WINNING, 0) <= 1


@pytest.mark.parametrize(("factor", "verdict"), [(0.85, scaling.WINNING), (1.15, scaling.REGRESSED)])
def test_step_in_cost_is_seen_and_never_taken_for_its_opposite(factor: float, verdict: str) -> None:
    """A release halfway that makes a unit 15 % cheaper or dearer, while usage grows 3 % a week."""
    histories = []
    for seed in SEEDS:
        history = grown(91, growth=0.03, seed=seed)
        histories.append(dataclasses.replace(history, cost=history.cost * np.where(np.arange(91) < 45, 1, factor)))
    found = verdicts(histories)
    assert found.get(verdict, 0) >= 20
    assert set(found) <= {verdict, scaling.INCONCLUSIVE}


def test_cost_that_stays_while_usage_falls_has_regressed() -> None:
    """An elasticity of 0 is good while usage grows and bad while it falls."""
    rising, falling = (grown(91, growth=growth, elasticity=0.0) for growth in (0.03, -0.03))
    assert judge(rising.usage, rising.cost).verdict == scaling.WINNING
    assert judge(falling.usage, falling.cost).verdict == scaling.REGRESSED


def test_exact_series_has_an_exact_elasticity() -> None:
    """Weeks of 100, 110, 121 ...; cost is twice the square root of usage: 13 weeks grow by 1.1¹² - 1 = 213.8 %."""
    usage = np.repeat(100 * 1.1 ** np.arange(13), 7)
    cost = 2 * np.sqrt(np.repeat(100 * 1.1 ** np.arange(13), 7)) / 7
    found = judge(usage, cost)
    assert found.verdict == scaling.WINNING
    assert found.elasticity == pytest.approx(0.5)
    assert found.usage_change == pytest.approx(1.1**12 - 1)
    assert found.cost_per_unit_change == pytest.approx(1.1**-6 - 1)


def test_sentence_says_what_was_seen_and_what_it_means() -> None:
    history = grown(91, growth=0.03, elasticity=0.5)
    text = sentence(judge(history.usage, history.cost))
    assert text.startswith("Over 13 weeks usage rose by ")
    assert text.endswith(": optimization is winning.")
    assert "95% interval" in text


@pytest.mark.parametrize("days", [0, 6, 13, 41])
def test_short_series_have_no_verdict(days: int) -> None:
    history = grown(days)
    found = judge(history.usage, history.cost)
    assert (found.verdict, found.reason) == (scaling.INCONCLUSIVE, "fewer_than_6_weeks")
    assert sentence(found) == "No verdict, for fewer than 6 whole weeks are known."


def test_constant_series_stay_and_zero_and_unknown_ones_have_no_verdict() -> None:
    flat, nothing, unknown = np.full(91, 5.0), np.zeros(91), np.full(91, np.nan)
    assert judge(flat, flat).verdict == scaling.STEADY
    for usage, cost in ((nothing, flat), (flat, nothing), (unknown, flat), (flat, -flat)):
        assert judge(usage, cost).reason == "fewer_than_6_weeks"
