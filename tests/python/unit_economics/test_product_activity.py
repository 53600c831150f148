"""Users and sessions of product activity against plain Python, which reads the same rows and knows nothing of SQL.

Random small companies: who came when is drawn, each deployment costs a whole amount a day, and a cell of a mart is held
against sets of ids. A period has a figure only where every day of it is told by one kind of ids.
"""

from __future__ import annotations

import os
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest

SEED = int(os.environ.get("PRODUCT_SEED", "1"))  # another one draws another company
FIRST, DAYS = date(2026, 8, 27), 13  # Thursday; ends on Tuesday, so that weeks and months are whole and broken
ALL_DAYS = [FIRST + timedelta(days=ahead) for ahead in range(DAYS)]
UNITS = {"active_user": "user", "session": "session"}
# deployment: workload, environment, accelerator, what it costs a day
DEPLOYMENTS = {
    "solo1": ("solo", "production", "h100", 7),
    "fleet1": ("fleet", "production", "h100", 5),
    "fleet2": ("fleet", "production", "l40s", 11),
    "fleet9": ("fleet", "staging", "l40s", 3),
    "asked1": ("asked", "production", "h100", 13),
    "shared1": ("shared", "production", "h100", 17),
    "shared2": ("shared", "production", "l40s", 19),
    "rows1": ("rows", "production", "h100", 23),
    "plain1": ("plain", "production", "h100", 29),
    "mute1": ("mute", "production", "h100", 31),
}
# A cohort dimension of the user's own, by label: shared's deployments are of one team, fleet's of two.
TEAMS = {"fleet1": "red", "fleet2": "blue", "shared1": "red", "shared2": "red", "rows1": "blue"}
CHOSEN = {"asked": "product", "shared": "both", "rows": "requests"}
# Days on which a workload has product activity; nobody ever asks for that of plain.
PRODUCT_DAYS = {
    "solo": range(DAYS),
    "fleet": range(5, DAYS),
    "asked": [day for day in range(DAYS) if day != 6],
    "shared": range(DAYS),
    "rows": range(DAYS),
    "mute": range(1, DAYS),
}
# What product activity never tells of a workload, it is not asked for.
WITHOUT_SESSIONS = {"solo"}
# customer: tier, geography, from, to
CUSTOMERS = [
    ("acme", "gold", "eu", None, None),
    ("bolt", "free", "us", None, date(2026, 9, 2)),
    ("bolt", "gold", "us", date(2026, 9, 2), None),
    ("core", "free", "eu", None, None),
]
NOBODY = "(unattributed)"


@dataclass(frozen=True)
class Sighting:
    """One row of a log; `deployment` is that of a request, `workload` that of the product."""

    day: date
    hour: int
    customer: str | None
    user: str | None
    session: str | None
    deployment: str = ""
    workload: str = ""
    geography: str | None = None

    def place(self) -> tuple[str, str]:
        for customer, tier, geography, start, end in CUSTOMERS:
            if customer == self.customer and (start or FIRST) <= self.day < (end or date.max):
                return tier, self.geography or geography
        return NOBODY, self.geography or NOBODY


def someone(drawn: random.Random, day: date, hour: int, **where: str) -> Sighting:
    customer = drawn.choice(["acme", "bolt", "core", "nobody", None])
    return Sighting(
        day,
        hour,
        customer,
        drawn.choice([f"u{drawn.randrange(9)}", f"u{drawn.randrange(40)}"]),
        f"s{drawn.randrange(300)}",
        geography=drawn.choice([None, None, "us", "asia"]) if "deployment" in where else None,
        **where,
    )


def draw_requests(drawn: random.Random) -> list[Sighting]:
    """Two an hour of each deployment but mute1: the gateway never falls silent."""
    return [
        someone(drawn, day, hour, deployment=deployment)
        for deployment in DEPLOYMENTS
        if deployment != "mute1"
        for day in ALL_DAYS
        for hour in range(24)
        for _ in range(2)
    ]


