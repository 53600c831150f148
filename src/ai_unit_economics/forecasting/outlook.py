"""From the past of workloads to their forecasts: backtests, the chosen models, intervals, roll-ups and their record.

Whatever cannot be forecast says why (`null_reason`); nothing here raises for what a series looks like.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from ai_unit_economics.forecasting import backtest, spread
from ai_unit_economics.forecasting.backtest import GRAINS, MEASURES, USAGE_MODELS, Pair, UnitBacktest, ratio, week_sums
from ai_unit_economics.forecasting.calibration import BOUNDS, LEVELS, Calibration, quantiles, scores, stretch
from ai_unit_economics.forecasting.models import BASELINES, MODELS, WEEK

MIN_DAYS = 14
# A series that ended this long before the newest one is over.
MAX_DAYS_BEHIND = 28
ENDED = "no_recent_days"
PATHS = 2000
BACKTEST_PATHS = 400

Both = tuple[np.ndarray, np.ndarray]  # usage and cost
Intervals = dict[tuple[int, str, str], np.ndarray]  # by origin's number, grain and measure
Calibrations = dict[tuple[str, str], Calibration]  # by grain and measure


@dataclass(frozen=True)
class History:
    """A workload's unit, day by day from `start`; NaN where a day's usage or cost is unknown."""

    environment: str
    workload: str
    unit: str
    start: date
    usage: np.ndarray
    cost: np.ndarray

    @property
    def as_of(self) -> date:
        """The first day that is not known."""
        return self.start + timedelta(days=len(self.usage))


@dataclass(frozen=True)
class PlannedChange:
    """Known to come: from `starts_on` up to `ends_on`, usage and cost are this many times what they would be."""

    change_id: str
    environment: str | None
    workload: str | None
    starts_on: date
    ends_on: date | None
    usage_factor: float = 1.0
    cost_factor: float = 1.0
    cost_per_day: float = 0.0  # of the whole workload, in the reporting currency

    def holds_on(self, history: History, day: date) -> bool:
        """Changes that began before the forecast are in the actuals already."""
        return (
            self.environment in (None, history.environment)
            and self.workload in (None, history.workload)
            and history.as_of <= self.starts_on <= day
            and (self.ends_on is None or day < self.ends_on)
        )


@dataclass
class Outlook:
    """What was found out about one series. The rows are those of the dbt model that stores them."""

    history: History
    as_of: date  # the first day of the forecast
    usage_model: str | None = None
    cost_model: str | None = None
    null_reason: str | None = None
    interval_null_reason: str | None = None
    forecasts: list[dict] = field(default_factory=list)
    backtests: list[dict] = field(default_factory=list)


@dataclass(frozen=True)
class _Run:
    """A series, its backtest, and the pair of models that would have been taken at each origin; today's is the last."""

    history: History
    tested: UnitBacktest
    pairs: list[Pair]
    share: float

    @property
    def origins(self) -> np.ndarray:
        return self.tested.usage.origins

    @property
    def weeks(self) -> int:
        """How many are forecast at each origin."""
        return self.tested.usage.weeks

    @property
    def seed(self) -> int:
        return zlib.crc32(f"{self.history.environment}/{self.history.workload}/{self.history.as_of}".encode())

    @property
    def never_negative(self) -> bool:
        return self.tested.usage.never_negative and self.tested.cost.never_negative

    def actual(self) -> Both:
        return self.tested.usage.actual, self.tested.cost.actual

    def ahead(self, pair: Pair) -> Both:
        return self.tested.usage_ahead(pair), self.tested.cost_ahead(pair)

    def spread(self, number: int) -> spread.Spread | None:
        """From what was known at the origin of that number about the pair that was taken there."""
        (usage, cost), (usage_ahead, cost_ahead) = self.actual(), self.ahead(self.pairs[number])
        cells = backtest.known_cells(len(self.origins), self.tested.usage.weeks, number)
        known = int([*self.origins, len(self.history.usage)][number])
        past = _measures((self.history.usage[:known], self.history.cost[:known]), "week")
        return spread.fit_spread(
            spread.week_errors(usage, usage_ahead, cost),
            spread.week_errors(cost, cost_ahead, usage),
            cells,
            [spread.weekly_variance(weeks) for weeks in past],
        )


