"""What a counter counted, in plain Python: an independent answer to hold the models against.

It looks at one series at a time with all of its samples in memory, follows the written rules of docs/usage.md word by
word and shares nothing with the SQL.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

MAX_GAP = timedelta(seconds=180)
Sample = tuple[datetime, float | None]


@dataclass
class Counted:
    """Whole units a day, and where the first value was not counted."""

    units: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    resets: int = 0
    opening_balance_unknown: date | None = None


def clean(samples: list[Sample]) -> list[tuple[datetime, int]]:
    """Sorted, without stale markers and values that cannot be; of several at one time the highest."""
    at: dict[datetime, int] = {}
    for time, value in samples:
        if value is not None and value == value and value >= 0:
            at[time] = max(at.get(time, -1), int(value))
    return sorted(at.items())


def midnight_after(time: datetime) -> datetime:
    return datetime.combine(time.date() + timedelta(days=1), datetime.min.time())


def micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def choose(replicas: dict[str, list[Sample]]) -> list[tuple[datetime, int]]:
    """The samples that count: on each day those of the replica that has most of them, then of the first by name."""
    by_day: dict[date, dict[str, list[tuple[datetime, int]]]] = defaultdict(dict)
    for replica, samples in replicas.items():
        for time, value in clean(samples):
            by_day[time.date()].setdefault(replica, []).append((time, value))
    chosen: list[tuple[datetime, int]] = []
    for day in sorted(by_day):
        best = min(by_day[day], key=lambda replica: (-len(by_day[day][replica]), replica))
        chosen += by_day[day][best]
    return chosen


def count(chosen: list[tuple[datetime, int]], scraping_began: datetime) -> Counted:
    """Counts the samples of one series; `scraping_began` is the first sample of its whole group of targets."""
    result = Counted()
    first_time, first_value = chosen[0]
    if first_time > scraping_began + MAX_GAP:
        result.units[first_time.date()] += first_value
    else:
        result.units[first_time.date()] += 0
        result.opening_balance_unknown = first_time.date()

    for (before, old), (after, new) in itertools.pairwise(chosen):
        gain = new - old if new >= old else new
        result.resets += new < old
        handed_out, start = 0, before
        while start < after:
            end = min(midnight_after(start), after)
            # all that was counted by then if it came evenly, rounded down; at the end nothing is left over
            by_then = gain * micros(end - before) // micros(after - before)
            result.units[start.date()] += by_then - handed_out
            handed_out, start = by_then, end
    return result
