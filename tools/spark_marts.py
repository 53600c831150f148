"""The models that run on Spark, built there and compared with the DuckDB build, cell by cell.

    python -m tools.spark_marts --worlds 3

What does not run there yet (tools/spark_not_yet.yml) is handed over as Parquet from the DuckDB build, so that each
model is judged by what it makes of the same input. Whole numbers, money, texts, days and times must be equal; of a
DOUBLE nine digits.

The sample is built from what `ai-unit-economics land` writes of its files, with the tests of macros, the data tests of
its models and the unit tests whose rows Spark can read; then DuckDB goes on from Spark's tables to all marts. Random
worlds (tools/spark_worlds.py) have seeds of their own (UNIT_ECONOMICS_SEEDS) and are built on DuckDB first; of them
models and seeds are compared. They are built twice on both engines: without their last day, and then with it and with
files that were written again.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import yaml

from ai_unit_economics.from_spark import number_of_key
from ai_unit_economics.landing.privacy import SALT, salt_file
from ai_unit_economics.sql import Sql, identifier, joined, sql
from tools.spark_cluster import running_cluster, write_settings
from tools.spark_worlds import a_day_earlier, write_world

ROOT = Path(__file__).resolve().parents[1]
NOT_YET = ROOT / "tools" / "spark_not_yet.yml"
# They tell of the build itself
OF_ONE_BUILD = ("fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")
# `land` reads seeds as text, and so gives another name to the version of a file
NAMES_OF_VERSIONS = frozenset({"file_version", "day_version"})


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


def tests_left_out() -> set[str]:
    """The tests that the list names."""
    return {name for entry in not_yet() for name in entry.get("tests", [])}


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


def with_landing(nodes: list[dict[str, Any]], manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The models, and those of landing that are not among them: people bring all of these."""
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return nodes + [node for node in models if "/landing/" in node["original_file_path"] and node not in nodes]


def hand_over_landed(database: Path, data: Path, folder: Path) -> None:
    """Puts what `ai-unit-economics land` writes in the place of the tables that the build landed of the same files."""
    landed = folder / "landed"
    shutil.rmtree(landed, ignore_errors=True)
    # ids are hashed by the key of the database
    environment = {**os.environ, SALT: salt_file(database).read_text(encoding="ascii").strip()}
    command = ["ai-unit-economics", "land", "--out", landed, "--data", data]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)
    put_in_place(landed, folder / "tables")


def put_in_place(landed: Path, tables: Path) -> None:
    """Makes tables of the schema `landing` of what `ai-unit-economics land` wrote."""
    for path in [*landed.glob("*/"), landed / "files.parquet"]:
        table = tables / "landing" / f"landed_{path.stem}"
        shutil.rmtree(table, ignore_errors=True)
        if path.is_dir():
            path.rename(table)
        else:
            table.mkdir()
            path.rename(table / path.name)


def kinds(con: duckdb.DuckDBPyConnection, relation: Sql) -> dict[str, str]:
    """The columns of a relation with their types."""
    described = con.execute(sql("describe select * from {relation}", relation=relation).text).fetchall()
    return {name: kind for name, kind, *_ in described}


def data_tests_there(manifest: dict[str, Any], on_spark: list[dict[str, Any]], runs: list[dict[str, Any]]) -> list[str]:
    """Data tests of the models that run, where all that they read is on Spark and the list does not name them."""
    tables = {node["unique_id"] for node in on_spark}
    built = {node["unique_id"] for node in runs}
    left_out = tests_left_out()
    return [
        node["name"]
        for node in manifest["nodes"].values()
        # gates are asked after a build, of the marts in DuckDB
        if node["resource_type"] == "test" and node["name"] not in left_out and "gate" not in node.get("tags", ())
        if set(node["depends_on"]["nodes"]) <= tables and set(node["depends_on"]["nodes"]) & built
    ]


# What a fixture says in DuckDB's own SQL: lists, maps, structs, wide integers, functions that Spark names otherwise
OF_DUCKDB = re.compile(
    r"[\[{]|struct\s*\(|\b(array|hugeint|exclude|to_hours|to_minutes|to_days|epoch_us|isodow|unnest|range|md5_number)\b"
)
# A text that stands for a list or a map, and no JSON
LIST_OR_MAP = re.compile(r'\[(?!\{")|\{(?!")')


def is_in_plain_sql(fixture: dict[str, Any]) -> bool:
    """Whether Spark can read the rows of a unit test: SQL without DuckDB's own, or values but lists and maps."""
    rows = fixture["rows"] or []
    if isinstance(rows, str):
        return not OF_DUCKDB.search(re.sub("'[^']*'", "", rows))
    values = [value for row in rows for value in row.values()]
    return not any(isinstance(v, list | dict) or (isinstance(v, str) and LIST_OR_MAP.match(v)) for v in values)


