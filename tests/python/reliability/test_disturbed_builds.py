"""Builds that are killed, that meet another one, or whose files change under them.

The next build makes the tables of an undisturbed one.

KILLS=40 kills more builds than the nightly run, KILLS_SEED at other moments.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from tests.python.conftest import PROJECT, Warehouse
from tests.python.reliability.conftest import Disk, rows_of_tables

KILLS = int(os.environ.get("KILLS", "8"))
SEED = int(os.environ.get("KILLS_SEED", "21"))
# What is kept by file between builds, and what is made of it anew
SELECTED = ("+int_costs__charges_daily", "+int_usage__request_hours", "fct_builds")
# Room that is left, by the size of the database
ROOM = (0, 0.1, 0.3)
CHARGE = (
    "EffectiveCost,BilledCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
    "ChargeCategory,ChargeDescription,ResourceId,ServiceName\n"
)
REQUEST = "request_id,ts,deployment_id,customer_id,user_id,input_tokens,output_tokens\n"


class World:
    """A data root, and databases that are built from it by processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.files = 0

    def deliver(self, rows: int = 300) -> Path:
        """One more file of charges and one more of requests; the numbers tell which file they are of."""
        self.files += 1
        number = self.files
        charges = self.data / "focus" / "acme" / f"{number:03d}.csv"
        requests = self.data / "telemetry" / "requests" / f"{number:03d}.csv"
        for path in (charges, requests):
            path.parent.mkdir(parents=True, exist_ok=True)
        day = f"2026-08-{number % 28 + 1:02d}"
        charges.write_text(
            CHARGE
            + "".join(
                f"{number}.{row:04d},{number}.{row:04d},USD,2026-08-01T00:00:00Z,2026-09-01T00:00:00Z,"
                f"{day}T{row % 24:02d}:00:00Z,{day}T{row % 24:02d}:30:00Z,Usage,hour,i-{number}-{row},Compute\n"
                for row in range(rows)
            )
        )
        requests.write_text(REQUEST + "".join(self.request(number, row) for row in range(rows)))
        return requests

    @staticmethod
    def request(number: int, row: int) -> str:
        day = f"2026-08-{number % 28 + 1:02d}"
        return f"r-{number}-{row},{day}T{row % 24:02d}:10:00Z,chat-large,cus-1,user-{row % 7},{row},{number}\n"

    def start(self, database: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            "UNIT_ECONOMICS_DATA": str(self.data),
            "UNIT_ECONOMICS_BOOKS": "",
            "UNIT_ECONOMICS_DATABASE": str(self.folder / database),
            "UNIT_ECONOMICS_PRIVACY_SALT": "one for both databases",
            "DBT_TARGET_PATH": str(self.folder / f"target_{database}"),
            "DBT_USE_FAST_TEST_EDGES": "true",
            "DO_NOT_TRACK": "1",
        }
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "dbt.cli.main", "build", "--project-dir", str(PROJECT)),
                *("--profiles-dir", str(PROJECT / "profiles"), "--log-path", str(self.folder / "logs")),
                *("--exclude-resource-type", "unit_test", "--no-use-colors", "--select", *SELECTED),
            ],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def build(self, database: str) -> None:
        process = self.start(database)
        output = process.communicate()[0]
        assert process.returncode == 0, output[-3000:]

    def tables(self, database: str) -> dict[str, tuple[int, int]]:
        """What is there, but for what tells when it was written."""
        return rows_of_tables(self.folder / database, ["builds", "marts"])


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.deliver()
    return made


