"""What a counter counted, in plain Python: an independent answer to hold the models against.

It looks at one series at a time with all of its samples in memory, follows the written rules of docs/usage.md and
of `int_usage__counter_increases_daily` word by word, and shares nothing with the SQL.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

MAX_GAP = timedelta(seconds=180)
Sample = tuple[datetime, float | None, datetime | None]  # when, how much, and when the process was created, if known
Clean = tuple[datetime, int, datetime | None]
Chosen = tuple[datetime, int, datetime | None, str]  # and which replica saw it


@dataclass
class Counted:
    """Whole units a day, and where the first value was not counted."""

    units: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    resets: int = 0
    opening_balance_unknown: date | None = None


def clean(samples: list[Sample]) -> list[Clean]:
    """Sorted, without stale markers and values that cannot be; of several at one time the highest.

    A creation at the time of a sample is none, wherever it is told: a collector looked first.
    """
    first_looks = {created for time, _, created in samples if created == time}
    at: dict[datetime, tuple[int, datetime | None]] = {}
    for time, value, created in samples:
        if value is not None and value == value and value >= 0:
            at[time] = (max(at.get(time, (-1,))[0], int(value)), None if created in first_looks else created)
    return [(time, *at[time]) for time in sorted(at)]


def midnight_after(time: datetime) -> datetime:
    return datetime.combine(time.date() + timedelta(days=1), datetime.min.time())


def micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def choose(replicas: dict[str, list[Sample]]) -> list[Chosen]:
    """The samples that count: on each day those of the replica that has most of them, then of the first by name."""
    by_day: dict[date, dict[str, list[Clean]]] = defaultdict(dict)
    for replica, samples in replicas.items():
        for sample in clean(samples):
            by_day[sample[0].date()].setdefault(replica, []).append(sample)
    chosen: list[Chosen] = []
    for day in sorted(by_day):
        best = min(by_day[day], key=lambda replica: (-len(by_day[day][replica]), replica))
        chosen += [(*sample, best) for sample in by_day[day][best]]
    return chosen


def count(chosen: list[Chosen], scraping_began: datetime) -> Counted:
    """Counts the samples of one series; `scraping_began` is the first sample of its whole group of targets."""
    result = Counted()

    def divide(gain: int, before: datetime, after: datetime) -> None:
        """Whole units by time: what was counted by each midnight, rounded down; at the end nothing is left over."""
        handed_out, start = 0, before
        while start < after:
            end = min(midnight_after(start), after)
            by_then = gain * micros(end - before) // micros(after - before)
            result.units[start.date()] += by_then - handed_out
            handed_out, start = by_then, end

    first_time, first_value, created, _ = chosen[0]
    result.units[first_time.date()] += 0
    if created is not None and created >= scraping_began - MAX_GAP:
        first_midnight = datetime.combine(scraping_began.date(), datetime.min.time())
        divide(first_value, min(max(created, first_midnight), first_time - timedelta(microseconds=1)), first_time)
    elif created is None and first_time > scraping_began + MAX_GAP:
        result.units[first_time.date()] += first_value
    elif first_value > 0:
        result.opening_balance_unknown = first_time.date()

    for (before, old, was, earlier), (after, new, now, later) in itertools.pairwise(chosen):
        # between replicas that take turns a value may be from a moment earlier; a process that restarts falls to near 0
        is_behind = earlier != later and after - before <= MAX_GAP and new > old / 2
        recreated = was is not None and now is not None and was != now
        restarted = (new < old and not is_behind) or recreated
        result.resets += restarted
        divide(new if restarted else max(new - old, 0), before, after)
    return result
