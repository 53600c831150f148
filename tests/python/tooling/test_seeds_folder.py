"""Seeds from a folder of one's own: its files count, and a slip does not empty the others in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from dbt.contracts.graph.manifest import Manifest

from tests.python import conftest
from tests.python.conftest import parsed_project

DEPLOYMENTS = (
    "deployment_id,workload,environment,kind,release,valid_from,valid_to\n"
    'chat,"chat, and more",production,inference,2026.6.1,2026-01-01,\n'
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    (folder / "deployments.csv").write_text(DEPLOYMENTS, encoding="utf-8")
    monkeypatch.setenv("UNIT_ECONOMICS_SEEDS", str(folder))
    return folder


def test_a_file_counts_and_an_absent_one_is_an_empty_seed(warehouse, folder: Path) -> None:
    warehouse.dbt("seed", "--select", "deployments", "cost_rules", "units")
    columns = "deployment_id, workload, accelerator, release, cast(valid_from as varchar), valid_to"
    assert warehouse.query(f"select {columns} from config.deployments") == [
        ("chat", "chat, and more", None, "2026.6.1", "2026-01-01", None)
    ]
    assert warehouse.query("select count(*) from config.cost_rules") == [(0,)]
    assert warehouse.query("select count(*) > 0 from reference.units") == [(True,)]


def test_the_seeds_own_tests_hold_for_it(warehouse, folder: Path) -> None:
    (folder / "deployments.csv").write_text(DEPLOYMENTS.replace("inference", "inferense"), encoding="utf-8")
    assert not warehouse.build("deployments", check=False)
    assert "kind must be inference, training, embedding or hosted" in warehouse.output


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (lambda folder: (folder / "deployments.csv").unlink(), "has no deployments.csv"),
        (lambda folder: (folder / "cost_rule.csv").write_text("priority\n"), "cost_rule.csv is no seed"),
        (
            lambda folder: (folder / "cost_rules.csv").write_text("priority,colour\n10,red\n"),
            "cost_rules.csv has a column colour; the columns of this seed are priority, source",
        ),
    ],
)
def test_a_slip_stops_the_build(warehouse, folder: Path, slip, said: str) -> None:
    slip(folder)
    assert not warehouse.dbt("seed", "--select", "cost_rules", check=False)
    assert said in warehouse.output


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("rate_date,from_currency,to_currency,rate,rate", "has a column rate_2: its header names a column twice"),
        ("rate_date,from_currency,to_currency,rate,note", "has a column note; the columns of this seed are rate_date"),
    ],
)
def test_a_seed_of_the_project_has_no_column_twice_and_none_of_another_name(
    warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str, said: str
) -> None:
    file = tmp_path / "exchange_rates.csv"

    def parsed(*options: str) -> Manifest:
        project = parsed_project(*options)
        project.nodes["seed.ai_unit_economics.exchange_rates"].original_file_path = str(file)
        return project

    monkeypatch.setattr(conftest, "parsed_project", parsed)
    file.write_text(f"{header}\n2026-07-01,EUR,USD,1.1,9\n")
    assert not warehouse.dbt("seed", "--select", "exchange_rates", check=False)
    assert f"exchange_rates.csv {said}" in warehouse.output
    file.write_text("rate_date,from_currency,to_currency,rate\n2026-07-01,EUR,USD,1.1\n")
    warehouse.dbt("seed", "--select", "exchange_rates")
    assert warehouse.query("select count(*) from config.exchange_rates") == [(1,)]


def test_seeds_of_an_older_version_are_loaded_anew_or_named_all_at_once(warehouse) -> None:
    warehouse.dbt("seed", "--select", "cost_rules", "targets")
    warehouse.query("alter table config.cost_rules drop column valid_from")
    warehouse.query("alter table config.targets drop column severity")
    assert not warehouse.dbt("test", "--select", "cost_rules", "targets", check=False)
    assert "seeds of an older version" in warehouse.output
    assert "config.cost_rules lacks valid_from" in warehouse.output
    assert "config.targets lacks severity" in warehouse.output
    assert "Run dbt seed" in warehouse.output
    warehouse.dbt("seed", "--select", "cost_rules", "targets")
    assert warehouse.query("select count(*) > 0, count(severity) = count(*) from config.targets") == [(True, True)]
    assert warehouse.query("select count(valid_from) from config.cost_rules") == [(0,)]
