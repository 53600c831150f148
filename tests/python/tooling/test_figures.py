"""One rule for all figures that people read, in Python and in SQL."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_unit_economics import figures
from ai_unit_economics.doctor.seed_checks import macro_environment

PROJECT = Path(__file__).resolve().parents[3]
AMOUNTS = st.decimals(Decimal(-(10**9)), Decimal(10**9), places=12)
SHARES = st.floats(-50, 50)


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (figures.money, Decimal("16928.424"), "16,928.42"),
        (figures.money, Decimal("-1604.677"), "−1,604.68"),
        (figures.money, Decimal("-0.004"), "0.00"),
        (figures.money, None, "–"),
        (figures.unit_cost, Decimal("4.00724"), "4.0072"),
        (figures.unit_cost, Decimal("1234.5"), "1,234.5000"),
        (figures.unit_cost, Decimal("0.000112553974"), "0.0001126"),
        (figures.unit_cost, Decimal("0.0001"), "0.0001000"),
        (figures.unit_cost, Decimal("0.00002134"), "0.00002134"),
        (figures.unit_cost, Decimal(0), "0.0000"),
        (figures.percent, 0.14070056, "14.1 %"),
        (figures.percent, -0.0003, "0.0 %"),
        (figures.signed, 0.14070056, "+14.1 %"),
        (figures.signed, -0.2, "−20.0 %"),
        (figures.signed, -0.0004, "0.0 %"),
        (figures.signed, 0.0, "0.0 %"),
        (figures.count, 123456, "123,456"),
        (figures.plain, Decimal("1000.100000000000000001"), "1,000.100000000000000001"),
        (figures.plain, Decimal("-3.500"), "−3.50"),
    ],
)
def test_figures_are_written(write, value, text) -> None:
    assert write(value) == text


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [("4", "3", "-0.25"), ("4", "-1", "-1.25"), ("0", "3", None), ("-100", "500", None), ("-100", "-300", None)],
)
def test_a_change_is_a_share_of_a_cost_and_of_nothing_else(before: str, after: str, change: str | None) -> None:
    assert figures.change_of(Decimal(before), Decimal(after)) == (change and Decimal(change))
    assert figures.change_of(None, Decimal(after)) is None
    assert figures.change_of(Decimal(before), None) is None


def test_parts_have_the_decimals_of_the_whole() -> None:
    parts = [Decimal("-0.0098716"), Decimal("0.73974"), Decimal("-0.00001")]
    assert [figures.unit_cost(part, Decimal("4.31027")) for part in parts] == ["−0.0099", "0.7397", "0.0000"]


@given(AMOUNTS)
def test_no_figure_has_a_sign_without_a_digit_or_an_exponent(value: Decimal) -> None:
    for write in (figures.money, figures.unit_cost, figures.percent):
        text = write(value)
        assert "e" not in text.lower()
        assert "-" not in text
        assert not text.startswith("−") or re.search("[1-9]", text)


@pytest.fixture(scope="module")
def macros():
    """macros/decisions/findings.sql and what it calls, by jinja alone."""
    source = "".join(
        (PROJECT / "macros" / name).read_text() for name in ("engines/texts.sql", "decisions/findings.sql")
    )
    return macro_environment().from_string(source).make_module()


def in_sql(macro, value: Decimal | float) -> str:
    return duckdb.execute(f"select {macro('$value')}", {"value": value}).fetchall()[0][0]


@settings(max_examples=200, deadline=None)
@given(amount=AMOUNTS, small=st.decimals(Decimal(0), Decimal("0.01"), places=9), share=SHARES)
def test_sql_writes_figures_as_python_does(macros, amount: Decimal, small: Decimal, share: float) -> None:
    """But for what lies half way between two figures, where a double of SQL may be on either side."""
    for value in (amount, small):
        if half_way(value, 2):
            continue
        assert in_sql(macros.money_text, value) == figures.money(value)
    if not half_way(small, max(4, 3 - (small.adjusted() if small else 0))):
        assert in_sql(macros.unit_cost_text, small) == figures.unit_cost(small)
    if not half_way(100 * Decimal(str(share)), 1):
        assert in_sql(macros.percent_text, share) == figures.percent(share)


def half_way(value: Decimal, places: int) -> bool:
    rest = abs(value.scaleb(places)) % 1
    return abs(rest - Decimal("0.5")) < Decimal("0.0001")
