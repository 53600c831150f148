"""A build in DuckDB goes on from Spark's tables: types of DuckDB, nothing taken where anything is missing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from ai_unit_economics.from_spark import NotTakenError, Table, take

COSTS = Table(
    "intermediate",
    "costs",
    {
        "date_day": "DATE",
        "source_file": "VARCHAR",
        "attribute_key": "UHUGEINT",
        "weight": "HUGEINT",
        "cost": "DECIMAL(38,18)",
    },
    is_view=False,
)
# of the MD5 of `a`: in Spark 32 digits, in DuckDB a number that begins with the last byte
DIGITS = "0cc175b9c0f1b6a831c399e269772661"
FILE = "it's/[1].csv"


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Spark's folder with the table `costs`, partitioned by file, and with what `land` adds."""
    folder = tmp_path / "warehouse [1]" / "intermediate.db" / "costs"
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(
            f"""
            copy (
                select date '2026-07-01' as date_day, $${FILE}$$ as source_file, '{DIGITS}' as attribute_key,
                    cast(12345678901234567890123456789012345678 as decimal(38, 0)) as weight,
                    cast(0.000000000000000001 as decimal(38, 18)) as cost, 'x' as part
            ) to '{folder}' (format parquet, partition_by (source_file), overwrite_or_ignore)
            """
        )
    return tmp_path / "warehouse [1]"


def rows(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(query).fetchall()


def test_a_table_of_spark_has_the_types_and_values_of_duckdb(tmp_path: Path, warehouse: Path) -> None:
    database = tmp_path / "unit_economics.duckdb"
    assert take(database, [COSTS], [warehouse]) == 1
    [[number]] = rows(database, "select md5_number('a')")
    found = rows(database, "select * exclude (date_day) from intermediate.costs")
    assert found == [(FILE, number, 12345678901234567890123456789012345678, Decimal("1e-18"))]
    kinds = rows(database, "select column_name, column_type from (describe intermediate.costs)")
    assert dict(kinds) == COSTS.columns
    assert rows(database, "from builds.spark_tables") == [("intermediate", "costs")]


def test_it_takes_the_place_of_what_duckdb_built(tmp_path: Path, warehouse: Path) -> None:
    database = tmp_path / "unit_economics.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create schema intermediate")
        con.execute("create table intermediate.costs as select 1 as number")
    for _ in range(2):
        take(database, [COSTS], [warehouse])
        assert rows(database, "select count(*) from intermediate.costs") == [(1,)]


def test_a_table_without_a_file_has_no_rows(tmp_path: Path, warehouse: Path) -> None:
    (warehouse / "landing" / "landed_requests").mkdir(parents=True)
    empty = Table("landing", "landed_requests", {"tokens": "HUGEINT", "key": "UHUGEINT"}, is_view=False)
    database = tmp_path / "unit_economics.duckdb"
    take(database, [COSTS, empty], [warehouse])
    assert rows(database, "select * from landing.landed_requests") == []
    assert (
        dict(rows(database, "select column_name, column_type from (describe landing.landed_requests)")) == empty.columns
    )


def test_all_that_is_missing_is_named_and_nothing_changes(tmp_path: Path, warehouse: Path) -> None:
    database = tmp_path / "unit_economics.duckdb"
    with duckdb.connect(str(database)) as con:
        con.execute("create table before as select 1 as number")
    delta = Table("staging", "of_delta", {"number": "BIGINT"}, is_view=False)
    (warehouse / "staging.db" / "of_delta" / "_delta_log").mkdir(parents=True)
    older = Table("intermediate", "costs", COSTS.columns | {"new_column": "BIGINT"}, is_view=False)
    absent = Table("intermediate", "never_built", {"number": "BIGINT"}, is_view=False)
    view = Table("staging", "a_view", {"number": "BIGINT"}, is_view=True)
    with pytest.raises(NotTakenError) as refused:
        take(database, [delta, older, absent, view], [warehouse])
    said = str(refused.value)
    assert "intermediate.never_built: no folder of its name" in said
    assert "of_delta: a table of Delta or Iceberg" in said
    assert "it lacks the columns new_column" in said
    assert "a_view" not in said
    assert rows(database, "select table_name from information_schema.tables") == [("before",)]


def test_seeds_that_differ_are_named_and_the_same_seeds_are_left_to_duckdb(tmp_path: Path, warehouse: Path) -> None:
    (warehouse / "config.db" / "targets").mkdir(parents=True)
    (warehouse / "config.db" / "currencies").mkdir(parents=True)
    with duckdb.connect() as con:
        file = warehouse / "config.db" / "targets" / "part.parquet"
        con.execute(
            "copy (from (values ('b', cast(0.10 as decimal(9, 2))), ('a', null)) as rows (unit, target)) "
            f"to '{file}' (format parquet)"
        )
    kinds = {"unit": "VARCHAR", "target": "DECIMAL(18,4)"}
    equal = Table("config", "targets", kinds, is_view=False, rows=[("a", None), ("b", "0.1000")])
    another = Table("config", "targets", kinds, is_view=False, rows=[("a", None), ("b", "0.1001")])
    empty = Table("config", "currencies", kinds, is_view=False, rows=[("EUR", None)])
    database = tmp_path / "unit_economics.duckdb"
    assert take(database, [COSTS, equal], [warehouse]) == 1
    assert rows(database, "select table_name from information_schema.tables where table_schema = 'config'") == []
    with pytest.raises(NotTakenError) as refused:
        take(database, [COSTS, another, empty], [warehouse])
    said = str(refused.value)
    assert "targets: Spark counted with other rows of this seed" in said
    assert "currencies: Spark counted with other rows of this seed" in said


def test_a_time_is_of_utc_whoever_reads_it(tmp_path: Path) -> None:
    """Spark writes a time as one with a zone."""
    folder = tmp_path / "staging" / "samples"
    folder.mkdir(parents=True)
    with duckdb.connect() as con:
        con.execute(f"copy (select timestamptz '2026-07-01 23:30:00+00' as at_time) to '{folder}/part.parquet'")
    database = tmp_path / "unit_economics.duckdb"
    take(database, [Table("staging", "samples", {"at_time": "TIMESTAMP"}, is_view=False)], [tmp_path])
    query = "set TimeZone = 'Asia/Tokyo'; select cast(at_time as varchar) from staging.samples"
    assert rows(database, query) == [("2026-07-01 23:30:00",)]
