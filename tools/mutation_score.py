"""How many mistakes in the SQL of the models the tests see.

Each mutant (tools/mutants.py) of a model runs in three places:
- in the unit tests of the model, on their fixtures: another result than the expected rows kills it;
- on a built database (the small sample): the same rows as the model's mean that the sample cannot show the mistake;
- if it is alive and changes rows there: in the data tests that read the model, against the mutant's rows.

    python -m tools.mutation_score --target target/test --database data/test/unit_economics.duckdb --out mutants.csv

`target` is that of a whole `dbt build` with unit tests: dbt leaves the statement of every test there.
"""

from __future__ import annotations

import argparse
import csv
import json
import multiprocessing
import os
import random
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from tools.mutants import Mutant, mutants, mutated

SECONDS_PER_STATEMENT = 20
FIXTURE = "__dbt__cte__"


@dataclass
class UnitTest:
    """A unit test, apart: what its fixtures hold, the model's statement over them and the rows that it expects."""

    name: str
    fixtures: dict[str, str]
    body: exp.Expression
    columns: list[str]
    expected: str


@dataclass
class Model:
    name: str
    folder: str
    relation: str
    compiled: str
    units: list[UnitTest] = field(default_factory=list)
    data_tests: list[tuple[str, str]] = field(default_factory=list)


def without_fixtures(statement: exp.Expression) -> exp.Expression:
    copy = statement.copy()
    own = [cte for cte in copy.ctes if not cte.alias.startswith(FIXTURE)]
    is_recursive = copy.args["with_"].args.get("recursive") if own else None
    copy.set("with_", exp.With(expressions=own, recursive=is_recursive) if own else None)
    return copy


def unit_test(name: str, sql: str) -> UnitTest | None:
    """The parts of a unit test's statement as dbt writes it: actual rows, then expected rows."""
    statement = sqlglot.parse_one(sql, dialect="duckdb")
    parts = {cte.alias: cte.this for cte in statement.ctes}
    actual = parts.get("dbt_internal_unit_test_actual")
    expected = parts.get("dbt_internal_unit_test_expected")
    if actual is None or expected is None:
        return None
    inner = actual.args["from_"].this.this
    columns = [item.name for item in actual.expressions if item.alias != "actual_or_expected"]
    return UnitTest(
        name=name,
        fixtures={cte.alias: cte.this.sql("duckdb") for cte in inner.ctes if cte.alias.startswith(FIXTURE)},
        body=without_fixtures(inner),
        columns=columns,
        expected=expected.sql("duckdb"),
    )


def models(target: Path, select: str) -> list[Model]:
    manifest = json.loads((target / "manifest.json").read_text())
    project = manifest["metadata"]["project_name"]
    found: dict[str, Model] = {}
    for key, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["language"] != "sql" or not re.search(select, node["path"]):
            continue
        compiled = target / "compiled" / project / node["original_file_path"]
        if compiled.exists():
            found[key] = Model(
                node["name"], str(Path(node["path"]).parent), node["relation_name"], compiled.read_text()
            )
    for node in manifest["unit_tests"].values():
        model = found.get(next(iter(node["depends_on"]["nodes"]), ""))
        pattern = f"{Path(node['original_file_path']).name}/**/{node['name']}.sql"
        run = next(iter((target / "run" / project / node["original_file_path"]).parent.glob(pattern)), None)
        if model and run and node["model"] == model.name and (parts := unit_test(node["name"], run.read_text())):
            model.units.append(parts)
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test" or node["config"]["severity"].lower() != "error":
            continue
        folder = target / "compiled" / project / Path(node["original_file_path"])
        file = folder / node["path"] if folder.suffix == ".yml" else folder
        if file.exists():
            for key in node["depends_on"]["nodes"]:
                if key in found:
                    found[key].data_tests.append((node["name"], file.read_text()))
    return list(found.values())


