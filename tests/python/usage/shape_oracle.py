"""The totals of each capture in plain Python, read without DuckDB and counted one series at a time.

A counter's rise is last minus first plus what it lost at restarts, plus its first value where its creation lies no more
than three minutes before the first sample of the file. A restart is a fall, or a new time of creation.
"""

from __future__ import annotations

import csv
import itertools
import json
import re
from collections import defaultdict
from pathlib import Path

Key = tuple[str, str, str]  # metric, the server's address, finished_reason
Points = dict[Key, dict[int, float]]  # times in milliseconds

SUFFIX = re.compile("(_total|_sum|_count)$")


def number(text: object) -> float | None:
    value = None if text is None else float(text)
    return value if value == value else None


def points_in(file: Path) -> Points:
    found: Points = defaultdict(dict)

    def add(metric: str, labels: dict[str, str], at: float, value: object) -> None:
        key = (metric.replace(":", "_"), labels["instance"], labels.get("finished_reason", ""))
        seen = number(value)
        if seen is not None:
            found[key][round(at)] = seen

    if file.name == "vm_export.jsonl":
        for line in file.read_text().splitlines():
            series = json.loads(line)
            for at, value in zip(series["timestamps"], series["values"], strict=True):
                add(series["metric"]["__name__"], series["metric"], at, value)
    elif file.name == "vm_export.csv":
        for name, value, at, _pod, _namespace, instance, *_others, reason, _last in csv.reader(file.open()):
            add(name, {"instance": instance, "finished_reason": reason}, float(at), value)
    elif file.suffix == ".json":
        for series in json.loads(file.read_text())["data"]["result"]:
            for at, value in series["values"]:
                add(series["metric"]["__name__"], series["metric"], at * 1000, value)
    else:
        for line in file.read_text().splitlines():
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            value, at = line.rsplit(" ", 2)[1:]
            add(labels["__name__"], labels, float(at), value)
    return found


def counted_in(file: Path, metrics: set[str]) -> dict[Key, int]:
    points = points_in(file)
    began = min(min(samples) for key, samples in points.items() if key[0] in metrics)
    totals: dict[Key, int] = {}
    for key, samples in points.items():
        if key[0] not in metrics:
            continue
        creations = points.get((SUFFIX.sub("", key[0]) + "_created", *key[1:]), {})
        rows = [(value, round(creations.get(at, 0), 1)) for at, value in sorted(samples.items())]
        first, created = rows[0]
        total = first if created and created * 1000 >= began - 180_000 else 0.0
        for (before, was), (after, now) in itertools.pairwise(rows):
            restarted = after < before or (was and now and was != now)
            total += after if restarted else after - before
        totals[key] = int(total)
    return totals


def end_minus_start(file: Path, key: Key) -> int:
    values = [value for _, value in sorted(points_in(file)[key].items())]
    return int(max(values[-1] - values[0], 0))


def increase(file: Path, key: Key) -> float:
    """PromQL's increase() over the whole file: resets added, then extrapolated to a window that is a scrape wider."""
    samples = sorted(points_in(file)[key].items())
    values = [value for _, value in samples]
    rise = values[-1] - values[0] + sum(before for before, after in itertools.pairwise(values) if after < before)
    spanned = samples[-1][0] - samples[0][0]
    interval = spanned / (len(samples) - 1)
    window = spanned + interval
    # half a scrape lies on either side, less than 1.1 intervals: increase() stretches to the edges, but not below zero
    to_start = min(interval / 2, spanned * values[0] / rise if rise > 0 else interval / 2)
    return rise * (spanned + to_start + (window - spanned) / 2) / spanned
