"""Headers with code, names that are patterns, and broken files: the others land, and the broken one is named."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from pathlib import Path

import pytest

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.heads import describe_text
from tests.python.conftest import PROJECT

TOKENS = "vllm:prompt_tokens_total"
HEADERS = (
    "it's",
    "a' || (select content from read_text('/etc/passwd')) || '",
    "'; copy (select 1) to '{canary}'; --",
    '"; drop table prometheus_samples; --',
    "{value}",
    "$1",
    "%s",
    "back\\slash",
    "a/b~c",
    "[1]",
)
NAMES = ("g1", "g[1]", "g*", "g?", "{g1,g2}", "it's", '"g"', "g 1", "%g", "$g", "g;--", "é", "g\\1", "**")


def table(*rows: list[object]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def write(root: Path, path: str, content: bytes) -> str:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    return path


@pytest.mark.parametrize("header", HEADERS)
def test_a_column_of_the_long_form_is_a_label_whatever_it_is_called(land, tmp_path, header: str) -> None:
    canary = tmp_path / "canary"
    header = header.replace("{canary}", str(canary))
    content = table(["ts", "metric", header, "value"], ["2026-03-04T00:00:00Z", TOKENS, "x'y", 10])
    write(tmp_path, "data/telemetry/prometheus/a.csv", content)
    landed = land(tmp_path / "data")
    assert landed.problems == {}
    assert landed.session.execute("select labels, value from prometheus_samples").fetchall() == [({header: "x'y"}, 10)]
    assert not canary.exists()


def test_a_column_whose_name_has_two_lines_is_named(land, tmp_path) -> None:
    content = table(["ts", "metric", "two\nlines", "value"], ["2026-03-04T00:00:00Z", TOKENS, "x", 10])
    path = write(tmp_path, "telemetry/prometheus/a.csv", content)
    assert list(land(tmp_path).problems) == [path]


# By folder a file of one row, which says its number.
FAMILIES = {
    "focus/acme": (
        tables.FOCUS_CHARGES,
        "EffectiveCost",
        lambda number: table(["EffectiveCost", "ChargePeriodStart"], [number, "2026-03-04"]),
    ),
    "telemetry/requests": (
        tables.REQUESTS,
        "input_tokens",
        lambda number: table(["ts", "deployment_id", "input_tokens"], ["2026-03-04T00:00:00Z", "chat", number]),
    ),
    "telemetry/prometheus": (
        tables.PROMETHEUS_SAMPLES,
        "value",
        lambda number: table(["ts", "metric", "pod", "value"], ["2026-03-04T00:00:00Z", TOKENS, "a", number]),
    ),
}


@pytest.mark.parametrize("folder", FAMILIES)
def test_a_file_whose_name_is_a_pattern_is_that_file(land, tmp_path, folder: str) -> None:
    """`g[1].csv` lies beside `g1.csv`, and `*.csv` beside all: each lands once."""
    landed_table, column, content = FAMILIES[folder]
    paths = {write(tmp_path, f"{folder}/{name}.csv", content(number)): number for number, name in enumerate(NAMES, 1)}
    landed = land(tmp_path)
    assert landed.problems == {}
    at = [name for name in landed_table.names if name not in ("source_file", "file_version")].index(column)
    found = {path: [float(row[at]) for row in rows] for path, rows in landed.rows(landed_table).items()}
    assert found == {path: [number] for path, number in paths.items()}


def flipped(content: bytes) -> bytes:
    """One bit of the packed bytes, which the checksum of the packing knows."""
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[len(packed) // 2] ^= 1
    return bytes(packed)


REQUESTS = table(
    ["ts", "deployment_id", "input_tokens"], *(["2026-03-04T00:00:00Z", "chat", 7 * n] for n in range(1, 200))
)
SAMPLES = table(
    ["ts", "metric", "labels", "value"],
    *(["2026-03-04T00:00:00Z", TOKENS, json.dumps({"pod": f"p{n}"}), n] for n in range(1, 200)),
)
LINES = b"".join(
    json.dumps({"_step": n, "_timestamp": 1791158400 + n, "train/num_tokens": n}).encode() + b"\n" for n in range(200)
)
SOUND = {
    "telemetry/requests": (tables.REQUESTS, REQUESTS, ".csv"),
    "telemetry/prometheus": (tables.PROMETHEUS_SERIES, SAMPLES, ".csv"),
    "telemetry/training": (tables.TRAINING_PROGRESS, LINES, ".jsonl"),
}
BROKEN = {
    "a flipped bit": (flipped, ".gz"),
    "cut short": (lambda content: gzip.compress(content, mtime=0)[:-40], ".gz"),
    "no gzip at all": (lambda _: b"\x1f\x8b" + b"x" * 300, ".gz"),
    "Parquet that broke off": (lambda _: b"PAR1" + b"\0" * 300, ""),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("folder", SOUND)
def test_a_broken_file_is_named_and_the_others_land(land, tmp_path, folder: str, what: str) -> None:
    landed_table, content, ending = SOUND[folder]
    damage, packing = BROKEN[what]
    sound = write(tmp_path, f"{folder}/sound{ending}", content)
    broken = write(tmp_path, f"{folder}/broken{ending}{packing}", damage(content))
    landed = land(tmp_path)
    assert list(landed.problems) == [broken]
    assert landed.problems[broken]
    assert not landed.entries[broken].stops
    assert len(landed.rows(landed_table)[sound]) >= 199


TIMES = ("inf", "-inf", "infinity", "1e400", "nan", "99999999999999999999999", "9999-12-31T23:59:59Z", "yesterday", "")


@pytest.mark.parametrize("time", TIMES)
def test_a_time_that_is_none_is_unknown_and_stops_nothing(land, tmp_path, time: str) -> None:
    write(tmp_path, "telemetry/requests/a.csv", REQUESTS + table([time, "chat", 5]))
    write(tmp_path, "telemetry/prometheus/a.csv", SAMPLES + table([time, TOKENS, '{"pod": "odd"}', 5]))
    write(tmp_path, "telemetry/requests/b.jsonl", json.dumps({"ts": time, "deployment_id": "chat"}).encode() + b"\n")
    landed = land(tmp_path)
    assert not any(entry.stops for entry in landed.entries.values())
    count = "select count(*), count(requested_at) from requests where input_tokens is not null"
    assert landed.session.execute(count).fetchall() == [(200, 199)]
    count = "select count(*), count(sampled_at) from prometheus_samples"
    assert landed.session.execute(count).fetchall() == [(200, 199)]


@pytest.mark.parametrize("time", ["Infinity", "-Infinity", "NaN", "1e400", "1e300", "null", "[]", '{"a": 1}'])
def test_a_time_of_json_that_is_none_is_unknown_and_stops_nothing(land, tmp_path, time: str) -> None:
    lines = b'{"ts": 1772582400, "deployment_id": "chat", "request_id": "a"}\n'
    lines += f'{{"ts": {time}, "deployment_id": "chat", "request_id": "b"}}\n'.encode()
    write(tmp_path, "telemetry/requests/a.jsonl", lines)
    landed = land(tmp_path)
    assert landed.entries["telemetry/requests/a.jsonl"].problem is None
    assert landed.session.execute("select count(*), count(requested_at) from requests").fetchall() == [(2, 1)]


def test_bytes_that_are_no_utf_8_are_read_or_named(land, tmp_path) -> None:
    """One byte of another encoding, within a word that nobody counts by: the counts are those of the file."""
    for folder, content, place in (
        ("telemetry/requests", REQUESTS, b"chat"),
        ("telemetry/prometheus", SAMPLES, b"p1"),
        ("telemetry/training", LINES, b"num_tokens"),
    ):
        head, _, tail = content.rpartition(place)
        write(tmp_path, f"{folder}/a{SOUND[folder][2]}", head + b"\xe9" + place + tail)
    landed = land(tmp_path)
    assert not any(entry.stops for entry in landed.entries.values())
    numbers = "select sum(cast(input_tokens as bigint)) from requests"
    for path in landed.entries:
        head = landed.entries[path].head
        assert path in landed.problems or head.is_damaged or head.note, path
    assert landed.session.execute(numbers).fetchall() == [(7 * 199 * 200 // 2,)]


def test_a_zip_is_read_where_no_temporary_folder_is_there_yet(land, tmp_path, monkeypatch) -> None:
    """DuckDB makes the folder when it first spills; members of a ZIP are copied there before."""
    monkeypatch.setenv("UNIT_ECONOMICS_TEMP", str(tmp_path / "not" / "yet"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("part-1.csv", table(["EffectiveCost", "ChargePeriodStart"], [7, "2026-03-04"]))
    write(tmp_path, "data/focus/acme/march.zip", packed.getvalue())
    landed = land(tmp_path / "data")
    assert landed.problems == {}
    assert landed.session.execute("select EffectiveCost from focus_charges").fetchall() == [("7",)]


def test_a_seed_of_the_project_is_no_telemetry(land, tmp_path) -> None:
    """What has no shape that is read is named with what it has."""
    content = (PROJECT / "seeds" / "reference" / "currencies.csv").read_bytes()
    path = write(tmp_path, "telemetry/requests/currencies.csv", content)
    landed = land(tmp_path)
    assert "has no shape that is read" in landed.problems[path]


# A beginning of a table, and what divides its cells: what divides the header and the first row alike.
DIALECTS = {
    "a,b||c|||d,e\n1,2,3\n": ",",
    "a;b\n1,5;2,5\n": ";",
    "a\tb,c\n1\t2\n": "\t",
    "a|b\n": "|",
    'a,b\n"two\nlines",1\n': ",",
    "a\n1\n": ",",
    f"a,b\n{'x' * 200_000},1\n": ",",
}


@pytest.mark.parametrize("text", DIALECTS)
def test_cells_are_divided_by_what_divides_header_and_row_alike(text: str) -> None:
    assert describe_text("a.csv", text, is_all=False).delimiter == DIALECTS[text]


# Times of no zone are read as UTC, and somebody should know.
ZONES = {
    "ts,v\n2026-10-05 10:00:00,1\n": True,
    "ts,v\n2026-10-05T10:00,1\n": True,
    "ts,v\n2026-10-05T10:00:00.123456\n": True,
    '{"ts": "2026-10-05T10:00:00"}\n': True,
    "ts,v\n2026-10-05T10:00:00Z,1\n": False,
    "ts,v\n2026-10-05T10:00:00.123Z,1\n": False,
    "ts,v\n2026-10-05 10:00:00 UTC,1\n": False,
    "ts,v\n2026-10-05T10:00:00+02:00,1\n": False,
    "ts,v\n2026-10-05T10:00:00.5-0500,1\n": False,
    "ts,v\n2026-10-05 10:00:00.000 +0000,1\n": False,
    "ts,v\n2026-10-05,1\n": False,
    "ts,v\n1791194400,1\n": False,
}


@pytest.mark.parametrize("text", ZONES)
def test_times_without_an_offset_are_known(text: str) -> None:
    assert describe_text("a.csv", text, is_all=True).has_times_without_offset is ZONES[text]
