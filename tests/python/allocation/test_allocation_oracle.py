"""Random worlds of charges, nodes, pods and rules: every cell of the models equals an independent allocation."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from random import Random

import duckdb
import numpy
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.python.allocation.node_oracle import measured
from tests.python.allocation.oracle import UNIT, direct_costs, ledger, shared_exits, to_units, token_shares

# ALLOCATION_WORLDS=1000 tries more.
WORLDS = int(os.environ.get("ALLOCATION_WORLDS", "25"))
# What twenty rounds of whole 10^-18ths may be off where cost circles for long.
ROUNDING = 4 * 10**6
DAYS = [dt.date(2026, 3, day) for day in (1, 2)]
PERIODS = [dt.date(2026, 3, 1), dt.date(2026, 4, 1)]
DEPLOYMENTS = ["chat", "code", "embed", "tune", "hosted"]
KINDS = dict(zip(DEPLOYMENTS, ["inference", "inference", "embedding", "training", "hosted"], strict=True))
NODES = ["node-1", "node-2"]
PHASES = ["prefill", "decode", "mixed"]
# The cluster's names of the nodes; the bill's are those of its provider.
CLUSTER_NODES = ["node-1", "node-2", "ip-3", None]
PRODUCT_LABELS = ["NVIDIA-A100-SXM4-80GB", "Tesla-T4-SHARED", "NVIDIA-H100-NVL-MIG-1g.12gb", "NVIDIA-A100-PCIE-40GB"]
ACCELERATORS = ["gpu", "gpu", "gpu_shared", "mig_1g_10gb", "mig_1g_10gb", "mig_3g_40gb_me", "mig_9g_99gb"]
HOSTS = {"cpu": 1, "memory": 2**30}
RESOURCES = ["accelerator", *HOSTS]
MIG_PROFILES = [
    {name: int(value) if name.endswith("_slices") else value or None for name, value in row.items()}
    for row in csv.DictReader(
        (Path(__file__).resolve().parents[3] / "seeds" / "reference" / "mig_profiles.csv").open(encoding="utf-8")
    )
]
POOLS = ["h100", "l40s", "forgotten"]
DRIVERS = ["direct_cost", "tokens", "requests", "accelerator_hours", "even", "fixed"]
SHARED_POOLS = {f"by-{driver}": driver for driver in DRIVERS} | {"by-contract": "fixed", "by-head": "even"}

days = st.sampled_from(DAYS)
deployments = st.sampled_from(DEPLOYMENTS)
seconds = st.one_of(st.integers(1, 1000), st.integers(0, 100_000))
counts = st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 10**12))
amounts = st.one_of(
    st.integers(-3, 3).map(lambda units: Decimal(units).scaleb(-18)),
    st.decimals(-1_000_000, 1_000_000, places=18),
    st.integers(-100, 100).map(Decimal),
)
methods = st.sampled_from(["direct", "step_down", "reciprocal", "reciprocal"])
scope_values = st.sampled_from(["production", "inference", "m"])
rates = st.decimals("0.001", 100_000, places=3)
prices = st.sampled_from([Decimal(5), Decimal("0.03"), Decimal("0.004"), Decimal("9.999999"), Decimal(0)])


def rows_by(key, strategy, **limits):
    """A table with a key: no two rows agree in it."""
    return st.lists(strategy, unique_by=lambda row: tuple(row[name] for name in key), **limits)


def cluster(seed: int) -> dict[str, list[dict]]:
    """Series of nodes and pods; a pod is one deployment's and runs on one node.

    One number draws it all: hundreds of small draws of hypothesis would cost more than the models.
    """
    random = Random(seed)
    choose = random.choice
    series = []

    def add(semantic, deployment, divisor=1, preference=1, role="aggregated", **labels):
        labels = {name: value for name, value in labels.items() if value is not None}
        row = {"series_id": len(series) + 1, "deployment_id": deployment, "semantic": semantic, "role": role}
        row |= {
            "labels": labels,
            "unit_divisor": divisor,
            "preference": preference,
            "cluster": "",
            "metric": "requests",
        }
        row |= {"namespace": labels.get("namespace", ""), "pod": labels.get("pod"), "metric_type": "gauge"}
        series.append(row | {"node": labels.get("node", labels.get("hostname")), "scrape_group": "exporter"})

    for node in CLUSTER_NODES[:3]:
        if node == "ip-3" or choose([True, False]):
            add("node_resource", None, node=node, provider_id=f"aws:///zone/Node-{node[-1].replace('3', '1')}")
        for label in random.sample(PRODUCT_LABELS, choose([0, 1, 1, 2])):
            replicas = {
                f"label_nvidia_com_{resource}_replicas": choose([None, "1", "4"]) for resource in ("gpu", "mig_1g_10gb")
            }
            add("node_labels", None, node=node, label_nvidia_com_gpu_product=label, **replicas)
        for instance in choose(["", "a", "a", "ab"]):
            for kind, divisor in HOSTS.items():
                add(f"{kind}_capacity", None, divisor, node=node, instance=instance)
    for number in range(random.randint(2, 9)):
        deployment, node = choose([*DEPLOYMENTS, "chat", "chat", None]), choose([*CLUSTER_NODES, "node-1", "node-2"])
        pod = {"pod": f"pod-{number}", "namespace": "n"}
        place = {"node": node, "container": choose(["server", "proxy"])}
        role = choose(["aggregated", "prefill", "decode"])
        resources = random.sample(ACCELERATORS, choose([0, 1, 1, 2]))
        kinds = choose([[], ["cpu"], ["memory"], list(HOSTS), list(HOSTS)])
        for instance in choose(["a", "a", "ab"]):
            for resource in dict.fromkeys(resources):
                labels = {**pod, **place, "resource": f"nvidia_com_{resource}", "instance": instance}
                add("accelerators_requested", deployment, role=role, **labels)
            for kind in kinds:
                add(f"{kind}_requested", deployment, HOSTS[kind], instance=instance, **pod, **place)
        for preference in choose([[], [], [1], [2], [1, 2]]):
            labels = {
                "UUID": "g",
                "GPU_I_PROFILE": choose([None, None, "1g.10gb", "1g.10gb+me", "7g.80gb"]),
                "modelName": choose([None, "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-40GB"]),
                "vgpu": choose([None, None, None, "0"]),
            }
            divisor = {1: 1, 2: 100}[preference]
            add("accelerator_activity", deployment, divisor, preference, hostname=node, **pod, **labels)
    integrals = [
        {
            "date_day": day,
            "series_id": row["series_id"],
            "held_value": choose([random.randint(0, 10**8), random.randint(0, 10**11), random.randint(1, 40) * 10**9])
            * row["unit_divisor"]
            * (4 if row["semantic"].endswith("_capacity") else 1),
        }
        for row in series
        for day in choose([DAYS[:1], DAYS, DAYS, DAYS])
    ]
    # each is seen all day: of several that tell the same the highest counts
    seen = [
        {"series_id": row["series_id"], "starts_at": row["date_day"], "ends_at": row["date_day"] + dt.timedelta(days=1)}
        for row in integrals
    ]
    return {
        "int_usage__series_deployments": series,
        "int_usage__gauge_integrals_daily": integrals,
        "int_usage__seen_intervals": seen,
    }


@st.composite
def worlds(draw):
    periods = []
    for name in draw(st.lists(deployments, unique=True, min_size=3)):
        cut = draw(st.sampled_from([None, *DAYS]))
        starts = [DAYS[0] - dt.timedelta(days=draw(st.sampled_from([0, 9])))] + ([cut] if cut else [])
        ends = ([cut] if cut else []) + [draw(st.sampled_from([None, DAYS[1]]))]
        for start, end in zip(starts, ends, strict=True):
            if end is None or start < end:
                attributes = {
                    "model": "m",
                    "model_variant": None,
                    "accelerator": "h100",
                    "mig_profile": draw(st.sampled_from([None, "none", "1g.10gb"])),
                    "quantization": draw(st.sampled_from(["bf16", "fp8", None])),
                }
                where = {"environment": draw(st.sampled_from(["production", "staging"])), "kind": KINDS[name]}
                periods.append({"deployment_id": name, "valid_from": start, "valid_to": end, **attributes, **where})
    scope = draw(st.sampled_from([None, "environment", "kind", "model"]))
    shared = [
        {"pool_id": pool, "driver": driver, "method": draw(methods), "step": draw(st.integers(1, 3))}
        | ({"scope_column": scope, "scope_value": draw(scope_values)} if scope and draw(st.booleans()) else {})
        for pool, driver in SHARED_POOLS.items()
    ]
    for row in shared:
        if row["method"] != "step_down":
            del row["step"]
    targets = {"direct": DEPLOYMENTS, "pool": POOLS, "shared": [row["pool_id"] for row in shared] + ["typo"]}
    line = st.sampled_from(["shared", "pool", "direct", "shared", "shared", "pool", "excluded", "unallocated"]).flatmap(
        lambda treatment: st.fixed_dictionaries(
            {
                "date_day": days,
                "source": st.sampled_from(["aws", "azure"]),
                "billing_period_start": st.sampled_from(PERIODS),
                "treatment": st.just(treatment),
                "target": st.sampled_from(targets.get(treatment, [None])),
                "cost_origin": st.sampled_from(["usage", "usage", "unused_commitment"]),
                "billing_currency": st.sampled_from(["USD", "EUR"]),
                "effective_cost": amounts,
            }
        )
    )
    lines = draw(st.lists(line, min_size=12, max_size=40))
    return cluster(draw(st.integers(0, 10**9))) | {
        "deployments": periods,
        "capacity_pools": [
            {
                "pool_id": pool,
                "idle_treatment": draw(st.sampled_from(["share", "separate"])),
                "unobserved_treatment": draw(st.sampled_from([None, "share", "separate"])),
            }
            for pool in POOLS[:2]
        ],
        "int_usage__watched_seconds_daily": [
            {"date_day": day, "resource_id": node, "watched_seconds": watched}
            for day in DAYS
            for node in NODES
            if (watched := draw(st.sampled_from([86400, 86400, 86399, 50_000, 1, 0])))
        ],
        "int_usage__usage_coverage_daily": [
            {"date_day": day, "deployment_id": name, "expected_seconds": 86400, "observed_seconds": 86400}
            | {"is_known": draw(st.sampled_from([True, True, True, False]))}
            for day in DAYS
            for name in DEPLOYMENTS
        ],
        "int_usage__unknown_units_daily": [
            {"date_day": day, "deployment_id": name, "unit": "output_token", "null_reason": "meter_missing"}
            for day, name in draw(st.lists(st.tuples(days, deployments), unique=True, max_size=2))
        ],
        "mig_profiles": MIG_PROFILES,
        "pool_resource_prices": [
            {"pool_id": pool, "resource_kind": kind, "price_per_hour": draw(prices)}
            for pool, kind in draw(
                st.lists(
                    st.sampled_from([(pool, kind) for pool in POOLS[:2] for kind in RESOURCES]), unique=True, max_size=3
                )
            )
            + [(None, kind) for kind in draw(st.sampled_from([[], RESOURCES, RESOURCES, RESOURCES[:2]]))]
        ],
        "shared_pools": shared,
        "shared_pool_weights": draw(
            rows_by(
                ("pool_id", "deployment_id"),
                st.fixed_dictionaries(
                    {
                        "pool_id": st.sampled_from(["by-fixed", "by-contract"]),
                        "deployment_id": st.sampled_from([*DEPLOYMENTS, *SHARED_POOLS]),
                        "weight": st.one_of(st.sampled_from([Decimal(0), Decimal(1)]), st.decimals(0, 1, places=9)),
                    }
                ).filter(lambda row: row["pool_id"] != row["deployment_id"]),
                min_size=draw(st.sampled_from([0, 3])),
            )
        ),
        "token_rates": draw(
            rows_by(
                ("quantization",),
                st.fixed_dictionaries(
                    {
                        "model": st.just("m"),
                        "accelerator": st.just("h100"),
                        "quantization": st.sampled_from(["bf16", "fp8", None]),
                        "prefill_tokens_per_second": rates,
                        "decode_tokens_per_second": rates,
                        "cached_token_weight": st.decimals(0, 1, places=9),
                    }
                ),
            )
        ),
        "int_costs__cost_lines_daily": lines,
        "int_costs__pool_resources_daily": draw(
            rows_by(
                ("date_day", "pool_id", "resource_id"),
                st.fixed_dictionaries(
                    {
                        "date_day": days,
                        "pool_id": st.sampled_from(POOLS[:2]),
                        "resource_id": st.sampled_from(NODES),
                        "accelerator_seconds": seconds,
                        "node_seconds": st.just(86400),
                    }
                ),
                min_size=2,
                max_size=8,
            )
        ),
        "int_usage__server_counts_daily": draw(
            rows_by(
                ("date_day", "deployment_id", "semantic"),
                st.fixed_dictionaries(
                    {
                        "date_day": days,
                        "deployment_id": st.sampled_from(["chat", "code", "embed"]),
                        "semantic": st.sampled_from([f"{phase}_execution_seconds" for phase in PHASES]),
                        "units": counts,
                    }
                ),
                max_size=8,
            )
        ),
        "int_usage__metered_usage_daily": draw(
            rows_by(
                ("date_day", "deployment_id", "unit"),
                st.fixed_dictionaries(
                    {
                        "date_day": days,
                        "deployment_id": deployments,
                        "unit": st.sampled_from(["input_token", "cached_input_token", "output_token", "request"]),
                        "units": counts,
                    }
                ),
                min_size=2,
                max_size=15,
            )
        ),
    }


def without_shared(world):
    return [row for row in world["int_costs__cost_lines_daily"] if row["treatment"] != "shared"]


def is_still_circling(hands_on) -> bool:
    """Whether a million hand-overs leave more than a trillionth of some cost with pools that do have a way out."""
    pools = list(hands_on)
    matrix = numpy.array([[float(hands_on[a].get(b, 0)) for b in pools] for a in pools])
    if not pools:
        return False
    left = numpy.linalg.matrix_power(matrix, 2**20)
    is_open = numpy.array([row.sum() < 0.5 for row in numpy.linalg.matrix_power(matrix, 2**60)])
    return bool((left[:, is_open].sum(axis=1) > 1e-12).any())


@settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_every_cell_equals_the_oracle(allocation, world):
    seen = measured(world)
    world = world | seen
    with allocation.run(world, until="int_allocation__driver_quantities_daily") as connection:
        drivers = connection.execute("""
            select date_day, driver, deployment_id, is_known
            from intermediate.int_allocation__driver_quantities_daily
        """).fetchall()
    world["seen"] = {(day, driver, name): is_known for day, driver, name, is_known in drivers}
    event(f"a driver was not seen: {not all(world['seen'].values())}")
    direct = direct_costs(ledger({**world, "int_costs__cost_lines_daily": without_shared(world)}, {}))
    networks = {day: shared_exits(world, day, direct) for day in DAYS}
    circles = any(is_still_circling(hands_on) for _, hands_on in networks.values())
    event(f"circles without coming to rest: {circles}")
    event(f"services serve each other: {any(any(hands_on.values()) for _, hands_on in networks.values())}")
    if circles:
        with pytest.raises(duckdb.Error, match=r"seeds/config/shared_pools\.csv, row by-.* does not come to rest"):
            allocation.run(world)
        return
    with allocation.run(world) as connection:
        weights = connection.execute("""
            select date_day, pool_id, exit_pool_id, weight from intermediate.int_allocation__shared_exits_daily
        """).fetchall()
        rows = connection.execute("""
            select
                date_day, source, billing_period_start, treatment, origin_pool, deployment_id, cost_origin,
                sum(effective_cost)
            from intermediate.int_allocation__cost_ledger_daily
            group by all
        """).fetchall()
        found_seconds = connection.execute("""
            select date_day, deployment_id, resource_id, accelerator_seconds
            from intermediate.int_usage__accelerator_seconds_daily
        """).fetchall()
        reasons = connection.execute("""
            select distinct coalesce(null_reason, if(slices < slices_of_accelerator, 'a part', 'whole'))
            from intermediate.int_usage__accelerator_integrals_daily
        """).fetchall()
        kinds = connection.execute("""
            select count(*) from intermediate.int_allocation__pool_shares_daily
            where resource_kind != 'accelerator' and deployment_id not in ('(idle)', '(unobserved)')
        """).fetchone()
        shares = connection.execute("""
            select date_day, deployment_id, unit, token_cost_method, weight, weight_low, weight_high
            from intermediate.int_allocation__token_shares_daily
        """).fetchall()

    assert sorted(found_seconds) == sorted(tuple(row.values()) for row in seen["int_usage__accelerator_seconds_daily"])
    for (reason,) in reasons:
        event(f"of an accelerator: {reason}")
    event(f"CPU or memory has a weight: {kinds[0] > 0}")

    exits = defaultdict(dict)
    for day, pool, exit_pool, weight in weights:
        exits[day, pool][exit_pool] = weight
    assert exits.keys() == {(day, pool) for day, (solved, _) in networks.items() for pool in solved}
    for (day, pool), found in exits.items():
        exact = networks[day][0][pool]
        assert sum(found.values()) == UNIT
        assert all(abs(found.get(name, 0) - exact.get(name, 0) * UNIT) < ROUNDING for name in exact | found)

    expected = ledger(world, exits)
    keys = [row[:-1] for row in rows]
    assert len(keys) == len(set(keys))
    assert {row[:-1]: to_units(row[-1]) for row in rows if row[-1]} == expected

    totals = defaultdict(int)
    for line in world["int_costs__cost_lines_daily"]:
        totals[line["date_day"], line["source"], line["billing_period_start"], line["treatment"]] += to_units(
            line["effective_cost"]
        )
    for row in rows:
        totals[row[:4]] -= to_units(row[-1])
    assert not any(totals.values())

    event(f"a closed loop keeps cost: {any('(unallocated)' in found for found in exits.values())}")
    event(f"methods: {sorted({row[3] for row in shares})}")
    everywhere = dict.fromkeys(keys, 0)
    assert {row[:3]: row[3:] for row in shares} == token_shares(world, everywhere)
    event(f"unobserved cost: {any(key[5] == '(unobserved)' or key[6] == 'unobserved' for key in keys)}")
    event(f"lines in parentheses: {any(key[5].startswith('(') for key in keys)}")
    event(f"token days carried forward: {any(row[3] == 'carried_forward' for row in shares)}")


def two_services(leak: str) -> dict:
    """Two shared pools that give each other all but a part of their cost."""
    weights = {"first": ("second", 1 - Decimal(leak)), "second": ("first", Decimal(1))}
    line = {"date_day": DAYS[0], "source": "aws", "billing_period_start": PERIODS[0], "treatment": "shared"}
    return {
        "deployments": [{"deployment_id": "chat", "kind": "inference", "valid_from": DAYS[0], "valid_to": None}],
        "shared_pools": [{"pool_id": pool, "method": "reciprocal", "driver": "fixed"} for pool in weights],
        "shared_pool_weights": [
            {"pool_id": pool, "deployment_id": other, "weight": weight} for pool, (other, weight) in weights.items()
        ]
        + [{"pool_id": "first", "deployment_id": "chat", "weight": Decimal(leak)}],
        "int_costs__cost_lines_daily": [
            {**line, "target": pool, "cost_origin": "usage", "effective_cost": Decimal(amount)}
            for pool, amount in (("first", 3), ("second", 4))
        ],
    }


def test_loop_without_a_way_out_is_unallocated_and_one_with_hardly_any_stops(allocation):
    ledger_of = "select deployment_id, allocation_note, sum(effective_cost) from {} group by all"
    ledger_of = ledger_of.format("intermediate.int_allocation__cost_ledger_daily")
    with allocation.run(two_services("0")) as connection:
        assert connection.execute(ledger_of).fetchall() == [("(unallocated)", "closed_loop", 7)]
    with allocation.run(two_services("0.001")) as connection:
        assert connection.execute(ledger_of).fetchall() == [("chat", None, 7)]
    with pytest.raises(
        duckdb.Error, match=r"seeds/config/shared_pools\.csv, row (first|second): on 2026-03-01 its cost"
    ):
        allocation.run(two_services("0.000001"))


def test_textbook_services_equal_the_linear_solve(allocation):
    """Personnel, data processing and maintenance serve each other and two departments.

    University of Regina, open textbook of course BUS 388, section 8.4: own cost
    80 000, 120 000 and 40 000. The expectation is the solution of x = d + S^T x, not what the models say.
    """
    own = numpy.array([80_000, 120_000, 40_000])
    served = numpy.array([[0, 0.20, 0.10], [0.08, 0, 0.07], [0, 0, 0]])
    carried = numpy.array([[0.40, 0.30], [0.30, 0.55], [0.50, 0.50]])
    gross = numpy.linalg.solve(numpy.eye(3) - served.T, own)
    landed = carried.T @ gross

    services, departments = ["personnel", "data", "maintenance"], ["machining", "assembly"]
    world = {
        "deployments": [
            {"deployment_id": name, "kind": "inference", "valid_from": DAYS[0], "valid_to": None}
            for name in departments
        ],
        "shared_pools": [{"pool_id": name, "method": "reciprocal", "driver": "fixed"} for name in services],
        "shared_pool_weights": [
            {"pool_id": giver, "deployment_id": receiver, "weight": Decimal(str(weight))}
            for giver, row in zip(services, numpy.hstack([served, carried]), strict=True)
            for receiver, weight in zip(services + departments, row, strict=True)
            if weight
        ],
        "int_costs__cost_lines_daily": [
            {
                "date_day": DAYS[0],
                "source": "aws",
                "billing_period_start": PERIODS[0],
                "treatment": "shared",
                "target": name,
                "cost_origin": "usage",
                "billing_currency": "USD",
                "effective_cost": Decimal(int(amount)),
            }
            for name, amount in zip(services, own, strict=True)
        ],
    }
    with allocation.run(world) as connection:
        found = dict(
            connection.execute("""
                select deployment_id, sum(effective_cost)
                from intermediate.int_allocation__cost_ledger_daily
                group by deployment_id
            """).fetchall()
        )
    assert sum(found.values()) == 240_000
    assert [float(found[name]) for name in departments] == pytest.approx(list(landed), rel=1e-12)
    assert [round(float(found[name]), 5) for name in departments] == [107_276.42276, 132_723.57724]
