"""Random worlds in which two engines are compared: a few days of the sample's fleet with another seed, disturbed.

A tidy sample hides what engines disagree on. A world adds charges of one 10^-18th, of eighteen decimals and below zero,
in other currencies, with quotes, backslashes and no text at all; it loses days of telemetry and of requests; and its
pools are allocated by other methods. The same seed gives the same files.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.demand import Window
from ai_unit_economics.sample.writer import generate

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "config"
FIRST_START = date(2026, 7, 1)  # the first day of the seeds' exchange rates
SOURCE = "random"
CHARGES = 240
REQUESTS = 160
LOST = 0.15  # of the files of telemetry and requests, each of one day
TEXTS = [None, "", " ", "it's", 'a "name"', "C:\\n\\d", "Zürich, €", "ends with \\", "100%", "per_cent", "NULL", "0x1F"]
UNITS = [None, "Hours", "Tokens", "GB-Mo", "1K tokens"]
CURRENCIES = ["USD", "USD", "USD", "EUR", "GBP"]
CATEGORIES = ["Usage", "Usage", "Usage", "Purchase", "Tax", "Credit", "Adjustment"]
DRIVERS = ["direct_cost", "tokens", "requests", "accelerator_hours", "even"]
METHODS = ["direct", "direct", "step_down", "reciprocal"]
# Where the random charges go; what none of these tags is on stays unallocated
RULES = [
    {"column_name": "Tags", "tag_key": "deployment", "treatment": "direct"},
    {"column_name": "Tags", "tag_key": "pool", "treatment": "pool"},
    {"column_name": "Tags", "tag_key": "service", "treatment": "shared"},
]


def write_world(folder: Path, seed: int) -> Window:
    """Writes `data`, what a build reads, and `seeds`, its configuration, into a folder of its own."""
    random = Random(seed)
    start = FIRST_START + timedelta(days=random.randrange(80))
    window = Window(start, random.randint(3, 6), random.choice([0.005, 0.02, 0.05]), seed)
    data = folder / "data"
    generate(data, window)
    for path in sorted((data / "telemetry").rglob("20*-*-*.*")):
        if random.random() < LOST:
            path.unlink()
    deployments = [row["deployment_id"] for row in seed_rows("deployments")]
    write_rows(data / "focus" / SOURCE / "charges.csv", charges(random, window, deployments))
    write_rows(data / "telemetry" / "requests" / SOURCE / "requests.csv", requests(random, window, deployments))
    write_seeds(folder / "seeds", random)
    return window


@contextmanager
def a_day_earlier(folder: Path) -> Iterator[None]:
    """For the block, the world lacks the files of its last day, and its random source has half of its rows: what comes
    afterwards is a new day, and files that were written again."""
    telemetry = folder / "data" / "telemetry"
    last_day = max(path.name[:10] for path in telemetry.rglob("20*-*-*.*"))
    aside = folder / "aside"
    moved = {path: aside / path.relative_to(folder) for path in telemetry.rglob(f"{last_day}.*")}
    for path, place in moved.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        path.rename(place)
    whole = {path: path.read_text(encoding="utf-8") for path in (folder / "data").rglob(f"{SOURCE}/*.csv")}
    for path in whole:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        write_rows(path, rows[: len(rows) // 2])
    try:
        yield
    finally:
        for path, place in moved.items():
            place.rename(path)
        for path, text in whole.items():
            path.write_text(text, encoding="utf-8", newline="")


def amount(random: Random) -> Decimal:
    """Most are amounts of a bill, some the smallest that are kept, or with every decimal that is kept."""
    return random.choice(
        [
            Decimal(random.randint(-3, 3)).scaleb(-18),
            Decimal(random.randint(-(10**22), 10**22)).scaleb(-18),
            Decimal(random.randint(0, 10**6)).scaleb(-4),
            Decimal(random.randint(-100, 100)),
        ]
    )


def charges(random: Random, window: Window, deployments: list[str]) -> list[dict[str, object]]:
    pools = [*fleet.POOLS, "a pool of nobody"]
    services = [row["pool_id"] for row in seed_rows("shared_pools")]
    rows = []
    for number in range(CHARGES):
        day = window.start + timedelta(days=random.randrange(window.days))
        hour = random.choice([None, *range(24)])  # None: a charge of the whole day
        month = day.replace(day=1)
        tags = {
            "deployment": random.choice(deployments),
            "pool": random.choice(pools),
            "service": random.choice(services),
            "team": random.choice(["analytics", "it's", "search"]),
        }
        cost = amount(random)
        start = f"{day}T{hour or 0:02d}:00:00Z"
        end = f"{day + timedelta(days=1)}T00:00:00Z" if hour in (None, 23) else f"{day}T{hour + 1:02d}:00:00Z"
        rows.append(
            {
                "EffectiveCost": f"{cost:f}",
                "BilledCost": f"{random.choice([cost, Decimal(0), amount(random)]):f}",
                "ListCost": f"{random.choice([cost, amount(random)]):f}",
                "ContractedCost": f"{cost:f}",
                "BillingCurrency": random.choice(CURRENCIES),
                "BillingPeriodStart": f"{month}T00:00:00Z",
                "BillingPeriodEnd": f"{(month + timedelta(days=32)).replace(day=1)}T00:00:00Z",
                "ChargePeriodStart": start,
                "ChargePeriodEnd": end,
                "ChargeCategory": random.choice(CATEGORIES),
                "ChargeClass": random.choice([None, None, None, "Correction"]),
                "ChargeDescription": random.choice([*TEXTS, f"charge {number}"]),
                "ServiceName": random.choice(TEXTS),
                "SkuId": random.choice(TEXTS),
                "RegionId": random.choice([None, "us-east-1", "westeurope"]),
                "SubAccountId": random.choice([None, fleet.AWS_INFERENCE_ACCOUNT, "777"]),
                "ResourceId": random.choice([None, "i-1", "i-2", "it's"]),
                "ConsumedQuantity": random.choice([None, "0", "1", "0.333333333333", "23.75"]),
                "ConsumedUnit": random.choice(UNITS),
                "Tags": json.dumps({key: tags[key] for key in random.sample(sorted(tags), random.randint(0, 2))}),
            }
        )
    return rows


def requests(random: Random, window: Window, deployments: list[str]) -> list[dict[str, object]]:
    """Requests of a second gateway, with customers that nobody declared and counts of nothing."""
    rows = []
    for number in range(REQUESTS):
        day = window.start + timedelta(days=random.randrange(window.days))
        hour, minute, second = random.randrange(24), random.randrange(60), random.choice([0, 59, random.randrange(60)])
        rows.append(
            {
                "request_id": f"r-{number}",
                "ts": f"{day}T{hour:02d}:{minute:02d}:{second:02d}Z",
                "deployment_id": random.choice(deployments),
                "customer_id": random.choice([*TEXTS, "cus-0001", "cus-0030"]),
                "user_id": f"user-{random.randrange(9)}",
                "input_tokens": random.choice([0, 1, random.randrange(10**5)]),
                "output_tokens": random.choice([0, 1, random.randrange(10**4)]),
            }
        )
    return rows


def write_seeds(folder: Path, random: Random) -> None:
    """The project's own configuration with other methods of allocation, prices and rules for the random charges."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for path in sorted(SEEDS.glob("*.csv")):
        shutil.copy(path, folder)
    shared = seed_rows("shared_pools")
    for step, row in enumerate(random.sample(shared, len(shared))):
        row["method"] = random.choice(METHODS)
        row["step"] = str(step + 1) if row["method"] == "step_down" else ""
        row["driver"] = row["driver"] if row["driver"] == "fixed" else random.choice(DRIVERS)
    write_rows(folder / "shared_pools.csv", shared)
    pools = seed_rows("capacity_pools")
    for row in pools:
        row["idle_treatment"] = random.choice(["share", "separate"])
        row["unobserved_treatment"] = random.choice(["", "share", "separate"])
    write_rows(folder / "capacity_pools.csv", pools)
    prices = seed_rows("price_book")
    for row in prices:
        row["price_per_unit"] = random.choice(["0", "0.000001", f"{random.randint(1, 10**6) / 10**4}", "7"])
    write_rows(folder / "price_book.csv", prices)
    rules = seed_rows("cost_rules")
    for number, rule in enumerate(RULES, start=1):
        rules.append(
            dict.fromkeys(rules[0], "")
            | {"priority": str(900 + number), "source": SOURCE, "operator": "exists", "target": "$value"}
            | rule
        )
    write_rows(folder / "cost_rules.csv", rules)


def seed_rows(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: Iterable[dict[str, object]]) -> None:
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
