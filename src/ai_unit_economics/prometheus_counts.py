"""`fetch-prometheus --counts`: what counters counted, an hour a row, with the same count to the unit as their scrapes.

Between two scrapes nothing of a counter is lost that its ends do not tell, as long as it only rises. So the database
is asked for the ends of each hour, how often it scraped, and whether a value fell; nothing is extrapolated, and no
function that guesses (`increase`, `rate`) is used. Where the ends cannot tell, the scrapes themselves are fetched:

- a value fell, a process began anew, or a value is no count;
- a gap may lie within the hour that is longer than `scrape_max_gap_seconds`;
- another series differs in no more than who scraped, and only scrapes tell whether both are one counter.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations, pairwise
from operator import itemgetter
from typing import Any, Protocol

import click

from ai_unit_economics.landing.samples import CREATED

HOUR_SECONDS = 3600
# A scrape at midnight is the next day's: an hour is asked for until just before the next one
MILLISECOND = 0.001
LARGEST_COUNT = 2**53
# Two scrapes are never exactly one interval apart, and times may be rounded to this.
JITTER_SECONDS = 10
# As the macro `scraper_labels`: labels that say who scraped, and not which process counted.
SCRAPER_LABELS = frozenset(
    (
        *("job", "instance", "service", "endpoint", "container", "prometheus", "prometheus_server", "prometheus_shard"),
        *("monitor", "scrape_pool", "target", "metrics_path"),
        *("exported_job", "exported_instance", "exported_service", "exported_endpoint", "exported_container"),
    )
)
ASKED = {
    "scrapes": "count_over_time({series}[{hour}])",
    "lowest": "min_over_time({series}[{hour}])",
    "last": "last_over_time({series}[{hour}])",
    "falls": "resets({series}[{hour}])",
}
# When the first and the last scrape of an hour were. Prometheus has no stable function for it: `timestamp` is asked
# every ten seconds, and what is older than the hour left out.
TIMES_OF_VICTORIA = {
    "first_at": "tfirst_over_time({series}[{hour}])",
    "last_at": "tlast_over_time({series}[{hour}])",
}
TIMES = {
    "first_at": "min_over_time((timestamp({series}) >= scalar(floor(vector(time() / 3600))) * 3600)[1h:10s])"
    " or timestamp({series})",
    "last_at": "timestamp({series}) or max_over_time(timestamp({series})[1h:10s])",
}
# As the macro `replica_labels`.
REPLICA_LABELS = frozenset(
    (
        *("prometheus_replica", "__replica__", "replica", "ha_replica", "cluster_replica", "thanos_replica"),
        *("receive_replica", "thanos_receive_replica", "rule_replica", "ruler_replica"),
    )
)
NAME = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")

# Where one series of so many is asked for, all are.
MANY = 4

Labels = tuple[tuple[str, str], ...]
Scrapes = list[tuple[float, float]]


class Api(Protocol):
    """What is needed of a server."""

    matchers: str

    def ask(self, path: str, post: bool = False, **parameters: str) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Row:
    """A sample that is kept, and how many scrapes since the one before it stands for."""

    metric: str
    labels: Labels
    at: float
    value: float
    scrapes: int


@dataclass(frozen=True)
class Window:
    """What a database says of one series in one hour, times in seconds since 1970."""

    scrapes: int
    lowest: float
    last: float
    first_at: float
    last_at: float
    falls: float

    @property
    def is_plain(self) -> bool:
        """Whether the lowest value is the first and the last the highest, and both are counts."""
        return self.falls == 0 and self.lowest >= 0 and self.last <= LARGEST_COUNT


# A day's hours of one metric, by the labels of its series and the hour's end.
Day = dict[Labels, dict[int, Window]]


@dataclass(frozen=True)
class Dialect:
    """How a server is asked: what, and which range of a millisecond before the next hour is an hour."""

    asked: Mapping[str, str]
    hour: str = "1h"


@dataclass
class Fetched:
    """Rows of a day, how many scrapes they stand for, and how many of these were fetched one by one."""

    rows: list[Row]
    scrapes: int
    one_by_one: int = 0


def fetch_counts(server: Api, names: Iterable[str], start: datetime, max_gap_seconds: float) -> Fetched:
    """What the counters `names`, and the series that tell when they were created, counted on the day of `start`."""
    dialect = dialect_of(server)
    days = {name: windows_of(server, dialect, name, start) for name in sorted(names)}
    begun_anew = processes_begun_anew(days)
    fetched = Fetched(
        [], sum(window.scrapes for day in days.values() for one in day.values() for window in one.values())
    )
    for name, day in days.items():
        twins, turns = twins_of(name, days), set() if is_created(name) else hours_apart(day, max_gap_seconds)
        whole = {
            (labels, end)
            for labels, windows in day.items()
            for end in windows
            if labels in twins or (created_name(name), labels, end) in begun_anew
        }
        raw = scrapes_of(server, name, day, whole | turns)
        fetched.one_by_one += sum(map(len, raw.values()))
        kept = {
            key: scrapes if key in whole else ends_of_runs(scrapes, max_gap_seconds) for key, scrapes in raw.items()
        }
        for labels, windows in day.items():
            fetched.rows += rows_of(name, labels, windows, raw, kept, max_gap_seconds)
    return fetched


def is_created(name: str) -> bool:
    return name.endswith("_created")


def created_name(name: str) -> str:
    return name if is_created(name) else CREATED.sub("_created", name, count=1)


def dialect_of(server: Api) -> Dialect:
    """VictoriaMetrics knows when a value was scraped. To Prometheus 2 the start of a range belongs to it, to 3 not."""
    try:
        server.ask("query", query="tlast_over_time(up[1m])")
        return Dialect(ASKED | TIMES_OF_VICTORIA)
    except click.ClickException as error:
        if "unknown func" not in error.message:
            raise
    result = server.ask("query", query="count_over_time(vector(1)[2s:1s])")["data"]["result"]
    if float(result[0]["value"][1]) == 3:
        return Dialect(ASKED | TIMES, hour="59m59s999ms")
    return Dialect(ASKED | TIMES)


def windows_of(server: Api, dialect: Dialect, name: str, start: datetime) -> Day:
    """The hours of a day in which a metric was scraped.

    Raises:
        click.ClickException: answers do not fit together, so that the server counts something else.
    """
    first_end = int(start.timestamp()) + HOUR_SECONDS
    span = {
        "start": str(first_end - MILLISECOND),
        "end": str(first_end + 23 * HOUR_SECONDS - MILLISECOND),
        "step": str(HOUR_SECONDS),
        "nocache": "1",  # VictoriaMetrics would move start and end
    }
    series = "{" + ", ".join(filter(None, [f"__name__={json.dumps(name)}", server.matchers])) + "}"
    found: dict[str, dict[tuple[Labels, int], float]] = {}
    for what, query in dialect.asked.items():
        query = query.format(series=series, hour=dialect.hour)
        found[what] = {
            (labels_of(one["metric"]), round(float(at))): float(value)
            for one in server.ask("query_range", post=True, query=query, **span)["data"]["result"]
            for at, value in one["values"]
        }
    day: Day = {}
    for (labels, end), scrapes in found["scrapes"].items():
        answers = [found[what].get((labels, end)) for what in ("lowest", "last", "first_at", "last_at", "falls")]
        if None in answers or not end - HOUR_SECONDS <= answers[2] <= answers[3] < end:
            hour = f"{datetime.fromtimestamp(end - HOUR_SECONDS, UTC):%Y-%m-%d %H:%M}"
            raise click.ClickException(
                f"{name}: the server does not say when it scraped {dict(labels)} in the hour from {hour}: "
                "fetch raw samples, without --counts"
            )
        day.setdefault(labels, {})[end] = Window(round(scrapes), *answers)
    return {labels: dict(sorted(windows.items())) for labels, windows in day.items()}


def labels_of(metric: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in metric.items() if name != "__name__"))


def processes_begun_anew(days: Mapping[str, Day]) -> set[tuple[str, Labels, int]]:
    """Hours in which the time of a creation is another one: a counter may have passed its old value since."""
    found = set()
    for name, day in days.items():
        for labels, windows in day.items() if is_created(name) else ():
            previous: Window | None = None
            for end, window in windows.items():
                ends = [window.lowest, window.last, *([previous.last] if previous else [])]
                # some scrapers store the last digits otherwise each time
                if window.falls or max(ends) - min(ends) >= 0.001:
                    found.add((name, labels, end))
                previous = window
    return found


def hours_apart(day: Day, max_gap_seconds: float) -> set[tuple[Labels, int]]:
    """Hours of a counter whose ends do not tell what it counted, or whether it was there."""
    intervals: dict[Labels, float] = defaultdict(lambda: float(HOUR_SECONDS))
    for labels, windows in day.items():
        for window in windows.values():
            if window.scrapes > 1:
                distance = (window.last_at - window.first_at) / (window.scrapes - 1)
                intervals[scraper_of(labels)] = min(intervals[scraper_of(labels)], distance)
    found = set()
    for labels, windows in day.items():
        previous: Window | None = None
        for end, window in windows.items():
            has_fallen = not window.is_plain or (previous is not None and window.lowest < previous.last)
            if has_fallen or may_hide_gap(window, previous, intervals[scraper_of(labels)], max_gap_seconds):
                found.add((labels, end))
            previous = window
    return found


def scraper_of(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] in ("cluster", "job"))


def may_hide_gap(window: Window, previous: Window | None, interval: float, max_gap_seconds: float) -> bool:
    """Whether the scrapes that are missing, were they all in one place, would be a gap that counts as one."""
    is_next = previous is not None and window.first_at - previous.last_at <= max_gap_seconds
    since, scrapes = (previous.last_at, window.scrapes) if is_next else (window.first_at, window.scrapes - 1)
    missing = (window.last_at - since) - scrapes * interval
    return scrapes > 0 and missing + interval + JITTER_SECONDS > max_gap_seconds


def twins_of(name: str, days: Mapping[str, Day]) -> set[Labels]:
    """Series that may be one counter in two scrapes: what `int_usage__twin_series_daily` then asks the scrapes."""
    if is_created(name):
        return {
            labels
            for other in days
            if created_name(other) == name and other != name
            for labels in twins_of(other, days)
        }
    created = days.get(created_name(name), {})
    together: dict[tuple[str, object], list[Labels]] = defaultdict(list)
    for labels in days[name]:
        said = dict(labels)
        marks = {"pod": said.get("exported_pod") or said.get("pod"), "instance": said.get("instance")}
        if labels in created:
            marks["created"] = max(window.last for window in created[labels].values())
        for mark in marks.items():
            if mark[1]:
                together[mark].append(labels)
    last = {labels: list(windows.values())[-1].last for labels, windows in days[name].items()}
    return {
        labels
        for group in together.values()
        for pair in combinations(group, 2)
        # a little wider than the model's fiftieth
        if labels_agree(*pair) and abs(last[pair[0]] - last[pair[1]]) * 40 <= max(last[one] for one in pair)
        for labels in pair
    }


def labels_agree(one: Labels, other: Labels) -> bool:
    """Whether what both say, but for who scraped, is the same. Replicas of a scraper are told apart by name."""
    others = dict(other)
    differ = {name for name, value in one if others.get(name, value) != value}
    replicas = REPLICA_LABELS & (dict(one).keys() | others.keys())
    are_replicas = any(dict(one).get(name) != others.get(name) for name in replicas)
    return not are_replicas and not differ - SCRAPER_LABELS


def scrapes_of(server: Api, name: str, day: Day, hours: set[tuple[Labels, int]]) -> dict[tuple[Labels, int], Scrapes]:
    """The scrapes of hours of series: all of a metric's series at once where many of them are asked for.

    Raises:
        click.ClickException: there are not as many as the server says.
    """
    found: dict[tuple[Labels, int], Scrapes] = {}
    for end in sorted({end for _, end in hours}):
        wanted = {labels for labels, hour in hours if hour == end}
        of_hour = sum(end in windows for windows in day.values())
        for labels in [()] if len(wanted) * MANY >= of_hour else sorted(wanted):
            matchers = [f"__name__={json.dumps(name)}"]
            matchers += [
                f"{key if NAME.fullmatch(key) else json.dumps(key)}={json.dumps(value)}" for key, value in labels
            ]
            matchers += [server.matchers] if server.matchers and not labels else []
            query = "{" + ", ".join(matchers) + "}[1h]"
            answer = server.ask("query", post=True, query=query, time=str(end - MILLISECOND))
            for series in answer["data"]["result"]:
                # a selector also finds series that have more labels
                if (key := labels_of(series["metric"])) in wanted:
                    scrapes = [(float(at), float(value)) for at, value in series.get("values", [])]
                    found[key, end] = [one for one in scrapes if one[0] >= end - HOUR_SECONDS]
    for labels, end in hours:
        has, said = len(found.get((labels, end), [])), day[labels][end].scrapes
        if has != said:
            raise click.ClickException(
                f"{name}: the server says that it scraped {dict(labels)} {said} times in the hour before "
                f"{datetime.fromtimestamp(end, UTC):%Y-%m-%d %H:%M}, and has {has} samples: fetch raw samples, "
                "without --counts"
            )
    return found


def rows_of(
    name: str,
    labels: Labels,
    windows: Mapping[int, Window],
    raw: Mapping[tuple[Labels, int], Scrapes],
    kept: Mapping[tuple[Labels, int], Scrapes],
    max_gap_seconds: float,
) -> Iterator[Row]:
    """Of each hour its end; its beginning too where the hour before does not lead up to it. A creation once."""
    previous: Window | None = None
    for end, window in windows.items():
        is_led_up_to = previous is not None and window.first_at - previous.last_at <= max_gap_seconds
        previous = window
        if (labels, end) in raw:
            places = {at: number for number, (at, _) in enumerate(raw[labels, end], start=1)}
            before = 0
            for at, value in kept[labels, end]:
                yield Row(name, labels, at, value, places[at] - before)
                before = places[at]
            continue
        if not is_led_up_to:
            yield Row(name, labels, window.first_at, window.lowest, 1)
        scrapes = window.scrapes if is_led_up_to else window.scrapes - 1
        if scrapes and not is_created(name):
            yield Row(name, labels, window.last_at, window.last, scrapes)


def ends_of_runs(scrapes: Scrapes, max_gap_seconds: float) -> Scrapes:
    """The first and the last scrape, and those on both sides of a fall, a gap or a value that cannot be a count."""
    kept = dict.fromkeys(scrapes[:1] + scrapes[-1:])
    for one, other in pairwise(scrapes):
        is_plain = 0 <= one[1] <= other[1] <= LARGEST_COUNT and other[0] - one[0] <= max_gap_seconds
        if not is_plain:
            kept |= dict.fromkeys([one, other])
    return sorted(kept, key=itemgetter(0))
