"""What people and programs read is there as a whole or as it was: on a full disk, in a folder that is read-only."""

from __future__ import annotations

import ast
import contextlib
import os
import resource
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.publishing import versions
from ai_unit_economics.writing import draft_of, write
from tests.python.conftest import PROJECT

SOURCE = PROJECT / "src" / "ai_unit_economics"
ASSETS = """asset_id,currency,price,salvage,in_service_on,term_months,accelerators
dgx-1,USD,300000,30000,2026-01-01,60,8
"""
# Who writes files by another way, and why nobody reads half of one there.
OTHER_WRITERS = {
    "writing.py": "it is the way",
    "landing/load.py": "copies for as long as DuckDB reads them",
    "publishing.py": "in a draft of a version, which is renamed as a whole; the lock",
    "books/closing.py": "the record is linked to its name; the lock",
    "sample/writer.py": "the sample is made in a folder that counts when its marker is written",
}


@contextlib.contextmanager
def disk_full_after(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("size", [0, 1, 4096, 99_999])
def test_a_full_disk_leaves_the_file_of_before(tmp_path: Path, size: int) -> None:
    write(tmp_path / "report.html", "before")
    with disk_full_after(size), pytest.raises(OSError, match="File too large"):
        write(tmp_path / "report.html", "after" * 20_000)
    assert contents(tmp_path) == {"report.html": b"before"}
    write(tmp_path / "report.html", "after")
    assert contents(tmp_path) == {"report.html": b"after"}


def test_a_writer_that_ends_half_way_leaves_the_file_of_before(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", "before")
    with pytest.raises(FileNotFoundError), draft_of(tmp_path / "a.parquet") as draft:
        draft.write_bytes(b"half" + (tmp_path / "nobody").read_bytes())
    assert contents(tmp_path) == {"a.parquet": b"before"}


def test_a_link_stays_a_link_and_readers_stay_readers(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    write(tmp_path / "www" / "page.html", "before")
    (tmp_path / "www" / "page.html").chmod(0o640)
    (tmp_path / "report.html").symlink_to("www/page.html")
    write(tmp_path / "report.html", "after")
    assert (tmp_path / "report.html").is_symlink()
    assert contents(tmp_path / "www") == {"page.html": b"after"}
    assert (tmp_path / "www" / "page.html").stat().st_mode & 0o777 == 0o640


def test_what_is_no_file_is_written_to() -> None:
    """`--out /dev/stdout` has no name that could be replaced."""
    read, written = os.pipe()
    write(Path(f"/dev/fd/{written}"), "a page")
    os.close(written)
    assert os.read(read, 100) == b"a page"


def test_a_command_that_cannot_write_says_so_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text(ASSETS)
    command = ["owned-hardware", str(tmp_path / "assets.csv"), "--until", "2026-09-01", "--out"]
    done = CliRunner().invoke(main, [*command, str(tmp_path / "out" / "charges.csv")])
    assert done.exit_code == 0, done.output
    before = contents(tmp_path / "out")
    with disk_full_after(1000):
        done = CliRunner().invoke(main, [*command, str(tmp_path / "out" / "charges.csv")])
    assert done.exit_code == 1
    assert done.output.startswith("Error: ")
    assert len(done.output.splitlines()) == 1
    assert contents(tmp_path / "out") == before


def test_all_that_is_read_is_written_in_that_way() -> None:
    """No other module opens a file to write to it."""
    writers = {}
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            opens = name.endswith("open") and any("w" in str(getattr(one, "value", "")) for one in call.args[-1:])
            if name.endswith((".write_text", ".write_bytes")) or opens:
                writers.setdefault(str(path.relative_to(SOURCE)), []).append(ast.unparse(call))
    assert writers.keys() <= OTHER_WRITERS.keys(), writers


def test_duckdb_leaves_a_table_in_parquet_as_it_was(tmp_path: Path) -> None:
    """The build writes the allocated charges by `copy`, which writes aside and renames too."""
    file = tmp_path / "allocated.parquet"
    with duckdb.connect() as session:
        session.execute(f"copy (select 1 as a) to '{file}' (format parquet, compression zstd)")
        before = file.read_bytes()
        with disk_full_after(20_000), pytest.raises(duckdb.IOException):
            session.execute(f"copy (select hash(i) as a from range(100_000) as r (i)) to '{file}' (format parquet)")
    assert file.read_bytes() == before


def test_versions_are_ordered_by_number_whatever_the_clock_said(tmp_path: Path) -> None:
    for name, number, at in (("a", 1, "2026-09-02T00:00:00Z"), ("b", 2, "2026-09-01T00:00:00Z"), ("old", None, "2026")):
        folder = tmp_path / "versions" / name
        folder.mkdir(parents=True)
        numbered = f'"number": {number}, ' if number else ""
        text = f'{{"version": "{name}", {numbered}"invocation_id": "{name}", "built_at": "", "published_at": "{at}"}}'
        (folder / "manifest.json").write_text(text)
    assert [version.name for version in versions(tmp_path)] == ["b", "a", "old"]
