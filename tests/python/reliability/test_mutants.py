"""Hostile and broken files, by `ai-unit-economics land`: nothing is run, nothing is read from elsewhere, nothing counts
twice, each refusal names its file, and the sound files beside it land.

`make reliability` makes thousands of them, and writes the table of docs/reliability.md.
"""

from __future__ import annotations

import gzip
import itertools
import os
import random
import shutil
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import duckdb
import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main
from ai_unit_economics.landing import heads, tables
from ai_unit_economics.landing.exported import rows_of
from ai_unit_economics.landing.privacy import KEEPS_ALL
from ai_unit_economics.sql import identifier, joined, sql
from tests.python.conftest import PROJECT
from tests.python.reliability.mutants import CODE, LABEL, Mutant, mutants, sound
from tests.python.reliability.shapes import PLAIN, SHAPES

AT_ONCE = 100
# What a row has of its path, and not of its file
OF_THE_FILE = ("source_file", "file_version", "source")
OUTCOMES = ("landed", "landed and marked", "refused", "cannot be known", "silently wrong")


@dataclass(frozen=True)
class Verdict:
    """Without the mutant's files, which together do not fit in memory."""

    what: str
    shape: str
    may_lose: bool
    outcome: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.what} of {self.shape}: {self.outcome} {self.why}"


@dataclass
class Landed:
    """What `land` made of a root: by path why a file was refused, and its rows by table."""

    result: Result
    problems: dict[str, str]
    notes: dict[str, str]
    rows: dict[str, dict[str, list[tuple]]]

    def rows_beneath(self, table: str, folder: str) -> list[tuple]:
        found = self.rows.get(table, {})
        return [row for path, rows in found.items() if path.startswith(f"{folder}/") for row in rows]


def land(root: Path, out: Path) -> Landed:
    command = ["land", "--data", str(root), "--out", str(out), "--project", str(PROJECT)]
    # ids are compared as they are in the files; tests/python/landing/test_privacy.py looks at what is hashed
    with mock.patch("ai_unit_economics.land.privacy_of", return_value=KEEPS_ALL):
        result = CliRunner().invoke(main, command)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise AssertionError("".join(traceback.format_exception(result.exception))) from result.exception
    landed = Landed(result, {}, {}, {})
    with duckdb.connect() as session:
        session.execute("set TimeZone = 'UTC'")
        register = session.execute(
            "select relative_path, problem, concat_ws('; ', note, not_current_because) from ("
            + rows_of(out, tables.FILES).text
            + ")"
        ).fetchall()
        landed.problems = {path: problem for path, problem, _ in register if problem}
        landed.notes = {path: note for path, _, note in register if note}
        for table in tables.TABLES:
            if table is tables.FILES:
                continue
            names = [name for name in table.names if name not in OF_THE_FILE]
            query = sql(
                "select source_file, {names} from ({rows})",
                names=joined(map(identifier, names)),
                rows=rows_of(out, table),
            )
            of_table = landed.rows.setdefault(table.name, {})
            reader = session.execute(query.text)
            while row := reader.fetchone():
                path = str(row[0]).removeprefix(f"{root}/")
                given = dict(zip(names, row[1:], strict=True))
                if given.get("problem") and given.get("source_row") is None:
                    landed.problems[path] = given["problem"]
                else:
                    of_table.setdefault(path, []).append(tuple(given.values()))
    return landed


def canonical(value: object, text: str, label: str) -> object:
    """A cell with the plain text and the plain label instead of those of the mutant; JSON by its content."""
    if isinstance(value, str):
        if value.startswith(("{", "[")):
            try:
                return canonical(heads.json_of(value), text, label)
            except ValueError:
                # a cell may hold what JSON has to escape, such as NUL
                plain = value.replace(text, PLAIN).replace(label, LABEL)
                return value if plain == value else canonical(plain, text, label)
        for given, plain in ((text, PLAIN), (label, LABEL)):
            if value.strip() == given.strip():
                return plain
        return value
    if isinstance(value, dict):
        return tuple(sorted((str(canonical(k, text, label)), str(canonical(v, text, label))) for k, v in value.items()))
    if isinstance(value, list):
        return tuple(str(canonical(item, text, label)) for item in value)
    return value


def is_marked(table: str, row: tuple) -> bool:
    """A row that says that it could not be read: of all that it could hold it knows its place at most."""
    names = [name for name in tables_by_name()[table].names if name not in OF_THE_FILE]
    given = dict(zip(names, row, strict=True))
    if given.get("problem"):
        return True
    if table == tables.PROMETHEUS_SAMPLES.name:
        return given["metric"] is None or given["sampled_at"] is None or given["value"] is None
    known = {"source_row", "shape", "columns_of", "other_columns"}
    return all(not value for name, value in given.items() if name not in known)


