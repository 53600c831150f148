"""Numbers and times that cannot be, in the files that commands read: named, never guessed, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.landing import readers
from ai_unit_economics.sql import sql

ASSETS = "asset_id,currency,price,salvage,in_service_on,term_months,accelerators\ndgx-1,USD,{price},0,{on},{months},8\n"
NO_NUMBERS = ("1_000", "0x10", "NaN", "inf", "1e999999999999999999999", "١٢", "１２", "1,000", "true", "--1")


def run(*arguments: object) -> str:
    """What a command says, which is a line and no traceback."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), done.exception
    return done.output


@pytest.mark.parametrize("price", NO_NUMBERS)
def test_a_price_that_is_no_number_is_named(tmp_path: Path, price: str) -> None:
    file = tmp_path / "assets.csv"
    quoted = f'"{price}"'
    file.write_text(ASSETS.format(price=quoted, on="2026-01-01", months=60))
    said = run("owned-hardware", file, "--until", "2026-02-01", "--out", tmp_path / "out.csv")
    assert said.startswith(f"Error: {file}, row ")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("months", ["6_0", "1.5", "0x10", "٦", "inf"])
def test_a_term_that_is_no_whole_number_is_named(tmp_path: Path, months: str) -> None:
    file = tmp_path / "assets.csv"
    file.write_text(ASSETS.format(price=1, on="2026-01-01", months=months))
    said = run("owned-hardware", file, "--until", "2026-02-01", "--out", tmp_path / "out.csv")
    assert said.startswith(f"Error: {file}, row ")


BUCKET = {"start_time": 1791158400, "end_time": 1791244800}
RESULT = {"amount": {"value": 1, "currency": "usd"}, "line_item": "x"}
REPORTS = {
    "an underscore": {"value": "1_000", "currency": "usd"},
    "not a number": {"value": float("nan"), "currency": "usd"},
    "infinite": {"value": float("inf"), "currency": "usd"},
    "no currency": {"value": 1, "currency": None},
    "a list": [1],
}


@pytest.mark.parametrize("amount", REPORTS.values(), ids=REPORTS)
def test_an_amount_that_cannot_be_is_named(tmp_path: Path, amount: object) -> None:
    file = tmp_path / "costs.json"
    report = {"data": [{**BUCKET, "results": [{**RESULT, "amount": amount}]}], "has_more": False}
    file.write_text(json.dumps(report))
    assert str(file) in run("provider-costs", file, "--out", tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("time", ["1e400", "1" + "0" * 30, '"soon"', "[]", "null"])
def test_a_time_that_cannot_be_is_named(tmp_path: Path, time: str) -> None:
    file = tmp_path / "costs.json"
    text = json.dumps({"data": [{**BUCKET, "results": [RESULT]}], "has_more": False})
    file.write_text(text.replace("1791158400", time))
    assert str(file) in run("provider-costs", file, "--out", tmp_path / "out.csv")


def test_a_report_that_nests_without_end_is_named(tmp_path: Path) -> None:
    file = tmp_path / "costs.json"
    file.write_text("[" * 100_000)
    assert str(file) in run("provider-costs", file, "--out", tmp_path / "out.csv")


# By text what it is as a count of a sample, worked out by hand: infinite and NaN are floats, and no counts.
NUMBERS = {
    "7": 7,
    "7.5": 7.5,
    "1e3": 1000,
    "-5": -5,
    "+Inf": float("inf"),
    "1e400": float("inf"),
    **dict.fromkeys(("1_000", "1_791_158_400", "0x10", "0b1", "ten", "", "１２"), None),
}


@pytest.mark.parametrize("text", NUMBERS)
def test_a_text_is_a_number_or_unknown(text: str) -> None:
    assert duckdb.execute(
        sql("select {number}", number=readers.number_of(sql("{text}", text=text))).text
    ).fetchall() == [(NUMBERS[text],)]


@pytest.mark.parametrize(
    "text", ["1_791_158_400", "0x6ac1a700", "-1", "0", "9999999999999999999", "inf", "10413792000"]
)
def test_a_time_that_cannot_be_is_unknown(text: str) -> None:
    """10413792000 is the first second of 2300; 0 is 1970."""
    time = readers.time_of_text(sql("{text}", text=text))
    assert duckdb.execute(sql("select {time}", time=time).text).fetchall()[0] == (None,)
