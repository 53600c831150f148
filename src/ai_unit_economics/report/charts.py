"""Charts as SVG text: no script, no font, no colour but the page's variables, so that they follow its light and dark.

Numbers become floats here and only here: a pixel needs no cents. What is printed beside a chart comes from the Decimal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import escape
from math import floor, log10

WIDTH, HEIGHT = 380, 230
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 22, 26


@dataclass(frozen=True)
class Mark:
    """Something that happened on a day: a letter in the chart, a line in its legend."""

    day: date
    letter: str
    text: str


@dataclass(frozen=True)
class Level:
    """A target: from day to day (exclusive), so much."""

    start: date
    end: date
    value: float


@dataclass(frozen=True)
class Fan:
    """A forecast day: middle, inner and outer interval."""

    day: date
    middle: float
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None


@dataclass(frozen=True)
class Trend:
    days: Sequence[tuple[date, float | None, bool]]  # value and whether the day is complete
    weeks: Sequence[tuple[date, date, float | None]] = ()
    levels: Sequence[Level] = ()
    marks: Sequence[Mark] = ()
    fan: Sequence[Fan] = field(default_factory=tuple)


class Scale:
    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        self.low, self.high, self.start, self.end = low, high, start, end

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 2)


def ticks(high: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 up to at least `high`."""
    if high <= 0:
        return [0.0, 1.0]
    rough = high / wanted
    power = 10 ** floor(log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    count = 1
    while count * step < high:
        count += 1
    return [round(step * number, 12) for number in range(count + 1)]


def tick_text(value: float) -> str:
    return f"{value:,.10f}".rstrip("0").rstrip(".") or "0"


def trend(chart: Trend, title: str) -> str:
    """Cost per unit over time: days thin, whole weeks bold, target dashed, forecast as a fan, changes as letters."""
    first = chart.days[0][0]
    last = max([chart.days[-1][0], *(point.day for point in chart.fan)])
    heights = [
        *(value for _, value, _ in chart.days if value is not None),
        *(level.value for level in chart.levels),
        *(value for point in chart.fan for value in (point.inner or (point.middle, point.middle))),
    ]
    marks_at = ticks(max(heights, default=0.0))
    x = Scale(first.toordinal(), last.toordinal() + 1, LEFT, WIDTH - RIGHT)
    y = Scale(0, marks_at[-1], HEIGHT - BOTTOM, TOP)
    parts = [_axes(x, y, marks_at, first, last)]
    if chart.fan:
        today = x(chart.fan[0].day.toordinal())
        parts.append(f'<line class="today" x1="{today}" x2="{today}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        for name in ("outer", "inner"):
            band = [(point.day, getattr(point, name)) for point in chart.fan if getattr(point, name)]
            upper = [f"{x(day.toordinal() + 0.5)},{max(y(value[1]), TOP)}" for day, value in band]
            lower = [f"{x(day.toordinal() + 0.5)},{min(y(value[0]), HEIGHT - BOTTOM)}" for day, value in reversed(band)]
            if band:
                parts.append(f'<polygon class="fan {name}" points="{" ".join(upper + lower)}"/>')
        middle = " ".join(f"{x(point.day.toordinal() + 0.5)},{y(point.middle)}" for point in chart.fan)
        parts.append(f'<polyline class="forecast" points="{middle}"/>')
    for level in chart.levels:
        start, end = max(level.start, first), min(level.end, last + timedelta(days=1))
        if start < end:
            parts.append(
                f'<line class="target" x1="{x(start.toordinal())}" x2="{x(end.toordinal())}" '
                f'y1="{y(level.value)}" y2="{y(level.value)}"><title>target {tick_text(level.value)}</title></line>'
            )
    parts.extend(_runs(chart.days, x, y))
    for start, end, value in chart.weeks:
        if value is not None:
            parts.append(
                f'<line class="week" x1="{x(max(start, first).toordinal())}" x2="{x(end.toordinal())}" '
                f'y1="{y(value)}" y2="{y(value)}"><title>week from {start}: {value:,.4f}</title></line>'
            )
    for mark in chart.marks:
        if first <= mark.day <= last:
            at = x(mark.day.toordinal())
            parts.append(
                f'<g class="mark"><title>{escape(f"{mark.day} {mark.text}")}</title>'
                f'<line x1="{at}" x2="{at}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
                f'<text x="{at}" y="{TOP - 6}" text-anchor="middle">{mark.letter}</text></g>'
            )
    return _svg(WIDTH, HEIGHT, title, parts)


def _runs(days: Sequence[tuple[date, float | None, bool]], x: Scale, y: Scale) -> Iterable[str]:
    """A line for each run of known days; a gap stays a gap, and days that are not complete are dotted."""
    run: list[str] = []
    kind = True
    for day, value, is_complete in [*days, (date.max - timedelta(days=1), None, True)]:
        point = f"{x(day.toordinal() + 0.5)},{y(value)}" if value is not None else None
        if run and (point is None or is_complete != kind):
            yield _run([*run, point] if point else run, kind)
            run = []
        if point:
            kind = is_complete
            run.append(point)


def _run(points: list[str], is_complete: bool) -> str:
    name = "days" if is_complete else "days open"
    if len(points) == 1:
        cx, cy = points[0].split(",")
        return f'<circle class="{name}" cx="{cx}" cy="{cy}" r="2"/>'
    return f'<polyline class="{name}" points="{" ".join(points)}"/>'


def _axes(x: Scale, y: Scale, marks_at: Sequence[float], first: date, last: date) -> str:
    parts = []
    for value in marks_at:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{tick_text(value)}</text>')
    starts = [day for day in (first + timedelta(days=n) for n in range((last - first).days + 1)) if day.day == 1]
    if not starts or starts[0] - first > timedelta(days=14):
        starts.insert(0, first)
    for day in starts:
        at = x(day.toordinal())
        anchor = "start" if at < WIDTH - RIGHT - 40 else "end"
        parts.append(f'<line class="tick" x1="{at}" x2="{at}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 5}"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - 8}" text-anchor="{anchor}">{day:%-d %b}</text>')
    return "".join(parts)


def bar(start: float, end: float, low: float, high: float, name: str) -> str:
    """A horizontal bar from `start` to `end` for a table cell; the axis from `low` to `high` is that of its column."""
    x = Scale(low, high, 0, 100)
    left, right = sorted((x(start), x(end)))
    zero = x(0) if low <= 0 <= high else None
    line = f'<line class="zero" x1="{zero}" x2="{zero}" y1="0" y2="20"/>' if zero is not None else ""
    width = max(right - left, 0.6)
    return (
        '<svg class="bar" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">'
        f'{line}<rect class="{name}" x="{left}" y="3" width="{width:.2f}" height="14"/></svg>'
    )


def stack(parts: Sequence[tuple[str, float]], total: float) -> str:
    """One bar made of named parts, as shares of `total`."""
    x = Scale(0, total or 1.0, 0, 100)
    pieces, at = [], 0.0
    for name, value in parts:
        if value > 0:
            pieces.append(
                f'<rect class="{name}" x="{x(at)}" y="0" width="{max(x(at + value) - x(at), 0.2):.2f}" height="20"/>'
            )
            at += value
    return (
        f'<svg class="bar" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">{"".join(pieces)}</svg>'
    )


def strip(days: Sequence[tuple[date, float | None]], minimum: float) -> str:
    """A row of days, coloured by how much of each telemetry saw."""
    width = 100 / max(len(days), 1)
    cells = []
    for number, (_, value) in enumerate(days):
        name = "none" if value is None else "bad" if value < minimum else "some" if value < 0.999 else "full"
        cells.append(f'<rect class="{name}" x="{number * width:.3f}" y="0" width="{width:.3f}" height="20"/>')
    return (
        f'<svg class="strip" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true">{"".join(cells)}</svg>'
    )


def _svg(width: int, height: int, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title, quote=True)}">'
        f"{''.join(parts)}</svg>"
    )
