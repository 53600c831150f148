"""How intervals are stretched by what came, and that paths are as wide as the errors they are drawn from."""

import numpy as np
import pytest

from ai_unit_economics.forecasting.calibration import LEVELS, Calibration, quantiles, scores, stretch
from ai_unit_economics.forecasting.spread import Spread, WeekErrors, draw_paths, fit_spread, weekly_variance


def factors(score: float, origins: int, series: int) -> dict[str, float]:
    """Of series whose week ahead is known at so many origins, a week apart, and lay on the same place every time.

    `score` is how far towards the upper bounds that is, and so as far away from the lower ones.
    """
    calibration = Calibration()
    for origin in range(origins):
        for _ in range(series):
            calibration.add(7 * (origin + 1), 1, np.tile([-score, -score, score, score], (7, 1)))
    return dict(zip(LEVELS, calibration.factors(7 * origins).tolist(), strict=True))


def test_what_came_moves_bounds_by_origins() -> None:
    """The prior has 8 parts, an origin 1, and 90 of 100 should lie within a bound.

    One part on the median leaves 7.1 of 8.1 to the prior, which are within z = 1.21 and not 1.28: a factor of .95. Of
    21 parts 13 on the median leave 5.9 of 18.9, z = .64: .5. One part of 9 is more than 10 of 100: if all of it is
    beyond the bound, the bound goes to it, but by no more than 5.
    """
    assert factors(0.0, 1, 1)["high_80"] == pytest.approx(0.95, abs=0.01)
    assert factors(0.0, 13, 1)["high_80"] == 0.5
    assert factors(1.3, 1, 1)["high_80"] == 1.3
    assert factors(9.0, 13, 1)["high_80"] == 5.0


def test_each_bound_moves_alone() -> None:
    """What came lay above the median every time: the upper bounds give way, the lower ones close in."""
    found = factors(1.5, 13, 1)
    assert found["high_80"] == 1.5
    assert found["low_80"] == 0.5
    median, bounds = 10.0, [4.0, 6.0, 14.0, 16.0]
    moved = stretch(np.array([[*bounds, median]]), np.array(list(found.values())))[0]
    assert moved[1:3].tolist() == [8.0, 16.0]
    came = scores(np.array([[*bounds, median]]), np.array([16.0]))[0]
    assert came.tolist() == pytest.approx([-1.0, -1.5, 1.5, 1.0])


def test_workloads_share_their_weeks() -> None:
    """Forty series at one origin are one origin."""
    assert factors(9.0, 1, 40) == factors(9.0, 1, 1)


def test_three_known_weeks_give_days_their_whole_width() -> None:
    """Errors of 10 % are known of 3 weeks: of further days 80 of 100 lie within the 80% interval."""
    rng = np.random.default_rng(4)
    inside = []
    for _ in range(300):
        shapes = rng.normal(0, 0.1, (3, 7, 2))
        usage, _ = draw_paths(Spread(np.zeros((2, 2)), np.zeros((2, 2)), shapes, 3), np.ones(7), np.ones(7), 400, 1)
        bounds = quantiles(usage)
        came = 1 + rng.normal(0, 0.1, 7)
        inside.append((bounds[:, 1] <= came) & (came <= bounds[:, 2]))
    assert np.mean(inside) == pytest.approx(0.80, abs=0.05)


def test_a_day_off_stays_off_and_nothing_is_negative() -> None:
    shapes = np.tile(np.array([-0.9, 0.9, 0, 0, 0, 0, 0])[None, :, None], (3, 1, 2))
    week = np.array([1.0, 1, 1, 1, 1, 0, 0])
    usage, cost = draw_paths(Spread(np.eye(2) / 10, np.zeros((2, 2)), shapes, 3), week, week, 400, 1)
    assert (usage[:, 5:] == 0).all()
    assert (cost[:, 5:] == 0).all()
    assert usage.min() >= 0
    assert cost.min() >= 0


def test_unknown_paths_count_where_half_are_known() -> None:
    """Of 0 ... 10 and nothing else known: the median is 5, the 10% and 90% quantiles 1 and 9."""
    paths = np.concatenate([np.arange(11.0), np.full(11, np.nan)])[:, None]
    assert quantiles(paths)[0].tolist() == pytest.approx([0.25, 1, 9, 9.75, 5])
    assert np.isnan(quantiles(np.append(paths, [[np.nan]], axis=0))).all()


def test_how_far_a_week_may_move_is_read_off_the_past() -> None:
    """40 moves of .1. Up and down in turns they take each other back: squares of .4 less 39 products of .01 of
    neighbours, over 39. Twice up, twice down, neighbours agree as often as not, and the squares count alone.
    """
    turns, walk = np.tile([0.1, -0.1], 20), np.tile([0.1, 0.1, -0.1, -0.1], 10)
    found = [weekly_variance(np.exp(np.cumsum(np.append(0.0, moves)))) for moves in (turns, walk)]
    assert found[0] == pytest.approx(0.01 / 39)
    assert found[1] == pytest.approx(0.01 * 40 / 39)
    assert np.isnan(weekly_variance(np.ones(4)))
    assert weekly_variance(np.ones(9)) == 0


def test_a_series_that_stood_still_at_few_origins_may_move() -> None:
    """Three origins without an error: paths are as wide as the half of what the weeks before them moved."""
    still = WeekErrors(np.zeros((3, 4)), np.zeros((3, 4, 7)))
    cells = np.ones((3, 4), bool)
    quiet, moving = (fit_spread(still, still, cells, [0.0, variance, variance]) for variance in (0.0, 0.04))
    assert (quiet.offset[0, 0], quiet.walk[0, 0]) == (0, 0)
    # 4 origins of a walk of .02 a week beside 3 of nothing: weights alike, .02 × 4 / 7
    assert moving.offset[0, 0] == pytest.approx(0)
    assert moving.walk[0, 0] == pytest.approx(0.02 * 4 / 7)
    assert moving.walk[1, 1] == 0
