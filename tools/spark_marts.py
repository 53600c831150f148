"""The models that run on Spark, built there and compared with the DuckDB build, cell by cell.

    python -m tools.spark_marts

What does not run there yet (tools/spark_not_yet.yml) is handed over as Parquet from the DuckDB build, so that each
model is judged by what it makes of the same input. Whole numbers, money, texts, days and times must be equal; of a
DOUBLE nine digits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ai_unit_economics.sql import Sql, identifier, joined, sql

ROOT = Path(__file__).resolve().parents[1]
NOT_YET = ROOT / "tools" / "spark_not_yet.yml"
SETTINGS = """\
spark.master {master}
spark.driver.memory {memory}
spark.sql.warehouse.dir {folder}/warehouse
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={folder}/metastore;create=true
spark.driver.extraJavaOptions -Dderby.system.home={folder} -Duser.timezone=UTC
spark.sql.shuffle.partitions 2
spark.sql.parquet.inferTimestampNTZ.enabled false
spark.ui.enabled false
spark.ui.showConsoleProgress false
"""


@dataclass
class Difference:
    """One model on both engines."""

    model: str
    rows: int
    cells: int
    missing: int
    added: int
    columns: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        return not (self.missing or self.added or self.columns)


def not_yet(path: Path = NOT_YET) -> list[dict[str, Any]]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def is_not_yet(node: dict[str, Any], entries: list[dict[str, Any]]) -> bool:
    """Whether the list names the model, or its folder and not the model as an exception."""
    name, path = node["name"], node["original_file_path"]
    return any(
        name in entry.get("models", [])
        or (str(entry.get("folder")) + "/" in path and name not in entry.get("except", []))
        for entry in entries
    )


def divided(manifest: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The models that run on Spark, and those whose tables these read and that do not run there."""
    models = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    entries = not_yet()
    runs = [node for node in models.values() if node["language"] == "sql" and not is_not_yet(node, entries)]
    names = {node["unique_id"] for node in runs}
    read = {
        parent for node in runs for parent in node["depends_on"]["nodes"] if parent in models and parent not in names
    }
    return runs, [models[key] for key in sorted(read)]


def spark_type(kind: str) -> str:
    """A type of DuckDB as Parquet and Spark know it; a HUGEINT would be a DOUBLE in Parquet."""
    return re.sub(r"\bHUGEINT\b", "DECIMAL(38,0)", re.sub(r"\bUHUGEINT\b", "VARCHAR", kind)).replace("JSON", "VARCHAR")


def typed(column: str, kind: str) -> Sql:
    """The column as a type that DuckDB itself named."""
    return sql("cast({column} as " + kind + ")", column=identifier(column))


