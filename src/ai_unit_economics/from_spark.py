"""`ai-unit-economics from-spark`: a build in DuckDB goes on from tables that Spark made.

Spark runs no Python models. DuckDB builds these, what reads them, and the marts: the selector `after_spark`. Each table
of Spark becomes a view of its Parquet files in the database; no row is copied. Which tables there are, and of which
types their columns, says a build of the same models without a row.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb
from rich.console import Console

from ai_unit_economics.doctor import PROJECT_OPTION, require_project
from ai_unit_economics.private_files import restrict
from ai_unit_economics.publishing import DATABASE_OPTION
from ai_unit_economics.sql import Sql, file_names, identifier, joined, sql

SELECTOR = "spark_tables"
# What a table of Delta or Iceberg has beside its rows: files of older versions lie there too
OTHER_FORMATS = ("_delta_log", "metadata")


class NotTakenError(Exception):
    """The database is as it was; the message says why."""


@dataclass(frozen=True)
class Table:
    """What a model or a seed is in DuckDB.

    Attributes:
        columns: their types by name.
        rows: those of a seed, as text and in order; DuckDB loads it itself, and Spark must have counted with the same.
    """

    schema: str
    name: str
    columns: dict[str, str]
    is_view: bool
    rows: list[tuple[str | None, ...]] | None = None

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    def folder(self, warehouses: Iterable[Path]) -> Path | None:
        """Where its files are: `SCHEMA.db/TABLE` as in Hive's warehouse, or `SCHEMA/TABLE`."""
        for warehouse in warehouses:
            for schema in (f"{self.schema}.db", self.schema):
                if (warehouse / schema / self.name).is_dir():
                    return (warehouse / schema / self.name).resolve()
        return None


def tables_without_a_row(project: Path) -> list[Table]:
    """What the models that Spark builds, those that it is given, and the seeds are in DuckDB."""
    with tempfile.TemporaryDirectory(prefix="unit-economics-") as folder:
        scratch = Path(folder) / "without_a_row.duckdb"
        data = Path(folder) / "data"
        data.mkdir()
        environment = {
            **os.environ,
            "UNIT_ECONOMICS_DATA": str(data),
            "UNIT_ECONOMICS_DATABASE": str(scratch),
            "UNIT_ECONOMICS_TEMP": "",
            "DBT_TARGET_PATH": str(Path(folder) / "target"),
            "DBT_LOG_PATH": folder,
        }
        command = [
            *(sys.executable, "-m", "dbt.cli.main", "--quiet", "build", "--selector", SELECTOR),
            *("--project-dir", str(project), "--profiles-dir", str(project / "profiles")),
        ]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True)
        if ended.returncode:
            raise NotTakenError(f"dbt cannot build the models without a row:\n{ended.stdout}{ended.stderr}")
        manifest = json.loads((Path(folder) / "target" / "manifest.json").read_text(encoding="utf-8"))
        kinds = {(node["schema"], node["alias"]): node["resource_type"] for node in manifest["nodes"].values()}
        with duckdb.connect(str(scratch), read_only=True) as connection:
            found = connection.execute(
                """
                select columns.schema_name, columns.table_name, list(columns.column_name order by column_index),
                    list(data_type order by column_index), bool_or(views.view_name is not null)
                from duckdb_columns() as columns
                left join duckdb_views() as views
                    on columns.schema_name = views.schema_name and columns.table_name = views.view_name
                group by columns.schema_name, columns.table_name
                order by columns.schema_name, columns.table_name
                """
            ).fetchall()
            tables = []
            for schema, name, names, types, is_view in found:
                kind = kinds.get((schema, name))
                rows = rows_as_text(connection, identifier(schema, name)) if kind == "seed" else None
                if kind in ("model", "seed"):
                    tables.append(Table(schema, name, dict(zip(names, types, strict=True)), is_view, rows))
    return tables


def rows_as_text(connection: duckdb.DuckDBPyConnection, rows: Sql) -> list[tuple[str | None, ...]]:
    """All rows of a relation, each cell as text, in order."""
    query = sql("select cast(columns(*) as varchar) from {rows} order by all", rows=rows)
    return connection.execute(query.text).fetchall()


def number_of_key(digits: Sql) -> Sql:
    """128 bits of an MD5: on Spark 32 digits, in DuckDB a number that begins with the last byte."""
    reversed_bytes = sql("array_to_string(list_reverse(regexp_extract_all({digits}, '..')), '')", digits=digits)
    return sql("cast('0x' || {digits} as uhugeint)", digits=reversed_bytes)


