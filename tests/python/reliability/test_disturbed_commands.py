"""Commands that write for people, on a full disk, killed with signal 9, and beside somebody who holds the database.

What was there before stays as it was, the command says why in a line, and the next run writes what it would have.
"""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.books.records import content_hash, read_records
from ai_unit_economics.cli import main
from ai_unit_economics.landing import tables
from ai_unit_economics.landing.exported import NothingLandedError, rows_of
from ai_unit_economics.sql import file_names, sql
from tests.python.reliability.conftest import PROJECT_OPTION, Disk, WholeBuild

pytestmark = pytest.mark.slow
# Does what `ai-unit-economics` does, and ends like a process that is killed when a step is done for the nth time
DIES = """
import importlib, os, signal, sys
module, _, name = sys.argv[1].rpartition(".")
module, left = importlib.import_module(module), int(sys.argv[2])
step = getattr(module, name)
def die(*given, **named):
    global left
    result = step(*given, **named)
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(module, name, die)
from ai_unit_economics.cli import main
main(sys.argv[3:])
"""


def commands(whole: WholeBuild, folder: Path) -> dict[str, list[str]]:
    """Each command that writes, with all that it writes beneath `folder`."""
    built, read = ["--database", str(whole.database)], ["--database", str(whole.published / "unit_economics.duckdb")]
    return {
        "publish": ["publish", *built, "--to", str(folder / "published")],
        "close": ["close", "2026-07", "--by", "ann", *built, "--books", str(folder / "books")],
        "report": ["report", *read, "--out", str(folder / "report.html")],
        "metrics": ["metrics", *read, "--out", str(folder / "metrics")],
        "statement": ["statement", "2026-07", *read, "--out", str(folder / "statements")],
        "journal": ["journal", "2026-07", "--draft", *read, "--out", str(folder / "journal.csv")],
        "land": ["land", "--data", str(whole.few), "--out", str(folder / "landed"), *PROJECT_OPTION],
    }


# Shares of the room that an undisturbed run takes
ROOM = (0, 0.4, 0.9)
KILLED = [
    ("publish", "ai_unit_economics.publishing._flush", 1),
    ("publish", "ai_unit_economics.publishing._link", 1),
    ("close", "ai_unit_economics.books.closing.content_hash", 3),
    ("close", "ai_unit_economics.books.closing._put_in_place", 1),
    ("close", "ai_unit_economics.books.closing._write_tables", 1),
    ("close", "ai_unit_economics.books.closing._write_record", 1),
    ("land", "ai_unit_economics.landing.exported._land", 3),
    ("land", "ai_unit_economics.landing.exported._write_register", 1),
    ("land", "ai_unit_economics.landing.exported.write", 1),
    ("report", "ai_unit_economics.writing.flush", 1),
    ("metrics", "ai_unit_economics.writing.flush", 3),
    ("statement", "ai_unit_economics.writing.flush", 3),
    ("journal", "ai_unit_economics.writing.flush", 1),
]


def seen(name: str, folder: Path) -> dict[str, object] | None:
    """What a reader has of a command's output: all of it, checked against what it says of itself, or None."""
    readers = {"publish": published, "close": signed, "land": landed}
    return readers[name](folder / command_folder(name)) if name in readers else files(folder)


def command_folder(name: str) -> str:
    return {"publish": "published", "close": "books", "land": "landed"}[name]


