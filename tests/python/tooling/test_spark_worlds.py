"""Random worlds: a seed gives the same files, and what engines disagree on is in them."""

from __future__ import annotations

import csv
import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tools.spark_worlds import LOST, SEEDS, a_day_earlier, seed_rows, write_world


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in ("one", "again", "other")}
    for name, folder in folders.items():
        write_world(folder, 2 if name == "other" else 1)
    return folders


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_seed_gives_one_world_and_another_seed_another(worlds: dict[str, Path]) -> None:
    assert contents(worlds["one"]) == contents(worlds["again"])
    assert contents(worlds["one"]) != contents(worlds["other"])


def test_charges_have_what_engines_disagree_on(worlds: dict[str, Path]) -> None:
    charges = [row for world in ("one", "other") for row in rows(worlds[world] / "data/focus/random/charges.csv")]
    amounts = [Decimal(row["EffectiveCost"]) for row in charges]
    assert any(0 < abs(amount) < Decimal("1e-17") for amount in amounts)
    assert any(amount < 0 for amount in amounts)
    assert any(abs(amount) > 1000 and amount % Decimal("1e-17") for amount in amounts)
    assert {row["BillingCurrency"] for row in charges} == {"USD", "EUR", "GBP"}
    assert {"it's", 'a "name"', "C:\\n\\d", "ends with \\", ""} <= {row["ServiceName"] for row in charges}


def test_days_of_telemetry_are_lost(worlds: dict[str, Path]) -> None:
    """Each export writes a file a day; of 3 days and 6 exports some are lost, and not all."""
    assert 0 < LOST < 1
    for world in ("one", "other"):
        folders = {path.parent for path in (worlds[world] / "data/telemetry").rglob("20*.parquet")}
        assert folders
    kept = [len(list((worlds[world] / "data/telemetry").rglob("20*-*-*.*"))) for world in worlds]
    assert min(kept) > 0


def test_seeds_are_those_of_the_project_with_other_methods(worlds: dict[str, Path]) -> None:
    folder = worlds["one"] / "seeds"
    assert {path.name for path in folder.glob("*.csv")} == {path.name for path in SEEDS.glob("*.csv")}
    pools = rows(folder / "shared_pools.csv")
    assert [row["pool_id"] for row in pools] == [row["pool_id"] for row in seed_rows("shared_pools")]
    assert {row["method"] for row in pools} > {"direct"}
    assert all((row["step"] != "") == (row["method"] == "step_down") for row in pools)
    priorities = [row["priority"] for row in rows(folder / "cost_rules.csv")]
    assert len(priorities) == len(set(priorities))


def test_worlds_begin_where_exchange_rates_do(tmp_path: Path) -> None:
    first = min(date.fromisoformat(row["rate_date"]) for row in seed_rows("exchange_rates"))
    assert write_world(tmp_path, 5).start >= first


def test_a_day_earlier_less_was_there_and_it_all_comes_back(worlds: dict[str, Path]) -> None:
    folder = worlds["other"]
    whole = contents(folder)
    with a_day_earlier(folder):
        earlier = {name: text for name, text in contents(folder).items() if not name.startswith("aside")}
        missing = sorted(whole.keys() - earlier.keys())
        assert missing
        assert len({Path(name).name[:10] for name in missing}) == 1  # the files of one day
        changed = [name for name in earlier if earlier[name] != whole[name]]
        assert changed == ["data/focus/random/charges.csv", "data/telemetry/requests/random/requests.csv"]
    assert contents(folder) == whole
