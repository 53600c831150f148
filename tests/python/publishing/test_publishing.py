"""Readers of the published copy, while builds come, fail and are killed.

A build is played by a few lines that write what dbt and its hooks write; test_build_record.py holds dbt to that.
Every mart of build n holds nothing but n: a reader who sees two numbers has seen half of a build.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics import __version__, publishing
from ai_unit_economics.cli import main
from ai_unit_economics.publishing import NotPublishedError, latest, publish, roll_back, versions

PROCESSES = Path(__file__).with_name("processes.py")


def build(folder: Path, number: int, fate: str = "passed", rows: int = 1000) -> None:
    arguments = ["build", str(folder / "warehouse.duckdb"), str(number), str(rows), fate]
    done = subprocess.run([sys.executable, str(PROCESSES), *arguments], check=False)
    assert done.returncode == (9 if fate == "killed" else 0)


def publish_elsewhere(folder: Path, dies_in: str = "", kill_after: float | None = None) -> int:
    arguments = ["publish", str(folder / "warehouse.duckdb"), str(folder / "published"), dies_in]
    process = subprocess.Popen([sys.executable, str(PROCESSES), *arguments], stderr=subprocess.PIPE)
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    process.communicate()
    return process.returncode


def start_reader(folder: Path, mode: str) -> subprocess.Popen:
    arguments = ["read", str(folder / "published"), mode, str(folder / "done")]
    reader = subprocess.Popen(
        [sys.executable, str(PROCESSES), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert reader.stdout.readline() == "ready\n"
    return reader


def published_build(folder: Path) -> int:
    with duckdb.connect(str(folder / "published" / "unit_economics.duckdb"), read_only=True) as connection:
        return connection.execute("select distinct build from marts.fct_unit_economics_daily").fetchone()[0]


def publish_here(folder: Path, keep: int = 10) -> str:
    version, _ = publish(folder / "warehouse.duckdb", folder / "published", keep)
    return version.name


@pytest.mark.slow
def test_readers_never_see_half_a_build(tmp_path: Path) -> None:
    """20 builds: some fail, some are killed, some publishers are killed at a step or at any time."""
    build(tmp_path, 0)
    assert publish_elsewhere(tmp_path) == 0
    readers = [start_reader(tmp_path, "holds"), start_reader(tmp_path, "opens anew")]
    good = {0}
    for number in range(1, 21):
        fate = {3: "failed", 9: "killed", 15: "failed"}.get(number, "passed")
        dies_in = {2: "_write", 5: "_audit", 8: "_flush", 11: "_point"}.get(number, "")
        kill_after = {6: 0.1, 12: 0.2, 14: 0.3, 17: 0.4}.get(number)
        build(tmp_path, number, fate, rows=50_000)
        code = publish_elsewhere(tmp_path, dies_in, kill_after)
        if fate != "passed":
            assert code == 1
        elif not dies_in and kill_after is None:
            assert code == 0
            assert published_build(tmp_path) == number
        if fate == "passed":
            good.add(number)
        assert published_build(tmp_path) in good
    (tmp_path / "done").touch()
    (held, held_errors), (anew, anew_errors) = (reader.communicate(timeout=60) for reader in readers)
    assert (held_errors, anew_errors) == ("", "")
    assert set(held.split()) == {"0"}
    seen = [int(line) for line in anew.split()]
    assert seen == sorted(seen)
    assert set(seen) <= good
    assert len(set(seen)) > 5
    assert not list((tmp_path / "published" / "versions").glob(".*"))
    assert len(versions(tmp_path / "published")) == 5


@pytest.mark.parametrize(
    ("fate", "reason"),
    [("failed", r"did not pass \(fail: test\.a\)"), ("killed", "did not come to its end")],
)
def test_a_build_that_failed_or_was_killed_is_not_published(tmp_path: Path, fate: str, reason: str) -> None:
    build(tmp_path, 1)
    first = publish_here(tmp_path)
    build(tmp_path, 2, fate)
    with pytest.raises(NotPublishedError, match=reason):
        publish_here(tmp_path)
    assert latest(tmp_path / "published") == first
    assert published_build(tmp_path) == 1
    build(tmp_path, 3)
    publish_here(tmp_path)
    assert published_build(tmp_path) == 3


@pytest.mark.parametrize("fate", ["failed", "killed"])
def test_a_clock_that_stepped_back_publishes_no_killed_build(tmp_path: Path, fate: str) -> None:
    """Build 3 runs after build 5, on a clock that says that it ran before."""
    build(tmp_path, 5)
    first = publish_here(tmp_path)
    build(tmp_path, 3, fate)
    with pytest.raises(NotPublishedError, match="did not"):
        publish_here(tmp_path)
    build(tmp_path, 4)
    second = publish_here(tmp_path, keep=1)
    assert latest(tmp_path / "published") == second != first
    assert published_build(tmp_path) == 4


def test_cost_that_went_missing_is_not_published(tmp_path: Path) -> None:
    build(tmp_path, 1)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("update marts.fct_cost_reconciliation set difference = 0.000000000000000001 where rowid = 7")
    with pytest.raises(NotPublishedError, match="1 rows whose difference is not 0"):
        publish_here(tmp_path)
    assert not (tmp_path / "published" / "unit_economics.duckdb").exists()


def test_empty_marts_are_not_published(tmp_path: Path) -> None:
    build(tmp_path, 1, rows=0)
    with pytest.raises(NotPublishedError, match="is empty"):
        publish_here(tmp_path)


def test_a_damaged_copy_is_not_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = publishing._write

    def write_and_lose_a_row(*arguments: object) -> list[publishing.Copy]:
        copies = write(*arguments)
        with duckdb.connect(str(arguments[3] / "unit_economics.duckdb")) as connection:
            connection.execute("delete from marts.dim_dates where rowid = 3")
        return copies

    monkeypatch.setattr(publishing, "_write", write_and_lose_a_row)
    build(tmp_path, 1)
    with pytest.raises(NotPublishedError, match="the copy of dim_dates is not what was built"):
        publish_here(tmp_path)


def test_publishing_again_changes_nothing(tmp_path: Path) -> None:
    build(tmp_path, 1)
    version, is_new = publish(tmp_path / "warehouse.duckdb", tmp_path / "published")
    assert is_new
    assert publish(tmp_path / "warehouse.duckdb", tmp_path / "published") == (version, False)


def test_one_publisher_at_a_time(tmp_path: Path) -> None:
    build(tmp_path, 1)
    (tmp_path / "published").mkdir()
    with (tmp_path / "published" / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(NotPublishedError, match="another process publishes"):
            publish_here(tmp_path)


def test_the_next_run_sends_readers_where_a_killed_publisher_would_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended between the name of its version and the link; who rolled back meanwhile stays there."""
    build(tmp_path, 1)
    first = publish_here(tmp_path)
    for number, rolls_back in ((2, False), (3, True)):
        build(tmp_path, number)
        with monkeypatch.context() as patched:
            patched.setattr(publishing, "_point", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                publish_here(tmp_path)
        assert published_build(tmp_path) == number - 1
        if rolls_back:
            roll_back(tmp_path / "published", first)
        publish_here(tmp_path)
        assert published_build(tmp_path) == (1 if rolls_back else number)


def test_rolling_back_and_forth(tmp_path: Path) -> None:
    names = []
    for number in (1, 2, 3):
        build(tmp_path, number)
        names.append(publish_here(tmp_path))
    folder = tmp_path / "published"
    assert roll_back(folder) == names[1]
    assert published_build(tmp_path) == 2
    # The same build does not undo what somebody decided
    assert publish_here(tmp_path) == names[2]
    assert published_build(tmp_path) == 2
    assert roll_back(folder) == names[0]
    with pytest.raises(NotPublishedError, match="no version before"):
        roll_back(folder)
    assert roll_back(folder, names[2]) == names[2]
    assert published_build(tmp_path) == 3
    with pytest.raises(NotPublishedError, match="no version nonsense"):
        roll_back(folder, "nonsense")


def test_what_was_rolled_back_is_not_gone_back_to(tmp_path: Path) -> None:
    """2 was bad, and readers went back to 1. 3 is bad, too: before it they read 1. Only 1 and 3 are kept."""
    names, folder = {}, tmp_path / "published"
    for number in (1, 2):
        build(tmp_path, number)
        names[number] = publish_here(tmp_path, keep=2)
    roll_back(folder)
    build(tmp_path, 3)
    names[3] = publish_here(tmp_path, keep=2)
    assert [version.name for version in versions(folder)] == [names[3], names[1]]
    build(tmp_path, 4)
    names[4] = publish_here(tmp_path, keep=3)
    roll_back(folder)
    build(tmp_path, 5)
    publish_here(tmp_path, keep=9)
    assert published_build(tmp_path) == 5
    assert [version.is_rolled_back for version in versions(folder)] == [False, True, False, False]
    assert roll_back(folder) == names[3]
    listed = CliRunner().invoke(main, ["versions", "--to", str(folder)]).output
    assert listed.count("rolled back") == 2
    # forward again by name: it is as good as any
    assert roll_back(folder, names[4]) == names[4]
    assert roll_back(folder) == names[3]


def test_a_version_in_use_is_not_removed(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        build(tmp_path, number)
        publish_here(tmp_path, keep=2)
    folder = tmp_path / "published"
    assert len(versions(folder)) == 2
    with duckdb.connect(str(folder / "unit_economics.duckdb"), read_only=True) as held:
        for number in (4, 5, 6):
            build(tmp_path, number)
            publish_here(tmp_path, keep=1)
        assert held.execute("select distinct build from marts.dim_dates").fetchall() == [(3,)]
    assert len(versions(folder)) == 1


def test_parquet_keeps_every_digit_and_the_file_its_comments(tmp_path: Path) -> None:
    build(tmp_path, 1)
    number = 2**63 + 1  # neither a BIGINT nor a DOUBLE holds it
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("update marts.dim_dates set build = ?", [number])
    publish_here(tmp_path)
    folder = tmp_path / "published"
    with duckdb.connect(str(folder / "unit_economics.duckdb"), read_only=True) as connection:
        values = connection.execute(
            f"select distinct build from '{folder}/latest/parquet/dim_dates.parquet'"
        ).fetchall()
        assert [int(value) for (value,) in values] == [number]
        assert connection.execute("select distinct build from marts.dim_dates").fetchall() == [(number,)]
        comments = "select comment from duckdb_tables() where table_name = 'dim_dates'"
        assert connection.execute(comments).fetchall() == [("build 1's",)]
        assert connection.execute("select version from marts.publication").fetchall() == [(latest(folder),)]
    manifest = json.loads((folder / "latest" / "manifest.json").read_text())
    assert (manifest["latest_complete_day"], manifest["gates"]) == ("2026-08-31", "not_asked")
    assert manifest["project_version"] == __version__
    assert manifest["marts"]["dim_dates"] == {
        "rows": 1000,
        "columns": {"build": "HUGEINT", "difference": "DECIMAL(38,18)"},
    }


def test_the_file_says_that_older_drivers_may_read_it(tmp_path: Path) -> None:
    build(tmp_path, 1)
    publish_here(tmp_path)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path}/published/unit_economics.duckdb' as published (read_only)")
        tags = connection.execute("select tags from duckdb_databases() where database_name = 'published'").fetchone()[0]
    assert tags["storage_version"].startswith("v1.5")


def test_the_commands_say_what_happened(tmp_path: Path) -> None:
    build(tmp_path, 1)
    database, folder = str(tmp_path / "warehouse.duckdb"), str(tmp_path / "published")
    run = CliRunner().invoke
    assert "published 2" in run(main, ["publish", "--database", database, "--to", folder]).output
    assert "published already" in run(main, ["publish", "--database", database, "--to", folder]).output
    assert run(main, ["versions", "--to", folder]).output.startswith("* 2")
    refused = run(main, ["rollback", "--to", folder])
    assert (refused.exit_code, "nothing changed" in refused.output) == (1, True)
    missing = run(main, ["publish", "--database", os.devnull + "x", "--to", folder])
    assert (missing.exit_code, "nothing published" in missing.output) == (1, True)