def files(folder: Path) -> dict[str, object] | None:
    """Files of which each is whole for itself; drafts begin with a dot, and nobody opens them."""
    found = {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    return {name: text for name, text in found.items() if text != "before"} or None


def published(folder: Path) -> dict[str, object] | None:
    database = folder / "unit_economics.duckdb"
    if not database.exists():
        return None
    manifest = json.loads((folder / "latest" / "manifest.json").read_text())
    found: dict[str, object] = {}
    with duckdb.connect(str(database), read_only=True) as session:
        for mart, promised in manifest["marts"].items():
            copies = [f"marts.{mart}", f"read_parquet('{folder}/latest/parquet/{mart}.parquet')"]
            assert {session.execute(f"select count(*) from {copy}").fetchone()[0] for copy in copies} == {
                promised["rows"]
            }
            found[mart] = session.execute(f"select count(*), sum(hash(r)) from marts.{mart} as r").fetchall()
    return found


def signed(folder: Path) -> dict[str, object] | None:
    with duckdb.connect() as session:
        records = read_records(session, str(folder))
        for record in records:
            for content in record.tables.values():
                rows = sql("read_parquet({file})", file=file_names([str(folder / content.file)]))
                assert content_hash(session, rows) == (content.rows, content.hash)
        return records[-1].tables if records else None


def landed(folder: Path) -> dict[str, object] | None:
    try:
        rows = {table.name: rows_of(folder, table) for table in tables.TABLES}
    except NothingLandedError:
        return None
    with duckdb.connect() as session:
        counts = "select count(*), coalesce(sum(hash(r)), 0) from ({rows}) as r"
        return {name: session.execute(sql(counts, rows=one).text).fetchall() for name, one in rows.items()}


def is_whole(found: dict[str, object] | None, whole: dict[str, object]) -> bool:
    return found is None or found.items() <= whole.items()


@pytest.fixture(scope="module")
def undisturbed(whole: WholeBuild, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each command writes when nobody disturbs it, in a folder by name."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for name in commands(whole, folder):
        command = commands(whole, folder / name)[name]
        done = whole.run(*command)
        assert done.exit_code == 0, done.output
    return folder


def put_before(name: str, undisturbed: Path, folder: Path) -> None:
    """Files that one command replaces one by one are there already, and say so."""
    if name in ("publish", "close", "land"):
        return
    for path in (undisturbed / name).rglob("*"):
        if path.is_file():
            file = folder / path.relative_to(undisturbed / name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("before")


NAMES = ("publish", "close", "report", "metrics", "statement", "journal", "land")


@pytest.mark.parametrize("name", NAMES)
def test_on_a_full_disk_readers_keep_what_they_had(
    name: str, whole: WholeBuild, undisturbed: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = seen(name, undisturbed / name)
    assert expected
    put_before(name, undisturbed, disk.folder)
    room = sum(path.stat().st_size for path in (undisturbed / name).rglob("*") if path.is_file())
    for share in ROOM:
        disk.leave(int(room * share))
        refused = whole.run(*commands(whole, disk.folder)[name])
        if refused.exit_code == 0:  # the files of the run before are there: this one needed less
            assert share
            assert seen(name, disk.folder) == expected
            continue
        said = refused.output.splitlines()[-1]
        assert said.startswith("Error: "), refused.output
        assert any(word in said for word in ("No space left", "disk full", "Could not write")), said
        assert is_whole(seen(name, disk.folder), expected)
    disk.empty()
    done = whole.run(*commands(whole, disk.folder)[name])
    assert done.exit_code == 0, done.output
    assert seen(name, disk.folder) == expected


@pytest.mark.parametrize(("name", "step", "times"), KILLED)
def test_a_killed_command_leaves_what_was_there_or_all(
    name: str, step: str, times: int, whole: WholeBuild, undisturbed: Path, tmp_path: Path
) -> None:
    expected = seen(name, undisturbed / name)
    put_before(name, undisturbed, tmp_path)
    command = commands(whole, tmp_path)[name]
    with whole.environment():
        killed = subprocess.run(
            [sys.executable, "-c", DIES, step, str(times), *command], capture_output=True, text=True, check=False
        )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = seen(name, tmp_path)
    assert is_whole(left, expected)
    again = whole.run(*command)
    is_signed = name == "close" and left is not None
    assert again.exit_code == (1 if is_signed else 0), again.output
    assert seen(name, tmp_path) == expected


def test_somebody_who_holds_the_database_is_named(whole: WholeBuild, tmp_path: Path) -> None:
    held = str(whole.database)
    holds = "import duckdb, sys; held = duckdb.connect(sys.argv[1]); print(flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holds, held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        holder.stdout.readline()
        for name, command in (commands(whole, tmp_path) | {"compact": ["compact"], "summary": ["summary"]}).items():
            if name == "land":
                continue
            options = command[: command.index("--database")] if "--database" in command else command
            rest = command[len(options) + 2 :]
            refused = whole.run(*options, "--database", held, *rest)
            assert (refused.exit_code, refused.output.count("\n")) == (1, 1), (name, refused.output)
            assert held in refused.output, (name, refused.output)
            assert "lock" in refused.output, (name, refused.output)
        holder.stdin.close()
    assert not seen("publish", tmp_path)


def test_a_file_that_needs_more_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """DuckDB keeps room for the longest line that a packed file of this size may hold, twice."""
    file = tmp_path / "data" / "telemetry" / "prometheus" / "vm" / "a.jsonl.gz"
    file.parent.mkdir(parents=True)
    times = [1780272000000 + 30_000 * number for number in range(2880)]
    series = {"metric": {"__name__": "vllm:generation_tokens_total"}, "values": times, "timestamps": times}
    with gzip.open(file, "wt") as packed:
        packed.writelines(
            json.dumps(series | {"metric": {"__name__": "x", "of": number}}) + "\n" for number in range(9)
        )
    monkeypatch.setenv("UNIT_ECONOMICS_MEMORY", "100MB")
    monkeypatch.setenv("UNIT_ECONOMICS_PRIVACY_SALT", "one for all databases of this data")
    command = ["land", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out"), *PROJECT_OPTION]
    refused = CliRunner().invoke(main, command)
    assert (refused.exit_code, refused.output.count("\n")) == (1, 1), refused.output
    assert str(file) in refused.output
    assert "raise UNIT_ECONOMICS_MEMORY, or split the file" in refused.output
    monkeypatch.setenv("UNIT_ECONOMICS_MEMORY", "300MB")
    assert CliRunner().invoke(main, command).exit_code == 0
