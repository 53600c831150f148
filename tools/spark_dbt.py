"""dbt on Spark in one process, with tables made of Parquet first.

    python -m tools.spark_dbt TABLES build --target spark …      in Spark's own environment

The project's schemas are dropped, and each TABLES/SCHEMA/TABLE becomes a table. With UNIT_ECONOMICS_SPARK_KEEP=1 only
these tables are replaced: what dbt made stays, as on the next day of a scheduled run. Spark is the one that the profile
means: in this process, or behind a Thrift server (UNIT_ECONOMICS_SPARK_METHOD=thrift).

dbt closes its session after each node. Spark 4.0's Thrift server sometimes fails at that, for its wheel lacks a class
of Hive, when all of the node's statements have succeeded: that is told, and dbt goes on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dbt.adapters.spark.connections import PyhiveConnectionWrapper
from dbt.cli.main import cli

from ai_unit_economics.dbt_on_spark import keep_ansi

SCHEMAS = ("landing", "staging", "intermediate", "marts", "config", "reference")


def close_without_that_class() -> None:
    close = PyhiveConnectionWrapper.close

    def close_or_tell(self: PyhiveConnectionWrapper) -> None:
        try:
            close(self)
        except Exception as error:
            if "LlapSigner" not in str(error):
                raise
            print("the Thrift server could not close a session: it lacks a class of Hive", flush=True)

    PyhiveConnectionWrapper.close = close_or_tell


@contextmanager
def spark() -> Iterator[Callable[[str], object]]:
    """What runs a statement."""
    if os.environ.get("UNIT_ECONOMICS_SPARK_METHOD") == "thrift":
        from pyhive import hive

        host, port = os.environ["UNIT_ECONOMICS_SPARK_HOST"], int(os.environ["UNIT_ECONOMICS_SPARK_PORT"])
        with hive.connect(host, port) as connection, connection.cursor() as cursor:
            yield cursor.execute
    else:
        from pyspark.sql import SparkSession

        session = SparkSession.builder.enableHiveSupport().getOrCreate()
        session.sparkContext.setLogLevel("ERROR")
        yield session.sql


def make_tables(folder: Path) -> None:
    with spark() as run:
        for schema in SCHEMAS:
            if not os.environ.get("UNIT_ECONOMICS_SPARK_KEEP"):
                run(f"drop schema if exists {schema} cascade")
            run(f"create schema if not exists {schema}")
        for table in sorted(folder.glob("*/*")):
            run(f"drop table if exists {table.parent.name}.{table.name}")
            location = table.resolve().as_uri()
            run(f"create table {table.parent.name}.{table.name} using parquet location '{location}'")
            if any(table.glob("*=*/")):
                run(f"msck repair table {table.parent.name}.{table.name}")


if __name__ == "__main__":
    keep_ansi()
    close_without_that_class()
    make_tables(Path(sys.argv[1]))
    cli(sys.argv[2:], prog_name="dbt")
