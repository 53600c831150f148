"""Why cost per unit moved, held against a plain computation: on an example worked by hand and on
random worlds with credits, days without units, deployments that come and go, and unmetered accelerators.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

FIRST_DAY = date(2026, 7, 27)
DRIVERS = [
    "price", "utilization", "throughput", "capacity_use", "direct", "idle", "unobserved", "unused_commitment", "shared",
    "mix", "start_stop", "days_without_units",
]  # fmt: skip
# units; usage, idle, unused, shared, unobserved and accelerator cost; share of the unit; accelerator and busy seconds
Day = tuple[int, Decimal, Decimal, Decimal, Decimal, Decimal, Decimal, float | None, int, int]


def money(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.000001"))


def random_world(seed: int) -> dict[tuple[date, str], Day]:
    rng = random.Random(seed)
    world = {}
    for index in range(40):
        day = FIRST_DAY + timedelta(days=index)
        if rng.random() < 0.08:
            continue
        for deployment in "abc":
            if rng.random() < 0.15:
                continue
            units = 0 if rng.random() < 0.15 else rng.randint(1, 5_000_000)
            accelerator = money(rng.uniform(-20, 200))
            usage = accelerator + money(rng.choice([0, 0, rng.uniform(-5, 30)]))
            seconds = rng.choice([0, rng.randint(1, 200_000), rng.randint(1, 200_000), rng.randint(1, 200_000)])
            busy = rng.choice([0, seconds // 3, seconds // 2, seconds])
            share = rng.choice([1.0, 0.25, 0.4])
            world[day, deployment] = (
                units, usage * Decimal(str(share)), money(rng.uniform(-3, 20)), money(rng.uniform(0, 5)),
                money(rng.uniform(-10, 20)), money(rng.choice([0, rng.uniform(0, 9)])),
                accelerator, None if usage == 0 else share, seconds, busy,
            )  # fmt: skip
    return world


# Methods page: price 2.5 to 2.2 an hour, utilization .4 to .3, 5 to 7 million units a busy hour. 10 hours provisioned.
HAND_WORKED: dict[tuple[date, str], Day] = {
    (FIRST_DAY, "a"): (
        20_000_000, Decimal(25), Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(25), 1.0, 36_000, 14_400,
    ),
    (FIRST_DAY + timedelta(days=1), "a"): (
        21_000_000, Decimal(22), Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(22), 1.0, 36_000, 10_800,
    ),
}  # fmt: skip
WORLDS = {"hand": HAND_WORKED} | {f"w{seed}": random_world(seed) for seed in range(8)}


def mean_of_logarithms(a: float, b: float) -> float:
    return (a + b) / 2 if abs(b / a - 1) < 1e-8 else (b - a) / math.log(b / a)


def step(before: dict[str, Day], after: dict[str, Day]) -> dict[str, float]:
    """The drivers of one day's move, deployment by deployment, straight from the table of formulas."""
    parts = dict.fromkeys(DRIVERS, 0.0)
    units = [sum(day[0] for day in side.values()) for side in (before, after)]
    rates = [
        float(sum(sum(day[1:6]) for day in side.values())) / n for side, n in zip((before, after), units, strict=True)
    ]
    centre = sum(rates) / 2
    nothing: Day = (0, *[Decimal(0)] * 6, None, 0, 0)
    for deployment in before.keys() | after.keys():
        pair = [before.get(deployment, nothing), after.get(deployment, nothing)]
        share = [day[0] / n for day, n in zip(pair, units, strict=True)]
        if not (pair[0][0] and pair[1][0]):
            load = [float(sum(day[1:6])) / n for day, n in zip(pair, units, strict=True)]
            parts["start_stop"] += load[1] - load[0] - centre * (share[1] - share[0])
            continue
        weight = sum(share) / 2
        per_unit = [[float(cost) / day[0] for cost in day[1:6]] for day in pair]
        whole = [sum(costs) for costs in per_unit]
        parts["mix"] += (sum(whole) / 2 - centre) * (share[1] - share[0])
        for index, origin in enumerate(["idle", "unused_commitment", "shared", "unobserved"], start=1):
            parts[origin] += weight * (per_unit[1][index] - per_unit[0][index])
        direct = per_unit[1][0] - per_unit[0][0]
        if all(day[8] and day[7] for day in pair):
            price = [float(day[6]) / day[8] for day in pair]
            x = [day[8] * day[7] / day[0] for day in pair]
            parts["price"] += weight * sum(x) / 2 * (price[1] - price[0])
            direct -= price[1] * x[1] - price[0] * x[0]
            if all(day[9] for day in pair):
                utilization = [day[9] / day[8] for day in pair]
                throughput = [day[0] / (day[9] * day[7]) for day in pair]
                scale = weight * sum(price) / 2 * mean_of_logarithms(*x)
                parts["utilization"] -= scale * math.log(utilization[1] / utilization[0])
                parts["throughput"] -= scale * math.log(throughput[1] / throughput[0])
            else:
                parts["capacity_use"] += weight * sum(price) / 2 * (x[1] - x[0])
        parts["direct"] += weight * direct
    return parts


