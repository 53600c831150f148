"""One count, as a user of each engine writes it: what each counter of the files rose by in each day.

    python benchmarks/peer_counts.py polars 3GB RESULT FILE...

writes the total and the number of rows into the file RESULT. A counter that falls has restarted, and what it has then
is its increase; a first sample is none. It imports nothing of the project: the engines have their own environment.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

WINDOW = """
    select sum(risen), count(*) from (
        select
            metric,
            labels,
            {day}(ts) as day,
            sum(case when value >= previous then value - previous else value end) as risen
        from (
            select metric, labels, ts, value, {lag} over (
                partition by metric, labels order by ts {frame}
            ) as previous
            from {files}
        ) as samples
        where previous is not null
        group by metric, labels, {day}(ts)
    ) as days
"""


def duckdb_window(files: list[str], memory: str) -> tuple[float, int]:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        connection = duckdb.connect(f"{folder}/peer.duckdb", config={"memory_limit": memory})
        query = WINDOW.format(day="date", lag="lag(value)", frame="", files="read_parquet(?)").replace(
            "date(", "date_trunc('day', "
        )
        return connection.execute(query, [files]).fetchone()


def polars(files: list[str], memory: str) -> tuple[float, int]:
    """Sorts all samples and looks one row back: Polars has no window that spills."""
    import polars as pl

    series, value, previous = ["metric", "labels"], pl.col("value"), pl.col("previous")
    days = (
        pl.scan_parquet(files)
        .sort(*series, "ts")
        .with_columns(
            previous=pl.when(*(pl.col(name) == pl.col(name).shift(1) for name in series)).then(value.shift(1))
        )
        .filter(previous.is_not_null())
        .group_by(*series, day=pl.col("ts").dt.date())
        .agg(risen=pl.when(value >= previous).then(value - previous).otherwise(value).sum())
        .select(pl.col("risen").sum(), pl.len())
    )
    return days.collect(engine="streaming").row(0)


def pandas(files: list[str], memory: str) -> tuple[float, int]:
    import pandas as pd

    series = ["metric", "labels"]
    columns = [*series, "ts", "value"]
    samples = pd.concat(
        [pd.read_parquet(file, columns=columns).astype(dict.fromkeys(series, "category")) for file in files]
    )
    samples = samples.astype(dict.fromkeys(series, "category")).sort_values([*series, "ts"], ignore_index=True)
    previous = samples.groupby(series, observed=True)["value"].shift(1)
    risen = (samples["value"] - previous).where(samples["value"] >= previous, samples["value"])[previous.notna()]
    days = risen.groupby([samples["metric"], samples["labels"], samples["ts"].dt.floor("D")], observed=True).sum()
    return float(days.sum()), len(days)


def chdb(files: list[str], memory: str) -> tuple[float, int]:
    import os

    import chdb

    folder = os.path.commonpath(files)
    query = WINDOW.format(
        day="toDate",
        lag="lagInFrame(toNullable(value))",
        frame="rows between 1 preceding and current row",
        files=f"file('{folder}/*.parquet', Parquet)",
    )
    settings = f" settings max_memory_usage = {int(memory.removesuffix('GB')) * 10**9}"
    total, rows = str(chdb.query(query + settings, "CSV")).strip().split(",")
    return float(total), int(rows)


def spark(files: list[str], memory: str) -> tuple[float, int]:
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": memory.lower().removesuffix("b"),
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "8",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.read.parquet(*files).createOrReplaceTempView("samples_in_files")
    query = WINDOW.format(day="to_date", lag="lag(value)", frame="", files="samples_in_files")
    total, rows = session.sql(query).collect()[0]
    session.stop()
    return total, rows


COUNTS: dict[str, Callable[[list[str], str], tuple[float, int]]] = {
    count.__name__: count for count in (duckdb_window, polars, pandas, chdb, spark)
}

if __name__ == "__main__":
    engine, limit, result, *paths = sys.argv[1:]
    risen, days = COUNTS[engine](paths, limit)
    Path(result).write_text(f"{round(risen)} {days}", encoding="ascii")
