"""Forecasts against honest baselines, on public series and on series whose making is known.

The public ones are the Azure LLM inference traces of 2023 (code and conversation): requests and tokens in bins of 10 s
(tests/fixtures/forecasting, see NOTICE). Bins stand for days; these series know no week.
"""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from ai_unit_economics.forecasting import backtest, models
from ai_unit_economics.forecasting.models import MODELS, SEASONAL_NAIVE
from ai_unit_economics.forecasting.outlook import History, Outlook, forecast_all
from tests.python.forecasting.series import START, grown

TRACES = Path(__file__).parents[2] / "fixtures" / "forecasting" / "azure_llm_traces_10s.csv"
BINS = 170
HORIZON = 28


def azure() -> list[History]:
    """Two halves of each trace; each pair of requests, context and generated tokens is one's usage and one's cost."""
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros((2 * BINS, 3)))
    with TRACES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["bin"]) < 2 * BINS:
                counts[row["trace"]][int(row["bin"])] = [
                    float(row[name]) for name in ("requests", "context_tokens", "generated_tokens")
                ]
    return [
        History("azure", f"{trace}-{half}-{cost}", str(usage), START, part[:, usage].copy(), part[:, cost].copy())
        for trace, both in sorted(counts.items())
        for half, part in enumerate(np.split(both, 2))
        for usage, cost in ((0, 1), (0, 2), (2, 1))
    ]


def generated() -> list[History]:
    """Growth of -1 to 3 % a week, a walk, noise of 2 to 8 %, and elasticities from 0 to 1.2."""
    rng = np.random.default_rng(5)
    return [
        grown(
            days=150,
            growth=rng.uniform(-0.01, 0.03),
            elasticity=rng.choice([0.0, 0.5, 1.0, 1.2]),
            noise=rng.uniform(0.02, 0.08),
            wander=rng.uniform(0, 0.015),
            seed=seed,
            workload=f"workload-{seed}",
        )
        for seed in range(30)
    ]


@pytest.fixture(scope="module", params=[azure, generated], ids=["azure", "generated"])
def outlooks(request: pytest.FixtureRequest) -> list[Outlook]:
    return forecast_all(request.param(), HORIZON)


def mase(outlook: Outlook, evaluation: str, grain: str, measure: str, model: str) -> float:
    rows = [
        row
        for row in outlook.backtests
        if (row["evaluation"], row["grain"], row["measure"], row["model"]) == (evaluation, grain, measure, model)
    ]
    return sum(row["scaled_error"] for row in rows) / sum(row["scaled_points"] for row in rows)


@pytest.mark.parametrize(
    ("grain", "measure", "most"), [("day", "usage", 0.95), ("day", "cost", 0.95), ("week", "cost_per_unit", 1.0)]
)
def test_rule_beats_seasonal_naive_at_past_origins(
    outlooks: list[Outlook], grain: str, measure: str, most: float
) -> None:
    """What would have been chosen at the time, from what was known at the time; mean over series."""
    selected = np.mean([mase(outlook, "rolling_origin", grain, measure, "selected") for outlook in outlooks])
    naive = np.mean([mase(outlook, "rolling_origin", grain, measure, SEASONAL_NAIVE) for outlook in outlooks])
    assert selected < most * naive


@pytest.mark.parametrize(("grain", "fewest"), [("day", 1500), ("week", 350)])
@pytest.mark.parametrize("measure", ["usage", "cost", "cost_per_unit"])
def test_intervals_hold_what_they_promise(outlooks: list[Outlook], grain: str, fewest: int, measure: str) -> None:
    """Made and calibrated at past origins from what was known there: within five points of 80 and 95 %."""
    rows = [
        row
        for outlook in outlooks
        for row in outlook.backtests
        if (row["evaluation"], row["grain"], row["measure"], row["model"])
        == ("rolling_origin", grain, measure, "selected")
    ]
    points = sum(row["interval_points"] for row in rows)
    assert points > fewest
    assert sum(row["inside_80"] for row in rows) / points == pytest.approx(0.80, abs=0.05)
    assert sum(row["inside_95"] for row in rows) / points == pytest.approx(0.95, abs=0.05)


def test_past_forecasts_know_nothing_of_what_came() -> None:
    """Whatever follows an origin, the forecasts made there and the choice between them are the same."""
    one, other = grown(days=120).usage, grown(days=120).usage.copy()
    other[100:] = 7.0
    first, second = backtest.run_backtest(one, HORIZON), backtest.run_backtest(other, HORIZON)
    early = first.origins <= 100
    assert early.sum() > 5
    np.testing.assert_array_equal(first.ahead[:, early], second.ahead[:, early])
    cells = backtest.known_cells(3, 4, 2)
    # At the third origin the first is two weeks old and the second one; nothing else is known.
    assert cells.tolist() == [[True, True, False, False], [True, False, False, False], [False] * 4]


def test_gaps_are_filled_from_the_past() -> None:
    values = np.arange(1.0, 22.0)
    values[[2, 9, 16]] = np.nan
    # Day 3 has no week before it and takes the first such weekday that is known; there is none, so the next day.
    assert backtest.fill_gaps(values)[[2, 9, 16]].tolist() == [4.0, 4.0, 4.0]