def unit_tests_there(manifest: dict[str, Any], runs: list[dict[str, Any]]) -> list[str]:
    """Unit tests of the models that run, whose rows Spark can read and which the list does not name."""
    built = {node["name"] for node in runs}
    left_out = tests_left_out()
    return [
        test["name"]
        for test in manifest["unit_tests"].values()
        if test["model"] in built and test["name"] not in left_out
        if all(map(is_in_plain_sql, [*test["given"], test["expect"]]))
    ]


@dataclass(frozen=True)
class World:
    """A database that DuckDB built; `folder` takes what Spark makes of it."""

    name: str
    database: Path
    folder: Path
    is_sample: bool = False
    # in the place of the project's own
    seeds: Path | None = None
    # what Spark is handed for a first run, a day earlier
    earlier_tables: Path | None = None


def build_world(world: World, folder: Path, seed: int, manifest: dict[str, Any]) -> None:
    """Writes a random world, and builds on DuckDB, a day earlier and today, what Spark is handed and what it builds."""
    runs, read = divided(manifest)
    shutil.rmtree(folder, ignore_errors=True)
    write_world(folder, seed)
    environment = {
        **os.environ,
        "UNIT_ECONOMICS_DATA": str(folder / "data"),
        "UNIT_ECONOMICS_SEEDS": str(world.seeds),
        "UNIT_ECONOMICS_BOOKS": "",
        "UNIT_ECONOMICS_DATABASE": str(world.database),
        "DBT_TARGET_PATH": str(folder.parent / "target_duckdb"),  # one for all worlds: the project is read once
    }
    command = [
        *("dbt", "--quiet", "build", "--profiles-dir", "profiles", "--exclude-resource-type", "unit_test", "test"),
        *("--select", "resource_type:seed", *(f"+{node['name']}" for node in runs)),
    ]
    with a_day_earlier(folder):
        subprocess.run(command, env=environment, cwd=ROOT, check=True)
    hand_over(world.database, read, world.earlier_tables)
    subprocess.run(command, env=environment, cwd=ROOT, check=True)


def seeds_of(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]


