"""Somebody else's project that has this one as a package: docs/as-a-package.md, built."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest

from tests.python.recipes.pages import blocks

PROJECT = Path(__file__).resolve().parents[3]


def settings_of_the_page() -> dict:
    """What the page tells a reader to write into dbt_project.yml."""
    found: dict = {"vars": {}, "flags": {}}
    for block in blocks("docs/as-a-package.md", "yaml"):
        content = yaml.safe_load(block.text)
        for part in found:
            found[part] |= content.get(part, {})
    return found


DBT_PROJECT = settings_of_the_page() | {
    "name": "acme_finops",
    "version": "1.0.0",
    "config-version": 2,
    "profile": "acme",
    "models": {"acme_finops": {"+schema": "acme"}},
    "seeds": {"ai_unit_economics": {"config": {"budgets": {"+enabled": False}}}},
    "flags": {"skip_nodes_if_on_run_start_fails": True, "indirect_selection": "buildable"},
}
MODELS = {
    "budgets": """
        select
            'chat' as budget_id, 'production' as environment, 'chat' as workload,
            cast(7600 as decimal(38, 18)) as amount_per_month,
            cast('2026-01-01' as date) as valid_from, cast(null as date) as valid_to
    """,
    "bill": """
        select sum(effective_cost_in) as effective_cost from {{ ref('ai_unit_economics', 'fct_cost_reconciliation') }}
    """,
}
SEEDS = {
    "deployments": "deployment_id,workload,environment,kind,release,valid_from,valid_to\n"
    "chat,chat,production,inference,2026.6.1,2026-01-01,\n",
    "focus_sources": "source,delivery\nacme,append\n",
}
CHARGES = (
    "ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,EffectiveCost,BillingCurrency,ChargeCategory\n"
    "2026-07-01,2026-07-02,2026-07-01,2026-08-01,12.5,EUR,Usage\n"
)


def outputs(folder: Path) -> Iterator[tuple[str, dict]]:
    for name, zone in {"dev": "UTC", "elsewhere": "America/New_York"}.items():
        database = folder / name / "acme.duckdb"
        database.parent.mkdir()
        yield name, {"type": "duckdb", "path": str(database), "schema": "finops", "settings": {"TimeZone": zone}}


class Consumer:
    """A project in a folder of its own; dbt runs from there, as its owner would run it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("dbt_project.yml", yaml.safe_dump(DBT_PROJECT))
        self.write("packages.yml", yaml.safe_dump({"packages": [{"local": str(PROJECT)}]}))
        self.write("profiles.yml", yaml.safe_dump({"acme": {"target": "dev", "outputs": dict(outputs(folder))}}))
        for name, sql in MODELS.items():
            self.write(f"models/{name}.sql", sql)
        for name, rows in SEEDS.items():
            self.write(f"unit_economics/{name}.csv", rows)
        self.write("exports/focus/acme/july.csv", CHARGES)
        self.lines: list[str] = []
        self.run("deps")
        self.manifest: Manifest = self.run("parse").result
        # dbt copies neither
        self.manifest.selectors, self.manifest.disabled = {}, {}

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(self, *arguments: str, manifest: Manifest | None = None, check: bool = True) -> dbtRunnerResult:
        self.lines.clear()
        options = [] if arguments == ("deps",) else ["--no-write-json"]
        runner = dbtRunner(manifest, callbacks=[lambda event: self.lines.append(event.info.msg)])
        try:
            result = runner.invoke([*arguments, "--log-level", "none", "--profiles-dir", ".", *options])
        finally:
            DuckDBConnectionManager.close_all_connections()
        assert result.success or not check, "\n".join(self.lines)
        return result

    def build(self, *selection: str, target: str = "dev", check: bool = True) -> bool:
        options = ["--target", target, "--exclude-resource-type", "unit_test"]
        manifest = self.manifest.deepcopy()
        return self.run("build", *options, "--select", *selection, manifest=manifest, check=check).success

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.folder / "dev" / "acme.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Consumer]:
    folder = tmp_path_factory.mktemp("acme")
    own = {
        "ACME_EXPORTS": "exports",
        "DBT_TARGET_PATH": str(folder / "target"),
    }
    before, place = {name: os.environ.get(name) for name in own}, Path.cwd()
    os.environ.update(own)
    os.chdir(folder)
    yield Consumer(folder)
    os.chdir(place)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def test_it_builds_from_own_exports_and_own_seeds(consumer: Consumer) -> None:
    consumer.build("deployments", "focus_sources", "cost_rules", "budgets", "+stg_focus__charges")
    assert consumer.query("select source, effective_cost, billing_currency from staging.stg_focus__charges") == [
        ("acme", 12.5, "EUR")
    ]
    assert consumer.query("select deployment_id, release from config.deployments") == [("chat", "2026.6.1")]
    assert consumer.query("select count(*) from config.cost_rules") == [(0,)]
    assert consumer.query("select is_whole from builds.invocations") == [(False,)]


def test_schemas_are_what_they_hold_and_the_consumers_stay_its_own(consumer: Consumer) -> None:
    schemas = {node.name: node.schema for node in consumer.manifest.nodes.values() if node.resource_type != "test"}
    assert schemas["fct_unit_economics_daily"] == "marts"
    assert schemas["deployments"] == "config"
    assert schemas["bill"] == "finops_acme"


def test_a_model_takes_the_place_of_a_seed_and_of_its_tests(consumer: Consumer) -> None:
    reads = {
        node.name: node.depends_on_nodes
        for node in consumer.manifest.nodes.values()
        if hasattr(node, "depends_on_nodes")
    }
    assert "model.acme_finops.budgets" in reads["fct_budget_outlook"]
    assert "model.acme_finops.budgets" in reads["budgets_workload_is_known"]


def test_a_mart_can_be_read_and_what_is_behind_it_cannot(consumer: Consumer) -> None:
    reads = consumer.manifest.nodes["model.acme_finops.bill"].depends_on_nodes
    assert reads == ["model.ai_unit_economics.fct_cost_reconciliation"]
    consumer.write("models/behind.sql", "select 1 as one from {{ ref('ai_unit_economics', 'stg_focus__charges') }}")
    try:
        result = consumer.run("parse", check=False)
    finally:
        (consumer.folder / "models/behind.sql").unlink()
    assert "stg_focus__charges" in str(result.exception)
    assert "protected" in str(result.exception)


def test_a_typo_in_an_own_seed_stops_the_build(consumer: Consumer) -> None:
    consumer.write("unit_economics/focus_sources.csv", "source,delivery\nacme,apend\n")
    try:
        assert not consumer.build("focus_sources", check=False)
    finally:
        consumer.write("unit_economics/focus_sources.csv", SEEDS["focus_sources"])
    assert "delivery must be overwrite, snapshot, append or cumulative" in "\n".join(consumer.lines)


def test_a_profile_of_another_time_zone_stops_the_build(consumer: Consumer) -> None:
    assert not consumer.build("+landed_files", target="elsewhere", check=False)
    assert "the time zone of DuckDB is America/New_York" in "\n".join(consumer.lines)
