"""dbt on Spark in one process, with tables made of Parquet first.

    python -m tools.spark_dbt FOLDER build --target spark …      in Spark's own environment

Each FOLDER/SCHEMA/TABLE becomes a table. dbt-spark turns ANSI mode off for every statement, whatever the profile says:
an overflow would be null and no error. Here it stays on, as the project's first hook demands.
"""

from __future__ import annotations

import sys
from pathlib import Path

from dbt.adapters.spark.connections import SparkCredentials
from dbt.cli.main import cli
from pyspark.sql import SparkSession

SCHEMAS = ("landing", "staging", "intermediate", "marts", "config", "reference")


def keep_ansi() -> None:
    prepare = SparkCredentials.__post_init__

    def prepare_with_ansi(self: SparkCredentials) -> None:
        prepare(self)
        self.server_side_parameters["spark.sql.ansi.enabled"] = "true"

    SparkCredentials.__post_init__ = prepare_with_ansi


def make_tables(folder: Path) -> None:
    spark = SparkSession.builder.enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for schema in SCHEMAS:
        spark.sql(f"create schema if not exists {schema}")
    for table in sorted(folder.glob("*/*")):
        location = table.resolve().as_uri()
        spark.sql(f"create table {table.parent.name}.{table.name} using parquet location '{location}'")


if __name__ == "__main__":
    keep_ansi()
    make_tables(Path(sys.argv[1]))
    cli(sys.argv[2:], prog_name="dbt")
