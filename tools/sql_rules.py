"""The project's own rules for models, read off the parsed SQL and dbt's manifest.

A rule takes one of the two and gives back what is wrong, a line for each finding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlglot
from sqlfluff.core import FluffConfig, Linter
from sqlglot import exp

MONEY = re.compile(r"(^|_)(cost|costs|price|prices|amount|amounts)($|_)", re.IGNORECASE)
# What has the word in its name and is none: cost_origin names, prices_seen counts.
NO_MONEY = re.compile(r"_(origin|origins|scope|method|rank|line|lines|id|key)$", re.IGNORECASE)
MAX_LINES = 150
RATIO = re.compile(r"(^cost_per_unit|_ratio$|^telemetry_coverage$|_share$)", re.IGNORECASE)
CLOCKS = {
    "current_date", "current_time", "current_timestamp", "get_current_time", "get_current_timestamp", "localtime",
    "localtimestamp", "now", "today", "transaction_timestamp",
}  # fmt: skip
# With these a comment may begin: they have a capital letter wherever they stand.
NAMES = {
    "Azure",
    "Databricks",
    "Google",
    "Kubernetes",
    "Microsoft",
    "Oracle",
    "Prometheus",
    "Snowflake",
    "Student",
    "Welford",
}
READERS = {"read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_parquet", "parquet_scan"}


def render(path: Path) -> str:
    """The model's SQL as the linter sees it: macros expanded, references as names, no database asked."""
    config = FluffConfig.from_path(str(path))
    rendered = Linter(config=config).render_string(path.read_text(encoding="utf-8"), str(path), config, "utf-8")
    if not rendered.templated_variants:
        raise ValueError(f"{path}: {'; '.join(error.desc() for error in rendered.templater_violations)}")
    return rendered.templated_variants[0].templated_str


def parse(sql: str) -> exp.Expression:
    return sqlglot.parse_one(sql, read="duckdb")


def is_part_of_a_ratio(cast: exp.Cast) -> bool:
    """One of two amounts that are divided as floats, `cast(profit as double) / nullif(cast(revenue as double), 0)`."""

    def amount(side: exp.Expression) -> exp.Expression:
        side = side.unnest()
        return side.this.unnest() if isinstance(side, exp.Nullif) else side

    ratio = cast.find_ancestor(exp.Div)
    if ratio is None:
        return False
    sides = [amount(ratio.left), amount(ratio.right)]
    return any(side is cast for side in sides) and all(isinstance(side, exp.Cast) for side in sides)


def money_is_no_float(query: exp.Expression) -> Iterator[str]:
    """A float cannot hold a cent: casts of cost, price or amount keep to DECIMAL."""
    for cast in query.find_all(exp.Cast):
        if cast.to.this not in (exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE):
            continue
        if cast.find_ancestor(exp.GT, exp.GTE, exp.LT, exp.LTE):  # the outcome is true or false, no amount
            continue
        if is_part_of_a_ratio(cast):
            continue
        # A comparison or a count inside has a type of its own.
        for column in cast.this.find_all(exp.Column):
            if MONEY.search(column.name) and not NO_MONEY.search(column.name):
                yield f"{cast.sql('duckdb')} makes money a float"
                break


def no_clock(query: exp.Expression) -> Iterator[str]:
    """A build can be repeated: no model asks what day it is."""
    for function in query.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        if name.lower() in CLOCKS:
            yield f"{function.sql('duckdb')} asks for the time"
    for column in query.find_all(exp.Column):
        if column.name.lower() in CLOCKS and not column.table:
            yield f"{column.sql('duckdb')} asks for the time"


def no_average_of_ratios(query: exp.Expression) -> Iterator[str]:
    """The mean of ratios is not the ratio of sums."""
    for average in query.find_all(exp.Avg):
        for column in average.find_all(exp.Column):
            if RATIO.search(column.name):
                yield f"{average.sql('duckdb')} averages a ratio; divide the sums"


