"""Nothing from data becomes SQL: what is put into a query stays a value, and no query is put together elsewhere."""

from __future__ import annotations

import ast
import datetime as dt
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai_unit_economics.landing import focus_columns, tables
from ai_unit_economics.sql import Sql, file_names, identifier, sql
from tests.python.conftest import PROJECT
from tools import landed_tables_page

SOURCE = PROJECT / "src" / "ai_unit_economics"
TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"))
VALUES = st.recursive(
    TEXT | st.booleans() | st.none() | st.integers(-(2**62), 2**62) | st.dates(dt.date(1, 1, 1)),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=1,
)


@given(TEXT)
def test_a_text_is_itself(text):
    assert duckdb.execute(sql("select {text}", text=text).text).fetchall()[0] == (text,)


@given(st.lists(TEXT, max_size=4), st.dictionaries(st.sampled_from("abc"), TEXT, min_size=1))
def test_lists_and_structs_are_themselves(texts, struct):
    query = sql("select {texts}, {struct}", texts=texts, struct=struct)
    assert duckdb.execute(query.text).fetchall()[0] == (texts, struct)


@given(TEXT.filter(bool))
def test_a_name_is_itself(name):
    query = sql("select 1 as {name}", name=identifier(name))
    assert duckdb.sql(query.text).columns == [name]


@pytest.mark.parametrize(
    "value", [1.5, Decimal("0.1"), 10**30, dt.date(2026, 1, 2), dt.datetime(2026, 1, 2, 3, 4, 5, 6)]
)
def test_a_number_and_a_time_are_themselves(value):
    assert duckdb.execute(sql("select {value}", value=value).text).fetchall()[0] == (value,)


def test_a_value_is_never_taken_for_a_placeholder():
    assert sql("select {a}, {b}", a="{b}", b="x").text == "select '{b}', 'x'"


def test_a_part_without_a_placeholder_is_a_mistake():
    with pytest.raises(KeyError):
        sql("select 1", a=1)
    with pytest.raises(KeyError):
        sql("select {a}")


@given(st.text(st.sampled_from("ab[]*?'{}!-"), min_size=1, max_size=10))
def test_the_name_of_a_file_is_that_file_alone(tmp_path_factory, name):
    folder = tmp_path_factory.mktemp("names")
    (folder / name).write_text("1")
    for other in ("a", "b", "ab", "1"):
        if other != name:
            (folder / other).write_text("2")
    query = sql("select content from read_text({files})", files=file_names([str(folder / name)]))
    assert duckdb.execute(query.text).fetchall() == [("1",)]


# Names of types and expressions that are written out in landing/tables.py, or that DuckDB says of a column.
OUR_OWN = {"column.type", "kind", "table.day"}
# They hand on the text that they are called with, which is looked at where they are called.
WRAPPERS = {"_row", "_rows", "_answer"}


def test_sql_is_made_of_texts_that_stand_in_the_code():
    """`sql(...)` takes a text that is written out; `Sql(...)` is called in its own module only."""
    strange = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        texts = written_out(tree)
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args):
            name = ast.unparse(call.func).removeprefix("self.")
            where = f"{path.relative_to(SOURCE)}:{call.lineno} {ast.unparse(call.args[0])}"
            makers, handed_on = ({"sql", *WRAPPERS}, "query") if path.parent.name == "conformance" else ({"sql"}, "")
            if name in makers and not is_text(call.args[0], texts) and ast.unparse(call.args[0]) != handed_on:
                strange.append(where)
            if name == "Sql" and path.name != "sql.py":
                strange.append(where)
    assert strange == []


def written_out(tree: ast.AST) -> set[str]:
    """Names that stand for nothing but texts that are written out in the file."""
    values: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                values.setdefault(ast.unparse(target), []).append(node.value)
    return {name for name, given in values.items() if all(is_text(value, set()) for value in given)}


def is_text(node: ast.expr, texts: set[str]) -> bool:
    if isinstance(node, ast.IfExp):
        return is_text(node.body, texts) and is_text(node.orelse, texts)
    return (isinstance(node, ast.Constant) and isinstance(node.value, str)) or ast.unparse(node) in texts | OUR_OWN


def test_a_sql_is_no_text():
    assert sql("select {part}", part=Sql("1")).text == "select 1"
    assert sql("select {part}", part="1").text == "select '1'"


def test_the_page_and_the_contract_of_landed_tables_are_those_of_today():
    text = landed_tables_page.PAGE.read_text(encoding="utf-8")
    assert landed_tables_page.page(text) == text, "run make docs"
    assert landed_tables_page.MODELS.read_text(encoding="utf-8") == landed_tables_page.models(), "run make docs"


def test_the_seed_of_focus_columns_and_the_tables_agree():
    text = (PROJECT / "seeds" / "reference" / "focus_columns.csv").read_text(encoding="utf-8")
    in_seed = {line.split(",")[0] for line in text.splitlines()[1:]}
    assert in_seed - set(focus_columns.DATASETS["CostAndUsage"]) == set()
    assert set(focus_columns.DATASETS["CostAndUsage"]) <= set(tables.FOCUS_CHARGES.names)
