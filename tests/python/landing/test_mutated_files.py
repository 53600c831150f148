"""Real files that were changed in hundreds of ways: each is read right, or named with a reason.

A change of the dress (packing, encoding, delimiter, names of columns, format) must give the same rows. A damage (cut,
flipped bits, halves of two files) must give the same rows or a problem that names the file. Nothing may be run.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ai_unit_economics.landing import tables
from tests.python.conftest import PROJECT

Dress = Callable[[bytes, random.Random], bytes]
FIXTURES = PROJECT / "tests" / "fixtures" / "telemetry"
BILL_COLUMNS = ("EffectiveCost", "BilledCost", "ListCost", "ChargePeriodStart", "ResourceId", "ChargeDescription")


def table_of(content: bytes) -> tuple[list[str], list[list[str]]]:
    header, *rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    return header, [row for row in rows if row]


def as_csv(header: list[str], rows: list[list[str]], **dialect: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, **{"lineterminator": "\n", **dialect})
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def in_dialect(**dialect: str) -> Dress:
    return lambda content, _: as_csv(*table_of(content), **dialect)


def as_json_lines(content: bytes, _: random.Random) -> bytes:
    header, rows = table_of(content)
    return b"".join(json.dumps(dict(zip(header, row, strict=True))).encode() + b"\n" for row in rows)


def as_json(content: bytes, _: random.Random) -> bytes:
    header, rows = table_of(content)
    return json.dumps([dict(zip(header, row, strict=True)) for row in rows], indent=1).encode()


def as_parquet(content: bytes, _: random.Random) -> bytes:
    header, rows = table_of(content)
    columns = [pa.array([row[number] or None for row in rows], pa.string()) for number in range(len(header))]
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns, names=header), buffer)
    return buffer.getvalue()


def zipped(content: bytes, _: random.Random) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("export/part-1.csv", content)
    return buffer.getvalue()


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def renamed(rename: Callable[[str], str]) -> Dress:
    def dress(content: bytes, _: random.Random) -> bytes:
        header, rows = table_of(content)
        return as_csv([name if name.startswith("x_") else rename(name) for name in header], rows)

    return dress


def in_other_order(content: bytes, rng: random.Random) -> bytes:
    header, rows = table_of(content)
    order = rng.sample(range(len(header)), len(header))
    return as_csv([header[number] for number in order], [[row[number] for number in order] for row in rows])


def with_column(name: str, value: str) -> Dress:
    def dress(content: bytes, rng: random.Random) -> bytes:
        header, rows = table_of(content)
        at = rng.randint(0, len(header))
        return as_csv([*header[:at], name, *header[at:]], [[*row[:at], value, *row[at:]] for row in rows])

    return dress


HOSTILE = (
    "it's",
    '"; drop table focus_charges; --',
    "'; copy (select 1) to '{canary}'; --",
    "' || (select content from read_text('/etc/passwd')) || '",
    "{name}",
    "$1",
    "\\",
    "x_%s",
    "é\u202e",
)
DRESSES: dict[str, Dress] = {
    "as it is": lambda content, _: content,
    "with a byte order mark": lambda content, _: codecs.BOM_UTF8 + content,
    "in UTF-16": lambda content, _: content.decode("utf-8-sig").encode("utf-16"),
    "gzipped": lambda content, _: gzip.compress(content, mtime=0),
    "gzipped twice in one file": lambda content, _: (
        gzip.compress(content[:200], mtime=0) + gzip.compress(content[200:], mtime=0)
    ),
    "zipped": zipped,
    "with Windows' line ends": in_dialect(lineterminator="\r\n"),
    "with semicolons": in_dialect(delimiter=";"),
    "with tabs": in_dialect(delimiter="\t"),
    "with bars": in_dialect(delimiter="|"),
    "all quoted": lambda content, _: as_quoted(content),
    "as JSON lines": as_json_lines,
    "as a JSON list": as_json,
    "as Parquet": as_parquet,
    "with snake_case names": renamed(snake),
    "with names in capitals": renamed(str.upper),
    "with columns in another order": in_other_order,
    **{f"with a column {name!r}": with_column(name, name) for name in HOSTILE},
}


def as_quoted(content: bytes) -> bytes:
    header, rows = table_of(content)
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def flipped(content: bytes, rng: random.Random) -> bytes:
    """One bit of a checked packing: what cannot be checked nobody can find."""
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[rng.randrange(12, len(packed))] ^= 1 << rng.randrange(8)
    return bytes(packed)


def cut_inside_a_row(content: bytes, rng: random.Random) -> bytes:
    """Before the last delimiter of a row, so that at least one column is missing."""
    lines = content.splitlines(keepends=True)
    row = rng.randrange(1, len(lines))
    end = lines[row].rindex(b",")
    return b"".join(lines[:row]) + lines[row][: rng.randrange(1, max(2, end))].replace(b'"', b"")


DAMAGES: dict[str, Dress] = {
    "a flipped bit": flipped,
    "a gzip cut short": lambda content, rng: gzip.compress(content, mtime=0)[: -rng.randint(1, 60)],
    "a Parquet cut short": lambda content, rng: as_parquet(content, rng)[: -rng.randint(1, 60)],
    "a ZIP cut short": lambda content, rng: zipped(content, rng)[: -rng.randint(1, 60)],
    "a row cut short": cut_inside_a_row,
    "a row with a column too many": lambda content, _: content.rstrip(b"\n") + b",1,2\n",
    "a name over two lines": with_column("a\nb", "c"),
    "zeros at the end": lambda content, _: content + b"\0" * 512,
    "bytes that are no UTF-8": lambda content, _: content.replace(b"a", b"\xe9\xff", 1),
}


@pytest.fixture(scope="module")
def bills(shared_data: Path) -> dict[str, bytes]:
    """Bills that providers and the FinOps Foundation published, of no more than 200 rows."""
    found = {}
    for path in sorted((shared_data / "focus").rglob("*.csv")):
        header, rows = table_of(path.read_bytes())
        if "EffectiveCost" in header:
            found[path.stem] = as_csv(header, rows[:200])
    return found


def oracle(content: bytes) -> list[tuple]:
    """The rows of a bill as Python's csv reads them."""
    header, rows = table_of(content)
    at = {name: header.index(name) for name in BILL_COLUMNS if name in header}
    return sorted(tuple(clean(row[at[name]]) if name in at else "None" for name in BILL_COLUMNS) for row in rows)