def columns_are_named(query: exp.Expression) -> Iterator[str]:
    """What a file or a table grows does not flow through: the last select names its columns, and so does one that reads
    a file. `x.*` in the last select is for a CTE of the model's own, whose columns a macro names."""
    own = {cte.alias for cte in query.find_all(exp.CTE)}
    for select in final_selects(query):
        for star in (expression for expression in select.expressions if expression.is_star):
            if not (isinstance(star, exp.Column) and star.table in own):
                yield f"the final select takes a star: {select.sql('duckdb')[:80]}"
    for select in query.find_all(exp.Select):
        if any(expression.is_star for expression in select.expressions) and reads_a_file(select):
            yield f"a star out of a file: {select.sql('duckdb')[:80]}"


def final_selects(query: exp.Expression) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from final_selects(query.left)
        yield from final_selects(query.right)
    elif isinstance(query, exp.Subquery):
        yield from final_selects(query.this)
    elif isinstance(query, exp.Select):
        yield query


def reads_a_file(select: exp.Select) -> bool:
    source = select.args.get("from_") or select.args.get("from")
    if source is None:
        return False
    table = source.this
    function = table.this if isinstance(table, exp.Table) else table
    if isinstance(function, exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else function.sql_name()
        return name.lower() in READERS
    return isinstance(table, exp.Table) and bool(re.search(r"\.(csv|parquet|json|jsonl)(\.gz)?$", table.name))


RULES: list[Callable[[exp.Expression], Iterator[str]]] = [
    money_is_no_float,
    no_clock,
    no_average_of_ratios,
    columns_are_named,
]


def is_set_apart(text: str) -> Iterator[str]:
    """CTEs open and close with a blank line, and a comment begins with a small letter unless it names something."""
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        if re.match(r"(with )?(recursive )?\w+( \(.*\))? as (materialized )?\($", line) and lines[number].strip():
            yield f"line {number}: no blank line after {line}"
        if re.fullmatch(r"\),?", line) and lines[number - 2].strip():
            yield f"line {number}: no blank line before the end of a CTE"
        if line == "with":
            yield f"line {number}: the first CTE stands on the line of its with"
        begins = re.match(r"\s*-- ([A-Z][a-z]+)\b", line)
        if begins and begins[1] not in NAMES and not lines[number - 2].lstrip().startswith("--"):
            yield f"line {number}: a comment begins with a small letter: {line.strip()}"


TEXT_RULES: list[Callable[[str], Iterator[str]]] = [is_set_apart]


def is_described(model: dict[str, Any]) -> Iterator[str]:
    """The description's first line is the grain."""
    if not model["description"].strip():
        yield "has no description"


def mart_has_a_contract(model: dict[str, Any]) -> Iterator[str]:
    """Marts are a promise: dbt checks their columns and types, and every column says what it means."""
    if "marts" not in model["fqn"]:
        return
    if not model["config"]["contract"]["enforced"]:
        yield "is a mart without an enforced contract"
    for column in model["columns"].values():
        if not column["description"].strip():
            yield f"has a column without a description: {column['name']}"


def is_short(model: dict[str, Any]) -> Iterator[str]:
    """A model fits on a few screens, or its YAML says why not in `config: {meta: {why_long: …}}`. A reason that
    a shorter model kept is wrong, too."""
    lines = len(model["raw_code"].splitlines())
    reason = str(model["config"]["meta"].get("why_long") or "").strip()
    if lines > MAX_LINES and not reason:
        yield f"has {lines} lines, more than {MAX_LINES}: split it by grain, or say why in `meta: {{why_long: …}}`"
    if lines <= MAX_LINES and reason:
        yield f"has {lines} lines and still a why_long: take it out"


MANIFEST_RULES: list[Callable[[dict[str, Any]], Iterator[str]]] = [is_described, mart_has_a_contract, is_short]
