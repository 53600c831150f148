"""`ai-unit-economics land` writes the landed tables as Parquet by day, and reads again what is new or changed."""

from __future__ import annotations

import fcntl
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.land import land_command
from ai_unit_economics.landing import tables
from ai_unit_economics.landing.exported import NothingLandedError, rows_of
from tests.python.conftest import PROJECT

BILL = "BilledCost,EffectiveCost,ChargePeriodStart\n1,{},{}T00:00:00Z\n"
REQUEST = '{{"deployment_id": "chat", "request_id": "{}", "ts": "{}T10:00:00Z", "input_tokens": {}}}\n'


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def land(root: Path, out: Path, *, fails: bool = False) -> str:
    options = ["--out", str(out), "--data", str(root), "--project", str(PROJECT)]
    result = CliRunner().invoke(land_command, options)
    assert (result.exit_code != 0) == fails, result.output
    return result.output


def rows(out: Path, table: tables.Table, columns: str) -> list[tuple]:
    with duckdb.connect() as session:
        return session.execute(f"select {columns} from ({rows_of(out, table).text}) order by all").fetchall()


def parquet_files(out: Path) -> Counter[str]:
    return Counter("/".join(path.relative_to(out).parts[:2]) for path in out.rglob("part=*/*.parquet"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path / "data/focus/aws/may.csv", BILL.format(5, "2026-05-31"))
    put(tmp_path / "data/focus/aws/june.csv", BILL.format(7, "2026-06-01"))
    put(
        tmp_path / "data/telemetry/requests/a.jsonl",
        REQUEST.format("r1", "2026-06-01", 3) + REQUEST.format("r2", "2026-06-02", 4),
    )
    return tmp_path / "data"


def test_a_table_is_a_folder_and_a_day_one_in_it(root, tmp_path):
    assert "3 files read" in land(root, tmp_path / "out")
    assert parquet_files(tmp_path / "out") == {
        "focus_charges/day=2026-05-31": 1,
        "focus_charges/day=2026-06-01": 1,
        "requests/day=2026-06-01": 1,
        "requests/day=2026-06-02": 1,
    }
    assert rows(tmp_path / "out", tables.FOCUS_CHARGES, "EffectiveCost") == [("5",), ("7",)]
    assert rows(tmp_path / "out", tables.FILES, "relative_path, shape") == [
        ("focus/aws/june.csv", "cost_and_usage"),
        ("focus/aws/may.csv", "cost_and_usage"),
        ("telemetry/requests/a.jsonl", "generic"),
    ]


def test_what_is_known_is_not_read_again(root, tmp_path):
    land(root, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("part=*/*.parquet")}
    assert "0 files read" in land(root, tmp_path / "out")
    put(root / "focus/aws/june.csv", BILL.format(8, "2026-06-01") + "1,2,2026-06-03T00:00:00Z\n")
    assert "1 files read" in land(root, tmp_path / "out")
    after = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("part=*/*.parquet")}
    assert {path for path in before if after.get(path) == before[path]} == {
        path for path in before if "day=2026-06-01" not in str(path) or "requests" in str(path)
    }
    assert rows(tmp_path / "out", tables.FOCUS_CHARGES, "EffectiveCost") == [("2",), ("5",), ("8",)]


def test_rows_of_a_file_that_is_gone_leave(root, tmp_path):
    land(root, tmp_path / "out")
    (root / "telemetry/requests/a.jsonl").unlink()
    land(root, tmp_path / "out")
    assert rows(tmp_path / "out", tables.REQUESTS, "request_key") == []
    assert not list((tmp_path / "out").rglob("requests/day=*"))


def test_a_broken_bill_is_named_and_what_was_landed_stays(root, tmp_path):
    land(root, tmp_path / "out")
    put(root / "focus/aws/july.parquet", "PAR1 cut")
    assert "focus/aws/july.parquet" in land(root, tmp_path / "out", fails=True)
    assert rows(tmp_path / "out", tables.FOCUS_CHARGES, "EffectiveCost") == [("5",), ("7",)]


def test_a_bill_that_breaks_while_it_is_read_is_named_by_every_run(root, tmp_path):
    """Its rows are not read again as long as the file stays as it is, and it is no less broken for that."""
    put(root / "focus/aws/july.csv", BILL.format(9, "2026-07-01") + "1,2,2026-07-02,4,5\n")
    first = land(root, tmp_path / "out", fails=True)
    again = land(root, tmp_path / "out", fails=True)
    assert "0 files read" in again
    assert first.splitlines()[-2:] == again.splitlines()[-2:]
    assert "focus/aws/july.csv" in again


def test_one_process_lands_at_a_time_and_the_draft_of_a_killed_one_goes(root, tmp_path):
    out = tmp_path / "out"
    (out / ".landing-killed").mkdir(parents=True)
    with (out / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process lands into" in land(root, out, fails=True)
        assert {path.name for path in out.iterdir()} == {".lock", ".landing-killed"}
    land(root, out)
    assert not (out / ".landing-killed").exists()


def test_a_folder_in_which_nothing_landed_is_named(tmp_path):
    with pytest.raises(NothingLandedError, match=str(tmp_path)):
        rows_of(tmp_path, tables.REQUESTS)


def test_the_models_read_what_was_landed(root, tmp_path, warehouse):
    """The same rows, whether the build reads the files or what `land` wrote of them; and back again."""
    warehouse.data = root
    read = (
        "select deployment_id, request_key, requested_at, input_tokens from staging.stg_requests__requests order by all"
    )
    warehouse.build("+stg_requests__requests")
    of_the_files = warehouse.query(read)
    land(root, tmp_path / "out")
    root.rename(tmp_path / "away")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"),
        *("--select", "+stg_requests__requests", "--vars", f"{{landed_folder: '{tmp_path / 'out'}'}}"),
    )
    assert warehouse.query(read) == of_the_files
    (tmp_path / "away").rename(root)
    warehouse.build("+stg_requests__requests")
    assert warehouse.query(read) == of_the_files
