"""One process is one counter, whatever answers behind its port, scrapes it or names it.

All cases are in one warehouse. A server counts 1,000 tokens of prompt a minute from 0, as many of output and as many
requests, and is scraped each minute of 2026-10-05: 1,439,000. What cannot be counted is null, with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

METRICS = ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:request_success_total")
MINUTES = 1440
WHOLE = 1_439_000
START = int(datetime(2026, 10, 5, tzinfo=UTC).timestamp() * 1000)
FILES: dict[str, list[str]] = {}


def server(case: str, value: Callable[[int], float | None], second: int = 0, **labels: str) -> None:
    for metric in METRICS:
        series(case, metric, value, second, **labels)


def series(case: str, metric: str, value: Callable[[int], float | None], second: int = 0, **labels: str) -> None:
    """A value by the minute since midnight, or None where nobody scrapes. A label that is empty is none."""
    named = {"__name__": metric, "deployment": case, "pod": case, "namespace": "ns", "job": case, **labels}
    scrapes = {START + 60_000 * n + 1000 * second: value(n) for n in range(MINUTES)}
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


# By case the values of its server, and what it counted, or why nobody knows
FALLS: dict[str, tuple[Callable[[int], float | None], int | str]] = {
    "one-zero": (lambda n: 0 if n == 1380 else steady(n), "meter_broken"),
    "two-small-values": (lambda n: 5 if n in (700, 1380) else steady(n), "meter_broken"),
    "three-zeros-running": (lambda n: 0 if 700 <= n < 703 else steady(n), "meter_broken"),
    "an-idle-process-that-answers-seldom": (lambda n: 0 if n % 200 == 100 else steady(n), "meter_broken"),
    "a-slower-process-that-answers-seldom": (
        lambda n: steady(n) * 3 // 10 if n % 180 == 90 else steady(n),
        "meter_broken",
    ),
    "keep-alive-a-b-a": (lambda n: steady(n) if n < 480 or n >= 960 else 900 * n, "meter_broken"),
    "a-then-b": (lambda n: steady(n) if n < 720 else 970 * n, "meter_broken"),
    "an-old-sample-comes-late": (lambda n: steady(660) if n == 720 else steady(n), "meter_broken"),
    # what begins long before the data is known by its day alone
    "an-old-counter-and-a-zero": (lambda n: 0 if n == 900 else 20_000_000 + steady(n), "meter_broken"),
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


def containers() -> None:
    """Of each pod two monitors select one port, or two ports, of which the tokens say when they were created."""
    for case, apart in (("two-monitors", 0), ("two-containers", 4)):
        for number, container in enumerate("xy"):
            server(case, steady, container=container)
            born = START // 1000 - 60 + number * apart
            series(case, "vllm:prompt_tokens_created", lambda _, born=born: born, container=container)


def replicas() -> None:
    """Two replicas see a server; at some time one of them goes away, or both do and their label with them."""
    for case, at in (("label-goes-at-noon", 720), ("label-goes-at-20", 1200)):
        for replica in "ab":
            server(case, lambda n, at=at: steady(n) if n < at else None, prometheus_replica=replica)
        server(case, lambda n, at=at: steady(n) if n >= at else None)
    server("one-goes-at-20", lambda n: steady(n) if n < 1200 else None, prometheus_replica="a")
    server("one-goes-at-20", lambda n: steady(n) if n % 2 else None, prometheus_replica="b")
    server("one-is-late", lambda n: steady(n) if n >= 240 else None, prometheus_replica="a")
    server("one-is-late", lambda n: steady(n) if n % 2 else None, prometheus_replica="b")
    server("both-stay", steady, prometheus_replica="a")
    server("both-stay", lambda n: steady(n) if n % 2 else None, prometheus_replica="b")
    server("one-is-replaced", lambda n: steady(n) if n < 1430 else None, prometheus_replica="a")
    server("one-is-replaced", lambda n: steady(n) if n % 3 else None, prometheus_replica="b")


def scrapers() -> None:
    """A label of any name says who scraped: those of replicas by their names, others where nobody saw both at once."""
    for label in ("ha_replica", "receive_replica", "cluster_replica"):
        for replica in "ab":
            server(f"by-{label}", steady, **{label: replica})
    for label in ("tenant_id", "dc", "source"):
        server(f"by-{label}", steady, **{label: "a"})
        server(f"by-{label}", lambda n: steady(n) + 333, 20, **{label: "b"})
    for number in range(3):
        server("engines", steady, engine=str(number))
    # two of one address take turns, one of them twice as fast; two of one pod follow each other
    server("two-speeds", steady, worker="1")
    server("two-speeds", lambda n: 2 * steady(n), 20, worker="2")
    server("two-versions", lambda n: steady(n) if n < 720 else None, version="1")
    server("two-versions", lambda n: steady(n - 720) if n >= 720 else None, 20, version="2")


def addresses() -> None:
    """Without a pod: another port or name at noon, with the count going on, or a new server; two change at once."""
    early, late = (lambda n: steady(n) if n < 720 else None), (lambda n: steady(n) if n >= 720 else None)
    for case, other in (("another-port", "10.0.0.1:9000"), ("another-name", "node1:8000")):
        server(case, early, pod="", instance="10.0.0.1:8000")
        server(case, late, pod="", instance=other)
    server("another-server", early, pod="", instance="10.0.0.1:8000")
    server("another-server", lambda n: steady(n - 720) if n >= 720 else None, pod="", instance="10.0.0.2:8000")
    for number in (1, 2):
        for part, port in ((early, 8000), (late, 9000)):
            server(
                "two-change",
                lambda n, part=part, number=number: None if part(n) is None else number * part(n),
                pod="",
                instance=f"10.0.0.{number}:{port}",
            )


def many_names() -> None:
    """One server by its name and by its address, at the same moments or later; and two that only look like one."""
    for case, second, later in (("name-and-address", 0, 0), ("name-and-address-in-turn", 20, 333)):
        server(case, steady, pod="", instance="10.0.0.1:8000")
        server(case, lambda n, later=later: steady(n) + later, second, pod="", instance="node1.lan:8000")
    server("name-and-long-address", steady, pod="", instance="[fd00::1]:8000")
    server("name-and-long-address", steady, pod="", instance="node1.lan:8000")
    server("pod-and-name", steady, instance="10.0.0.1:8000")
    server("pod-and-name", steady, pod="", instance="vllm.ns.svc:8000")
    for case, other, factor in (
        ("two-alike", "10.0.0.2:8000", 1),
        ("two-ports", "node1.lan:9000", 1),
        ("two-busy", "node2.lan:8000", 2),
    ):
        server(case, steady, pod="", instance="10.0.0.1:8000")
        server(case, lambda n, factor=factor: factor * steady(n), pod="", instance=other)
    # sent on twice, with a label that nobody knows: on one of both, or on both
    server("sent-twice", steady)
    server("sent-twice", steady, via="b")
    server("sent-twice-by-names", steady, via="a")
    server("sent-twice-by-names", steady, via="b")
    # requests alone are alike: two of something else
    for part in "ab":
        for metric, factor in zip(METRICS, (1, 2, 1) if part == "a" else (3, 1, 1), strict=True):
            series("two-parts", metric, lambda n, factor=factor: factor * steady(n), part=part)


def caches() -> None:
    """200 cached tokens a minute of the prompt's 1,000; for four hours 1,500, or for five minutes."""
    for case, minutes in (("hits-of-hours", 240), ("hits-of-minutes", 5)):
        server(case, steady)
        series(
            case,
            "vllm:prefix_cache_hits_total",
            lambda n, minutes=minutes: 200 * n + 1300 * min(max(n - 120, 0), minutes),
        )