def forecast_all(
    histories: Iterable[History],
    horizon: int,
    week_start: int = 0,
    planned: Sequence[PlannedChange] = (),
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Outlook]:
    """Outlooks of many series. Units of one workload that share their cost share its forecast."""
    groups: dict[tuple, list[History]] = {}
    for history in histories:
        key = (history.environment, history.workload, history.start, history.cost.tobytes())
        groups.setdefault(key, []).append(history)
    newest = max((history.as_of for group in groups.values() for history in group if len(history.usage)), default=None)
    whole_costs = _whole_costs(groups)
    outlooks, runs = [], []
    total, done = sum(map(len, groups.values())), 0
    for group in groups.values():
        running = []
        for history in group:
            if reason := _reason_for_none(history, newest):
                outlooks.append(_no_outlook(history, newest or history.as_of, horizon, reason))
            else:
                running.append(history)
        runs += _race(running, horizon, _share_of_whole(group[0], whole_costs))
        done += len(group)
        if on_progress:
            on_progress(done, total)
    calibration = {(grain, measure): Calibration() for grain in GRAINS for measure in MEASURES}
    past = [_past_intervals(run, calibration) for run in runs]
    for run, intervals in zip(runs, past, strict=True):
        outlooks.append(_outlook(run, intervals, calibration, horizon, week_start, planned))
    return outlooks


def _reason_for_none(history: History, newest: date | None) -> str | None:
    known = ~np.isnan(history.usage) & ~np.isnan(history.cost)
    if not known.any():
        return "no_complete_days"
    if known.sum() < MIN_DAYS:
        return "fewer_than_14_days"
    if newest is not None and (newest - history.as_of).days > MAX_DAYS_BEHIND:
        return ENDED
    return None


def _no_outlook(history: History, as_of: date, horizon: int, reason: str) -> Outlook:
    """The days are there, and unknown."""
    days = [as_of + timedelta(days=day) for day in range(horizon)]
    empty = [
        {"grain": "day", "period_start": day, "period_end": day + timedelta(days=1), "observed_days": 0} for day in days
    ]
    return Outlook(history, as_of, null_reason=reason, interval_null_reason=reason, forecasts=empty)


def _whole_costs(groups: dict[tuple, list[History]]) -> dict[tuple[str, str], float]:
    """What a workload cost in its last 28 days: the most that any of its units carries."""
    costs: dict[tuple[str, str], float] = {}
    for group in groups.values():
        key = (group[0].environment, group[0].workload)
        costs[key] = max(costs.get(key, 0.0), float(np.nansum(group[0].cost[-28:])))
    return costs


def _share_of_whole(history: History, whole_costs: dict[tuple[str, str], float]) -> float:
    whole = whole_costs[history.environment, history.workload]
    return float(np.nansum(history.cost[-28:])) / whole if whole > 0 else 0.0


