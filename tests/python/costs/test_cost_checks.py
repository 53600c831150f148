"""The checks of the cost path find what they are for: a check that cannot fail proves nothing."""

from __future__ import annotations

import duckdb
import pytest

SEEDS = (
    "focus_sources",
    "cost_rules",
    "pool_resource_prices",
    "amortization_schedules",
    "exchange_rates",
    "sku_meters",
    "series_rules",
    "shared_pools",
    "token_rates",
    "targets",
    "budgets",
    "planned_changes",
)

# What is broken, and what the build must say about it.
MISTAKES = {
    "insert into focus_sources (source, delivery) values ('gcp', 'appended')": (
        "focus_sources.csv, row gcp: delivery must be overwrite, snapshot, append or cumulative"
    ),
    "insert into focus_sources (source, delivery, snapshot_pattern) values ('shot', 'snapshot', '(one group)')": (
        "focus_sources.csv, row shot: its delivery needs a snapshot_pattern"
    ),
    "insert into focus_sources (source, delivery, focus_version) values ('oldest', 'append', '0.5')": (
        "focus_sources.csv, row oldest (0.5): focus_version must be 1.0-preview"
    ),
    "insert into focus_sources (source, delivery, data_generator) values ('oci', 'append', 'oci')": (
        "focus_sources.csv, row oci (oci): data_generator must be aws, microsoft"
    ),
    "insert into focus_sources (source, delivery, credits) values ('view', 'append', 'both')": (
        "focus_sources.csv, row view (both): credits must be separate or included"
    ),
    "insert into cost_rules values (1, null, 'RessourceId', null, 'equals', 'x', 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 1: RessourceId is no column of FOCUS, and no bill has it; correct the name"
    ),
    "insert into cost_rules values (2, null, 'ResourceId', null, 'is', 'x', 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 2 (is): operator must be equals, like, regex or exists"
    ),
    "insert into cost_rules values (3, null, 'ResourceId', null, 'equals', null, 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 3: operators equals, like and regex need a value"
    ),
    "insert into cost_rules values (10, null, 'ServiceName', null, 'exists', 'Else', 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 10 (Else): exists takes no value, because it matches any"
    ),
    "insert into series_rules values (9997, 'pod', 'exists', 'chat-0', 'chat-large', null, null, null)": (
        "series_rules.csv, row priority 9997: exists takes no value, because it matches any"
    ),
    "insert into cost_rules values (4, null, 'Tags', null, 'exists', null, 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 4: tag_key is for column_name Tags"
    ),
    "insert into cost_rules values (5, null, 'ResourceId', null, 'exists', null, 'shard', 'x', null, null)": (
        "cost_rules.csv, row 5 (shard): treatment must be direct, pool, shared or excluded"
    ),
    "insert into cost_rules values (6, null, 'ResourceId', null, 'exists', null, 'excluded', null, null, null)": (
        "cost_rules.csv, row 6: target must name where the charge goes"
    ),
    "insert into cost_rules values (7, null, 'ResourceId', null, 'exists', null, 'direct', 'chat-larg', null, null)": (
        "cost_rules.csv, row 7 (chat-larg): target of a direct rule is not a deployment_id"
    ),
    "insert into cost_rules values (8, null, 'ResourceId', null, 'exists', null, 'pool', 'h1000', null, null)": (
        "cost_rules.csv, row 8 (h1000): target of a pool rule is not a pool_id"
    ),
    "insert into cost_rules values (9, null, 'ResourceId', null, 'exists', null, 'shared', 'plat', null, null)": (
        "cost_rules.csv, row 9 (plat): target of a shared rule is not a pool_id"
    ),
    "insert into cost_rules select 8, * exclude (priority) from cost_rules where priority = 9": (
        "cost_rules.csv, row 8: its period overlaps that of the next row with the same priority; end it with valid_to"
    ),
    "insert into cost_rules values (9999, null, 'ResourceId', null, 'regex', '^(?!A)', 'excluded', 'x', null, null)": (
        "cost_rules.csv, row 9999 (^(?!A)): value is no regular expression that DuckDB can read"
    ),
    "insert into amortization_schedules values ('a', null, 'Tags', 'like', 'x', '2026-1-1', '2026-2-1', null, null)": (
        "amortization_schedules.csv, row a: Tags is an amount, a time or a list of keys: no rule of this seed can"
    ),
    "insert into amortization_schedules values ('b', null, 'SkuId', 'exists', '', '2026-1-1', '2026-2-1', null,null)": (
        "amortization_schedules.csv, row b: operator must be equals, like or regex"
    ),
    "insert into amortization_schedules values ('c', null, 'SkuId', 'like', 'x', '2026-2-1', '2026-2-1', null, null)": (
        "amortization_schedules.csv, row c: starts_on and ends_on must be given"
    ),
    "insert into amortization_schedules values ('d', null, 'SkuId', 'regex', '(', '2026-1-1', '2026-2-1', null,null)": (
        "amortization_schedules.csv, row d ((): value is no regular expression that DuckDB can read"
    ),
    "insert into amortization_schedules values ('e', '', 'SkuId', 'like', 'x', '2026-1-1', '2026-2-1', "
    "'2026-2-1', '2026-1-1')": (
        "amortization_schedules.csv, row e: valid_to is not after valid_from; the end is exclusive"
    ),
    "insert into pool_resource_prices values ('l40', 'cpu', 1, null, null)": (
        "pool_resource_prices.csv, row l40 cpu: pool_id is not in seeds/config/capacity_pools.csv"
    ),
    "insert into pool_resource_prices values (null, 'network', 1, null, null)": (
        "pool_resource_prices.csv, row (all pools) network: resource_kind must be accelerator, cpu, memory or storage"
    ),
    "insert into pool_resource_prices values ('aws-h100', 'cpu', -1, null, null)": (
        "pool_resource_prices.csv, row aws-h100 cpu: price_per_hour must be 0 or more"
    ),
    "delete from pool_resource_prices where resource_kind = 'accelerator'": (
        "pool_resource_prices.csv, row (all pools) cpu: accelerator needs a price above 0"
    ),
    "insert into exchange_rates values ('2026-01-01', 'EUR', 'USD', 0)": (
        "exchange_rates.csv, row 2026-01-01 EUR to USD: rate_date must be given and rate must be greater than 0"
    ),
    "insert into exchange_rates values ('2026-01-02', 'EUU', 'USD', 1)": (
        "exchange_rates.csv, row 2026-01-02 EUU to USD: from_currency is not in seeds/reference/currencies.csv"
    ),
    # names that are spelled rightly, and that nobody has
    "insert into targets values ('eval', 'eval', 'all', 'all', 'token', 'day', 1, null, null, 'warn')": (
        "targets.csv, row eval: no deployment of its workload is in the environment that the variable"
    ),
    "insert into targets values ('fast', 'chat', 'accelerator', 'h1000', 'token', 'day', 1, null, null, 'warn')": (
        "targets.csv, row fast (h1000): no row of seeds/config/deployments.csv has this cohort"
    ),
    "insert into budgets values ('eval', 'production', 'eval', 1, '2026-01-01', null)": (
        "budgets.csv, row eval: no deployment of its workload is in its environment"
    ),
    "insert into planned_changes (change_id, environment, workload, starts_on, usage_factor) "
    "values ('more', 'production', 'eval', '2026-01-01', 2)": (
        "planned_changes.csv, row more: no deployment of its workload is in its environment"
    ),
    "insert into shared_pools values ('cache', 'direct', 'even', null, 'workload', 'chta', null, null)": (
        "shared_pools.csv, row cache (chta): no row of seeds/config/deployments.csv has this scope_value"
    ),
    "insert into exchange_rates values ('2026-01-01', 'euro', 'USD', 1)": (
        "exchange_rates.csv, row 2026-01-01 euro to USD: currencies must be two different ISO 4217 codes"
    ),
    "insert into sku_meters values ('aws', 'Meter', 'like', 'm', 'input_token', 1, 'assistant-hosted', null, null)": (
        "sku_meters.csv, row m: Meter is no column of FOCUS, and no bill has it; correct the name"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'exists', 'n', 'input_token', 1, null, null, null)": (
        "sku_meters.csv, row n: operator must be equals, like or regex"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'like', 'o', 'inputs', 1, 'assistant-hosted', null, null)": (
        "sku_meters.csv, row o (inputs): unit must be input_token"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'like', 'p', 'input_token', 0, null, null, null)": (
        "sku_meters.csv, row p: unit_multiplier must be the number of tokens"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'like', 'q', 'input_token', 1, 'hosted', null, null)": (
        "sku_meters.csv, row q (hosted): deployment_id is not in seeds/config/deployments.csv"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'regex', '*', 'input_token', 1, null, null, null)": (
        "sku_meters.csv, row *: value is no regular expression that DuckDB can read"
    ),
    "insert into sku_meters values ('aws', 'SkuMeter', 'like', 'r', 'input_token', 1, null, '2026-2-1', '2026-2-1')": (
        "sku_meters.csv, row r: valid_to is not after valid_from; the end is exclusive"
    ),
    "insert into series_rules values (9998, 'pod', 'regex', '^(?!A)', 'chat-large', null, null, null)": (
        "series_rules.csv, row priority 9998: value is no regular expression that DuckDB can read"
    ),
}