def tables_by_name() -> dict[str, tables.Table]:
    return {table.name: table for table in tables.TABLES}


def fingerprint(rows: list[tuple], text: str = PLAIN, label: str = LABEL) -> Counter:
    return Counter(tuple(str(canonical(value, text, label)) for value in row) for row in rows)


def judged(mutant: Mutant, folder: str, landed: Landed, expected: Counter) -> Verdict:
    def verdict(outcome: str, why: str = "") -> Verdict:
        return Verdict(mutant.what, f"{mutant.shape} ({mutant.note[:200]})", mutant.may_lose, outcome, why[:500])

    table = SHAPES[mutant.shape].table.name
    rows = landed.rows_beneath(table, folder)
    named = {path: why for path, why in landed.problems.items() if path.startswith(f"{folder}/")}
    elsewhere = [name for name in landed.rows if name != table and landed.rows_beneath(name, folder)]
    if table == tables.PROMETHEUS_SAMPLES.name:
        elsewhere = [name for name in elsewhere if name != tables.PROMETHEUS_SERIES.name]
    marked = [row for row in rows if is_marked(table, row)]
    found = fingerprint([row for row in rows if not is_marked(table, row)], mutant.text, mutant.label)
    if table == tables.PROMETHEUS_SAMPLES.name:
        # staging counts a sample once, in however many files it lies
        found = Counter(dict.fromkeys(found, 1))
    if elsewhere:
        return verdict("silently wrong", f"rows in {elsewhere}")
    if found == expected and not marked:
        if not mutant.may_land:
            return verdict("silently wrong", "it landed")
        return verdict("landed", str(named or ""))
    if mutant.what == "a column twice" and found.total() == expected.total():
        notes = [note for path, note in landed.notes.items() if path.startswith(f"{folder}/")]
        if any("twice: the first one counts" in note for note in notes):
            return verdict("landed and marked", "; ".join(notes))
    if found - expected and not mutant.may_lose:
        return verdict(
            "silently wrong", f"rows that are not in the file: {list((found - expected).items())[:2]} {named}"
        )
    if named and (mutant.may_refuse or not mutant.may_land):
        return verdict("refused", "; ".join(named.values()))
    if marked and not named:
        return verdict("landed and marked", f"{len(marked)} rows")
    if mutant.may_lose:
        return verdict("cannot be known")
    return verdict("silently wrong", f"{sum(found.values())} of {sum(expected.values())} rows; refused: {named}")


def write_all(batch: list[Mutant], root: Path) -> list[str]:
    folders = []
    for number, mutant in enumerate(batch):
        folder = f"{SHAPES[mutant.shape].folder}/case={number}"  # else equal files would be copies
        folders.append(folder)
        (root / folder).mkdir(parents=True)
        for name, content in mutant.files.items():
            (root / folder / name).write_bytes(content)
        if mutant.place:
            mutant.place(root / folder)
    for number, (_, shape) in enumerate(SHAPES.items()):
        place = root / shape.folder / f"sound={number}"
        place.mkdir(parents=True)
        (place / f"sound{shape.ending}").write_bytes(sound(shape))
    return folders


def expected_rows(landed: Landed) -> dict[str, Counter]:
    """The rows of the sound files, each of which lies in a folder of its own."""
    return {
        name: fingerprint(landed.rows_beneath(shape.table.name, f"{shape.folder}/sound={number}"))
        for number, (name, shape) in enumerate(SHAPES.items())
    }


def tried(batches: Iterator[list[Mutant]], folder: Path, canary: Path) -> Iterator[Verdict]:
    rows_of_sound_files: list[dict[str, Counter]] = []
    for number, batch in enumerate(batches):
        root, out = folder / f"root{number}", folder / f"out{number}"
        folders = write_all(batch, root)
        before = {str(path) for path in folder.iterdir()} | {str(out)}
        landed = land(root, out)
        expected = expected_rows(landed)
        assert {name: sum(rows.values()) for name, rows in expected.items()} == {
            name: shape.rows for name, shape in SHAPES.items()
        }
        rows_of_sound_files.append(expected)
        assert expected == rows_of_sound_files[0]
        assert not canary.exists()
        assert not Path("/tmp/escaped").exists()
        assert {str(path) for path in folder.iterdir()} == before
        assert not [path for path in out.rglob("*.parquet") if b"SECRET" in path.read_bytes()]
        for mutant, place in zip(batch, folders, strict=True):
            yield judged(mutant, place, landed, expected[mutant.shape])
        shutil.rmtree(root)
        shutil.rmtree(out)
        if (number + 1) * AT_ONCE % 300 == 0:
            print(f"{(number + 1) * AT_ONCE} files", flush=True)  # pytest -s shows that it goes on


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.csv").write_text("a,b\nSECRET,SECRET\n")
    return tmp_path / "outside"