class Statements:
    """A connection that gives up a statement after some seconds."""

    def __init__(self, database: Path | None) -> None:
        self.connection = duckdb.connect(str(database) if database else ":memory:", read_only=database is not None)
        self.connection.execute("set threads = 1; set timezone = 'UTC'")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        timer = threading.Timer(SECONDS_PER_STATEMENT, self.connection.interrupt)
        timer.start()
        try:
            return self.connection.execute(sql).fetchall()
        finally:
            timer.cancel()


def differs(statements: Statements, columns: str, left: str, right: str) -> bool:
    """Whether two tables (or subqueries) hold other rows, counted with repeats."""
    return bool(
        statements.rows(
            f"select 1 from ((select {columns} from {left} as a except all select {columns} from {right} as b)"
            f" union all (select {columns} from {right} as b except all select {columns} from {left} as a)) limit 1"
        )
    )


def quoted(columns: list[str]) -> str:
    return ", ".join('"' + column.replace('"', '""') + '"' for column in columns)


def fixtures_of(unit: UnitTest, statements: Statements) -> None:
    for name, sql in unit.fixtures.items():
        statements.rows(f'create or replace temp table "{name}" as {sql}')
    statements.rows(f"create or replace temp table expected_rows as {unit.expected}")


def killed_by_unit_tests(model: Model, found: list[Mutant]) -> tuple[dict[Mutant, str], int]:
    """The unit test that kills each mutant, '' for none, and 'invalid' for one that no fixture lets run."""
    states: dict[Mutant, str] = {}
    ran: set[Mutant] = set()
    used = 0
    for unit in model.units:
        statements = Statements(None)
        fixtures_of(unit, statements)
        columns = quoted(unit.columns)
        if differs(statements, columns, f"({unit.body.sql('duckdb')})", "expected_rows"):
            continue
        used += 1
        for mutant in found:
            if states.get(mutant):
                continue
            changed = mutated(unit.body, mutant)
            if changed is None:
                continue
            try:
                if differs(statements, columns, f"({changed.sql('duckdb')})", "expected_rows"):
                    states[mutant] = unit.name
                ran.add(mutant)
            except (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException):
                continue
            except duckdb.Error:
                states[mutant] = unit.name
        statements.connection.close()
    for mutant in found:
        if mutant not in states and mutant not in ran and used:
            states[mutant] = "invalid"
    return states, used


def against_data(model: Model, alive: list[Mutant], database: Path) -> dict[Mutant, str]:
    """What a built database says of the mutants that no unit test killed: same rows, killed by a data test, alive."""
    statements = Statements(database)
    body = without_fixtures(sqlglot.parse_one(model.compiled, dialect="duckdb"))
    states: dict[Mutant, str] = {}
    try:
        statements.rows(f"create or replace temp table original_rows as {model.compiled}")
    except duckdb.Error as error:
        return {mutant: f"not run: {str(error).splitlines()[0]}" for mutant in alive}
    columns = quoted([row[0] for row in statements.rows("describe original_rows")])
    passing = [
        (name, sql) for name, sql in model.data_tests if not failing_rows(statements, sql, model, "original_rows")
    ]
    for mutant in alive:
        changed = mutated(body, mutant)
        if changed is None:
            states[mutant] = "not in the compiled model"
            continue
        try:
            statements.rows(f"create or replace temp table mutant_rows as {changed.sql('duckdb')}")
            if not differs(statements, columns, "mutant_rows", "original_rows"):
                states[mutant] = "same"
                continue
        except (duckdb.BinderException, duckdb.ParserException):
            states[mutant] = "invalid"
            continue
        except duckdb.Error:
            states[mutant] = "data: the build fails"
            continue
        killer = next((name for name, sql in passing if failing_rows(statements, sql, model, "mutant_rows")), None)
        states[mutant] = f"data: {killer}" if killer else "alive"
    return states


