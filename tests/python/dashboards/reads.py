"""What each consumer of the marts reads, from the consumer itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import duckdb
import sqlglot
import yaml

PROJECT = Path(__file__).resolve().parents[3]
MARTS = PROJECT / "models" / "marts"
ASSETS = PROJECT / "bi" / "superset" / "assets"
# Written beside the marts when they are published (src/ai_unit_economics/publishing.py)
PUBLICATION = {"version": "varchar", "invocation_id": "varchar", "built_at": "timestamp", "published_at": "timestamp"}


@cache
def contracts() -> dict[str, dict[str, str]]:
    """Column and type of each mart, as its contract promises them."""
    found = {}
    for file in sorted(MARTS.rglob("*.yml")):
        for model in yaml.safe_load(file.read_text()).get("models", []):
            found[model["name"]] = {column["name"]: column["data_type"] for column in model["columns"]}
    return found


def empty_marts() -> duckdb.DuckDBPyConnection:
    """A database of what is published, without a row: DuckDB itself says whether a query fits."""
    connection = duckdb.connect()
    connection.execute("create schema marts")
    for name, columns in {**contracts(), "publication": PUBLICATION}.items():
        listed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"create table marts.{name} ({listed})")
    return connection


def assets(kind: str) -> dict[str, dict]:
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted((ASSETS / kind).rglob("*.yaml"))}


def dataset_query(dataset: dict) -> str:
    return dataset["sql"] or f"select * from {dataset['schema']}.{dataset['table_name']}"


def read_by_superset() -> set[str]:
    tables = {
        table
        for dataset in assets("datasets").values()
        for table in sqlglot.parse_one(dataset_query(dataset), dialect="duckdb").find_all(sqlglot.exp.Table)
    }
    return {table.name for table in tables if table.db == "marts"} - {"publication"}


def read_by_python(*sources: str) -> set[str]:
    """The marts that the strings of these modules name."""
    named: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse((PROJECT / "src" / "ai_unit_economics" / source).read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.update(re.findall(r"\b(?:fct|dim)_\w+", node.value))
    return named & set(contracts())


def asked_for(source: str) -> Iterable[tuple[str, set[str]]]:
    """Mart and columns of each call of `has` in a module that names them."""
    for node in ast.walk(ast.parse((PROJECT / "src" / "ai_unit_economics" / source).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "has":
            mart, *columns = [argument.value for argument in node.args if isinstance(argument, ast.Constant)] or [None]
            if mart:
                yield mart, set(columns)


def exposures() -> dict[str, set[str]]:
    """The marts that each exposure says it depends on."""
    listed = yaml.safe_load((MARTS / "_exposures.yml").read_text())["exposures"]
    return {exposure["name"]: set(_references(exposure["depends_on"])) for exposure in listed}


def _references(depends_on: Iterable[str]) -> Iterable[str]:
    for reference in depends_on:
        yield re.fullmatch(r"ref\('(\w+)'\)", reference)[1]