def _race(group: Sequence[History], horizon: int, share: float) -> list[_Run]:
    if not group:
        return []
    whole_weeks = -(-horizon // WEEK) * WEEK
    cost = backtest.run_backtest(group[0].cost, whole_weeks)
    tests = [UnitBacktest(backtest.run_backtest(history.usage, whole_weeks), cost) for history in group]
    errors = [tested.errors() for tested in tests] if len(cost.origins) else []
    chosen: list[list[Pair]] = []
    for number in range(len(cost.origins) + 1):
        if number < backtest.MIN_ORIGINS:
            chosen.append([(backtest.REFERENCE, backtest.REFERENCE)] * len(group))
        else:
            cells = backtest.known_cells(len(cost.origins), cost.weeks, number)
            known = int([*cost.origins, len(cost.values)][number])
            kinds = [backtest.kind_of_cost(each.usage[:known], each.cost[:known]) for each in group]
            stays = backtest.incumbent(errors, cells, min(kinds, key=list(backtest.FIRST).index))
            chosen.append(backtest.choose([backtest.score_pairs(error, cells, stays) for error in errors]))
    return [
        _Run(history, tested, [pairs[unit] for pairs in chosen], share)
        for unit, (history, tested) in enumerate(zip(group, tests, strict=True))
    ]


def _past_intervals(run: _Run, calibration: Calibrations) -> Intervals:
    """Intervals before calibration; their scores go to the calibration."""
    intervals: Intervals = {}
    if not run.never_negative:
        return intervals
    as_of = run.history.as_of.toordinal()
    for number in range(backtest.MIN_ORIGINS, len(run.origins)):
        fitted = run.spread(number)
        if fitted is None:
            continue
        ahead = [values[number] for values in run.ahead(run.pairs[number])]
        paths = spread.draw_paths(fitted, *ahead, BACKTEST_PATHS, run.seed + number)
        actual = tuple(values[number] for values in run.actual())
        drawn, happened = (
            [values for grain in GRAINS for values in _measures(both, grain)] for both in (paths, actual)
        )
        found = quantiles(np.concatenate(drawn, axis=1))
        scored = scores(found, np.concatenate(happened))
        ends = np.cumsum([len(values) for values in happened])[:-1]
        keys = [(grain, measure) for grain in GRAINS for measure in MEASURES]
        made_on = as_of - WEEK * (len(run.origins) - number)
        for key, bounds, score in zip(keys, np.split(found, ends), np.split(scored, ends), strict=True):
            intervals[number, *key] = bounds
            for week, part in enumerate(np.split(score, run.tested.usage.weeks), start=1):
                calibration[key].add(made_on + WEEK * week, week, part)
    return intervals


def _measures(both: Both, grain: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Usage, cost and cost per unit of days, or of weeks."""
    usage, cost = both if grain == "day" else (week_sums(both[0]), week_sums(both[1]))
    return usage, cost, ratio(cost, usage)


def _outlook(
    run: _Run,
    intervals: Intervals,
    calibration: Calibrations,
    horizon: int,
    week_start: int,
    planned: Sequence[PlannedChange],
) -> Outlook:
    history, pair = run.history, run.pairs[-1]
    outlook = Outlook(history, history.as_of, USAGE_MODELS[pair[0]], MODELS[pair[1]])
    ahead = run.tested.usage_final(pair), run.tested.cost_final(pair)
    paths = None
    fitted = run.spread(len(run.origins)) if len(run.origins) else None
    if not run.never_negative:
        outlook.interval_null_reason = "negative_values"
    elif len(run.origins) == 0:
        outlook.interval_null_reason = "fewer_than_8_weeks"
    elif fitted is None:
        outlook.interval_null_reason = "too_few_backtests"
    else:
        paths = spread.draw_paths(fitted, *ahead, PATHS, run.seed)
        paths = tuple(values[:, :horizon] for values in paths)
    ahead = tuple(values[:horizon] for values in ahead)
    moved = _planned_moves(run, planned, horizon)
    ahead = moved(ahead)
    paths = paths and moved(paths)
    stretches = {key: found.factors(history.as_of.toordinal()) for key, found in calibration.items()}
    naive_errors = _numbers(backtest.naive_scales(history.usage, history.cost))
    for row in _periods(history, ahead, paths, stretches, week_start, planned):
        scales = naive_errors[GRAINS.index("day" if row["grain"] == "day" else "week")]
        row |= zip((f"{measure}_naive_error" for measure in MEASURES), scales, strict=True)
        outlook.forecasts.append(row)
    if len(run.origins):
        outlook.backtests = list(_backtest_rows(run, intervals, calibration))
    return outlook


def _planned_moves(run: _Run, planned: Sequence[PlannedChange], horizon: int) -> Callable[[Both], Both]:
    """Usage and cost (..., day) as the changes leave them: factors first and then amounts, whatever their names, so
    that an amount is added on a day that costs nothing, too. A kind of token carries its share of it."""
    factors, amount = np.ones((2, horizon)), np.zeros(horizon)
    for change in planned:
        for day in range(horizon):
            if change.holds_on(run.history, run.history.as_of + timedelta(days=day)):
                factors[:, day] *= change.usage_factor, change.cost_factor
                amount[day] += change.cost_per_day * run.share

    def moved(both: Both) -> Both:
        usage, cost = both
        # a saving is not more than there was to save
        return usage * factors[0], np.maximum(cost * factors[1] + amount, np.minimum(cost * factors[1], 0))

    return moved


def _periods(
    history: History,
    ahead: Both,
    paths: Both | None,
    stretches: dict[tuple[str, str], np.ndarray],
    week_start: int,
    planned: Sequence[PlannedChange],
) -> Iterator[dict]:
    """Days, and the weeks and months whose end the horizon reaches; their days that are over count as they were."""
    horizon = len(ahead[0])
    spans = _spans(history, horizon, week_start)
    past = [_past_sums(history, first) for _, first, _ in spans]
    point = [_sums(values, spans) + [sums[i] for sums in past] for i, values in enumerate(ahead)]
    point.append(ratio(point[1], point[0]))
    bounds = [np.full((len(spans), 4), np.nan)] * 3
    if paths is not None:
        drawn = [_sums(values, spans) + [sums[i] for sums in past] for i, values in enumerate(paths)]
        drawn.append(ratio(drawn[1], drawn[0]))
        bounds = [_bounds(*one, spans, stretches) for one in zip(MEASURES, point, drawn, strict=True)]
    point, bounds = ([_numbers(values) for values in each] for each in (point, bounds))
    month_to_date = len(spans) - horizon
    for number, (grain, start, end) in enumerate(spans[:month_to_date]):
        row = {
            "grain": grain,
            "period_start": history.as_of + timedelta(days=start),
            "period_end": history.as_of + timedelta(days=end),
            "observed_days": max(-start, 0),
            "planned_changes": _names(history, planned, max(start, 0), end),
        }
        columns = [("units", 0, number), ("effective_cost", 1, number), ("cost_per_unit", 2, number)]
        columns.append(("month_to_date_cost", 1, month_to_date + end - 1))
        for name, measure, place in columns:
            row[name] = point[measure][place]
            row |= zip((f"{name}_{level}" for level in LEVELS), bounds[measure][place], strict=True)
        yield row


def _spans(history: History, horizon: int, week_start: int) -> list[tuple[str, int, int]]:
    """Grain, first day and day after the last of each period, in days from `as_of`; month_to_date comes last."""
    spans = [("day", day, day + 1) for day in range(horizon)]
    first = -((history.as_of.weekday() - week_start) % WEEK)
    spans += [("week", day, day + WEEK) for day in range(first, horizon - WEEK + 1, WEEK)]
    month = history.as_of.replace(day=1)
    while (after := _next_month(month)) <= history.as_of + timedelta(days=horizon):
        spans.append(("month", (month - history.as_of).days, (after - history.as_of).days))
        month = after
    # What the month has cost by the end of each day.
    return spans + [("month_to_date", _month_start(history.as_of, day), day + 1) for day in range(horizon)]


def _next_month(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _month_start(as_of: date, day: int) -> int:
    return (as_of + timedelta(days=day)).replace(day=1).toordinal() - as_of.toordinal()


def _past_sums(history: History, first: int) -> tuple[float, float]:
    """Usage and cost of a period's days that are over; unknown where one of them is."""
    if first >= 0:
        return 0.0, 0.0
    if -first > len(history.usage):
        return np.nan, np.nan
    return float(history.usage[first:].sum()), float(history.cost[first:].sum())


def _sums(values: np.ndarray, spans: Sequence[tuple[str, int, int]]) -> np.ndarray:
    """(..., span) from (..., day); the first spans are the days."""
    days = values.shape[-1]
    total = np.cumsum(values, axis=-1)
    periods = [
        total[..., end - 1] if start <= 0 else values[..., start:end].sum(axis=-1) for _, start, end in spans[days:]
    ]
    return np.concatenate([values, np.stack(periods, axis=-1)], axis=-1)


def _bounds(
    measure: str,
    point: np.ndarray,
    drawn: np.ndarray,
    spans: Sequence[tuple[str, int, int]],
    stretches: dict[tuple[str, str], np.ndarray],
) -> np.ndarray:
    """Calibrated as days, or as weeks for what is longer; around the point, and not below 0."""
    found = quantiles(drawn)
    daily = np.array([grain == "day" for grain, _, _ in spans])[:, None]
    bounds = np.where(daily, stretch(found, stretches["day", measure]), stretch(found, stretches["week", measure]))
    bounds[:, :2] = np.minimum(bounds[:, :2], point[:, None])
    bounds[:, 2:] = np.maximum(bounds[:, 2:], point[:, None])
    return np.maximum(bounds, 0)


def _names(history: History, planned: Sequence[PlannedChange], start: int, end: int) -> str | None:
    days = [history.as_of + timedelta(days=day) for day in range(start, end)]
    names = [change.change_id for change in planned if any(change.holds_on(history, day) for day in days)]
    return ", ".join(names) or None


def _numbers(values: np.ndarray) -> list:
    """As Python's, unknown ones as None."""
    return np.where(np.isfinite(values), values.astype(object), None).tolist()


def _backtest_rows(run: _Run, intervals: Intervals, calibration: Calibrations) -> Iterator[dict]:
    """Sums of errors by evaluation, model and weeks ahead, so that any mean can be taken of them later.

    `selection` is what today's choice rests on: all origins. `rolling_origin` are those at which a choice could be made
    from eight weeks or more; its `selected` is the pair chosen at the time, with intervals calibrated at the time.
    """
    origins = len(run.origins)
    late = (np.arange(origins) >= backtest.MIN_ORIGINS) & (run.origins >= backtest.MIN_DAYS_FOR_A_RACE)
    selected_today, selected_then = len(MODELS), len(MODELS) + 1
    evaluations = [("selection", name, number, np.ones(origins, bool)) for number, name in enumerate(MODELS)]
    evaluations.append(("selection", "selected", selected_today, np.ones(origins, bool)))
    evaluations += [("rolling_origin", name, number, late) for number, name in enumerate(MODELS)]
    evaluations.append(("rolling_origin", "selected", selected_then, late))
    ahead, inside = _all_ahead(run), _inside(run, intervals, calibration)
    for grain_number, grain in enumerate(GRAINS):
        measured = zip(MEASURES, _measures(ahead, grain), _measures(run.actual(), grain), strict=True)
        for measure_number, (measure, forecast, actual) in enumerate(measured):
            sums = _error_sums(forecast, actual, run.tested.scales[:, grain_number, measure_number], run.weeks)
            for evaluation, model, number, where in evaluations:
                for week, figures in enumerate(sums[:, number, where].sum(axis=1).T.tolist()):
                    has_intervals = number == selected_then
                    counts = inside[grain, measure][where, week].sum(axis=0) if has_intervals else (0, 0, 0)
                    if figures[0]:
                        names = {"evaluation": evaluation, "model": model, "is_baseline": model in BASELINES}
                        names |= {"grain": grain, "measure": measure, "weeks_ahead": week + 1}
                        yield names | _figures(figures, counts)


def _all_ahead(run: _Run) -> Both:
    """(model, origin, day) of usage and of cost: every model for both, today's pair, and the pair of the time."""
    at_the_time = [run.ahead(pair) for pair in run.pairs[:-1]]
    models = [run.ahead((model, model)) for model in range(len(MODELS))]
    models.append(run.ahead(run.pairs[-1]))
    models.append(tuple(np.stack([both[i][number] for number, both in enumerate(at_the_time)]) for i in (0, 1)))
    usage, cost = (np.stack([both[i] for both in models]) for i in (0, 1))
    return usage, cost


def _error_sums(forecast: np.ndarray, actual: np.ndarray, scales: np.ndarray, weeks: int) -> np.ndarray:
    """(figure, model, origin, week) from (model, origin, period), (origin, period) and (origin)."""
    models, origins = forecast.shape[:2]
    off = (forecast - actual).reshape(models, origins, weeks, -1)
    known = np.isfinite(off)
    off = np.where(known, off, 0)
    scale = scales[:, None]
    return np.stack(
        [
            known.sum(axis=-1),
            np.abs(off).sum(axis=-1),
            off.sum(axis=-1),
            np.where(known, actual.reshape(origins, weeks, -1), 0).sum(axis=-1),
            np.nan_to_num(np.abs(off).sum(axis=-1) / scale),
            np.where(np.isnan(scale), 0, known.sum(axis=-1)),
        ]
    )


def _figures(figures: Sequence[float], counts: Sequence[int]) -> dict:
    """The columns of one row, from sums in the order of `_error_sums` and of `_inside`."""
    return {
        "points": int(figures[0]),
        "absolute_error": figures[1],
        "error": figures[2],
        "actual": figures[3],
        "scaled_error": figures[4],
        "scaled_points": int(figures[5]),
        "interval_points": int(counts[0]),
        "inside_80": int(counts[1]),
        "inside_95": int(counts[2]),
    }


def _inside(
    run: _Run,
    intervals: Intervals,
    calibration: Calibrations,
) -> dict[tuple[str, str], np.ndarray]:
    """(origin, week, 3): how many days or weeks had an interval, and how many of them lay inside the two."""
    weeks = run.tested.usage.weeks
    counts = {(grain, measure): np.zeros((len(run.origins), weeks, 3), int) for grain in GRAINS for measure in MEASURES}
    for (number, grain, measure), found in intervals.items():
        made_on = run.history.as_of.toordinal() - WEEK * (len(run.origins) - number)
        bounds = np.maximum(stretch(found, calibration[grain, measure].factors(made_on)), 0)
        actual = tuple(values[number] for values in run.actual())
        happened = _measures(actual, grain)[MEASURES.index(measure)]
        rounding = 1e-9 * np.abs(happened)
        # That nothing comes on a day off is no credit to intervals.
        is_off = (bounds[:, 3] == 0) & (happened == 0)
        has_interval = np.isfinite(bounds).all(axis=1) & np.isfinite(happened) & ~is_off
        columns = [has_interval]
        for low, high in BOUNDS:
            columns.append(
                has_interval & (bounds[:, low] - rounding <= happened) & (happened <= bounds[:, high] + rounding)
            )
        counts[grain, measure][number] = np.stack(columns, axis=-1).reshape(weeks, -1, 3).sum(axis=1)
    return counts
