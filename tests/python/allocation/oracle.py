"""The allocation in plain Python, written from docs/allocation.md and not from the SQL: fractions, dictionaries, loops.

A world is a dictionary of lists of dictionaries, with the names of the tables that the models read.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import floor

from tests.python.allocation.node_oracle import accelerator_time, series_seen, waits

UNIT = 10**18
WHOLE = 10**12
A_DAY = 86400
NOBODY = "(unallocated)"
TOKENS = ("input_token", "cached_input_token", "output_token")


def to_units(amount: Decimal) -> int:
    return int(amount * UNIT)


def split(amount: int, weights: Mapping[str, Fraction | int]) -> dict[str, int]:
    """Largest remainder: floors of the absolute amount, then one more for the largest remainders, ties by name."""
    total = Fraction(sum(weights.values()))
    exact = {name: abs(amount) * Fraction(weight) / total for name, weight in weights.items()}
    parts = {name: floor(part) for name, part in exact.items()}
    missing = abs(amount) - sum(parts.values())
    for name in sorted(parts, key=lambda name: (parts[name] - exact[name], name))[:missing]:
        parts[name] += 1
    return {name: part if amount >= 0 else -part for name, part in parts.items()}


def is_valid(row: Mapping, day: dt.date) -> bool:
    return row["valid_from"] <= day and (row.get("valid_to") is None or day < row["valid_to"])


def pool_use(world: Mapping[str, Sequence], day: dt.date, pool: str) -> dict[str, tuple[int, int, dict[str, int]]]:
    """Capacity, what of it nobody watched, and use by deployment of a pool's day, for each resource that is known.

    A node in several pools is divided as its accelerators were billed. All nodes are billed for whole days. The bill
    counts a node's accelerators; of CPU and memory a node had as much in the time that nobody watched.
    """
    watched = {
        row["resource_id"]: row["watched_seconds"]
        for row in world["int_usage__watched_seconds_daily"]
        if row["date_day"] == day
    }
    unobserved: dict[str, int] = defaultdict(int)
    nodes = [row for row in world["int_costs__pool_resources_daily"] if row["date_day"] == day]
    capacity: dict[str, int] = defaultdict(int)
    use: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in nodes:
        if row["pool_id"] == pool:
            capacity["accelerator"] += row["accelerator_seconds"]
            blind = A_DAY - watched.get(row["resource_id"], 0)
            unobserved["accelerator"] += row["accelerator_seconds"] * blind // A_DAY
    capacity.setdefault("accelerator", 0)

    def in_pool(row: Mapping, seconds: int) -> int:
        pools = {
            n["pool_id"]: max(n["accelerator_seconds"], 1) for n in nodes if n["resource_id"] == row["resource_id"]
        }
        return split(seconds, pools)[pool] if row["date_day"] == day and pool in pools else 0

    for row in world["int_usage__accelerator_seconds_daily"]:
        use["accelerator"][row["deployment_id"]] += in_pool(row, row["accelerator_seconds"])
    for row in world["int_usage__host_requests_daily"]:
        use[row["resource_kind"]][row["deployment_id"]] += in_pool(row, row["reserved_seconds"])
    for row in world["int_usage__host_capacity_daily"]:
        if seen := watched.get(row["resource_id"], 0):
            whole = row["capacity_seconds"] * A_DAY // seen
            capacity[row["resource_kind"]] += in_pool(row, whole)
            unobserved[row["resource_kind"]] += in_pool(row, whole - row["capacity_seconds"])
    return {
        kind: (capacity[kind], unobserved[kind], {name: seconds for name, seconds in use[kind].items() if seconds > 0})
        for kind in capacity.keys() | use.keys()
    }


def resource_weights(world: Mapping[str, Sequence], pool: str, resources: Mapping) -> dict[str, int]:
    """Capacity times price; accelerators always, another resource where it is there and somebody holds some of it."""
    weights = {}
    for kind, (capacity, _, use) in resources.items():
        if kind == "accelerator" or (capacity and use):
            prices = {
                row["pool_id"]: row["price_per_hour"]
                for row in world["pool_resource_prices"]
                if row["resource_kind"] == kind and row["pool_id"] in (pool, None)
            }
            weights[kind] = capacity * int(prices.get(pool, prices.get(None, 0)) * 10**6)
    return weights if any(weights.values()) else {"accelerator": 1}


Exits = Mapping[tuple[dt.date, str], Mapping[str, int]]


def ledger(world: Mapping[str, Sequence], exits: Exits) -> dict[tuple, int]:
    """(day, source, period, treatment, origin pool, deployment, cost origin) -> amount in units, zeros left out.

    A shared pool's cost divides over its exits first. Their shares are given, as whole 10^-18ths: `shared_exits` says
    what they are exactly, and a division by rounded shares is what can be held against the models cell by cell.
    """
    lines: dict[tuple, int] = defaultdict(int)
    for row in world["int_costs__cost_lines_daily"]:
        key = ("date_day", "source", "billing_period_start", "treatment", "target", "cost_origin")
        lines[tuple(row[name] for name in key)] += to_units(row["effective_cost"])
    entries: dict[tuple, int] = defaultdict(int)
    policies = {
        row["pool_id"]: (row["idle_treatment"], row.get("unobserved_treatment") or row["idle_treatment"])
        for row in world["capacity_pools"]
    }

    for (day, source, period, treatment, target, origin), amount in lines.items():
        at = (day, source, period, treatment)
        if treatment == "direct":
            entries[*at, "(none)", target, origin] += amount
        elif treatment in ("excluded", "unallocated"):
            entries[*at, "(none)", f"({treatment})", origin] += amount
        elif treatment == "pool":
            resources = pool_use(world, day, target)
            policy = policies.get(target, ("separate", "separate"))
            for kind, part in split(amount, resource_weights(world, target, resources)).items():
                for (deployment, origin_there), last in pool_parts(*resources[kind], origin, part, policy).items():
                    entries[*at, target, deployment, origin_there] += last

    direct_cost = direct_costs(entries)
    for (day, source, period, treatment, target, origin), amount in lines.items():
        if treatment == "shared":
            landed = "shared" if origin == "usage" else origin
            for exit_pool, part in split(amount, exits[day, target]).items():
                weights = shared_weights(world, day, exit_pool, direct_cost)
                for deployment, last in (split(part, weights) if sum(weights.values()) else {NOBODY: part}).items():
                    entries[day, source, period, "shared", target, deployment, landed] += last
    return {key: amount for key, amount in entries.items() if amount}


def pool_parts(
    capacity: int, unobserved: int, use: Mapping[str, int], origin: str, amount: int, policy: tuple[str, str]
) -> dict[tuple[str, str], int]:
    """(deployment, cost origin) -> its part of what one resource of a pool's day costs."""
    parts: dict[tuple[str, str], int] = {}
    unused = {("(idle)", origin): amount}
    if origin == "usage":
        idle = max(capacity - sum(use.values()) - unobserved, 0)
        is_nothing_known = not use and not capacity
        by_use = split(amount, {**use, "(idle)": idle, "(unobserved)": 1 if is_nothing_known else unobserved})
        unused = {(f"({name})", name): by_use.pop(f"({name})") for name in ("idle", "unobserved")}
        parts = {(deployment, "usage"): part for deployment, part in by_use.items()}
    for (line, origin_there), part in unused.items():
        is_shared = use and policy[line == "(unobserved)"] == "share"
        for deployment, last in (split(part, use) if is_shared else {line: part}).items():
            parts[deployment, origin_there] = parts.get((deployment, origin_there), 0) + last
    return parts


