"""What a build leaves as it is, and what it does not dare to leave (docs/builds.md#what-is-left-as-it-is)."""

from __future__ import annotations

import duckdb
import pytest

from tests.python.conftest import Warehouse

CHARGES = (
    "EffectiveCost,BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ResourceId,ServiceName\n{cost},{cost},USD,2026-08-01T00:00:00Z,2026-09-01T00:00:00Z,"
    "2026-08-{day:02d}T00:00:00Z,2026-08-{day:02d}T01:00:00Z,Usage,i-{day},Compute\n"
)
ACTIVITY = "workload,user_id,ts\nchat,{user},2026-08-01T00:00:00Z\n"
BILLS = "+int_costs__charges_daily"
PRODUCT = "+int_usage__product_hours"


def statuses(warehouse: Warehouse, *kinds: str) -> dict[str, str]:
    """What became of each model, or of each node of these kinds, in the last build."""
    return dict(
        warehouse.query(
            "select name, status from builds.nodes "
            f"where list_contains({list(kinds or ('model',))!r}, resource_type) "
            "and invocation_id = (select invocation_id from builds.invocations order by rowid desc limit 1)"
        )
    )


def built(warehouse: Warehouse) -> set[str]:
    return {name for name, status in statuses(warehouse).items() if status != "unchanged"}


@pytest.fixture(scope="module")
def warehouse(module_warehouse: Warehouse) -> Warehouse:
    module_warehouse.skips_unchanged = True
    module_warehouse.write("focus/acme/1.csv", CHARGES.format(cost="1.5", day=1))
    module_warehouse.write("telemetry/product/1.csv", ACTIVITY.format(user="ann"))
    module_warehouse.build(BILLS, PRODUCT)
    return module_warehouse


def test_with_nothing_new_only_the_registers_are_made(warehouse: Warehouse) -> None:
    warehouse.build(BILLS, PRODUCT)
    assert built(warehouse) == {"landed_files"}
    assert set(statuses(warehouse, "seed").values()) == {"unchanged"}
    assert set(statuses(warehouse, "test").values()) <= {"pass", "warn"}


def test_a_new_file_builds_what_reads_its_folder(warehouse: Warehouse) -> None:
    warehouse.write("telemetry/product/2.csv", ACTIVITY.format(user="bob"))
    warehouse.build(BILLS, PRODUCT)
    made = built(warehouse)
    assert {"landed_product_activity", "stg_product__activity", "int_usage__product_hours"} <= made
    assert not {name for name in made if "focus" in name or "cost" in name}
    assert warehouse.query("select sum(activity_rows) from intermediate.int_usage__product_hours") == [(2,)]
    warehouse.write("focus/acme/2.csv", CHARGES.format(cost="2.25", day=2))
    warehouse.build(BILLS, PRODUCT)
    assert "int_costs__charges_daily" in built(warehouse)
    assert "int_usage__product_hours" not in built(warehouse)
    assert str(warehouse.query("select sum(effective_cost) from staging.stg_focus__charges")[0][0]).startswith("3.75")


def test_a_file_that_comes_back_is_counted_again(warehouse: Warehouse) -> None:
    text = CHARGES.format(cost="10", day=3)
    file = warehouse.write("focus/acme/3.csv", text)
    warehouse.build(BILLS)
    before = warehouse.query("select sum(effective_cost) from staging.stg_focus__charges")
    file.unlink()
    warehouse.build(BILLS)
    assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") != before
    warehouse.write("focus/acme/3.csv", text)
    warehouse.build(BILLS)
    assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") == before


def test_a_variable_builds_everything(warehouse: Warehouse) -> None:
    warehouse.variables = {"week_start": "sunday"}
    warehouse.build(PRODUCT)
    assert "unchanged" not in statuses(warehouse, "model", "seed").values()
    warehouse.variables = {}
    warehouse.skips_unchanged = False
    warehouse.build(PRODUCT)
    assert "unchanged" not in statuses(warehouse, "model", "seed").values()
    warehouse.skips_unchanged = True
    warehouse.build(PRODUCT)


def test_tables_that_were_emptied_are_filled(warehouse: Warehouse) -> None:
    """`--empty` makes tables without rows, of the same SQL."""
    before = warehouse.query("select count(*) from intermediate.int_costs__charges_daily")
    warehouse.dbt("run", "--empty", "--full-refresh", "--select", "int_costs__charges_daily")
    assert warehouse.query("select count(*) from intermediate.int_costs__charges_daily") == [(0,)]
    warehouse.build(BILLS)
    assert warehouse.query("select count(*) from intermediate.int_costs__charges_daily") == before


def test_a_table_that_is_gone_is_made(warehouse: Warehouse) -> None:
    warehouse.build(BILLS)
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("drop table intermediate.int_costs__charges_daily")
    warehouse.build(BILLS)
    assert "int_costs__charges_daily" in built(warehouse)
    assert warehouse.query("select count(*) > 0 from intermediate.int_costs__charges_daily") == [(True,)]


def test_a_seed_edited_by_hand_is_what_its_file_says(warehouse: Warehouse) -> None:
    warehouse.build(PRODUCT, "deployments")
    before = warehouse.query("select count(*) from config.deployments")
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("update config.deployments set workload = 'edited'")
    warehouse.build(PRODUCT, "deployments")
    assert statuses(warehouse, "seed")["deployments"] != "unchanged"
    assert warehouse.query("select count(*) from config.deployments") == before
    assert warehouse.query("select count(*) from config.deployments where workload = 'edited'") == [(0,)]


def test_a_build_that_was_killed_has_no_version(warehouse: Warehouse) -> None:
    """Its row is deleted before the node is built: what stands in the table may be of any state."""
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("delete from builds.versions where node_id like '%.stg_focus__charges'")
    warehouse.build(BILLS)
    assert "stg_focus__charges" in built(warehouse)
    assert "int_costs__charges_daily" not in built(warehouse)


def test_a_test_that_failed_is_run_again(warehouse: Warehouse) -> None:
    """A row that a test refuses stays refused by the next build, though nothing is new."""
    warehouse.build("deployments")
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("delete from builds.versions where node_id like 'test.%'")
        connection.execute("insert into config.deployments select * from config.deployments limit 1")
    for _ in range(2):
        assert not warehouse.dbt("test", "--select", "deployments,test_type:data", check=False)
    warehouse.build("deployments")


def test_without_an_answer_of_the_package_everything_is_built(warehouse: Warehouse, monkeypatch) -> None:
    """Code that is not in the SQL of a model is a part of every version."""
    monkeypatch.setattr("ai_unit_economics.dbt_plugin.code_version", lambda: "of another release")
    warehouse.build(PRODUCT)
    assert "unchanged" not in statuses(warehouse, "model", "seed").values()
