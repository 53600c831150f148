"""The comparison of both engines sees what differs, and passes over what only the types' names differ in."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ai_unit_economics.sql import sql
from tools.spark_marts import (
    ROOT,
    compared,
    data_tests_there,
    differences,
    is_in_plain_sql,
    is_not_yet,
    not_yet,
    spark_type,
    unit_tests_there,
)

DUCK = "select 1::hugeint as units, 0.1::decimal(38, 18) as cost, 0.3::double as share, md5_number('a') as key"
SPARK = "select 1::decimal(38, 0) as units, 0.1::decimal(38, 18) as cost, 0.3::double as share, md5('a') as key"


def difference(one: str, other: str):
    with duckdb.connect() as con:
        return compared(con, "a_model", sql("(" + one + ")"), sql("(" + other + ")"))


def test_equal_values_of_other_types_are_equal() -> None:
    found = difference(DUCK, SPARK)
    assert found.is_equal
    assert (found.rows, found.cells) == (1, 4)


def test_nine_digits_of_a_double_are_compared() -> None:
    assert difference(DUCK, SPARK.replace("0.3::double", "0.3000000000001::double")).is_equal
    assert difference(DUCK, SPARK.replace("0.3::double", "0.300001::double")).columns == ["share"]


@pytest.mark.parametrize(
    ("was", "becomes", "column"),
    [
        ("0.1::decimal(38, 18)", "0.100000000000000001::decimal(38, 18)", "cost"),
        ("1::decimal(38, 0)", "null::decimal(38, 0)", "units"),
        ("md5('a')", "md5('b')", "key"),
        ("as share", "as shares", "shares"),
    ],
)
def test_a_difference_is_seen_and_named(was: str, becomes: str, column: str) -> None:
    found = difference(DUCK, SPARK.replace(was, becomes))
    assert not found.is_equal
    assert column in found.columns


def test_a_missing_and_a_doubled_row_are_seen() -> None:
    assert difference(DUCK, SPARK + " where false").missing == 1
    assert difference(DUCK, SPARK + " union all " + SPARK).added == 1


def test_no_type_of_128_bits_is_handed_over() -> None:
    assert spark_type("STRUCT(a HUGEINT, b UHUGEINT)[]") == "STRUCT(a DECIMAL(38,0), b VARCHAR)[]"


def test_the_list_names_what_there_is_and_why() -> None:
    for entry in not_yet():
        assert entry["why"]
        folder = ROOT / entry["folder"] if "folder" in entry else ROOT / "models"
        for name in [*entry.get("except", []), *entry.get("models", [])]:
            assert list(folder.rglob(f"{name}.sql")), name


def test_what_grows_by_files_or_days_is_partitioned_by_them() -> None:
    """On Spark a run deletes whole partitions: what has no such key is made anew, or its old rows would stay."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    anew = project["models"]["ai_unit_economics"]["intermediate"]["costs"]["int_costs__charge_attributes"]
    full_refresh = NativeEnvironment().from_string(anew["+full_refresh"])
    assert full_refresh.render(target=SimpleNamespace(type="spark")) is True
    assert full_refresh.render(target=SimpleNamespace(type="duckdb")) is None
    without_partitions = [
        path.stem
        for path in sorted((ROOT / "models").rglob("*.sql"))
        if "materialized='incremental'" in (text := path.read_text(encoding="utf-8"))
        if not re.search(r"partition_by=partition_on\('(date_day|source_file)'\)", text)
    ]
    # the second one is not built on Spark: it holds what was forecast before
    assert without_partitions == ["int_costs__charge_attributes", "int_forecasting__published_forecasts"]


def test_a_view_is_compared_by_the_tables_that_read_it(tmp_path: Path) -> None:
    database = tmp_path / "duck.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create table numbers as select 1 as number")
    nodes = [
        {"name": name, "schema": "main", "alias": name, "config": {"materialized": kind}}
        for name, kind in [("numbers", "table"), ("looks", "view")]
    ]
    found = list(differences(database, tmp_path, nodes))
    assert [(difference.model, difference.columns) for difference in found] == [("numbers", ["not built on Spark"])]


def test_an_exception_of_a_folder_runs() -> None:
    entries = [{"folder": "models/a", "except": ["one"]}, {"models": ["other"]}]

    def left_out(name: str, path: str) -> bool:
        return is_not_yet({"name": name, "original_file_path": str(Path(path) / f"{name}.sql")}, entries)

    assert not left_out("one", "models/a")
    assert left_out("two", "models/a")
    assert left_out("other", "models/b")
    assert not left_out("two", "models/b")


def test_a_data_test_runs_where_all_that_it_reads_is_on_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    def node(name: str, *reads: str) -> dict[str, object]:
        return {"name": name, "unique_id": name, "resource_type": "test", "depends_on": {"nodes": list(reads)}}

    tests = {
        "key_of_built": node("key_of_built", "built"),
        "built_and_handed_over": node("built_and_handed_over", "built", "handed over"),
        "reads_what_is_not_there": node("reads_what_is_not_there", "built", "not there"),
        "of_what_duckdb_made": node("of_what_duckdb_made", "handed over"),
        "left_out": node("left_out", "built"),
    }
    monkeypatch.setattr("tools.spark_marts.not_yet", lambda: [{"tests": ["left_out"], "why": "it reads files"}])
    built, handed_over = {"unique_id": "built"}, {"unique_id": "handed over"}
    found = data_tests_there({"nodes": tests}, [built, handed_over], [built])
    assert found == ["key_of_built", "built_and_handed_over"]


@pytest.mark.parametrize(
    ("rows", "is_plain"),
    [
        ("select 1 as a, '[1]' as b, date '2026-01-01' as c", True),
        ("select [1] as a", False),
        ("select cast(1 as hugeint) as a", False),
        ([{"a": '{"k": "v"}', "b": 1}, {"a": None, "b": 2}], True),
        ([{"a": [1, 2]}], False),
        ([{"a": "[1, 2]"}], False),
        (None, True),
    ],
)
def test_rows_that_spark_can_read(rows: object, is_plain: bool) -> None:
    assert is_in_plain_sql({"rows": rows}) == is_plain


def test_a_unit_test_runs_where_its_model_runs_and_its_rows_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def unit_test(name: str, model: str, rows: str) -> dict[str, object]:
        return {"name": name, "model": model, "given": [{"rows": rows}], "expect": {"rows": []}}

    tests = [
        unit_test("plain", "built", "select 1 as a"),
        unit_test("with_a_list", "built", "select [1] as a"),
        unit_test("of_what_duckdb_made", "handed over", "select 1 as a"),
        unit_test("left_out", "built", "select 1 as a"),
    ]
    monkeypatch.setattr("tools.spark_marts.not_yet", lambda: [{"tests": ["left_out"], "why": "its type is cut short"}])
    found = unit_tests_there({"unit_tests": {test["name"]: test for test in tests}}, [{"name": "built"}])
    assert found == ["plain"]