def draw_activity(drawn: random.Random) -> list[Sighting]:
    rows = []
    for workload, days in PRODUCT_DAYS.items():
        for day in days:
            for _ in range(drawn.randrange(1, 25)):
                seen = someone(drawn, ALL_DAYS[day], drawn.randrange(24), workload=workload)
                session = None if workload in WITHOUT_SESSIONS else seen.session
                rows.append(Sighting(seen.day, seen.hour, seen.customer, seen.user, session, workload=workload))
    rows += drawn.sample(rows, 20)  # delivered twice
    # nobody can tell what was used, or when
    rows.append(Sighting(FIRST, 3, "acme", "ghost", "ghost"))
    return rows


def team(deployment: str) -> str:
    return TEAMS.get(deployment, "(none)")


def label(deployment: str) -> str | None:
    return f"floor=1; team = {TEAMS[deployment]}" if deployment in TEAMS else None


def csv(header: str, rows) -> str:
    return "\n".join([header, *(",".join("" if cell is None else str(cell) for cell in row) for row in rows)]) + "\n"


class World:
    """What the logs say, and what it makes of each cell."""

    def __init__(self, seed: int) -> None:
        drawn = random.Random(seed)
        self.requests = draw_requests(drawn)
        self.activity = draw_activity(drawn)

    def write(self, warehouse) -> None:
        folder = warehouse.folder / "seeds"
        folder.mkdir()
        texts = {
            "deployments": csv(
                "deployment_id,workload,environment,kind,model,accelerator,labels,valid_from",
                [
                    (name, workload, environment, "inference", "m", accelerator, label(name), "2026-01-01")
                    for name, (workload, environment, accelerator, _) in DEPLOYMENTS.items()
                ],
            ),
            "cost_rules": csv(
                "priority,column_name,tag_key,operator,treatment,target",
                [(1, "Tags", "deployment", "exists", "direct", "$value")],
            ),
            "cohort_dimensions": "cohort_dimension,told_by\nteam,label\n",
            "focus_sources": "source,delivery\ncloud,overwrite\n",
            "targets": "target_id\n",
            "budgets": "budget_id\n",
        }
        for name, text in texts.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        charges = [
            (
                cost,
                "USD",
                f"{day:%Y-%m}-01T00:00:00Z",
                f"{(day.replace(day=28) + timedelta(days=9)):%Y-%m}-01T00:00:00Z",
                f"{day}T00:00:00Z",
                f"{day + timedelta(days=1)}T00:00:00Z",
                "Usage",
                f'"{{""deployment"":""{name}""}}"',
            )
            for name, (_, _, _, cost) in DEPLOYMENTS.items()
            for day in ALL_DAYS
        ]
        warehouse.write(
            "focus/cloud/all.csv",
            csv(
                "EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
                "ChargeCategory,Tags",
                charges,
            ),
        )
        warehouse.write(
            "telemetry/requests/rows.csv",
            csv(
                "ts,deployment_id,customer_id,user_id,session_id,geography,input_tokens,output_tokens,status",
                [
                    (
                        f"{row.day}T{row.hour:02}:30:00Z",
                        row.deployment,
                        row.customer,
                        row.user,
                        row.session,
                        row.geography,
                        10,
                        5,
                        "200",
                    )
                    for row in self.requests
                ],
            ),
        )
        half = len(self.activity) // 2
        for name, rows in (("a", self.activity[:half]), ("b/c", self.activity[half:])):
            warehouse.write(
                f"telemetry/product/{name}.csv",
                csv(
                    "ts,customer_id,user_id,session_id,workload",
                    [
                        (f"{row.day}T{row.hour:02}:15:00Z", row.customer, row.user, row.session, row.workload)
                        for row in rows
                    ],
                ),
            )
        warehouse.write(
            "customers.csv",
            csv("customer_id,customer_tier,geography,valid_from,valid_to", CUSTOMERS),
        )
        self.seeds = folder

    def source(self, workload: str, environment: str, unit: str, day: date) -> str:
        if environment != "production":
            return "requests"
        if workload in CHOSEN:
            return CHOSEN[workload]
        has_activity = (day - FIRST).days in PRODUCT_DAYS.get(workload, ())
        return "product" if has_activity and not (unit == "session" and workload in WITHOUT_SESSIONS) else "requests"

    def is_told(self, workload: str, environment: str, unit: str, day: date) -> bool:
        """Whether somebody who is asked looked at the day at all."""
        source = self.source(workload, environment, unit, day)
        has_activity = (day - FIRST).days in PRODUCT_DAYS.get(workload, ())
        return (source == "requests" or has_activity) and (source == "product" or workload != "mute")

    def ids(self, key: tuple, unit: str, day: date) -> set[str] | None:
        """Who came to a cohort; None where nobody can tell."""
        environment, workload, dimension, cohort = key
        source = self.source(workload, environment, unit, day)
        mine = {name: row for name, row in DEPLOYMENTS.items() if row[:2] == (workload, environment)}
        attribute = {
            name: {"deployment": name, "accelerator": row[2], "model": "m", "team": team(name)}.get(dimension)
            for name, row in mine.items()
        }
        if not self.is_told(workload, environment, unit, day):
            return None
        if source != "requests" and len(set(attribute.values())) > 1:
            return None
        rows = (
            [row for row in self.requests if row.day == day and row.deployment in mine] if source != "product" else []
        )
        if source != "requests":
            rows += [row for row in self.activity if row.day == day and row.workload == workload]
        found = set()
        for row in rows:
            tier, geography = row.place()
            of_row = {"all": "all", "customer_tier": tier, "geography": geography}.get(
                dimension, attribute[row.deployment or next(iter(mine))]
            )
            if of_row == cohort and (counted := getattr(row, UNITS[unit])):
                found.add(counted)
        return found


