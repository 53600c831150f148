"""Random worlds of charges, nodes, use and rules: every cell of the models equals an independent allocation."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import Decimal

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from tests.python.allocation.oracle import ledger, to_units, token_shares

DAYS = [dt.date(2026, 3, day) for day in (1, 2)]
PERIODS = [dt.date(2026, 3, 1), dt.date(2026, 4, 1)]
DEPLOYMENTS = ["chat", "code", "embed", "tune", "hosted"]
KINDS = dict(zip(DEPLOYMENTS, ["inference", "inference", "embedding", "training", "hosted"], strict=True))
NODES = ["node-1", "node-2"]
POOLS = ["h100", "l40s", "forgotten"]
DRIVERS = ["direct_cost", "tokens", "requests", "accelerator_hours", "even", "fixed"]

days = st.sampled_from(DAYS)
deployments = st.sampled_from(DEPLOYMENTS)
seconds = st.one_of(st.integers(1, 1000), st.integers(0, 100_000))
counts = st.one_of(st.just(0), st.integers(0, 50), st.integers(0, 10**12))
amounts = st.one_of(
    st.integers(-3, 3).map(lambda units: Decimal(units).scaleb(-18)),
    st.decimals(-1_000_000, 1_000_000, places=18),
    st.integers(-100, 100).map(Decimal),
)
rates = st.decimals("0.001", 100_000, places=3)


def rows_by(key, strategy, **limits):
    """A table with a key: no two rows agree in it."""
    return st.lists(strategy, unique_by=lambda row: tuple(row[name] for name in key), **limits)


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
                    "quantization": draw(st.sampled_from(["bf16", "fp8", None])),
                }
                where = {"environment": draw(st.sampled_from(["production", "staging"])), "kind": KINDS[name]}
                periods.append({"deployment_id": name, "valid_from": start, "valid_to": end, **attributes, **where})
    scope = draw(st.sampled_from([None, "environment", "kind", "model"]))
    shared = [
        {"pool_id": f"by-{driver}", "method": "direct", "driver": driver, "scope_column": scope}
        | ({"scope_value": draw(st.sampled_from(["production", "inference", "m"]))} if scope else {})
        for driver in DRIVERS
    ]
    targets = {"direct": DEPLOYMENTS, "pool": POOLS, "shared": [row["pool_id"] for row in shared] + ["typo"]}
    line = st.sampled_from(["direct", "pool", "pool", "shared", "shared", "excluded", "unallocated"]).flatmap(
        lambda treatment: st.fixed_dictionaries(
            {
                "charge_date": days,
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
    lines = draw(st.lists(line, min_size=5, max_size=40))
    return {
        "deployments": periods,
        "capacity_pools": [
            {"pool_id": pool, "idle_treatment": draw(st.sampled_from(["share", "separate"]))} for pool in POOLS[:2]
        ],
        "shared_pools": shared,
        "shared_pool_weights": draw(
            rows_by(
                ("deployment_id",),
                st.fixed_dictionaries(
                    {
                        "pool_id": st.just("by-fixed"),
                        "deployment_id": deployments,
                        "weight": st.decimals(0, 1, places=9),
                    }
                ),
            )
        ),
        "token_rates": draw(
            rows_by(
                ("quantization",),
                st.fixed_dictionaries(
                    {
                        "model": st.just("m"),
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
                ("charge_date", "pool_id", "resource_id"),
                st.fixed_dictionaries(
                    {
                        "charge_date": days,
                        "pool_id": st.sampled_from(POOLS[:2]),
                        "resource_id": st.sampled_from(NODES),
                        "accelerator_seconds": seconds,
                    }
                ),
                min_size=2,
                max_size=8,
            )
        ),
        "int_usage__accelerator_seconds_daily": draw(
            rows_by(
                ("usage_date", "deployment_id", "resource_id"),
                st.fixed_dictionaries(
                    {
                        "usage_date": days,
                        "deployment_id": deployments,
                        "resource_id": st.sampled_from([*NODES, "elsewhere"]),
                        "accelerator_seconds": seconds,
                    }
                ),
                min_size=3,
                max_size=20,
            )
        ),
        "int_usage__metered_usage_daily": draw(
            rows_by(
                ("usage_date", "deployment_id", "unit"),
                st.fixed_dictionaries(
                    {
                        "usage_date": days,
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


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds())
def test_every_cell_equals_the_oracle(allocation, world):
    expected = ledger(world)
    with allocation.run(world) as connection:
        rows = connection.execute("""
            select
                charge_date, source, billing_period_start, treatment, origin_pool, deployment_id, cost_origin,
                effective_cost
            from intermediate.int_allocation__cost_ledger_daily
        """).fetchall()
        shares = connection.execute("""
            select charge_date, deployment_id, unit, token_cost_method, weight, weight_low, weight_high
            from intermediate.int_allocation__token_shares_daily
        """).fetchall()

    keys = [row[:-1] for row in rows]
    assert len(keys) == len(set(keys))
    assert {row[:-1]: to_units(row[-1]) for row in rows if row[-1]} == expected

    totals = defaultdict(int)
    for line in world["int_costs__cost_lines_daily"]:
        totals[line["charge_date"], line["source"], line["billing_period_start"], line["treatment"]] += to_units(
            line["effective_cost"]
        )
    for row in rows:
        totals[row[:4]] -= to_units(row[-1])
    assert not any(totals.values())

    everywhere = dict.fromkeys(keys, 0)
    assert {row[:3]: row[3:] for row in shares} == token_shares(world, everywhere)
    event(f"lines in parentheses: {any(key[5].startswith('(') for key in keys)}")
    event(f"token days carried forward: {any(row[3] == 'carried_forward' for row in shares)}")
