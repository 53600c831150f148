"""Whether there is something to build, asked of exports, a build and what is published."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.landing.files import list_files
from ai_unit_economics.new_exports import Answer, look
from ai_unit_economics.publishing import NotPublishedError, publish

PROCESSES = Path(__file__).with_name("processes.py")


class Exports:
    """A data root, the database of its builds and what is published of them."""

    def __init__(self, folder: Path) -> None:
        self.root, self.database, self.published = folder / "data", folder / "warehouse.duckdb", folder / "published"
        self.builds = 0
        self.write("focus/acme/june.csv", "BilledCost\n1\n")
        self.write("telemetry/requests/june.csv", "ts\n")

    def write(self, path: str, text: str, age: timedelta = timedelta(hours=1)) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        written = time.time() - age.total_seconds()
        os.utime(file, (written, written))

    def build(self, fate: str = "passed") -> None:
        """Played by processes.py, with the list of files as landed_files has it."""
        self.builds += 1
        subprocess.run(
            [sys.executable, str(PROCESSES), "build", str(self.database), str(self.builds), "10", fate], check=False
        )
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute("create schema if not exists landing")
            connection.execute(
                "create or replace table landing.landed_files "
                "(source_file varchar, container varchar, size_bytes bigint, modified_at timestamp)"
            )
            files = [
                [file.path, None, file.size_bytes, file.modified_at] for file in list_files(str(self.root), connection)
            ]
            connection.executemany("insert into landing.landed_files values (?, ?, ?, ?)", files)

    def publish(self) -> None:
        publish(self.database, self.published)

    def look(self, *folders: str, settled_for: timedelta = timedelta()) -> Answer:
        return look(str(self.root), self.database, self.published, folders, settled_for)


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)


@pytest.fixture
def published(exports: Exports) -> Exports:
    exports.build()
    exports.publish()
    return exports


def test_what_was_never_built_is_new(exports: Exports) -> None:
    assert exports.look().is_new


def test_after_a_published_build_nothing_is_new(published: Exports) -> None:
    assert published.look() == Answer(False, f"nothing new in {published.root} since the published build")


def test_a_new_a_changed_and_a_removed_file_are_told(published: Exports) -> None:
    published.write("focus/acme/july.csv", "BilledCost\n2\n")
    assert published.look() == Answer(True, "1 new or changed files, 0 gone: focus/acme/july.csv")
    published.write("focus/acme/june.csv", "BilledCost\n3\n", age=timedelta(minutes=30))  # the same size
    assert published.look().reason == "2 new or changed files, 0 gone: focus/acme/july.csv, focus/acme/june.csv"
    (published.root / "telemetry/requests/june.csv").unlink()
    assert published.look().reason.startswith("2 new or changed files, 1 gone")


def test_only_the_chosen_folders_are_waited_for(published: Exports) -> None:
    published.write("telemetry/requests/july.csv", "ts\n")
    published.write("focus_notes/readme.csv", "no export\n")
    assert not published.look("focus").is_new
    assert published.look("focus", "telemetry/requests").is_new
    (published.root / "telemetry/requests/june.csv").unlink()
    assert not published.look("focus").is_new
    assert published.look("telemetry/").reason.startswith("1 new or changed files, 1 gone")


def test_half_a_delivery_is_waited_for(published: Exports) -> None:
    published.write("focus/acme/july.csv", "Billed", age=timedelta(minutes=2))
    answer = published.look(settled_for=timedelta(minutes=5))
    assert (answer.is_new, "still being written" in answer.reason) == (False, True)
    assert published.look(settled_for=timedelta(minutes=1)).is_new


@pytest.mark.parametrize(
    ("fate", "reason"), [("failed", "did not pass"), ("killed", "did not come to its end"), ("passed", "not published")]
)
def test_a_build_that_readers_do_not_have_is_to_be_made_again(published: Exports, fate: str, reason: str) -> None:
    published.build(fate)
    answer = published.look("focus", settled_for=timedelta(days=1))
    assert (answer.is_new, reason in answer.reason) == (True, True), answer
    published.build()
    published.publish()
    assert not published.look().is_new


def test_a_lost_mount_is_no_empty_bill(published: Exports) -> None:
    published.root.rename(published.root.with_name("elsewhere"))
    with pytest.raises(NotPublishedError, match=r"focus holds no files: is UNIT_ECONOMICS_DATA right"):
        published.look()
    published.root.mkdir()
    with pytest.raises(NotPublishedError, match="focus holds no files"):
        published.look()


def test_a_running_build_is_waited_for(published: Exports) -> None:
    published.write("focus/acme/july.csv", "BilledCost\n2\n")
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb; c = duckdb.connect('{published.database}'); print(1, flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        writer.stdout.readline()
        answer = published.look()
    finally:
        writer.communicate(b"\n")
    assert (answer.is_new, "another process writes" in answer.reason) == (False, True), answer
    assert published.look().is_new


def test_the_exit_code_is_the_answer(published: Exports) -> None:
    arguments = ["new-exports", "--data", str(published.root), "--database", str(published.database)]
    arguments += ["--to", str(published.published)]
    run = CliRunner().invoke
    assert run(main, arguments).exit_code == 3
    published.write("focus/acme/july.csv", "BilledCost\n2\n", age=timedelta())
    assert run(main, [*arguments, "--in", "telemetry"]).exit_code == 3
    assert run(main, [*arguments, "--settled-for", "5"]).exit_code == 3
    assert run(main, [*arguments, "--in", "focus"]).exit_code == 0
    published.root.rename(published.root.with_name("elsewhere"))
    lost = run(main, arguments)
    assert (lost.exit_code, "UNIT_ECONOMICS_DATA" in lost.output) == (1, True)