def kept_by_partition(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The models of which a run writes only the days, or the files, that changed."""
    return [node for node in runs if node["config"]["materialized"] == "incremental"]


def partition_files(warehouse: Path, nodes: list[dict[str, Any]]) -> set[Path]:
    """Spark gives each file that it writes another name."""
    folders = [warehouse / f"{node['schema']}.db" / node["alias"] for node in nodes]
    return {path for folder in folders for path in folder.glob("*=*/*.parquet")}


def with_what_they_read(nodes: list[dict[str, Any]], runs: list[dict[str, Any]]) -> list[str]:
    """The names of the models and of all before them that run on Spark."""
    by_id = {node["unique_id"]: node for node in runs}
    found: dict[str, str] = {}
    waiting = [node["unique_id"] for node in nodes]
    while waiting:
        unique_id = waiting.pop()
        if unique_id in by_id and unique_id not in found:
            found[unique_id] = by_id[unique_id]["name"]
            waiting += by_id[unique_id]["depends_on"]["nodes"]
    return sorted(found.values())


@contextmanager
def running_spark(arguments: argparse.Namespace) -> Iterator[dict[str, str]]:
    """A cluster, or Spark in dbt's own process; yields the environment in which dbt finds it."""
    folder = arguments.folder.resolve() / "spark"
    shutil.rmtree(folder, ignore_errors=True)
    if arguments.local:
        yield write_settings(folder, "3g", "spark.master local[2]\n")
        return
    with running_cluster(arguments.environment, folder) as cluster:
        yield cluster.environment


def on_spark(
    arguments: argparse.Namespace,
    spark: dict[str, str],
    tables: Path,
    selection: list[str],
    seeds: Path | None,
    keep: bool = False,
) -> int:
    """Registers the tables, loads the seeds and builds what is selected, upon what is there if it is kept.

    Returns dbt's status.
    """
    folder = arguments.folder.resolve()
    environment = {
        **os.environ,
        **spark,
        "PATH": f"{arguments.environment.resolve() / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "UNIT_ECONOMICS_SEEDS": str(seeds.resolve()) if seeds else "",
        "UNIT_ECONOMICS_SPARK_FORMAT": "parquet",
        "UNIT_ECONOMICS_SPARK_KEEP": "1" if keep else "",
        "UNIT_ECONOMICS_DATABASE": str(folder / "none.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [
        *(arguments.environment.resolve() / "bin" / "python", "-m", "tools.spark_dbt", tables),
        *("build", "--target", "spark", "--profiles-dir", "profiles", "--threads", "1" if arguments.local else "2"),
        *("--indirect-selection", "empty", "--select", "resource_type:seed", *selection),
    ]
    return subprocess.run(command, env=environment, cwd=ROOT).returncode


def as_text(column: str, kind: str, other: str) -> Sql:
    """A column in a form in which equal values of both engines are equal."""
    name = identifier(column)
    if "DOUBLE" in (kind, other):
        return sql("printf('%.9g', cast({name} as double) + 0)", name=name)
    if "UHUGEINT" in (kind, other):  # a key that is 128 bits of an MD5 in DuckDB, and its 32 digits on Spark
        if kind == "UHUGEINT":
            return typed(column, "VARCHAR")
        return sql("cast({number} as varchar)", number=number_of_key(name))
    for wide in (kind, other):
        if "HUGEINT" in wide:
            return typed(column, spark_type(wide))
    return typed(column, "TIMESTAMP") if kind.startswith("TIMESTAMP") else name


def compared(
    con: duckdb.DuckDBPyConnection, model: str, one: Sql, other: Sql, without: frozenset[str] = frozenset()
) -> Difference:
    """Two relations of one model, DuckDB's and Spark's, without some of the columns."""
    types = (kinds(con, one), kinds(con, other))
    columns = [column for column in types[0] if column in types[1] and column not in without]
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


def differences(
    database: Path, folder: Path, runs: list[dict[str, Any]], without: frozenset[str] = frozenset()
) -> Iterator[Difference]:
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.execute(sql("attach {database} as duck (read_only)", database=str(database)).text)
        for node in runs:
            table = identifier("duck", node["schema"], node["alias"])
            files = folder / "warehouse" / f"{node['schema']}.db" / node["alias"]
            if not any(files.rglob("*.parquet")):
                if node["config"]["materialized"] in ("incremental", "seed") and files.is_dir():
                    # a partitioned table without rows, or a seed without any, has no file
                    [rows] = con.execute(sql("select count(*) from {table}", table=table).text).fetchone()
                    yield Difference(node["name"], rows, 0, rows, 0)
                # a view leaves no file, unless Spark makes a table of it: the tables that read it are compared
                elif node["config"]["materialized"] != "view":
                    yield Difference(node["name"], 0, 0, 0, 0, ["not built on Spark"])
                continue
            yield compared(
                con,
                node["name"],
                table,
                sql(
                    "read_parquet({files}, hive_partitioning = {partitioned})",
                    files=str(files / "**" / "*.parquet"),
                    partitioned=any(files.glob("*=*")),
                ),
                without,
            )


def marts_differ(arguments: argparse.Namespace, manifest: dict[str, Any], world: World) -> bool:
    """Lets DuckDB go on from Spark's tables as a user would, and compares the marts with those of DuckDB alone."""
    folder = world.folder / "after_spark"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    database = folder / "unit_economics.duckdb"
    environment = {
        **os.environ,
        "UNIT_ECONOMICS_DATA": str(arguments.data),
        "UNIT_ECONOMICS_SEEDS": "",
        "UNIT_ECONOMICS_BOOKS": "",
        "UNIT_ECONOMICS_DATABASE": str(database),
        "DBT_TARGET_PATH": str(folder / "target"),
    }
    for command in (
        [
            "ai-unit-economics",
            "from-spark",
            "--tables",
            world.folder / "tables",
            "--tables",
            world.folder / "warehouse",
        ],
        ["dbt", "--quiet", "build", "--profiles-dir", "profiles", "--selector", "after_spark"],
    ):
        if subprocess.run(command, env=environment, cwd=ROOT).returncode:
            return True
    marts = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts" and node["name"] not in OF_ONE_BUILD
    ]
    with duckdb.connect() as con:
        for name, file in {"alone": world.database, "after": database}.items():
            con.execute(sql("attach {file} as {name} (read_only)", file=str(file), name=identifier(name)).text)
        found = [
            compared(
                con,
                node["name"],
                identifier("alone", node["schema"], node["alias"]),
                identifier("after", node["schema"], node["alias"]),
            )
            for node in marts
        ]
        [whole] = con.execute("select is_whole from after.builds.invocations").fetchone()
    unequal = print_unequal(found)
    print(
        f"{world.name}: {len(found)} marts that DuckDB made of Spark's tables, {sum(d.rows for d in found):,} rows, "
        f"{sum(d.cells for d in found):,} cells, {unequal} differ; "
        f"{'it may be published' if whole else 'it is no whole build'}",
        flush=True,
    )
    return bool(unequal) or not whole


def print_unequal(found: list[Difference]) -> int:
    """Prints a line for each table that differs, and says how many there are."""
    unequal = [difference for difference in found if not difference.is_equal]
    for difference in unequal:
        print(
            f"{difference.model}: {difference.missing} rows are not on Spark, {difference.added} are new; "
            f"look at {', '.join(difference.columns)}"
        )
    return len(unequal)


def compare_world(
    arguments: argparse.Namespace, manifest: dict[str, Any], world: World, spark: dict[str, str] | None
) -> bool:
    """Builds a world on Spark, prints what differs and a line of figures; says whether all is equal and all ran.

    Without Spark, what it made before is compared.
    """
    runs, read = divided(manifest)
    seeds = seeds_of(manifest)
    status, nothing_kept = 0, False
    if spark is not None:
        warehouse = arguments.folder.resolve() / "spark" / "warehouse"
        shutil.rmtree(world.folder, ignore_errors=True)
        selection = [node["name"] for node in runs]
        if world.is_sample:
            hand_over(world.database, with_landing(read, manifest), world.folder / "tables")
            hand_over_landed(world.database, arguments.data, world.folder)
            units = unit_tests_there(manifest, runs)
            print(f"{len(units)} of {len(manifest['unit_tests'])} unit tests of models run on Spark", flush=True)
            selection += ["path:tests/engines", *units, *data_tests_there(manifest, runs + read + seeds, runs)]
        else:
            hand_over(world.database, read, world.folder / "tables")
        kept = kept_by_partition(runs)
        before: set[Path] = set()
        if world.earlier_tables:
            earlier = with_what_they_read(kept, runs)
            status = on_spark(arguments, spark, world.earlier_tables, earlier, world.seeds)
            before = partition_files(warehouse, kept)
        keep = bool(world.earlier_tables)
        status |= on_spark(arguments, spark, world.folder / "tables", selection, world.seeds, keep)
        if world.earlier_tables:
            stayed = before & partition_files(warehouse, kept)
            nothing_kept = not stayed
            print(f"{world.name}: of {len(before)} files of days and inputs, {len(stayed)} stayed as they were")
        if warehouse.is_dir():
            # a copy: the next world's schemas are dropped where Spark put them
            shutil.copytree(warehouse, world.folder / "warehouse")
    without = NAMES_OF_VERSIONS if world.is_sample else frozenset()
    found = list(differences(world.database, world.folder, runs + seeds, without))
    unequal = print_unequal(found)
    print(
        f"{world.name}: {len(found)} tables and {len(runs + seeds) - len(found)} views on Spark, "
        f"{len(read)} read from DuckDB, "
        f"{sum(d.rows for d in found):,} rows, {sum(d.cells for d in found):,} cells, {unequal} tables differ",
        flush=True,
    )
    differs = world.is_sample and marts_differ(arguments, manifest, world)
    return not (unequal or status or nothing_kept or differs)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", type=Path, default=Path("data/test/unit_economics.duckdb"))
    parser.add_argument("--data", type=Path, default=Path("data/test/sample"), help="what the database was built of")
    parser.add_argument("--manifest", type=Path, default=Path("target/test/manifest.json"))
    parser.add_argument("--folder", type=Path, default=Path("data/test/spark"))
    parser.add_argument("--environment", type=Path, default=Path(".venv-spark"))
    parser.add_argument("--worlds", type=int, default=0, help="how many random worlds are compared besides the sample")
    parser.add_argument("--first-seed", type=int, default=1, help="of the random worlds")
    parser.add_argument("--no-sample", action="store_true", help="random worlds alone")
    parser.add_argument("--local", action="store_true", help="one process of Spark instead of a cluster")
    parser.add_argument("--compare-only", action="store_true", help="compare what is there from the run before")
    arguments = parser.parse_args()
    if shutil.which("java") is None:
        print("Spark needs Java 17 or 21 (on Debian: apt install openjdk-17-jre-headless)", file=sys.stderr)
        return 1
    manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
    worlds = []
    if not arguments.no_sample:
        worlds.append(World("sample", arguments.database, arguments.folder / "sample", is_sample=True))
    for seed in range(arguments.first_seed, arguments.first_seed + arguments.worlds):
        folder = arguments.folder.resolve() / f"world-{seed}"
        database = folder / "unit_economics.duckdb"
        earlier = folder / "earlier"
        worlds.append(
            World(f"world {seed}", database, folder / "spark", seeds=folder / "seeds", earlier_tables=earlier)
        )
        if not arguments.compare_only:
            build_world(worlds[-1], folder, seed, manifest)
    equal = []
    for world in worlds:
        if arguments.compare_only:
            equal.append(compare_world(arguments, manifest, world, None))
        else:
            # Spark's driver keeps what it planned: after three worlds in one process its gigabyte was full
            with running_spark(arguments) as spark:
                equal.append(compare_world(arguments, manifest, world, spark))
    return 0 if all(equal) else 1


if __name__ == "__main__":
    raise SystemExit(main())
