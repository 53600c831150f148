"""The seeds' own checks, on their CSV files alone: the tests that stand in their YAML, by the macros that dbt runs.

dbt takes half a minute for them. What is a rule of a seed stays in one place: whoever adds one to the YAML has it here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pyarrow
import yaml

from ai_unit_economics.sql import identifier, joined, sql

# These stop the build by an error with a line for each bad row; the other tests give rows.
STOPPING = ("seed_violations", "seed_reference", "seed_overlap")
SHOWN_ROWS = 3


@dataclass(frozen=True)
class Relation:
    """A seed's table, as dbt's macros know one."""

    schema: str
    identifier: str

    def __str__(self) -> str:
        return identifier(self.schema, self.identifier).text


@dataclass(frozen=True)
class Seed:
    """A seed as its YAML has it."""

    name: str
    folder: str
    types: Mapping[str, str]
    tests: Sequence[tuple[str, Mapping[str, Any]]]

    @property
    def relation(self) -> Relation:
        return Relation(self.folder, self.name)


def problems_of_seeds(
    project: Path, rows: Mapping[str, Sequence[Mapping[str, str]]], columns: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """A seed's name and what is wrong with it, for each thing that stops a build.

    Args:
        rows: by seed the rows of its file, with empty text for what is empty.
        columns: by seed the header of the user's own file.
    """
    seeds = {seed.name: seed for seed in declared_seeds(project)}
    unreadable = dict(problems_of_headers(seeds, columns))
    yield from unreadable.items()
    if unreadable or not seeds:
        return  # a rule that names rows of a table that cannot be read would blame the wrong seed
    with duckdb.connect() as session:
        checks = Checks(project, seeds, rows, session)
        for seed in seeds.values():
            # an empty table breaks no rule
            if rows.get(seed.name) and (seed.folder == "config" or seed.name in columns):
                yield from ((seed.name, problem) for problem in checks.problems(seed))


def declared_seeds(project: Path) -> Iterator[Seed]:
    for file in sorted((project / "seeds").glob("*/*.yml")):
        for node in _parsed(file.read_text(encoding="utf-8"))["seeds"]:
            tests = [_named(test, {}) for test in node.get("data_tests", ())]
            for column in node.get("columns", ()):
                tests += [_named(test, {"column_name": column["name"]}) for test in column.get("data_tests", ())]
            yield Seed(node["name"], file.parent.name, node.get("config", {}).get("column_types", {}), tests)


@cache
def _parsed(text: str) -> dict[str, Any]:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


def _named(test: str | dict, more: dict[str, str]) -> tuple[str, dict[str, Any]]:
    if isinstance(test, str):
        return test, more
    ((name, content),) = test.items()
    return name, {**(content or {}).get("arguments", {}), **more}


def problems_of_headers(seeds: Mapping[str, Seed], columns: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for name, header in columns.items():
        known = list(seeds[name].types) if name in seeds else []
        if not known:
            continue
        for column in header:
            if column not in known:
                yield name, f"{name}.csv has a column {column}; the columns of this seed are {', '.join(known)}"


def load(session: duckdb.DuckDBPyConnection, seed: Seed, rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Makes the seed's table, as typed as its YAML says; what is not of its type is told, and empty in the table."""
    text = {name: pyarrow.array([row.get(name) or None for row in rows], pyarrow.string()) for name in seed.types}
    # the header is the first line
    text["(line)"] = pyarrow.array(range(2, len(rows) + 2), pyarrow.int64())
    session.from_arrow(pyarrow.table(text)).create_view("text_of_seed")
    typed = joined(
        sql("try_cast({name} as {type}) as {name}", name=identifier(name), type=sql(kind))
        for name, kind in seed.types.items()
    )
    session.execute(sql("create schema if not exists {folder}", folder=identifier(seed.folder)).text)
    table = identifier(seed.folder, seed.name)
    session.execute(sql("create table {table} as select {typed} from text_of_seed", table=table, typed=typed).text)
    for name, kind in seed.types.items():
        if kind == "varchar":
            continue
        query = sql(
            'select "(line)", {name} from text_of_seed where {name} is not null and try_cast({name} as {type}) is null '
            "order by all limit ?",
            name=identifier(name),
            type=sql(kind),
        )
        for line, value in session.execute(query.text, [SHOWN_ROWS]).fetchall():
            yield f"{seed.name}.csv, line {line}: {name} {value!r} is no {written_as(kind)}"
    session.execute("drop view text_of_seed")


def written_as(kind: str) -> str:
    """What a type is called, with an example of how it is written."""
    if kind == "date":
        return "date; write 2026-07-01"
    if kind.startswith(("decimal", "double")):
        return "number; write 1234.5"
    if kind == "boolean":
        return "boolean; write true or false"
    return "whole number" if "int" in kind else kind


def variable_of(project: Path, name: str) -> Any:
    """What dbt_project.yml says; a variable that is given to dbt alone is not known here."""
    file = project / "dbt_project.yml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return (settings.get("vars") or {}).get(name)


@jinja2.pass_context
def dispatch(context: jinja2.runtime.Context, name: str, *_: str) -> Any:
    """DuckDB's form of a macro."""
    return context.resolve(f"default__{name}")


