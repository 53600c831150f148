"""dbt on Spark in one process, with tables made of Parquet first.

    python -m tools.spark_dbt TABLES build --target spark …      in Spark's own environment

The project's schemas are dropped, and each TABLES/SCHEMA/TABLE becomes a table. Spark is the one that the profile
means: in this process, or behind a Thrift server (UNIT_ECONOMICS_SPARK_METHOD=thrift). dbt-spark turns ANSI mode off
for every statement, whatever the profile says: an overflow would be null and no error. Here it stays on, as the
project's first hook demands.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dbt.adapters.spark.connections import SparkCredentials
from dbt.cli.main import cli

SCHEMAS = ("landing", "staging", "intermediate", "marts", "config", "reference")


def keep_ansi() -> None:
    prepare = SparkCredentials.__post_init__

    def prepare_with_ansi(self: SparkCredentials) -> None:
        prepare(self)
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    SparkCredentials.__post_init__ = prepare_with_ansi


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
            run(f"drop schema if exists {schema} cascade")
            run(f"create schema {schema}")
        for table in sorted(folder.glob("*/*")):
            location = table.resolve().as_uri()
            run(f"create table {table.parent.name}.{table.name} using parquet location '{location}'")


if __name__ == "__main__":
    keep_ansi()
    make_tables(Path(sys.argv[1]))
    cli(sys.argv[2:], prog_name="dbt")