def change(warehouse, *statements: str) -> None:
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("use config")
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="module")
def mistaken(module_warehouse):
    """The seeds as they ship pass; then all mistakes are made at once."""
    module_warehouse.write("focus/aws/bill.csv", "EffectiveCost,BilledCost,Tags,x_Project\n1,1,{},a\n")
    module_warehouse.build(
        *SEEDS,
        *("deployments", "capacity_pools", "shared_pool_weights", "units", "cohort_dimensions", "currencies"),
        *("focus_columns", "+base_focus__files"),
    )
    # a workload that only staging has
    eval_in_staging = "values ('eval-1', 'eval', 'staging', 'inference', '2026-01-01')"
    columns = "deployment_id, workload, environment, kind, valid_from"
    change(module_warehouse, f"insert into deployments ({columns}) {eval_in_staging}", *MISTAKES)
    module_warehouse.dbt("test", "--indirect-selection", "eager", "--select", *SEEDS, check=False)
    return module_warehouse


@pytest.mark.parametrize(("mistake", "message"), MISTAKES.items(), ids=lambda text: text[:60])
def test_a_mistake_in_a_seed_is_named_with_its_row(mistaken, mistake, message):
    assert [line for line in mistaken.output.splitlines() if message in line]


def test_a_mistake_in_a_row_without_a_name_counts(warehouse):
    warehouse.build("exchange_rates")
    change(warehouse, "insert into exchange_rates values (null, 'euro', 'USD', 1)")
    assert not warehouse.dbt("test", "--select", "exchange_rates_rows_are_valid", check=False)
    assert "exchange_rates.csv, row (empty): currencies must be two different ISO 4217 codes" in warehouse.output


def test_a_missing_rate_stops_the_build_and_names_date_and_currency(warehouse):
    """A rate on the first day holds for all later ones of either source: it is the one to ask for."""
    header = "EffectiveCost,BillingCurrency,ChargePeriodStart,BillingPeriodStart\n"
    for source, days in (("cloud", range(9, 3, -1)), ("hoster", range(9, 2, -1))):
        rows = (f"1,CHF,2026-06-0{day},2026-06-01\n" for day in days)
        warehouse.write(f"focus/{source}/june.csv", header + "".join(rows))
    assert not warehouse.build("+int_costs__cost_lines_daily", check=False)
    assert "exchange_rates.csv: no rate from CHF to USD on or before 2026-06-03, which source hoster needs" in (
        warehouse.output
    )
