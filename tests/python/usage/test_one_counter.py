"""One process is one counter, whatever answers behind its port, scrapes it or names it.

All cases are in one warehouse. A server counts 1,000 tokens a minute from 0 and is scraped each minute of 2026-10-05:
1,439,000 tokens. What cannot be counted is null.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

METRIC = "vllm:prompt_tokens_total"
MINUTES = 1440
WHOLE = 1_439_000
START = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp() * 1000)
FILES: dict[str, list[str]] = {}


def series(case: str, value: Callable[[int], float | None], metric: str = METRIC, **labels: str) -> None:
    """A value by the minute since midnight, or None where nobody scrapes. A label that is empty is none."""
    named = {"__name__": metric, "pod": case, "namespace": "ns", "job": case, **labels}
    scrapes = {START + 60_000 * n: value(n) for n in range(MINUTES)}
    scrapes = {at: seen for at, seen in scrapes.items() if seen is not None}
    line = {
        "metric": {k: v for k, v in named.items() if v},
        "values": [*scrapes.values()],
        "timestamps": [*scrapes],
    }
    FILES.setdefault(case, []).append(json.dumps(line))


def steady(minute: int) -> int:
    return 1000 * minute


def seldom(minute: int) -> int:
    """Tests by hand: 700 tokens at 01:00, 05:00, 08:20 and 20:00."""
    return 700 * sum(minute >= at for at in (60, 300, 500, 1200))


def restarted(at: int, lost: Callable[[int], int], behind: Callable[[int], int]) -> Callable[[int], int]:
    return lambda minute: lost(minute) if minute < at else behind(minute - at)


# What a day is as the whole day of a process (None: it is unknown), by case: series of the case, and what it counted
FALLS: dict[str, tuple[Callable[[int], float | None], int | None]] = {
    "one-zero": (lambda n: 0 if n == 1380 else steady(n), None),
    "two-small-values": (lambda n: 5 if n in (700, 1380) else steady(n), None),
    "three-zeros-running": (lambda n: 0 if 700 <= n < 703 else steady(n), None),
    "an-idle-process-that-answers-seldom": (lambda n: 0 if n % 200 == 100 else steady(n), None),
    "a-slower-process-that-answers-seldom": (lambda n: steady(n) * 3 // 10 if n % 180 == 90 else steady(n), None),
    "keep-alive-a-b-a": (lambda n: steady(n) if n < 480 or n >= 960 else 900 * n, None),
    "a-then-b": (lambda n: steady(n) if n < 720 else 970 * n, None),
    "an-old-sample-comes-late": (lambda n: steady(660) if n == 720 else steady(n), None),
    # what begins long before the data is known by its day alone
    "an-old-counter-and-a-zero": (lambda n: 0 if n == 900 else 20_000_000 + steady(n), None),
    "no-fall": (steady, WHOLE),
    "a-restart-of-a-busy-server": (restarted(800, steady, steady), 799_000 + 639_000),
    # 700 at 01:00, a restart at 01:40, at whose second scrape somebody tests it again, and at 10:00 the same
    "a-restart-of-a-small-counter": (
        lambda n: 0 if n < 60 or n in (100, 600) else 700 if n < 600 else 1400,
        700 + 700 + 1400,
    ),
    "a-restart-with-tokens-at-once": (restarted(600, seldom, lambda n: 700 + 700 * (n > 200)), 3 * 700 + 1400),
    "a-restart-of-a-counter-born-before": (
        lambda n: 700 if n < 100 else 0 if n == 100 else 700 + 700 * (n > 900),
        700 + 700,
    ),
    # requests that fail, one in two hours, and a restart
    "a-restart-of-a-tiny-counter": (restarted(500, lambda n: n // 120, lambda n: n // 120), 4 + 7),
}


@pytest.fixture(scope="module")
def built(module_warehouse):
    for case, (value, _) in FALLS.items():
        series(case, value)
    for case, lines in FILES.items():
        module_warehouse.write(f"telemetry/prometheus/{case}.jsonl", "\n".join(lines) + "\n")
    module_warehouse.build("+int_usage__target_counts_daily", "+int_usage__telemetry_coverage_daily")
    return module_warehouse


def counted(built, pod: str) -> list[int | None]:
    """By process, those of a pod or of an instance of this name."""
    found = built.query(f"""
        select cast(units as bigint) from intermediate.int_usage__target_counts_daily
        where target_id in ('/ns/{pod}', '{pod}') or target_id like '{pod}:%' order by units
    """)
    return [units for (units,) in found]


@pytest.mark.parametrize("case", FALLS)
def test_a_fall_is_a_restart_only_if_the_counter_is_that_fast(built, case: str) -> None:
    assert counted(built, case) == [FALLS[case][1]]