def macro_environment() -> jinja2.Environment:
    """What renders the project's macros as SQL of DuckDB, without dbt."""
    # SQL and no page: there is nothing to escape
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701
    environment.globals |= {"adapter": SimpleNamespace(dispatch=dispatch), "return": lambda value: value}
    return environment


class Checks:
    """Tests of seeds, rendered from the project's macros."""

    def __init__(
        self,
        project: Path,
        seeds: Mapping[str, Seed],
        rows: Mapping[str, Sequence[Mapping[str, str]]],
        session: duckdb.DuckDBPyConnection,
    ) -> None:
        self.session = session
        self.seeds = seeds
        self.content = rows
        # what is wrong with the types of those that are loaded
        self.mistyped: dict[str, list[str]] = {}
        self.environment = macro_environment()
        self.environment.globals["var"] = lambda name: variable_of(project, name)
        source = "\n".join(self.sources(project))
        module = self.environment.from_string(source).make_module({"ref": self.ref})
        self.macros: dict[str, Callable] = {
            name: getattr(module, name) for name in dir(module) if not name.startswith("_")
        }

    def sources(self, project: Path) -> Iterator[str]:
        """The project's macros, but for those that only dbt can read, such as a materialization."""
        for file in sorted((*(project / "macros").rglob("*.sql"), *(project / "tests" / "generic").glob("*.sql"))):
            # a test is a macro by another name
            text = re.sub(r"{%(-?) test ", r"{%\1 macro ", file.read_text(encoding="utf-8"))
            text = text.replace("endtest", "endmacro")
            try:
                self.environment.parse(text)
            except jinja2.TemplateSyntaxError:
                continue
            yield text

    def ref(self, name: str) -> Relation:
        """A seed's table, which is made when it is first asked for."""
        if name not in self.mistyped:
            self.mistyped[name] = list(load(self.session, self.seeds[name], self.content.get(name, ())))
        return self.seeds[name].relation

    def problems(self, seed: Seed) -> Iterator[str]:
        self.ref(seed.name)
        if self.mistyped[seed.name]:
            yield from self.mistyped[seed.name]
            return  # what is empty for its type breaks rules that its text does not
        for name, arguments in seed.tests:
            given = self.rendered(arguments)
            if name in STOPPING:
                yield from self.stopped(seed, name, given)
            elif name == "grain":
                yield from self.repeated(seed, given)
            elif name == "true_in_every_row":
                if rows := self.rows(name, seed, given):
                    yield f"{seed.name}.csv: {len(rows)} rows of which this is not true: {given['condition']}"
            elif name == "accepted_values":
                yield from self.unknown_values(seed, given)

    def rendered(self, value: Any) -> Any:
        """Arguments as dbt hands them on: what is in braces is filled in, `ref('x')` is a table."""
        if isinstance(value, dict):
            return {key: self.rendered(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.rendered(one) for one in value]
        if isinstance(value, str) and (found := re.fullmatch(r"ref\('(\w+)'\)", value)):
            return self.ref(found[1])
        if isinstance(value, str) and "{{" in value:
            return self.environment.from_string(value).render(ref=self.ref, **self.macros)
        return value

    def rows(self, name: str, seed: Seed, arguments: Mapping[str, Any]) -> list[tuple]:
        return self.session.execute(str(self.macros[name](seed.relation, **arguments))).fetchall()

    def stopped(self, seed: Seed, name: str, arguments: Mapping[str, Any]) -> Iterator[str]:
        try:
            self.rows(name, seed, arguments)
        except duckdb.InvalidInputException as error:
            told = str(error).removeprefix("Invalid Input Error: ")
            yield from (line.removeprefix("seeds/config/") for line in told.splitlines() if line.startswith("seeds/"))

    def repeated(self, seed: Seed, arguments: Mapping[str, Any]) -> Iterator[str]:
        columns = arguments["columns"]
        for row in self.rows("grain", seed, arguments)[:SHOWN_ROWS]:
            where = ", ".join(
                f"{column} {'(empty)' if value is None else value}" for column, value in zip(columns, row, strict=False)
            )
            nulls = [
                column
                for column, count in zip(arguments.get("not_null", ()), row[len(columns) + 1 :], strict=True)
                if count
            ]
            if nulls:
                yield f"{seed.name}.csv: a row with {where} has no {', '.join(nulls)}"
            if row[len(columns)] > 1:
                yield f"{seed.name}.csv: {row[len(columns)]} rows have {where}; keep one of them"

    def unknown_values(self, seed: Seed, arguments: Mapping[str, Any]) -> Iterator[str]:
        column, values = arguments["column_name"], [str(value) for value in arguments["values"]]
        query = sql(
            "select distinct {column} from {table} where not list_contains(?, cast({column} as varchar)) "
            "order by all limit ?",
            column=identifier(column),
            table=identifier(seed.folder, seed.name),
        )
        for (value,) in self.session.execute(query.text, [values, SHOWN_ROWS]).fetchall():
            yield f"{seed.name}.csv: {column} {value!r} is none of {', '.join(values)}"