def direct_costs(entries: Mapping[tuple, int]) -> dict[tuple, int]:
    """(day, deployment) -> what direct and pool lines put on it."""
    totals: dict[tuple, int] = defaultdict(int)
    for (day, _, _, treatment, _, deployment, _), amount in entries.items():
        if treatment in ("direct", "pool"):
            totals[day, deployment] += amount
    return totals


def shared_exits(
    world: Mapping[str, Sequence], day: dt.date, direct_cost: Mapping
) -> tuple[dict[str, dict[str, Fraction]], dict[str, dict[str, Fraction]]]:
    """Where each shared pool's cost leaves the network of services, by an exact linear solve; and what it hands on."""
    own: dict[str, int] = defaultdict(int)
    for row in world["int_costs__cost_lines_daily"]:
        if (row["date_day"], row["treatment"]) == (day, "shared"):
            own[row["target"]] += to_units(row["effective_cost"])
    rules = {row["pool_id"]: row for row in world["shared_pools"]}
    named = {row["deployment_id"] for row in world["shared_pool_weights"]}
    pools = sorted(own.keys() | (named & rules.keys())) if own else []
    hands_on: dict[str, dict[str, Fraction]] = {}
    leaves: dict[str, Fraction] = {}
    for pool in pools:
        served = {other: service_weight(world, rules, own, pool, other) for other in pools}
        to_deployments = sum(shared_weights(world, day, pool, direct_cost).values())
        total = Fraction(to_deployments + sum(served.values()))
        leaves[pool] = to_deployments / total if total else Fraction(1)
        hands_on[pool] = {other: weight / total for other, weight in served.items() if weight}

    reaching = {pool for pool in pools if leaves[pool]}
    while more := {pool for pool in pools if hands_on[pool].keys() & reaching} - reaching:
        reaching |= more
    # x[pool][exit] = leaves[pool] at pool itself + sum of hands_on[pool][other] * x[other][exit]
    order = [pool for pool in pools if pool in reaching]
    exits = {pool: {NOBODY: Fraction(1)} for pool in pools if pool not in reaching}
    matrix = [[Fraction(a == b) - hands_on[a].get(b, 0) for b in order] for a in order]
    sides = [
        [leaves[a] * (a == b) for b in order]
        + [sum((share for other, share in hands_on[a].items() if other not in reaching), Fraction(0))]
        for a in order
    ]
    for pool, row in zip(order, solve(matrix, sides), strict=True):
        exits[pool] = {name: share for name, share in zip([*order, NOBODY], row, strict=True) if share}
    return exits, hands_on