def names() -> None:
    """An image shows its engine's metrics beside its own; or a pod has two servers, that answer as many requests."""
    own = [metric.removeprefix("vllm:") for metric in METRICS]
    server("two-names", steady)
    for metric in own:
        series("two-names", metric, steady, model_name="m")
    server("two-programs", steady)
    for metric, factor in zip(own, (2, 3, 1), strict=True):
        series("two-programs", metric, lambda n, factor=factor: factor * steady(n), model_name="m")


PLACES = {
    "two-monitors": WHOLE,
    "two-containers": 2 * WHOLE,
    "label-goes-at-noon": "meter_missing",
    "label-goes-at-20": "meter_missing",
    "one-goes-at-20": "meter_missing",
    "one-is-late": "meter_missing",
    "both-stay": WHOLE,
    "by-ha_replica": WHOLE,
    "by-receive_replica": WHOLE,
    "by-cluster_replica": WHOLE,
    "by-tenant_id": WHOLE,
    "by-dc": WHOLE,
    "by-source": WHOLE,
    "engines": 3 * WHOLE,
    "two-speeds": 3 * WHOLE,
    "two-versions": 719_000 * 2,
    "another-port": WHOLE,
    "another-name": WHOLE,
    "another-server": 719_000 * 2,
    "two-change": 3 * WHOLE,
    "name-and-address": WHOLE,
    "name-and-address-in-turn": WHOLE,
    "name-and-long-address": WHOLE,
    "pod-and-name": WHOLE,
    "two-alike": 2 * WHOLE,
    "two-ports": 2 * WHOLE,
    "two-busy": 3 * WHOLE,
    "sent-twice": WHOLE,
    "sent-twice-by-names": WHOLE,
    "two-names": WHOLE,
    # ten minutes of a day are no matter
    "one-is-replaced": 1_429_000,
}


