"""What the project writes is its owner's alone; what is published, anybody may read who can reach it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.private_files import folder_for_readers, restrict
from ai_unit_economics.publishing import publish
from tests.python.conftest import Warehouse
from tests.python.publishing.test_publishing import build

REQUEST = '{"deployment_id": "chat", "user_id": "ann", "ts": "2026-06-01T10:00:00Z", "input_tokens": 3}\n'
CHARGE = "BilledCost,EffectiveCost,ChargePeriodStart\n1,1,2026-06-01T00:00:00Z\n"


@pytest.fixture(autouse=True)
def open_to_all() -> Iterator[None]:
    """The umask that most people have; what the code sets goes away afterwards."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse")


def test_what_dbt_writes_is_its_owners(warehouse):
    warehouse.database.touch(0o644)  # as an older version, or somebody with another profile, left it
    warehouse.database.unlink()
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("create table of_before (id int)")
    assert mode(warehouse.database) == 0o644
    warehouse.write("focus/acme/june.csv", CHARGE)
    warehouse.write("telemetry/requests/a.jsonl", REQUEST)
    warehouse.build("+landed_requests")
    beside = [path for path in warehouse.folder.iterdir() if path.name.startswith("warehouse.duckdb")]
    assert {path.name for path in beside} >= {"warehouse.duckdb", "warehouse.duckdb.salt"}
    assert {mode(path) for path in beside} == {0o600}


def test_a_database_without_the_plugin_is_restricted_when_rows_land(tmp_path):
    database = tmp_path / "wh.duckdb"
    (tmp_path / "wh.duckdb.tmp").mkdir(0o755)
    for name in ("wh.duckdb", "wh.duckdb.wal"):
        (tmp_path / name).touch(0o644)
    restrict(database)
    assert [mode(path) for path in sorted(tmp_path.iterdir())] == [0o600, 0o700, 0o600]
    restrict(tmp_path / "not_there.duckdb")


def test_commands_write_for_their_owner(tmp_path):
    (tmp_path / "data/telemetry/requests").mkdir(parents=True)
    (tmp_path / "data/telemetry/requests/a.jsonl").write_text(REQUEST)
    command = ["land", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "ai_unit_economics.cli", *command], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert written
    assert {mode(path) for path in (*written, tmp_path / "out.salt")} == {0o600}


def test_readers_can_read_what_is_published_whatever_the_umask(tmp_path):
    build(tmp_path, 1)
    os.umask(0o077)
    publish(tmp_path / "warehouse.duckdb", tmp_path / "published")
    found = [path for path in (tmp_path / "published").rglob("*") if not path.is_symlink() and path.name != ".lock"]
    assert {mode(path) for path in found if path.is_file()} == {0o444}
    assert {mode(path) for path in (tmp_path / "published", *found) if path.is_dir()} == {0o755}


def test_a_folder_that_somebody_made_keeps_its_mode(tmp_path):
    (tmp_path / "published").mkdir(0o750)
    build(tmp_path, 1)
    publish(tmp_path / "warehouse.duckdb", tmp_path / "published")
    assert mode(tmp_path / "published") == 0o750
    folder_for_readers(tmp_path / "a/b")
    assert mode(tmp_path / "a/b") == 0o755


def test_the_command_line_changes_the_umask_of_its_process():
    result = CliRunner().invoke(main, ["versions", "--to", "nowhere"])
    assert result.exit_code == 0
    assert os.umask(0o022) == 0o077
