"""The mutants of a statement, and what kills them, by hand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import sqlglot

from tools.mutants import mutants, mutated
from tools.mutation_score import Model, score, totals, unit_test, without_fixtures


def made(sql: str) -> dict[tuple[str, str], str]:
    statement = sqlglot.parse_one(sql, dialect="duckdb")
    return {
        (mutant.kind, mutant.original): changed.sql("duckdb")
        for mutant in mutants(statement)
        if (changed := mutated(statement, mutant)) is not None
    }


@pytest.mark.parametrize(
    ("sql", "kind", "changed"),
    [
        ("SELECT a FROM t WHERE a > 1 AND b = 2", "filter", "SELECT a FROM t WHERE a > 1"),
        ("SELECT a FROM t WHERE a > 1", "filter", "SELECT a FROM t"),
        ("SELECT a FROM t WHERE a > 1", "comparison", "SELECT a FROM t WHERE (a >= 1)"),
        ("SELECT SUM(a) FROM t", "aggregate", "SELECT MAX(a) FROM t"),
        ("SELECT COUNT(DISTINCT a) FROM t", "distinct", "SELECT COUNT(a) FROM t"),
        ("SELECT COALESCE(a, b) FROM t", "default", "SELECT a FROM t"),
        ("SELECT ROUND(a, 2) FROM t", "rounding", "SELECT a FROM t"),
        ("SELECT a - b FROM t", "sign", "SELECT (a + b) FROM t"),
        ("SELECT a FROM t LEFT JOIN u ON t.k = u.k", "join", "SELECT a FROM t INNER JOIN u ON t.k = u.k"),
        ("SELECT a FROM t JOIN u ON t.k = u.k AND t.l = u.l", "join condition", "SELECT a FROM t JOIN u ON t.k = u.k"),
        ("SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t", "branch", "SELECT CASE WHEN a THEN 1 END FROM t"),
        (
            "SELECT SUM(a) OVER (PARTITION BY b, c) FROM t",
            "window",
            "SELECT SUM(a) OVER (PARTITION BY b) FROM t",
        ),
        ("SELECT a FROM t UNION ALL SELECT a FROM u", "set", "SELECT a FROM t UNION SELECT a FROM u"),
        ("SELECT a AND b FROM t", "logic", "SELECT (a OR b) FROM t"),
    ],
)
def test_a_mistake_of_each_kind(sql: str, kind: str, changed: str) -> None:
    assert changed in {text for (found, _), text in made(sql).items() if found == kind}


@pytest.mark.parametrize(
    ("sql", "is_made"),
    [
        ("SELECT CASE WHEN COALESCE(a, FALSE) THEN 1 ELSE 2 END FROM t", False),
        ("SELECT 1 FROM t WHERE b AND (COALESCE(a, FALSE) OR c)", False),
        ("SELECT COUNT(*) FILTER(WHERE COALESCE(a, FALSE)) FROM t", False),
        ("SELECT 1 FROM t WHERE NOT COALESCE(a, FALSE)", True),
        ("SELECT 1 FROM t WHERE COALESCE(a, TRUE)", True),
        ("SELECT CASE WHEN b THEN COALESCE(a, FALSE) END FROM t", True),
        ("SELECT COALESCE(a, FALSE) AND b FROM t", True),
    ],
)
def test_no_default_where_null_decides_as_false_does(sql: str, is_made: bool) -> None:
    assert any(kind == "default" for kind, _ in made(sql)) == is_made


def test_inner_and_becomes_or_in_brackets() -> None:
    changed = made("SELECT 1 FROM t WHERE a AND b AND c").values()
    assert any("(a OR b) AND c" in text for text in changed)


UNIT_TEST = """
with dbt_internal_unit_test_actual as (
  select "k", "n", 'actual' as "actual_or_expected"
  from (
    with __dbt__cte__usage as (
      select 'a' as k, 1 as n union all select 'a' as k, 2 as n union all select 'b' as k, null as n
    ), sums as (select k, sum(n) as n from __dbt__cte__usage group by k)
    select k, coalesce(n, 0) as n from sums
  ) _dbt_internal_unit_test_actual
),
dbt_internal_unit_test_expected as (
  select 'a' as "k", 3 as "n", 'expected' as "actual_or_expected"
  union all select 'b' as "k", 0 as "n", 'expected' as "actual_or_expected"
)
select * from dbt_internal_unit_test_actual union all select * from dbt_internal_unit_test_expected
"""
COMPILED = """
with sums as (select k, sum(n) as n from world.main.usage group by k)
select k, coalesce(n, 0) as n from sums
"""


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A database whose usage is a single row: it tells sum from max as little as a single row can."""
    with duckdb.connect(str(tmp_path / "world.duckdb")) as connection:
        connection.execute("create table usage as select 'a' as k, 5 as n")
    return tmp_path / "world.duckdb"


def states(model: Model, database: Path) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["original"]): row["state"] for row in score(model, database, 100, 1)}


def test_a_recursive_statement_stays_recursive() -> None:
    sql = "WITH RECURSIVE __dbt__cte__u AS (SELECT 1), r AS (SELECT n FROM u UNION ALL SELECT n FROM r) SELECT n FROM r"
    assert "WITH RECURSIVE r AS" in without_fixtures(sqlglot.parse_one(sql, dialect="duckdb")).sql("duckdb")


def test_unit_tests_kill_what_changes_their_rows(world: Path) -> None:
    unit = unit_test("sums", UNIT_TEST)
    assert unit is not None
    found = states(Model("usage_daily", "usage", "world.main.usage_daily", COMPILED, [unit]), world)
    assert found == {
        ("aggregate", "SUM(n)"): "unit",
        ("default", "COALESCE(n, 0)"): "unit",
        ("number", "COALESCE(n, 0)"): "unit",
    }


def test_what_the_data_cannot_show_is_the_same(world: Path) -> None:
    found = states(Model("usage_daily", "usage", "world.main.usage_daily", COMPILED), world)
    assert set(found.values()) == {"same"}


def test_a_data_test_reads_the_mutant(world: Path) -> None:
    with duckdb.connect(str(world)) as connection:
        connection.execute("insert into usage values ('a', 6), ('c', null)")
    nulls = ("not_null", 'select n from "world"."main"."usage_daily" where n is null')
    found = states(Model("usage_daily", "usage", '"world"."main"."usage_daily"', COMPILED, [], [nulls]), world)
    assert found == {
        ("aggregate", "SUM(n)"): "alive",
        ("default", "COALESCE(n, 0)"): "data",
        ("number", "COALESCE(n, 0)"): "alive",
    }


def test_the_share_leaves_out_what_nothing_can_show() -> None:
    rows = [{"folder": "usage", "state": state} for state in ("unit", "unit", "data", "alive", "same", "invalid")]
    assert "| usage | 5 | 2 | 1 | 1 | 75.0% | 1 |" in list(totals(rows))


def test_the_text_of_an_error_is_left_to_the_tests_of_messages() -> None:
    assert made("SELECT ERROR(FORMAT('{}', COALESCE(a, 'none'))) FROM t") == {}