def period_days(grain: str, start: date) -> list[date]:
    length = {
        "daily": 1,
        "weekly": 7,
        "monthly": (start.replace(day=28) + timedelta(days=9)).replace(day=1).toordinal() - start.toordinal(),
    }
    return [day for ahead in range(length[grain]) if (day := start + timedelta(days=ahead)) in ALL_DAYS]


@pytest.fixture(scope="module")
def built(module_warehouse):
    warehouse = module_warehouse
    world = World(SEED)
    world.write(warehouse)
    choices = "{activity_sources: {" + ", ".join(f"{name}: {source}" for name, source in CHOSEN.items()) + "}}"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(world.seeds))
        warehouse.dbt("seed")
        facts = [f"+fct_unit_economics_{grain}" for grain in ("daily", "weekly", "monthly")]
        warehouse.dbt(
            "build",
            *("--exclude-resource-type", "unit_test", "--exclude-resource-type", "seed"),
            *("--indirect-selection", "buildable", "--vars", choices),
            *("--select", *facts, "+fct_telemetry_quality"),
        )
    rows = {}
    for grain in ("daily", "weekly", "monthly"):
        for *key, unit, start, units, source, counted_cost, cost, reason in warehouse.query(f"""
            select environment, workload, cohort_dimension, cohort, unit, period_start, units, activity_source,
                counted_cost, cost_per_unit, null_reason
            from marts.fct_unit_economics_{grain}
            where unit in ('active_user', 'session')
                and cohort_dimension in
                    ('all', 'customer_tier', 'geography', 'deployment', 'accelerator', 'model', 'team')
        """):
            rows[grain, tuple(key), unit, start] = (units, source, counted_cost, cost, reason)
    return world, rows, warehouse


