"""One unit of the eighteenth decimal too much, in one row of one model, fails the build."""

from __future__ import annotations

import duckdb
import pytest


@pytest.fixture(scope="module")
def conserving(module_warehouse):
    module_warehouse.write("focus/acme/june.csv", "EffectiveCost,ChargePeriodStart\n2,2026-06-01\n3,2026-06-02\n")
    module_warehouse.build("+int_costs__cost_lines_daily")
    return module_warehouse


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("int_costs__charges_daily", "effective_cost"),
        ("int_costs__scheduled_charges_daily", "effective_cost"),
        ("int_costs__cost_lines_daily", "effective_cost_billing_currency"),
    ],
)
def test_the_last_decimal_is_missed(conserving, model, column):
    with duckdb.connect(str(conserving.database)) as connection:
        connection.execute(f"update intermediate.{model} set {column} = 2.000000000000000001 where {column} = 2")
    assert not conserving.dbt("test", "--select", f"{model},test_name:conserves", check=False)
    with duckdb.connect(str(conserving.database)) as connection:
        connection.execute(f"update intermediate.{model} set {column} = 2 where {column} = 2.000000000000000001")
    assert (
        f"{model} does not conserve cost: source acme, billing_period_start 2026-06-01, billing_currency USD: "
    ) in conserving.output
    assert "5.000000000000000000 came in" in conserving.output
    assert "5.000000000000000001 went out" in conserving.output
