"""Makes each folder SCHEMA/TABLE of Parquet a table of Spark.

python tools/spark_tables.py FOLDER      in Spark's own environment
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import SparkSession


def main(folder: Path) -> None:
    spark = SparkSession.builder.enableHiveSupport().getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for schema in ("landing", "staging", "intermediate", "marts", "config", "reference"):
        spark.sql(f"create schema if not exists {schema}")
    for table in sorted(folder.glob("*/*")):
        location = table.resolve().as_uri()
        spark.sql(f"create table {table.parent.name}.{table.name} using parquet location '{location}'")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