def test_each_cell_counts_each_id_once_or_says_why_it_does_not(built) -> None:
    world, rows, _ = built
    wrong, kinds = [], defaultdict(int)
    for cell, (units, source, counted_cost, cost, reason) in rows.items():
        grain, key, unit, start = cell
        days = period_days(grain, start)
        by_day = {day: world.ids(key, unit, day) for day in days}
        told = [day for day in days if by_day[day] is not None]
        ids = set().union(*(by_day[day] for day in told)) if told else set()
        sources = {world.source(key[1], key[0], unit, day) for day in told if by_day[day]}
        kinds[reason, source] += 1
        is_whole = len(told) == len(days)
        if len(sources) > 1:
            fine = (units, source, cost, reason) == (None, "mixed", None, "meter_missing") or (
                not is_whole and cost is None
            )
        elif not told:
            fine = units is None and cost is None and reason in ("meter_missing", "no_telemetry")
        else:
            fine = units == len(ids) and (not ids or source in sources)
            # of fewer than all days there is no ratio: one of thirteen is more than max_unknown_share
            if not is_whole:
                fine = fine and cost is None and reason in ("meter_missing", "no_telemetry", "coverage_below_minimum")
            elif not ids:
                fine = fine and cost is None and reason == "no_units"
            elif key[2] in ("customer_tier", "geography"):
                fine = fine and reason in (None, "no_cost") and (cost is None) == (reason == "no_cost")
            else:
                fine = fine and reason is None and cost == pytest.approx(counted_cost / len(ids), abs=Decimal("1e-17"))
        if not fine:
            wrong.append((cell, (units, source, counted_cost, cost, reason), len(ids), sources, len(told), len(days)))
    assert not wrong, f"{len(wrong)} of {len(rows)}: " + "\n".join(map(str, wrong[:20]))
    for kind in [
        (None, "product"),
        (None, "requests"),
        (None, "both"),
        ("meter_missing", "mixed"),
        ("meter_missing", "product"),
        ("no_telemetry", "product"),
        ("no_cost", "product"),
    ]:
        assert kinds[kind], (kind, dict(kinds))


def test_the_cost_that_is_divided_is_that_of_the_days_that_are_told(built) -> None:
    world, rows, _ = built
    wrong = []
    for cell, (_, _, counted_cost, _, _) in rows.items():
        grain, key, unit, start = cell
        environment, workload, dimension, cohort = key
        if dimension in ("customer_tier", "geography"):
            continue
        costs = [
            row[3]
            for name, row in DEPLOYMENTS.items()
            if row[:2] == (workload, environment)
            and {"all": "all", "deployment": name, "accelerator": row[2], "model": "m", "team": team(name)}[dimension]
            == cohort
        ]
        told = [day for day in period_days(grain, start) if world.ids(key, unit, day) is not None]
        if counted_cost != sum(costs) * len(told):
            wrong.append((cell, counted_cost, costs, len(told)))
    assert not wrong, f"{len(wrong)}: " + "\n".join(map(str, wrong[:20]))


def test_every_cohort_that_somebody_saw_has_its_row(built) -> None:
    world, rows, _ = built
    seen = defaultdict(set)
    for row in world.requests:
        workload, environment, *_ = DEPLOYMENTS[row.deployment]
        seen[environment, workload, row.day].add(row.place())
    for row in world.activity:
        seen["production", row.workload, row.day].add(row.place())
    for (environment, workload, day), places in seen.items():
        cohorts = {("all", "all")}
        cohorts |= {("customer_tier", tier) for tier, _ in places} | {("geography", place) for _, place in places}
        for dimension, cohort in cohorts:
            for unit in UNITS:
                key = (environment, workload, dimension, cohort)
                if workload and world.ids(key, unit, day):
                    assert ("daily", key, unit, day) in rows


def test_rows_of_the_product_that_nobody_can_place_are_named(built) -> None:
    _, _, warehouse = built
    found = warehouse.query("""
        select issue, sum(affected_rows) from marts.fct_telemetry_quality
        where folder = 'telemetry/product' group by issue
    """)
    assert dict(found) == {"no_workload": 1}