def failing_rows(statements: Statements, sql: str, model: Model, table: str) -> bool:
    """Whether a data test has rows when it reads this table in place of the model."""
    try:
        return bool(statements.rows(f"select 1 from ({sql.replace(model.relation, table)}) as failures limit 1"))
    except duckdb.Error:
        return True


def score(model: Model, database: Path, sample: int, seed: int) -> list[dict[str, str]]:
    """The mutants of a model (`sample` of them, drawn by the seed and the model's name), each with its state."""
    body = without_fixtures(sqlglot.parse_one(model.compiled, dialect="duckdb"))
    found = list(mutants(model.units[0].body if model.units else body))
    if sample < len(found):
        found = random.Random(f"{seed} {model.name}").sample(found, sample)
    killers, used = killed_by_unit_tests(model, found)
    alive = [mutant for mutant in found if not killers.get(mutant)]
    on_data = against_data(model, alive, database)
    rows = []
    for mutant in found:
        state = killers.get(mutant) or on_data.get(mutant, "alive")
        group = state if state in ("same", "invalid", "alive") else "data" if state.startswith("data") else "unit"
        if state.startswith("not "):
            group = "not run"
        rows.append(
            {
                "model": model.name,
                "folder": model.folder,
                "state": group,
                "kind": mutant.kind,
                "original": re.sub(r"\s+", " ", mutant.original)[:200],
                "by": "" if group in ("same", "invalid") else state.removeprefix("data: "),
                "unit_tests": f"{used}/{len(model.units)}",
            }
        )
    return rows


def _work(item: tuple[Model, Path, int, int]) -> list[dict[str, str]]:
    model, *rest = item
    try:
        return score(model, *rest)
    except Exception as error:  # one model that cannot be read must not end the run of hours
        print(f"{model.name}: {type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr)
        return []


def totals(rows: list[dict[str, str]]) -> Iterator[str]:
    """A Markdown table by folder: what can change rows is killed by unit tests, killed by data tests or alive."""
    by_folder: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for folder in ("all", row["folder"]):
            by_folder[folder][row["state"]] += 1
    yield "| folder | mutants | killed by unit tests | by data tests | alive | share killed | same rows on the sample |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for folder in sorted(by_folder, key=lambda name: (name == "all", name)):
        counts = by_folder[folder]
        visible = counts["unit"] + counts["data"] + counts["alive"]
        share = (counts["unit"] + counts["data"]) / visible if visible else 1
        yield (
            f"| {folder} | {visible + counts['same']} | {counts['unit']} | {counts['data']} | {counts['alive']} |"
            f" {share:.1%} | {counts['same']} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=Path("target/test"))
    parser.add_argument("--database", type=Path, default=Path("data/test/unit_economics.duckdb"))
    parser.add_argument("--select", default="", help="a regular expression on the path of the model")
    parser.add_argument("--out", type=Path, default=Path("mutants.csv"))
    parser.add_argument("--sample", type=int, default=sys.maxsize, help="at most so many mutants of a model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    items = [
        (model, arguments.database, arguments.sample, arguments.seed)
        for model in models(arguments.target, arguments.select)
    ]
    names = {model.relation.partition(".")[0].strip('"') for model, *_ in items}
    if names != {arguments.database.stem}:
        parser.error(f"{arguments.target} was compiled for {', '.join(names)}: give its own database")
    rows: list[dict[str, str]] = []
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for number, done in enumerate(pool.imap_unordered(_work, items), start=1):
            rows.extend(done)
            print(f"\r{number}/{len(items)} models, {len(rows)} mutants", end="", file=sys.stderr)
    print(file=sys.stderr)
    with arguments.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["model"])
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: (row["folder"], row["model"])))
    print("\n".join(totals(rows)))
    if unknown := sum(row["state"] == "not run" for row in rows):
        print(f"{unknown} mutants could not be judged: the column `by` of {arguments.out} says why")


if __name__ == "__main__":
    main()