def rows_of(table: Table, folder: Path, there: Mapping[str, str]) -> Sql:
    """The table's rows with the types of DuckDB; none where Spark wrote no file.

    Args:
        there: the columns of the files with their types.
    """

    def value(name: str, kind: str) -> Sql:
        column = identifier(name) if there else sql("null")
        if kind == "TIMESTAMP" and there.get(name) == "TIMESTAMP WITH TIME ZONE":
            # the time of UTC, whoever reads the view
            column = sql("{column} at time zone 'UTC'", column=column)
        elif kind == "UHUGEINT" and there:
            column = number_of_key(column)
        # the type is what DuckDB itself said
        return sql("cast({column} as {kind}) as {name}", column=column, kind=sql(kind), name=identifier(name))

    columns = joined(value(name, kind) for name, kind in table.columns.items())
    if not there:
        return sql("select {columns} where false", columns=columns)
    return sql("select {columns} from {files}", columns=columns, files=parquet(folder))


def parquet(folder: Path) -> Sql:
    files = file_names([str(folder)])[0] + "/**/*.parquet"
    return sql("read_parquet({files}, hive_partitioning = true, union_by_name = true)", files=files)


def columns_in(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, str]:
    """The columns of a folder of Parquet with their types; none where it has no file."""
    if not any(folder.rglob("*.parquet")):
        return {}
    described = connection.execute(sql("describe select * from {files}", files=parquet(folder)).text)
    return {name: kind for name, kind, *_ in described.fetchall()}


def take(database: Path, tables: list[Table], warehouses: list[Path]) -> int:
    """Makes a view of each table, in the place of what is there; says how many are of Spark. Seeds are compared alone.

    `builds.spark_tables` notes them: a build that goes on from them is a whole one.

    Raises:
        NotTakenError: a table is not there, lacks a column, is of Delta or Iceberg, or is a seed with other rows; all
            of them are named.
    """
    folders = {str(table): table.folder(warehouses) for table in tables}
    with duckdb.connect(str(database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        found = {name: columns_in(connection, folder) for name, folder in folders.items() if folder}
        problems = []
        for table in tables:
            folder = folders[str(table)]
            # a view leaves no files on Spark, and DuckDB makes it of its tables
            if folder is None and not table.is_view:
                problems.append(f"{table}: no folder of its name in {', '.join(map(str, warehouses))}")
            elif folder and any((folder / other).is_dir() for other in OTHER_FORMATS):
                problems.append(
                    f"{folder}: a table of Delta or Iceberg, whose older files lie beside the newer ones; "
                    "let Spark write it as Parquet (UNIT_ECONOMICS_SPARK_FORMAT=parquet)"
                )
            elif folder and found[str(table)] and (missing := table.columns.keys() - found[str(table)].keys()):
                problems.append(f"{folder}: it lacks the columns {', '.join(sorted(missing))}; build it anew on Spark")
            elif table.rows is not None and folder:
                rows = sql("({rows})", rows=rows_of(table, folder, found[str(table)]))
                if rows_as_text(connection, rows) != table.rows:
                    problems.append(
                        f"{folder}: Spark counted with other rows of this seed than are here; give both the same "
                        "UNIT_ECONOMICS_SEEDS, and build anew on Spark"
                    )
        if problems:
            raise NotTakenError("\n".join(["these tables cannot be read:", *(f"  {problem}" for problem in problems)]))
        connection.execute("begin")
        connection.execute("create schema if not exists builds")
        connection.execute("create or replace table builds.spark_tables (table_schema varchar, table_name varchar)")
        connection.execute("comment on table builds.spark_tables is 'One row a table of Spark that is a view here'")
        for schema in sorted({table.schema for table in tables}):
            connection.execute(sql("create schema if not exists {schema}", schema=identifier(schema)).text)
        for table in tables:
            folder = folders[str(table)]
            if folder is None or table.rows is not None:
                continue
            name = identifier(table.schema, table.name)
            for [kind] in connection.execute(
                "select table_type from information_schema.tables where table_schema = ? and table_name = ?",
                [table.schema, table.name],
            ).fetchall():
                drop = "drop view {name}" if kind == "VIEW" else "drop table {name}"
                connection.execute(sql(drop, name=name).text)
            rows = rows_of(table, folder, found[str(table)])
            connection.execute(sql("create view {name} as {rows}", name=name, rows=rows).text)
            connection.execute("insert into builds.spark_tables values (?, ?)", [table.schema, table.name])
        connection.execute("commit")
        taken = connection.execute("select count(*) from builds.spark_tables").fetchone()[0]
    restrict(database)
    return taken


@click.command("from-spark")
@click.option(
    "--tables",
    "warehouses",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    multiple=True,
    required=True,
    help="Spark's warehouse, or a folder with SCHEMA/TABLE in it; more than one may be given.",
)
@DATABASE_OPTION
@PROJECT_OPTION
def from_spark_command(warehouses: tuple[Path, ...], database: Path, project: Path) -> None:
    """Make views of tables that Spark built, from which `dbt build --selector after_spark` goes on in DuckDB."""
    require_project(project)
    try:
        with Console(stderr=True).status("building the same tables without a row"):
            tables = tables_without_a_row(project.resolve())
        taken = take(database, tables, list(warehouses))
    except NotTakenError as error:
        raise click.ClickException(f"nothing changed: {error}") from None
    click.echo(f"{database} has views of {taken} tables of Spark; go on with: dbt build --selector after_spark")