def hand_over(database: Path, nodes: list[dict[str, Any]], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with duckdb.connect(str(database), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for node in nodes:
            table = identifier(node["schema"], node["alias"])
            path = folder / node["schema"] / node["alias"]
            path.mkdir(parents=True)
            columns = [
                sql("{value} as {name}", value=typed(name, spark_type(kind)), name=identifier(name))
                for name, kind in kinds(con, table).items()
            ]
            query = sql(
                "copy (select {columns} from {table}) to {file} (format parquet)",
                columns=joined(columns),
                table=table,
                file=str(path / "part.parquet"),
            )
            con.execute(query.text)


def kinds(con: duckdb.DuckDBPyConnection, relation: Sql) -> dict[str, str]:
    """The columns of a relation with their types."""
    described = con.execute(sql("describe select * from {relation}", relation=relation).text).fetchall()
    return {name: kind for name, kind, *_ in described}


def on_spark(arguments: argparse.Namespace, runs: list[dict[str, Any]]) -> int:
    """Registers the tables, and builds seeds and models; one session of Spark at a time."""
    folder = arguments.folder.resolve()
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "spark-defaults.conf").write_text(
        SETTINGS.format(folder=folder, master=arguments.master, memory=arguments.memory), encoding="utf-8"
    )
    environment = {
        **os.environ,
        "PATH": f"{arguments.environment.resolve() / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "UNIT_ECONOMICS_SPARK_FORMAT": "parquet",
        "UNIT_ECONOMICS_DATABASE": str(folder / "none.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
    }
    python = arguments.environment.resolve() / "bin" / "python"
    command = [
        python,
        "-m",
        "tools.spark_dbt",
        folder / "tables",
        "build",
        "--target",
        "spark",
        "--profiles-dir",
        "profiles",
    ]
    names = [node["name"] for node in runs]
    selection = ["--select", "resource_type:seed", *names, "path:tests/engines", "--indirect-selection", "empty"]
    return subprocess.run([*command, *selection], env=environment, cwd=ROOT).returncode


def as_text(column: str, kind: str, other: str) -> Sql:
    """A column in a form in which equal values of both engines are equal."""
    name = identifier(column)
    if "DOUBLE" in (kind, other):
        return sql("printf('%.9g', cast({name} as double) + 0)", name=name)
    if "UHUGEINT" in (kind, other):  # a key that is 128 bits of an MD5 in DuckDB, and its 32 digits on Spark
        if kind == "UHUGEINT":
            return typed(column, "VARCHAR")
        digits = sql("array_to_string(list_reverse(regexp_extract_all({name}, '..')), '')", name=name)
        return sql("cast(cast('0x' || {digits} as uhugeint) as varchar)", digits=digits)
    for wide in (kind, other):
        if "HUGEINT" in wide:
            return typed(column, spark_type(wide))
    return typed(column, "TIMESTAMP") if kind.startswith("TIMESTAMP") else name


def compared(con: duckdb.DuckDBPyConnection, model: str, one: Sql, other: Sql) -> Difference:
    """Two relations of one model: DuckDB's and Spark's."""
    types = (kinds(con, one), kinds(con, other))
    columns = [column for column in types[0] if column in types[1]]
    selects = [
        sql(
            "select {columns} from {relation}",
            columns=joined(
                sql("{value} as {name}", value=as_text(c, types[i][c], types[1 - i][c]), name=identifier(c))
                for c in columns
            ),
            relation=relation,
        )
        for i, relation in enumerate((one, other))
    ]

    def count(left: Sql, right: Sql, column: Sql) -> int:
        query = sql(
            "select count(*) from (select {column} from ({left}) except all select {column} from ({right}))",
            column=column,
            left=left,
            right=right,
        )
        return con.execute(query.text).fetchone()[0]

    everything = joined(identifier(column) for column in columns)
    rows = con.execute(sql("select count(*) from {one}", one=one).text).fetchone()[0]
    missing, added = count(*selects, everything), count(*reversed(selects), everything)
    unequal = sorted(set(types[0]) ^ set(types[1]))
    if missing or added:
        unequal += [column for column in columns if count(*selects, identifier(column))]
    return Difference(model, rows, rows * len(columns), missing, added, unequal)


def differences(database: Path, folder: Path, runs: list[dict[str, Any]]) -> Iterator[Difference]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(sql("attach {database} as duck (read_only)", database=str(database)).text)
        for node in runs:
            files = folder / "warehouse" / f"{node['schema']}.db" / node["alias"]
            if not any(files.glob("*.parquet")):
                yield Difference(node["name"], 0, 0, 0, 0, ["not built on Spark"])
                continue
            yield compared(
                con,
                node["name"],
                identifier("duck", node["schema"], node["alias"]),
                sql("read_parquet({files})", files=str(files / "*.parquet")),
            )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", type=Path, default=Path("data/test/unit_economics.duckdb"))
    parser.add_argument("--manifest", type=Path, default=Path("target/test/manifest.json"))
    parser.add_argument("--folder", type=Path, default=Path("data/test/spark"))
    parser.add_argument("--environment", type=Path, default=Path(".venv-spark"))
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--memory", default="3g")
    parser.add_argument("--compare-only", action="store_true", help="compare what is there from the run before")
    arguments = parser.parse_args()
    if shutil.which("java") is None:
        print("Spark needs Java 17 or 21 (on Debian: apt install openjdk-17-jre-headless)", file=sys.stderr)
        return 1
    runs, read = divided(json.loads(arguments.manifest.read_text(encoding="utf-8")))
    status = 0
    if not arguments.compare_only:
        shutil.rmtree(arguments.folder, ignore_errors=True)
        hand_over(arguments.database, read, arguments.folder / "tables")
        status = on_spark(arguments, runs)
        if not any((arguments.folder / "warehouse" / "marts.db").glob("*")):
            return status or 1
    found = list(differences(arguments.database, arguments.folder, runs))
    for difference in found:
        if not difference.is_equal:
            print(
                f"{difference.model}: {difference.missing} rows are not on Spark, {difference.added} are new; "
                f"look at {', '.join(difference.columns)}"
            )
    unequal = sum(not difference.is_equal for difference in found)
    print(
        f"{len(found)} models on Spark, {len(read)} read from DuckDB: {sum(d.rows for d in found):,} rows, "
        f"{sum(d.cells for d in found):,} cells, {unequal} models differ"
    )
    return 1 if unequal or status else 0


if __name__ == "__main__":
    raise SystemExit(main())
