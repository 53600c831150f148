"""The allocation models, and those that measure nodes for them, as they compile, run on tables in memory: a world takes
milliseconds instead of a dbt run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

VALIDITY = {"valid_from": "date", "valid_to": "date"}
INPUTS = {
    "intermediate.int_costs__cost_lines_daily": {
        "date_day": "date",
        "source": "varchar",
        "billing_period_start": "date",
        "treatment": "varchar",
        "target": "varchar",
        "cost_origin": "varchar",
        "billing_currency": "varchar",
        "effective_cost": "decimal(38, 18)",
    },
    "intermediate.int_costs__pool_resources_daily": {
        "date_day": "date",
        "pool_id": "varchar",
        "resource_id": "varchar",
        "accelerator_seconds": "bigint",
        "node_seconds": "bigint",
    },
    "intermediate.int_costs__missing_days": {"source": "varchar", "date_day": "date"},
    "intermediate.int_costs__unnamed_token_charges_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "effective_cost": "decimal(38, 18)",
    },
    "intermediate.int_usage__watched_seconds_daily": {
        "date_day": "date",
        "resource_id": "varchar",
        "watched_seconds": "bigint",
    },
    "intermediate.int_usage__usage_coverage_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "observed_seconds": "bigint",
        "expected_seconds": "bigint",
        "is_known": "boolean",
    },
    "intermediate.int_usage__unknown_units_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "unit": "varchar",
        "null_reason": "varchar",
    },
    "intermediate.int_usage__metered_usage_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "unit": "varchar",
        "meter": "varchar",
        "units": "bigint",
    },
    "intermediate.int_usage__server_counts_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "role": "varchar",
        "semantic": "varchar",
        "units": "bigint",
    },
    "intermediate.int_usage__series_deployments": {
        "series_id": "bigint",
        "deployment_id": "varchar",
        "role": "varchar",
        "semantic": "varchar",
        **dict.fromkeys(("metric", "metric_type", "scrape_group", "cluster", "namespace", "pod", "node"), "varchar"),
        "labels": "map(varchar, varchar)",
        "preference": "integer",
        "unit_divisor": "bigint",
        **VALIDITY,
    },
    "intermediate.int_usage__gauge_integrals_daily": {
        "date_day": "date",
        "series_id": "bigint",
        "held_value": "hugeint",
    },
    "intermediate.int_usage__seen_intervals": {"series_id": "bigint", "starts_at": "timestamp", "ends_at": "timestamp"},
    "intermediate.int_costs__meter_lines_daily": {
        "date_day": "date",
        "deployment_id": "varchar",
        "cost_origin": "varchar",
        "unit": "varchar",
        "effective_cost": "decimal(38, 18)",
    },
    "config.deployments": {
        **dict.fromkeys(("deployment_id", "workload", "environment", "kind", "model", "model_variant"), "varchar"),
        **dict.fromkeys(("accelerator", "quantization", "batching", "prefix_caching"), "varchar"),
        **dict.fromkeys(("speculative_decoding", "mig_profile", "serving_engine", "release"), "varchar"),
        "valid_from": "date",
        "valid_to": "date",
    },
    "config.capacity_pools": {
        "pool_id": "varchar",
        "idle_treatment": "varchar",
        "unobserved_treatment": "varchar",
        **VALIDITY,
    },
    "config.sku_meters": {"deployment_id": "varchar", "unit": "varchar", **VALIDITY},
    "config.pool_resource_prices": {
        "pool_id": "varchar",
        "resource_kind": "varchar",
        "price_per_hour": "decimal(18, 6)",
        **VALIDITY,
    },
    "config.shared_pools": {
        "pool_id": "varchar",
        "method": "varchar",
        "driver": "varchar",
        "step": "integer",
        "scope_column": "varchar",
        "scope_value": "varchar",
        **VALIDITY,
    },
    "config.shared_pool_weights": {
        "pool_id": "varchar",
        "deployment_id": "varchar",
        "weight": "decimal(38, 9)",
        **VALIDITY,
    },
    "config.token_rates": {
        "model": "varchar",
        "model_variant": "varchar",
        "accelerator": "varchar",
        "quantization": "varchar",
        "prefill_tokens_per_second": "decimal(38, 3)",
        "decode_tokens_per_second": "decimal(38, 3)",
        "cached_token_weight": "decimal(38, 9)",
        **VALIDITY,
    },
    "reference.mig_profiles": {
        **dict.fromkeys(("product", "profile"), "varchar"),
        **dict.fromkeys(("compute_slices", "memory_slices"), "integer"),
        **dict.fromkeys(("product_compute_slices", "product_memory_slices"), "integer"),
        **VALIDITY,
    },
}

# What measures nodes and pods for the allocation, so that a world begins with series.
NODE_MODELS = [
    "int_usage__deployment_kinds",
    "int_usage__nodes_daily",
    "int_usage__node_resources_daily",
    "int_usage__counted_gauges_daily",
    "int_usage__accelerator_integrals_daily",
    "int_usage__pod_phases_daily",
    "int_usage__pod_reservations_daily",
    "int_usage__pod_accelerators_daily",
    "int_usage__unnamed_activity_daily",
    "int_usage__accelerator_seconds_daily",
    "int_usage__host_requests_daily",
    "int_usage__host_capacity_daily",
]


class Allocation:
    """The models in order, each as its name and compiled SQL."""

    def __init__(self, compiled: Path) -> None:
        files = [*compiled.glob("allocation/*.sql"), *(compiled / "usage" / f"{name}.sql" for name in NODE_MODELS)]
        waiting = {file.stem: file.read_text() for file in files}
        self.catalog = re.findall(r'"(\w+)"\."intermediate"\."', "".join(waiting.values()))[0]
        self.statements: list[tuple[str, str]] = []
        while waiting:
            ready = [name for name, sql in waiting.items() if not set(re.findall(r'"(\w+)"', sql)) & waiting.keys()]
            self.statements += [(name, waiting.pop(name)) for name in ready]

    def run(
        self, world: Mapping[str, Iterable[Mapping[str, object]]], until: str | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Fills the inputs and runs, all models or one and what is before it.

        What a world leaves out is empty, and a column that a row leaves out is null.
        """
        connection = duckdb.connect(config={"threads": 1})
        connection.execute(f"attach ':memory:' as {self.catalog}; use {self.catalog}")
        connection.execute("create schema intermediate; create schema config; create schema reference")
        for relation, columns in INPUTS.items():
            definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
            connection.execute(f"create table {relation} ({definition})")
            rows = [
                "(" + ", ".join(_literal(row.get(name)) for name in columns) + ")"
                for row in world.get(relation.split(".")[1], [])
            ]
            if rows:
                connection.execute(f"insert into {relation} values {', '.join(rows)}")
        needed = {until} if until else {name for name, _ in self.statements}
        for name, sql in reversed(self.statements):
            needed |= set(re.findall(r'"(\w+)"', sql)) if name in needed else set()
        for name, sql in self.statements:
            if name not in needed:
                continue
            connection.execute(f"create table intermediate.{name} as {sql}")
        return connection


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "map {" + ", ".join(f"{_literal(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (int, Decimal)):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, (str, dt.date)):
        return "'" + str(value).replace("'", "''") + "'"
    raise TypeError(f"no literal for {value!r}")


@pytest.fixture(scope="module")
def allocation(module_warehouse) -> Allocation:
    models = "models/intermediate"
    module_warehouse.dbt("compile", "--select", f"path:{models}/allocation,resource_type:model", *NODE_MODELS)
    return Allocation(module_warehouse.folder / "target" / "compiled" / "ai_unit_economics" / models)
