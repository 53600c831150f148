"""docs/questions.md: every query fits the marts, is short, and answers what the page says."""

from __future__ import annotations

import duckdb
import pytest

from tests.python.dashboards.reads import empty_marts
from tools.questions_page import DATABASE, PAGE, queries, with_answers

TEXT = PAGE.read_text(encoding="utf-8")
LONGEST = 4


def test_ten_questions_have_a_query() -> None:
    assert len(queries(TEXT)) == 10


@pytest.mark.parametrize("query", queries(TEXT))
def test_a_query_is_short_and_fits_what_the_marts_promise(query: str) -> None:
    assert len(query.splitlines()) <= LONGEST
    with empty_marts() as marts:
        assert marts.execute(query).fetchall() == []


def test_only_tables_stand_for_answers() -> None:
    """Written anew from marts without a row, the page has no answer left, and all of its words."""
    with empty_marts() as marts:
        without = with_answers(TEXT, marts)
    assert without.count("\n## ") == TEXT.count("\n## ")
    assert "| --- |" not in without
    assert queries(without) == queries(TEXT)


@pytest.mark.skipif(not DATABASE.is_file(), reason="make test-build makes the small sample that the answers are of")
def test_the_answers_are_those_of_the_small_sample() -> None:
    with duckdb.connect(str(DATABASE), read_only=True) as marts:
        assert with_answers(TEXT, marts) == TEXT, "make test-build, then python -m tools.questions_page"