def corpus(outside: Path, seed: int, **sizes: int) -> Iterator[Mutant]:
    return mutants(seed, outside, canary=outside / "canary", secret=outside / "secret.csv", **sizes)


@pytest.mark.parametrize("seed", [1])
def test_a_hundred_mutants_are_read_right_or_named(tmp_path, outside, monkeypatch, seed: int) -> None:
    monkeypatch.setattr(heads, "UNPACKED_AT_MOST", 1 << 18)
    every = itertools.islice(corpus(outside, seed, bomb=1 << 19, depth=5_000, field_bytes=1 << 17), 1500)
    chosen = list(every)[:: 1500 // 130]
    (tmp_path / "work").mkdir()
    verdicts = list(tried(iter([chosen]), tmp_path / "work", outside / "canary"))
    assert len(verdicts) >= 120
    assert [str(verdict) for verdict in verdicts if verdict.outcome == "silently wrong"] == []


def test_no_name_of_a_column_is_run_in_any_shape(tmp_path, outside) -> None:
    """A column of a telemetry table was called `'; copy … to …; --` once, and the copy was made."""
    canary, secret = outside / "canary", outside / "secret.csv"
    texts = [text.format(canary=canary, secret=secret) for text in CODE["SQL"][:7]]
    batch = [
        Mutant(
            "SQL in names of columns",
            name,
            {f"a{shape.ending}": sound(shape, PLAIN, text)},
            # an attribute of OTLP is a label of Prometheus, with `_` for `.`
            label=text.replace(".", "_") if name == "OTLP metrics" else text,
            # a label of a dump that is no name of Prometheus ends at its first sign that no name has
            may_lose=name == "promtool dump",
            note=text,
        )
        for name, shape in SHAPES.items()
        for text in texts
    ]
    (tmp_path / "work").mkdir()
    verdicts = list(tried(iter([batch]), tmp_path / "work", canary))
    unknown = [verdict for verdict in verdicts if verdict.outcome != "landed"]
    assert [str(verdict) for verdict in unknown if not verdict.may_lose] == []
    assert len(verdicts) == len(SHAPES) * 7


@pytest.mark.slow
def test_an_answer_of_a_hundred_megabytes_is_read_or_its_file_is_named(tmp_path, outside) -> None:
    """One that was packed ended `land` once: the series in it were found, and its samples were not."""
    text = random.Random(1).randbytes(5 * 10**7).hex()  # else it would look like a bomb
    content = sound(SHAPES["Prometheus API"]).replace(PLAIN.encode(), text.encode(), 1)
    files = {"a.json": content, "a.json.gz": gzip.compress(content, compresslevel=1)}
    batch = [Mutant("a field of many bytes", "Prometheus API", {name: file}, text=text) for name, file in files.items()]
    (tmp_path / "work").mkdir()
    landed, refused = tried(iter([batch]), tmp_path / "work", outside / "canary")
    assert (landed.outcome, refused.outcome) == ("landed", "refused")
    assert "longer than 64 MB: unpack it, or split it" in refused.why


@pytest.mark.slow
def test_thousands_of_mutants_are_read_right_or_named(tmp_path, outside) -> None:
    count = int(os.environ.get("HOSTILE_FILES") or 2400)
    seed = int(os.environ.get("HOSTILE_SEED") or 2)
    every = itertools.islice(corpus(outside, seed, bomb=1 << 30, depth=100_000, field_bytes=10**8), count)
    batches = iter(lambda: list(itertools.islice(every, AT_ONCE)), [])
    (tmp_path / "work").mkdir()
    verdicts = list(tried(batches, tmp_path / "work", outside / "canary"))
    if table := os.environ.get("HOSTILE_TABLE"):
        Path(table).write_text(table_of(verdicts), encoding="utf-8")
    wrong = [str(verdict) for verdict in verdicts if verdict.outcome == "silently wrong"]
    assert wrong == []


def table_of(verdicts: list[Verdict]) -> str:
    """The table of docs/reliability.md."""
    counts = Counter((verdict.what, verdict.outcome) for verdict in verdicts)
    lines = [f"| class | injected | {' | '.join(OUTCOMES)} |", f"|---|{'---:|' * (1 + len(OUTCOMES))}"]
    for what in [*sorted({verdict.what for verdict in verdicts}), None]:
        numbers = [sum(n for (w, o), n in counts.items() if what in (w, None) and o == outcome) for outcome in OUTCOMES]
        lines.append(f"| {what or '**all**'} | {sum(numbers)} | {' | '.join(map(str, numbers))} |")
    return "\n".join(lines) + "\n"
