"""The models that are compared. Each takes the past of a daily series, whole and oldest first, and gives days ahead.

The three baselines come first, then what has to beat them. All see weeks: a weekday is compared with the same weekday.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

try:
    import augurs
except ImportError:  # no wheel for this platform: the others are compared without it
    augurs = None

WEEK = 7
# What a model that looks at 28 days needs to look at.
MIN_TRAINING_DAYS = 28
# A weekday on which nothing came for so long is a day off.
WEEKS_OFF = 8

SEASONAL_NAIVE = "seasonal_naive"
MEAN_28_DAYS = "mean_28_days"
DRIFT = "drift"
MEAN_OF_BASELINES = "mean_of_baselines"
DAMPED_TREND = "damped_trend"
MSTL_ETS = "mstl_ets"
LEVEL_SINCE_STEP = "level_since_step"
COMBINATION = "combination"
CAUTIOUS = "cautious"

BASELINES = (SEASONAL_NAIVE, MEAN_28_DAYS, DRIFT)
# In the combination. Usage grows, and what stays level falls behind it: the models that follow a trend weigh more.
_WEIGHTS = {SEASONAL_NAIVE: 1, MEAN_28_DAYS: 1, DRIFT: 3, DAMPED_TREND: 3, MSTL_ETS: 3}
# From simple to elaborate: of two that are as good, the first is taken.
MODELS = (*BASELINES, MEAN_OF_BASELINES, LEVEL_SINCE_STEP, DAMPED_TREND, MSTL_ETS, COMBINATION, CAUTIOUS)
# A step is this many standard errors large, and has so many days on either side
STEP_ERRORS, STEP_DAYS = 5.0, 4
LONGEST_LEVEL = 28
# Parts of a day's surprise by which a level moves; a surprise counts up to so many spreads
SMOOTHING = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.8])
MOST_SPREADS = 4.0


def seasonal_naive(past: np.ndarray, horizon: int) -> np.ndarray:
    """Each day as the same weekday of the last week."""
    return _repeat(past[-WEEK:], horizon)


def mean_28_days(past: np.ndarray, horizon: int) -> np.ndarray:
    """Each weekday's mean over the last 28 days, or over what whole weeks there are.

    Of cost and usage alike, its ratio over a week is the 28-day ratio of sums.
    """
    return _repeat(_last_weeks(past, 4).mean(axis=0), horizon)


def drift(past: np.ndarray, horizon: int) -> np.ndarray:
    """The last week, moved by the mean change a week from the first week to the last."""
    change_per_day = (past[-WEEK:].mean() - past[:WEEK].mean()) / max(len(past) - WEEK, 1)
    weeks_ahead = np.arange(horizon) // WEEK + 1
    return seasonal_naive(past, horizon) + change_per_day * WEEK * weeks_ahead


def damped_trend(past: np.ndarray, horizon: int) -> np.ndarray:
    """Holt's level and damped trend over weekly means, and the weekdays' offsets of the last four weeks.

    Smoothing and damping are those of a coarse grid with the least absolute one-week-ahead error.
    """
    weeks = past[len(past) % WEEK :].reshape(-1, WEEK)
    levels = weeks.mean(axis=1)
    offsets = (weeks - levels[:, None])[-4:].mean(axis=0)
    level = np.full(_GRID.shape[0], levels[0])
    trend = np.zeros(_GRID.shape[0])
    error = np.zeros(_GRID.shape[0])
    smooth_level, smooth_trend, damping = _GRID.T
    for actual in levels[1:]:
        expected = level + damping * trend
        error += np.abs(actual - expected)
        new_level = smooth_level * actual + (1 - smooth_level) * expected
        trend = smooth_trend * (new_level - level) + (1 - smooth_trend) * damping * trend
        level = new_level
    best = int(np.argmin(error))
    weeks_ahead = np.arange(horizon) // WEEK
    momentum = np.cumsum(damping[best] ** np.arange(1, weeks_ahead[-1] + 2))
    return level[best] + trend[best] * momentum[weeks_ahead] + _repeat(offsets, horizon)


_GRID = np.array([(a, b, p) for a in (0.2, 0.4, 0.6, 0.8, 1.0) for b in (0.0, 0.1, 0.3) for p in (0.8, 0.95)])


def level_since_step(past: np.ndarray, horizon: int) -> np.ndarray:
    """The mean since the last step, by weekday: machines are added and taken away, and between that their cost stays.

    Of less than a week since then the shape is that of the weeks before.
    """
    level, shape, _ = _since_step(past)
    weeks = min(len(level), LONGEST_LEVEL) // WEEK
    if weeks:
        return _repeat(_last_weeks(past, weeks).mean(axis=0), horizon)
    return level.mean() + _repeat(shape, horizon)


def _since_step(past: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """The days since the last step without the shape of the week, that shape (weekday; the next day's comes first), and
    the noise of a day. Steps are looked for in the last eight weeks, the clearest first, then in what comes after it.
    """
    recent = past[-WEEKS_OFF * WEEK :]
    shape = _weekday_offsets(recent)
    level = recent - shape[(np.arange(len(recent)) - len(recent)) % WEEK]
    # half of two neighbours' difference is noise; a step is in one of many
    noise = float(_median(np.abs(np.diff(level)))) / 0.6745 / np.sqrt(2)
    while (step := _clearest_step(level, noise)) is not None:
        level = level[step:]
    return level, shape, noise


def _clearest_step(flat: np.ndarray, noise: float) -> int | None:
    """The day on which the level moved most clearly; None where no move is clear."""
    days = np.arange(STEP_DAYS, len(flat) - STEP_DAYS + 1)
    if not len(days):
        return None
    sums = np.cumsum(flat)
    before, after = sums[days - 1] / days, (sums[-1] - sums[days - 1]) / (len(flat) - days)
    error = np.maximum(noise, 1e-12) * np.sqrt(1 / days + 1 / (len(flat) - days))
    size = np.abs(after - before)
    best = int(np.argmax(size / error))
    return int(days[best]) if size[best] > STEP_ERRORS * error[best] else None


def _weekday_offsets(recent: np.ndarray) -> np.ndarray:
    """How far each weekday lies from its week, the middle one of the last weeks; the next day's weekday comes first."""
    weeks = _last_weeks(recent, WEEKS_OFF)
    return _median(weeks - _median(weeks.T)[:, None])


def _median(values: np.ndarray) -> np.ndarray:
    """Over the first axis. numpy's own spends most of its time on looking for unknowns."""
    ordered = np.sort(values, axis=0)
    return (ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2


def mstl_ets(past: np.ndarray, horizon: int) -> np.ndarray | None:
    """Weekly season by loess, the rest by the best exponential smoothing: augurs. None where it finds no fit."""
    if augurs is None or len(past) < MIN_TRAINING_DAYS:
        return None
    centre, width = past.mean(), past.std()
    # A constant or purely weekly series leaves nothing to smooth, and its variance of 0 would stop the optimiser.
    rest = past[WEEK:] - past[:-WEEK]
    if width == 0 or np.abs(rest).max() <= 1e-9 * max(abs(centre), width):
        return None
    model = augurs.MSTL.ets([WEEK])
    try:
        model.fit(np.ascontiguousarray((past - centre) / width, dtype=np.float64))
        ahead = model.predict(horizon, None).point()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic of the Rust code is no Exception
        return None
    return ahead * width + centre if np.isfinite(ahead).all() else None


def forecast_all(past: np.ndarray, horizon: int) -> dict[str, np.ndarray]:
    """Every model's forecast of a series without gaps, at least two weeks long.

    Trends are fitted to logarithms where all values are above 0, for growth is a rate. Nothing that was never
    negative is forecast to be, and a day off stays one. A model without an answer gives the seasonal naive one, and so
    cannot win.
    """
    naive = seasonal_naive(past, horizon)
    ahead = {SEASONAL_NAIVE: naive, MEAN_28_DAYS: mean_28_days(past, horizon), DRIFT: drift(past, horizon)}
    for name, model in ((DAMPED_TREND, damped_trend), (MSTL_ETS, mstl_ets), (LEVEL_SINCE_STEP, level_since_step)):
        with np.errstate(over="ignore", invalid="ignore"):
            ahead[name] = _on_growth(model, past, horizon)
    # A trend that leaves the range of the past by this much has run away.
    highest = np.abs(past).max() * 10
    is_off = _repeat((_last_weeks(past, WEEKS_OFF) == 0).all(axis=0), horizon)
    for name, values in ahead.items():
        if values is None or not np.isfinite(values).all() or np.abs(values).max() > highest:
            ahead[name] = naive
        elif past.min() >= 0:
            ahead[name] = _resting(np.maximum(values, 0), is_off)
    ahead[COMBINATION] = sum(weight * ahead[name] for name, weight in _WEIGHTS.items()) / sum(_WEIGHTS.values())
    ahead[MEAN_OF_BASELINES] = sum(ahead[name] for name in BASELINES) / len(BASELINES)
    ahead[CAUTIOUS] = (ahead[COMBINATION] + naive) / 2
    return ahead


def price_ahead(usage: np.ndarray, cost: np.ndarray, price: np.ndarray, horizon: int) -> np.ndarray:
    """Cost per unit as a price: it wanders, strays by the day and at times steps; weekdays keep their shape.

    A ratio of sums since the last step, in which newer days weigh more: by each of SMOOTHING, averaged by how likely
    it makes the days. `price` is cost over usage without gaps; a day on which either is unknown weighs nothing.
    """
    if len(price) < 2 * WEEK:
        return _repeat(np.resize(price, WEEK), horizon)
    if price.min() <= 0:
        return level_since_step(price, horizon)
    level, shape, noise = _since_step(np.log(price))
    days = len(level)
    age = np.arange(days)[::-1]
    usage, cost = usage[-days:], cost[-days:] * np.exp(-shape[-1 - age % WEEK])
    known = np.isfinite(usage) & np.isfinite(cost)
    weights = SMOOTHING[:, None] * (1 - SMOOTHING[:, None]) ** age  # (smoothing, day)
    weights[:, :WEEK] = (1 - SMOOTHING[:, None]) ** max(days - WEEK, 0) / min(days, WEEK)
    sums = [weights[:, known] @ values[known] for values in (cost, usage)]
    if not (sums[0].min() > 0 and sums[1].min() > 0):
        return level_since_step(price, horizon)
    found = np.average(np.log(sums[0] / sums[1]), weights=_likelihood_of_smoothing(level, noise))
    return np.exp(np.minimum(found + _repeat(shape, horizon), np.log(price.max()) + 5))


def _likelihood_of_smoothing(level: np.ndarray, noise: float) -> np.ndarray:
    """(smoothing): how well each says the next day, over the days since the last step."""
    first, later = level[:WEEK].mean(), level[WEEK:]
    if not len(later):
        return np.ones(len(SMOOTHING))
    smoothed = [lfilter([part], [1, part - 1], later, zi=[(1 - part) * first])[0] for part in SMOOTHING]
    expected = np.hstack([np.full((len(SMOOTHING), 1), first), np.array(smoothed)[:, :-1]])
    most = MOST_SPREADS * max(noise, 1e-9)
    squares = (np.clip(later - expected, -most, most) ** 2).sum(axis=1) + 1e-18
    return (squares / squares.min()) ** (-len(later) / 2)


def _on_growth(model, past: np.ndarray, horizon: int) -> np.ndarray | None:
    if past.min() <= 0:
        return model(past, horizon)
    ahead = model(np.log(past), horizon)
    return None if ahead is None else np.exp(np.minimum(ahead, np.log(past.max()) + 5))


def _repeat(week: np.ndarray, horizon: int) -> np.ndarray:
    return week[np.arange(horizon) % WEEK]


def _last_weeks(past: np.ndarray, most: int) -> np.ndarray:
    """(week, day) of so many last weeks, or of what whole weeks there are."""
    weeks = min(most, len(past) // WEEK)
    return past[-weeks * WEEK :].reshape(weeks, WEEK)


def _resting(ahead: np.ndarray, is_off: np.ndarray) -> np.ndarray:
    """Nothing on days off; what a trend had for them comes on the other days of their week."""
    week = np.arange(len(ahead)) // WEEK
    moved, days = (np.bincount(week, weights) for weights in (ahead * is_off, ~is_off))
    return np.where(is_off, 0.0, ahead + (moved / np.maximum(days, 1))[week])