def clean(cell: str) -> str:
    """A number by its value and not by its spelling; what is empty, or one of the words for nothing, is None."""
    if cell.strip().lower() in ("", "null", "none", "nan", "\\n"):
        return "None"
    try:
        return str(Decimal(cell).normalize())
    except ArithmeticError:
        return cell


def rows_of_bills(landed) -> dict[str, list[tuple]]:
    names = tables.FOCUS_CHARGES.names
    kept = [name for name in names if name not in ("source_file", "file_version")]
    at = [kept.index(name) for name in BILL_COLUMNS]
    return {
        path: sorted(tuple(clean(row[number]) for number in at) for row in rows)
        for path, rows in landed.rows(tables.FOCUS_CHARGES).items()
    }


def written(root: Path, files: dict[str, bytes], names: Iterator[str]) -> dict[str, str]:
    """Each file in a source of its own; gives by path what was done to it."""
    done = {}
    for what, content in files.items():
        path = f"focus/{next(names)}"
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
        done[path] = what
    return done


def numbered(extension: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"s{number}/bill[{number}]{extension}"


@pytest.mark.slow
def test_a_bill_in_another_dress_has_the_same_rows(land, bills, tmp_path):
    rng, canary = random.Random(1), tmp_path / "canary"
    root = tmp_path / "data"
    files, expected = {}, {}
    for name, content in bills.items():
        for what, dress in DRESSES.items():
            files[f"{name} {what}"] = dress(content, rng).replace(b"{canary}", str(canary).encode())
            expected[f"{name} {what}"] = oracle(content)
    done = written(root, files, numbered(""))
    landed = land(root)
    assert len(done) >= 500
    assert {done[path]: problem for path, problem in landed.problems.items()} == {}
    found = {done[path.split("/export/")[0]]: rows for path, rows in rows_of_bills(landed).items()}
    wrong = [what for what in expected if found.get(what) != expected[what]]
    assert wrong == []
    assert not canary.exists()


def test_a_damaged_bill_is_read_right_or_named(land, bills, tmp_path):
    rng = random.Random(2)
    files, expected = {}, {}
    for name, content in bills.items():
        for what, damage in DAMAGES.items():
            files[f"{name} {what}"] = damage(content, rng)
            expected[f"{name} {what}"] = oracle(content)
    done = written(tmp_path / "data", files, numbered(".csv"))
    landed = land(tmp_path / "data")
    named = {path.split("/export/")[0] for path in landed.problems}
    found = {done[path.split("/export/")[0]]: rows for path, rows in rows_of_bills(landed).items()}
    silent = [what for path, what in done.items() if path not in named and found.get(what) != expected[what]]
    assert len(done) >= 200
    assert silent == []
