"""Landing against the least that the same files can cost, in processor time of one run: ratios and no times.

`make benchmark-stages` measures the whole build in this way, at any size.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.load import load
from ai_unit_economics.landing.register import goes_into, register
from ai_unit_economics.landing.samples import summary_by
from ai_unit_economics.sql import identifier
from benchmarks.stages import GROUPED_SCAN, PLAIN_LOAD, SCRAPES_A_DAY, SERIES, WORLDS, write_world

CHARGES = 40_000
ROUNDS = 5


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {world: tmp_path_factory.mktemp(world) for world in WORLDS}
    for world, folder in folders.items():
        assert write_world(folder, CHARGES, world, seed=1) == (CHARGES, SERIES * SCRAPES_A_DAY)
    return folders


def cpu_seconds(job: Callable[[], object]) -> float:
    """The least processor time of some rounds: what else runs on the machine adds to it, and never takes away."""
    found = []
    for _ in range(ROUNDS):
        before = time.process_time()
        job()
        found.append(time.process_time() - before)
    return min(found)


def landing(folder: Path, known, table: tables.Table) -> Callable[[], int]:
    def job() -> int:
        with duckdb.connect(config={"threads": 2, "memory_limit": "400MB"}) as session:
            session.execute("set TimeZone = 'UTC'")
            entries = [entry for entry in register(str(folder), session, known) if goes_into(entry, table)]
            summarise = summary_by(known) if table is tables.PROMETHEUS_SERIES else None
            load(session, identifier(table.name), table, entries, known, summarise=summarise)
            return session.execute(f"select count(*) from {identifier(table.name).text}").fetchall()[0][0]

    return job


def floor(folder: Path, query: str) -> Callable[[], object]:
    files = [str(path) for path in sorted(folder.rglob("*.parquet"))]

    def job() -> object:
        with duckdb.connect(config={"threads": 2, "memory_limit": "400MB"}) as session:
            return session.execute(query.format(files=files)).fetchall()

    return job


def test_worlds_are_what_they_say(worlds: dict[str, Path], tmp_path: Path) -> None:
    """40,000 rows in 1,464 hours: 28 lines in each hour of one world, 40,000 in the other; a seed gives one world."""
    lines = {
        world: duckdb.execute(
            f"""select count(*), count(distinct "ResourceId"), count(distinct "ChargePeriodStart")
            from read_parquet('{folder}/focus/**/*.parquet')"""
        ).fetchall()[0]
        for world, folder in worlds.items()
    }
    assert lines == {"repeating": (CHARGES, 28, 1464), "distinct": (CHARGES, CHARGES, 1464)}
    write_world(tmp_path, CHARGES, "repeating", seed=1)
    for one in worlds["repeating"].rglob("*.parquet"):
        other = tmp_path / one.relative_to(worlds["repeating"])
        query = "select count(*) from (from read_parquet($a) except all from read_parquet($b))"
        assert duckdb.execute(query, {"a": str(one), "b": str(other)}).fetchall() == [(0,)]


@pytest.mark.parametrize("world", WORLDS)
def test_landing_charges_against_a_plain_load(worlds: dict[str, Path], world: str, known) -> None:
    folder = worlds[world]
    job = landing(folder, known, tables.FOCUS_CHARGES)
    assert job() == CHARGES
    ratio = cpu_seconds(job) / cpu_seconds(floor(folder / "focus", PLAIN_LOAD))
    assert ratio < 4, "2.3 to 2.5 were measured: what made it dearer?"


def test_looking_at_samples_against_a_grouped_scan(worlds: dict[str, Path], known) -> None:
    folder = worlds["repeating"]
    job = landing(folder, known, tables.PROMETHEUS_SERIES)
    assert job() == SERIES
    ratio = cpu_seconds(job) / cpu_seconds(floor(folder / "telemetry", GROUPED_SCAN))
    assert ratio < 3, "2.2 to 2.5 were measured: what made it dearer?"