def service_weight(world: Mapping[str, Sequence], rules: Mapping, own: Mapping, pool: str, other: str) -> int:
    """What a pool's driver says about another pool."""
    giver, receiver = rules.get(pool), rules.get(other)
    if giver is None or receiver is None or pool == other:
        return 0
    method, driver = giver["method"], giver["driver"]
    if driver == "fixed":
        if method == "direct" or (method == "step_down" and (receiver.get("step") or 99) <= giver["step"]):
            return 0
        rows = world["shared_pool_weights"]
        return sum(int(r["weight"] * 10**9) for r in rows if (r["pool_id"], r["deployment_id"]) == (pool, other))
    if giver.get("scope_column") or other not in own:
        return 0
    if method == "step_down" and not (receiver.get("step") and receiver["step"] > giver["step"]):
        return 0
    if method == "direct" or (method == "reciprocal" and receiver["method"] != "reciprocal"):
        return 0
    return {"direct_cost": max(own[other], 0) // 10**12, "even": 1}.get(driver, 0)


def solve(matrix: list[list[Fraction]], sides: list[list[Fraction]]) -> list[list[Fraction]]:
    """Gauss and Jordan, exactly."""
    size = len(matrix)
    rows = [left + right for left, right in zip(matrix, sides, strict=True)]
    for column in range(size):
        pivot = next(index for index in range(column, size) if rows[index][column])
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for index in range(size):
            if index != column and rows[index][column]:
                factor = rows[index][column]
                rows[index] = [a - factor * b for a, b in zip(rows[index], rows[column], strict=True)]
    return [row[size:] for row in rows]


def driver_quantity(world: Mapping[str, Sequence], day: dt.date, driver: str, name: str, direct_cost: Mapping) -> int:
    """What a driver says of a deployment's day; where it was not seen, the last day on which it was and was not 0.

    Whether it was seen is given: it has tests of its own.
    """

    def of(asked: dt.date) -> int:
        usage = [
            u for u in world["int_usage__metered_usage_daily"] if (u["date_day"], u["deployment_id"]) == (asked, name)
        ]
        times = world["int_usage__accelerator_seconds_daily"]
        return {
            "direct_cost": max(direct_cost.get((asked, name), 0), 0) // 10**12,
            "tokens": sum(u["units"] for u in usage if u["unit"] in TOKENS),
            "requests": sum(u["units"] for u in usage if u["unit"] == "request"),
            "accelerator_hours": sum(
                t["accelerator_seconds"] for t in times if (t["date_day"], t["deployment_id"]) == (asked, name)
            ),
        }[driver]

    seen = world["seen"]
    if seen.get((day, driver, name), True):
        return of(day)
    earlier = sorted({d for d, *_ in seen if d < day}, reverse=True)
    return next((of(d) for d in earlier if seen.get((d, driver, name)) and of(d)), of(day))


def shared_weights(world: Mapping[str, Sequence], day: dt.date, pool: str, direct_cost: Mapping) -> dict[str, int]:
    rule = next((row for row in world["shared_pools"] if row["pool_id"] == pool), None)
    weights: dict[str, int] = {}
    for row in world["deployments"] if rule else []:
        in_scope = rule.get("scope_column") is None or row.get(rule["scope_column"]) == rule["scope_value"]
        if not (is_valid(row, day) and in_scope):
            continue
        name = row["deployment_id"]
        if rule["driver"] == "even":
            weights[name] = 1
        elif rule["driver"] == "fixed":
            rows = [w for w in world["shared_pool_weights"] if (w["pool_id"], w["deployment_id"]) == (pool, name)]
            weights[name] = int(sum(w["weight"] for w in rows) * 10**9)
        else:
            weights[name] = driver_quantity(world, day, rule["driver"], name, direct_cost)
    return weights


def token_methods(world: Mapping[str, Sequence], day: dt.date, deployment: str) -> dict[str, dict[str, int]]:
    """What each method that knows the day gives each kind of token, in trillionths; the first counts.

    None does where the count of a kind is not known.
    """
    unknown = [(row["date_day"], row["deployment_id"]) for row in world["int_usage__unknown_units_daily"]]
    if (day, deployment) in unknown:
        return {}
    counts = dict.fromkeys(TOKENS, 0)
    for row in world["int_usage__metered_usage_daily"]:
        if (row["date_day"], row["deployment_id"]) == (day, deployment) and row["unit"] in counts:
            counts[row["unit"]] += row["units"]
    uncached, cached, output = (Fraction(counts[unit]) for unit in TOKENS)
    rows = [r for r in world["deployments"] if r["deployment_id"] == deployment and is_valid(r, day)]
    kind = rows[0]["kind"] if rows else "inference"
    if kind == "training" or not any(counts.values()):
        return {}
    if kind == "embedding":
        return {"input_only": {"input_token": WHOLE}}
    names = ("model", "model_variant", "accelerator", "quantization")
    rates = [r for r in world["token_rates"] if rows and all(r.get(name) == rows[0].get(name) for name in names)]
    kappa = Fraction(rates[0]["cached_token_weight"]) if rates else Fraction(1, 10)
    methods = {}  # rates have three decimals and kappa nine: times 10^12 they are whole
    if (roles := role_seconds(world, day, deployment)) and len(roles) == 2:
        methods["role_pools"] = phase_weights(counts, kappa, roles["prefill"], roles["decode"], 0)
    for rate in rates:
        prefill = Fraction(rate["prefill_tokens_per_second"])
        decode = Fraction(rate["decode_tokens_per_second"])
        methods["measured_rates"] = (
            uncached * decode * 10**12,
            cached * kappa * decode * 10**12,
            output * prefill * 10**12,
        )
    steps = {
        name: sum(
            row["units"]
            for row in world["int_usage__server_counts_daily"]
            if (row["date_day"], row["deployment_id"], row["semantic"]) == (day, deployment, name)
        )
        for name in ("prefill_execution_seconds", "decode_execution_seconds", "mixed_execution_seconds")
    }
    if any(steps.values()):
        methods["engine_time"] = phase_weights(counts, kappa, *steps.values())
    methods["fixed_weights"] = (uncached * 10, cached, output * 25)
    return {
        method: split(WHOLE, dict(zip(TOKENS, eighteen_digits(weights), strict=True)))
        for method, weights in methods.items()
        if sum(weights)
    }


def role_seconds(world: Mapping[str, Sequence], day: dt.date, deployment: str) -> dict[str, int]:
    """Accelerator-seconds that the pods of each role held, the highest of those who report a container."""
    held: dict[tuple, int] = defaultdict(int)
    for series, accelerators, _ in accelerator_time(world, series_seen(world, day), day, "accelerators_requested"):
        if series["deployment_id"] == deployment and not waits(world, series):
            labels = series["labels"]
            key = (series["role"], (labels["pod"], labels["container"], labels["resource"]))
            held[key] = max(held[key], accelerators or 0)
    totals = {role: sum(v for (r, _), v in held.items() if r == role) for role in ("prefill", "decode")}
    return {role: (total + 500_000) // 1_000_000 for role, total in totals.items() if total >= 500_000}


def phase_weights(counts: Mapping[str, int], kappa: Fraction, prefill: int, decode: int, mixed: int) -> tuple:
    """Input has its share in whole trillionths, rounded down twice, divided U : kappa K; no tokens bear nothing."""
    uncached, cached, output = (Fraction(counts[unit]) for unit in TOKENS)
    by_fixed_weights = (uncached * 10 + cached) / (uncached * 10 + cached + output * 25)
    total = prefill + decode + mixed
    share = WHOLE * prefill // total + floor(WHOLE * mixed // total * by_fixed_weights)
    group = max((uncached + cached * kappa) * 10**9, 1)
    return (
        share * uncached * 10**9,
        share * cached * kappa * 10**9,
        (WHOLE - share) * group if output else Fraction(0),
    )


def eighteen_digits(weights: Sequence[Fraction]) -> list[int]:
    """Whole numbers of at most 18 digits together."""
    return [int(weight // max(sum(weights) // 10**18, 1)) for weight in weights]


def is_method_lost(world: Mapping[str, Sequence], day: dt.date, deployment: str) -> bool:
    """Whether telemetry told the shares on an earlier day of the configuration, and does not on this one."""

    def configuration(asked: dt.date) -> Mapping | None:
        rows = [r for r in world["deployments"] if r["deployment_id"] == deployment and is_valid(r, asked)]
        return rows[0] if rows else None

    order = ["role_pools", "measured_rates", "engine_time", "fixed_weights", "input_only"]
    best = order.index(next(iter(token_methods(world, day, deployment))))
    days = {row["date_day"] for row in world["int_usage__metered_usage_daily"] if row["date_day"] <= day}
    by_telemetry = [
        order.index(method)
        for earlier in days
        if configuration(earlier) is configuration(day)
        for method in token_methods(world, earlier, deployment)
        if method in ("role_pools", "engine_time")
    ]
    return best > min(by_telemetry, default=best)


def token_shares(world: Mapping[str, Sequence], entries: Mapping[tuple, int]) -> dict[tuple, tuple]:
    """(day, deployment, unit) -> (method, share, lowest share, highest share), for the days that have entries."""
    shares = {}
    days = {(day, deployment) for day, _, _, _, _, deployment, _ in entries if not deployment.startswith("(")}
    earlier = sorted({row["date_day"] for row in world["int_usage__metered_usage_daily"]}, reverse=True)
    for day, deployment in days:
        history = sorted(
            (r for r in world["deployments"] if r["deployment_id"] == deployment), key=lambda r: r["valid_from"]
        )
        kind = history[-1]["kind"] if history else "inference"
        if kind == "training":
            continue
        only = "input_token" if kind == "embedding" else "output_token"
        method, chosen, methods = "no_tokens", {only: WHOLE}, {"": {only: WHOLE}}
        for other in [day, *(d for d in earlier if d < day)]:
            if (known := token_methods(world, other, deployment)) and not is_method_lost(world, other, deployment):
                name = next(iter(known))
                method, chosen, methods = name if other == day else "carried_forward", known[name], known
                break
        for unit, share in chosen.items():
            parts = [shares_of[unit] for shares_of in methods.values()]
            shares[day, deployment, unit] = (method, share, min(parts), max(parts))
    return shares