def test_scale_of_mase() -> None:
    """Two weeks of 1 ... 7, then 3 more each day: the weeks differ by 3."""
    week = np.arange(1.0, 8.0)
    assert backtest.naive_scale(np.concatenate([week, week + 3])) == 3
    assert np.isnan(backtest.naive_scale(np.tile(week, 3)))


def test_of_equals_the_simplest_is_chosen() -> None:
    """A score is a logarithm: 2 % better is no reason to leave the simplest, 40 % is."""
    scores = np.zeros((len(backtest.USAGE_MODELS), len(MODELS)))
    assert backtest.choose([scores]) == [(0, 0)]
    scores[4, 4] = np.log(0.99)
    assert backtest.choose([scores]) == [(0, 0)]
    scores[4, 4] = np.log(0.6)
    assert backtest.choose([scores]) == [(4, 4)]


def errors_at(origins: int) -> tuple[np.ndarray, np.ndarray]:
    """Every pair is off by 1 in every week, and all of it is known."""
    shape = (len(backtest.MEASURES), len(backtest.USAGE_MODELS), len(MODELS), origins, 1)
    return np.ones(shape), np.ones((origins, 1), bool)


STAYS = (backtest.COMBINATION, backtest.COMBINATION)


def test_combination_stays_unless_it_is_beaten_by_more_than_luck() -> None:
    """Seasonal naive in turns .1 and 2.5, half as much in logarithms, is luck; in turns .45 and .55 it is none."""
    naive = (0, 0)
    errors, cells = errors_at(10)
    errors[:, [0, 1, 2], [0, 1, 2]] = 1.2
    errors[:, 0, 0] = np.tile([[0.1], [2.5]], (5, 1))
    scores = backtest.score_pairs(errors, cells, STAYS)
    assert scores[naive] > scores[STAYS] == 0
    errors[:, 0, 0] = np.tile([[0.45], [0.55]], (5, 1))
    errors[:, 1, 1], errors[:, 2, 2] = 0.5, 0.5
    scores = backtest.score_pairs(errors, cells, STAYS)
    assert scores[naive] < 0


def test_thirteen_weeks_choose_among_few() -> None:
    """8 origins choose nothing beyond the few: seasonal naive without an error is not taken, at 9 origins it is."""
    for origins, chosen in ((8, STAYS), (9, (0, 0))):
        errors, cells = errors_at(origins)
        errors[:, 0, 0] = 0.01
        assert backtest.choose([backtest.score_pairs(errors, cells, STAYS)]) == [chosen]


def test_of_the_few_the_one_that_erred_least_stays() -> None:
    """Cost as its level since the last step errs half as much: it takes the place of what comes first; 5 % do not."""
    level = (backtest.COMBINATION, backtest.LEVEL_SINCE_STEP)
    for off, stays in ((0.95, STAYS), (0.5, level)):
        errors, cells = errors_at(4)
        errors[:, *level] = off
        assert backtest.incumbent([errors], cells, "mixed") == stays
    assert backtest.incumbent([errors_at(4)[0]], errors_at(4)[1], "stepped") == level


def test_kinds_of_cost() -> None:
    """So much a token is priced, whatever the week; with more noise it is metered; machines stand between steps."""
    usage = grown(days=70, noise=0.05, seed=3).usage
    noise = np.random.default_rng(1).lognormal(0, 0.01, 70)
    kind = backtest.kind_of_cost
    assert kind(usage, 0.002 * usage * noise) == "priced"
    assert kind(usage, 0.002 * usage * noise**3.5) == "metered"
    assert kind(usage, np.repeat([50.0, 70.0], 35) * noise) == "short"
    long, noise = np.tile(usage, 2), np.tile(noise, 2)
    assert kind(long, np.repeat([50.0, 70.0], 70) * noise) == "stepped"
    assert kind(long, 50 * noise**8) == "mixed"
    assert kind(long, np.zeros(140)) == "stepped"


def test_level_begins_at_the_last_step() -> None:
    """60 days at 100 and 10 at 130, weekends at 80 %, noise of .5 %: 130 and 104 come next, and no trend."""
    shape = np.where(np.arange(98) % 7 >= 5, 0.8, 1.0)
    past = np.repeat([100.0, 130.0], [60, 10]) * shape[:70] * np.random.default_rng(2).lognormal(0, 0.005, 70)
    ahead = models.forecast_all(past, 28)[models.LEVEL_SINCE_STEP]
    assert ahead == pytest.approx(130 * shape[70:], rel=0.02)


def test_usage_by_way_of_next_to_no_cost_per_unit_is_known() -> None:
    """1 over the smallest number overflows, and 0 times that would be unknown: usage is then its baseline's."""
    usage, cost = np.zeros((len(MODELS), 7)), np.ones((len(MODELS), 7))
    cost[0] = 5e-324
    found = backtest.UnitBacktest._usage(
        usage, cost, (backtest.USAGE_MODELS.index("cost_over_seasonal_naive"), 1), np.ones(7)
    )
    assert found.tolist() == [0.0] * 7