@pytest.mark.slow
def test_a_killed_build_loses_nothing_and_doubles_nothing(world: World) -> None:
    begun = time.monotonic()
    world.build("disturbed.duckdb")
    first = time.monotonic() - begun
    drawn = random.Random(SEED)
    killed = 0
    for _ in range(KILLS):
        world.deliver()
        process = world.start("disturbed.duckdb")
        try:
            process.communicate(timeout=drawn.uniform(0.2, 1) * first)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            killed += 1
    world.build("disturbed.duckdb")
    world.build("undisturbed.duckdb")
    assert world.tables("disturbed.duckdb") == world.tables("undisturbed.duckdb")
    with duckdb.connect(str(world.folder / "disturbed.duckdb"), read_only=True) as connection:
        charges = connection.execute(
            "select count(*), count(distinct (source_file, source_row)) from staging.stg_focus__charges"
        ).fetchall()
        states = connection.execute("select status, count(*) from marts.fct_builds group by status").fetchall()
    assert charges == [(300 * world.files, 300 * world.files)]
    assert dict(states).get("unfinished", 0) <= killed
    print(f"{KILLS} builds, {killed} killed, {dict(states)}")


@pytest.mark.slow
def test_the_second_of_two_builds_says_that_the_first_one_is_running(world: World) -> None:
    first = world.start("one.duckdb")
    while not (world.folder / "one.duckdb").exists():
        time.sleep(0.1)
        assert first.poll() is None
    second = world.start("one.duckdb")
    said = second.communicate()[0]
    output = first.communicate()[0]
    assert first.returncode == 0, output[-3000:]
    if second.returncode != 0:  # else it waited until the first one was done
        assert "one.duckdb" in said
        assert "lock" in said
        assert "Traceback" not in said
    world.build("one.duckdb")
    world.build("other.duckdb")
    assert world.tables("one.duckdb") == world.tables("other.duckdb")


@pytest.mark.slow
def test_a_file_that_grows_during_a_build_counts_as_a_whole_after_the_next(world: World) -> None:
    growing = world.deliver(rows=50)
    process = world.start("grown.duckdb")
    row = 50
    while process.poll() is None:
        with growing.open("a") as file:
            file.write(world.request(world.files, row))
        row += 1
        time.sleep(0.02)
    assert process.returncode == 0, process.stdout.read()[-3000:]
    world.build("grown.duckdb")
    with duckdb.connect(str(world.folder / "grown.duckdb"), read_only=True) as connection:
        [(requests,)] = connection.execute("select count(*) from staging.stg_requests__requests").fetchall()
    assert requests == 300 + row
    world.build("whole.duckdb")
    assert world.tables("grown.duckdb") == world.tables("whole.duckdb")


@pytest.mark.slow
def test_a_database_that_cannot_be_written_is_named(world: World, disk: Disk) -> None:
    built = Warehouse(disk.folder)
    built.data = world.data
    built.build(*SELECTED)
    before = world.tables(str(built.database))
    world.deliver()
    disk.mount_again("ro")
    try:
        assert not built.build(*SELECTED, check=False)
    finally:
        disk.mount_again("rw")
    assert "warehouse.duckdb" in built.output
    assert "Read-only file system" in built.output
    assert world.tables(str(built.database)) == before
    built.build(*SELECTED)


@pytest.mark.slow
def test_a_build_on_a_full_disk_says_so_and_loses_nothing(
    world: World, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files come before each build, and every build but the last has less room than it needs."""
    monkeypatch.setenv("UNIT_ECONOMICS_PRIVACY_SALT", "one for both databases")
    disturbed = Warehouse(disk.folder)
    disturbed.data = world.data
    disturbed.build(*SELECTED)
    needed = disturbed.database.stat().st_size
    failed = 0
    for share in ROOM:
        world.deliver()
        disk.leave(int(needed * share))
        if not disturbed.build(*SELECTED, check=False):
            failed += 1
            assert "No space left" in disturbed.output, disturbed.output[-3000:]
    disk.empty()
    disturbed.build(*SELECTED)
    undisturbed = Warehouse(world.folder / "undisturbed")
    undisturbed.data = world.data
    undisturbed.build(*SELECTED)
    tables = world.tables(str(disturbed.database))
    assert tables == world.tables(str(undisturbed.database))
    assert failed >= 2
    print(f"{len(ROOM)} builds on a full disk, {failed} failed")
