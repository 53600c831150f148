"""Builds, publishers and readers as processes of their own: they can be killed, and they share no DuckDB instance."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import duckdb

from ai_unit_economics import publishing

MARTS = ("fct_unit_economics_daily", "fct_cost_reconciliation", "dim_dates")
# What publishing asks a mart beside its numbers
DAY = {
    "fct_unit_economics_daily": ", date '2026-08-31' as period_start, true as is_complete, "
    "'output_token' as unit, 'all' as cohort_dimension, 'production' as environment, 1 as effective_cost"
}
KILLED = 9


def build(database: str, number: str, rows: str = "1000", fate: str = "passed") -> None:
    """Writes what a dbt build and its hooks write. Every mart of build n holds nothing but n."""
    invocation = f"{int(number):08d}-build"
    with duckdb.connect(database) as connection:
        connection.execute("""
            create schema if not exists marts;
            create schema if not exists builds;
            create table if not exists builds.invocations (
                invocation_id varchar primary key, command varchar, is_whole boolean, started_at timestamp,
                finished_at timestamp, changed_data boolean, problems varchar[], marts varchar[],
                gates_passed varchar[], gates_broken varchar[]
            )
        """)
        connection.execute(
            "insert into builds.invocations (invocation_id, command, is_whole, started_at) "
            "values (?, 'build', true, timestamp '2026-09-01' + to_hours(?))",
            [invocation, int(number)],
        )
        for name in MARTS:
            connection.execute(f"""
                create or replace table marts.{name} as
                select {number}::hugeint as build, 0::decimal(38, 18) as difference{DAY.get(name, "")}
                from range({rows});
                comment on table marts.{name} is 'build {number}''s';
                comment on column marts.{name}.build is 'the number';
            """)
            if fate == "killed":
                os._exit(KILLED)
        connection.execute(
            "update builds.invocations set finished_at = started_at, changed_data = true, problems = ?, marts = ? "
            "where invocation_id = ?",
            [["fail: test.a"] if fate == "failed" else [], [f"marts.{name}" for name in MARTS], invocation],
        )


def publish(database: str, folder: str, dies_in: str) -> None:
    """Publishes; dies in the middle of the named step, if one is named."""
    if dies_in:
        step = getattr(publishing, dies_in)

        def die(*arguments: object) -> None:
            step(*arguments)
            os._exit(KILLED)

        setattr(publishing, dies_in, die)
    try:
        publishing.publish(Path(database), Path(folder), keep=5)
    except publishing.NotPublishedError as error:
        sys.exit(str(error))


def read(folder: str, holds: str, stop: str) -> None:
    """Reads until the file `stop` is there; prints the build of each read, which has to be one."""
    file = str(Path(folder) / publishing.DATABASE_NAME)
    held = duckdb.connect(file, read_only=True) if holds == "holds" else None
    print("ready", flush=True)
    while not Path(stop).exists():
        if held:
            seen = builds_in(held, [f"marts.{name}" for name in MARTS])
        else:
            with duckdb.connect(file, read_only=True) as connection:
                seen = builds_in(connection, [f"marts.{name}" for name in MARTS])
            pinned = (Path(folder) / "latest").resolve()
            with duckdb.connect() as connection:
                parquet = builds_in(connection, [f"'{pinned}/parquet/{name}.parquet'" for name in MARTS])
            assert len(parquet) == 1, parquet
        assert len(seen) == 1, seen
        print(seen.pop(), flush=True)
        time.sleep(0.05)


def builds_in(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> set[int]:
    rows = [row for table in tables for row in connection.execute(f"select distinct build from {table}").fetchall()]
    return {int(build) for (build,) in rows}


if __name__ == "__main__":
    {"build": build, "publish": publish, "read": read}[sys.argv[1]](*sys.argv[2:])