def month_of(day: date) -> date:
    return day.replace(day=1)


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def expected(world: dict[tuple[date, str], Day], period) -> dict[date, dict[str, float]]:
    """Drivers of a period from its days: each day's cost per unit is the first day's plus the moves up to it, and a
    period's is the mean of its days by units. So the moves are summed for every day of both periods, and averaged."""
    days: dict[date, dict[str, Day]] = defaultdict(dict)
    for (day, deployment), figures in world.items():
        days[day][deployment] = figures
    counted = sorted(day for day in days if sum(figures[0] for figures in days[day].values()))
    level = {counted[0]: dict.fromkeys(DRIVERS, 0.0)}
    for before, after in itertools.pairwise(counted):
        move = step(days[before], days[after])
        level[after] = {driver: level[before][driver] + move[driver] for driver in DRIVERS}
    means: dict[date, dict[str, float]] = {}
    for start in sorted({period(day) for day in counted}):
        inside = {day: sum(f[0] for f in days[day].values()) for day in counted if period(day) == start}
        total = sum(inside.values())
        means[start] = {driver: sum(level[day][driver] * n for day, n in inside.items()) / total for driver in DRIVERS}
        idle_days = [day for day in days if period(day) == start and day not in inside]
        means[start]["days_without_units"] = (
            float(sum(sum(f[1:6]) for day in idle_days for f in days[day].values())) / total
        )
    starts = sorted(means)
    return {
        after: {driver: means[after][driver] - means[before][driver] for driver in DRIVERS}
        for before, after in itertools.pairwise(starts)
    }


@pytest.fixture(scope="module")
def drivers(module_warehouse):
    """fct_cost_per_unit_drivers over all worlds; each is a workload."""
    days, facts = [], []
    for name, world in WORLDS.items():
        totals: dict = defaultdict(lambda: [0, Decimal(0)])
        for (day, deployment), figures in world.items():
            units, usage, idle, unused, shared, unobserved, accelerator, share, seconds, busy = figures
            cost = usage + idle + unused + shared + unobserved
            days.append(
                f"('p', '{name}', '{deployment}', 'token', {units}, {usage}, {idle}, {unused}, {shared}, "
                f"{unobserved}, {cost}, {accelerator}, "
                f"{'null' if share is None else share}, {seconds}, {busy}, date '{day}')"
            )
            for grain, period in [("day", lambda d: d), ("week", week_of), ("month", month_of)]:
                totals[grain, period(day)][0] += units
                totals[grain, period(day)][1] += cost
        for (grain, start), (units, cost) in totals.items():
            rate = "null" if units == 0 else (cost / units * 1_000_000).quantize(Decimal("1e-18"))
            facts.append(
                f"('{grain}', 'p', '{name}', 'all', 'token', {'null' if units else repr('no_units')}, {rate}, true, "
                f"{units}, {cost}, date '{start}', date '{start}')"
            )
    module_warehouse.query("create schema intermediate")
    module_warehouse.query("create schema marts")
    module_warehouse.dbt("seed", "--select", "units")
    money_columns = ["usage_cost", "idle_cost", "unused_commitment_cost", "shared_cost"]
    money_columns += ["unobserved_cost", "effective_cost"]
    names = ["environment", "workload", "deployment_id", "unit", "units", *money_columns, "deployment_accelerator_cost"]
    names += ["unit_share", "accelerator_seconds", "busy_accelerator_seconds", "date_day"]
    casts = [f"cast({c} as decimal(38, 18)) as {c}" for c in [*money_columns, "deployment_accelerator_cost"]]
    module_warehouse.query(
        f"create table intermediate.int_decisions__deployment_unit_days as select * replace ({', '.join(casts)}, "
        f"cast(unit_share as double) as unit_share, cast(units as bigint) as units) "
        f"from (values {', '.join(days)}) as days({', '.join(names)})"
    )
    module_warehouse.query(
        f"create table intermediate.int_books__unit_economics as select * replace "
        f"(cast(cost_per_unit as decimal(38, 18)) as cost_per_unit, cast(null_reason as varchar) as null_reason, "
        f"cast(units as bigint) as units, cast(counted_cost as decimal(38, 18)) as counted_cost) "
        f"from (values {', '.join(facts)}) as facts(grain, environment, workload, cohort_dimension, unit, "
        f"null_reason, cost_per_unit, is_complete, units, counted_cost, period_start, period_end)"
    )
    module_warehouse.build(
        "int_decisions__driver_steps_daily",
        "int_decisions__driver_moves_daily",
        "int_decisions__driver_moves",
        "fct_cost_per_unit_drivers",
    )
    columns = ", ".join(f"{driver}_change" for driver in DRIVERS)
    rows = module_warehouse.query(
        f"select workload, grain, period_start, cost_per_unit_change, {columns} from marts.fct_cost_per_unit_drivers"
    )
    return {row[:3]: (row[3], dict(zip(DRIVERS, row[4:], strict=True))) for row in rows}


def test_the_parts_sum_to_the_move_to_the_last_decimal(drivers):
    assert len(drivers) > 300
    for key, (move, parts) in drivers.items():
        assert sum(parts.values()) == move, key


def test_the_hand_worked_example(drivers):
    move, parts = drivers["hand", "day", FIRST_DAY + timedelta(days=1)]
    assert move == pytest.approx(Decimal("-0.202380952380952"), abs=Decimal("1e-12"))
    # 1/(U E): .5 and .476190 hours a million; its logarithmic mean .487999; mean price 2.35
    assert float(parts["price"]) == pytest.approx(0.488095 * -0.3, abs=1e-6)
    assert float(parts["utilization"]) == pytest.approx(-2.35 * 0.487999 * math.log(0.75), abs=2e-6)
    assert float(parts["throughput"]) == pytest.approx(-2.35 * 0.487999 * math.log(1.4), abs=2e-6)


@pytest.mark.parametrize(("grain", "period"), [("day", lambda day: day), ("week", week_of), ("month", month_of)])
def test_every_part_is_what_a_plain_computation_finds(drivers, grain, period):
    seen = 0
    for name, world in WORLDS.items():
        for start, parts in expected(world, period).items():
            _, actual = drivers[name, grain, start]
            for driver, value in parts.items():
                assert float(actual[driver]) == pytest.approx(value * 1e6, rel=1e-6, abs=1e-6), (name, start, driver)
                seen += value != 0
    assert seen > 50