@pytest.fixture(scope="module")
def built(module_warehouse):
    for case, (value, _) in FALLS.items():
        server(case, value)
    containers()
    replicas()
    scrapers()
    addresses()
    many_names()
    caches()
    names()
    for case, lines in FILES.items():
        module_warehouse.write(f"telemetry/prometheus/{case}.jsonl", "\n".join(lines) + "\n")
    declared = [f"{case},{case},production,inference,m,2026-01-01" for case in FILES]
    seeds = {
        "deployments": ["deployment_id,workload,environment,kind,model,valid_from", *declared],
        "series_rules": ["priority,label,operator,value,deployment_id,role", "10,deployment,exists,,$value,"],
    }
    for seed, lines in seeds.items():
        module_warehouse.write(f"../seeds/{seed}.csv", "\n".join(lines) + "\n")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(module_warehouse.folder / "seeds"))
        module_warehouse.build("+int_usage__metered_usage_daily", "+int_usage__unknown_units_daily")
    return module_warehouse


def counted(built, case: str) -> tuple[int | str, ...]:
    """Input, output and requests of the first day, or why they are unknown."""
    facts = [
        dict(
            built.query(f"""
                select unit, {column} from intermediate.{model}
                where deployment_id = '{case}' and date_day = '2026-10-05'
            """)
        )
        for model, column in (
            ("int_usage__metered_usage_daily", "units"),
            ("int_usage__unknown_units_daily", "null_reason"),
        )
    ]
    known, reasons = facts
    return tuple(reasons.get(unit) or known[unit] for unit in ("input_token", "output_token", "request"))


@pytest.mark.parametrize("case", FALLS)
def test_a_fall_is_a_restart_only_if_the_counter_is_that_fast(built, case: str) -> None:
    assert counted(built, case) == (FALLS[case][1],) * 3


@pytest.mark.parametrize("case", PLACES)
def test_two_that_look_alike(built, case: str) -> None:
    assert counted(built, case) == (PLACES[case],) * 3


def test_more_cached_than_prompt_for_hours(built) -> None:
    """240 × 500 tokens more than the prompt had, 8 % of its day: nobody knows which was cached. 6,500 may be."""
    assert counted(built, "hits-of-hours") == ("meter_broken", "meter_broken", WHOLE)
    assert counted(built, "hits-of-minutes") == (WHOLE - 1439 * 200 - 6500, WHOLE, WHOLE)


def test_two_programs_in_one_pod_are_two(built) -> None:
    assert counted(built, "two-programs") == (3 * WHOLE, 4 * WHOLE, 2 * WHOLE)
    assert counted(built, "two-parts") == (4 * WHOLE, 3 * WHOLE, 2 * WHOLE)
