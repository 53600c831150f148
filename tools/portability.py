"""Which models would run on other engines, as they are or as sqlglot translates them, and what stands in the way.

sqlglot translates much without an error that the other engine refuses or reads otherwise. CONSTRUCTS lists what we know
of that; the rest is compared as text. Nothing is run here: the page says what is known. On Spark `make spark-test`
runs the models that tools/spark_not_yet.yml does not leave out, and these count as translated.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from tools.spark_marts import is_not_yet, not_yet

PAGE = Path(__file__).resolve().parents[1] / "docs" / "portability.md"
START, END = "<!-- portability -->\n", "<!-- /portability -->"
ENGINES = {
    "spark": "Spark",
    "databricks": "Databricks",
    "trino": "Trino",
    "snowflake": "Snowflake",
    "bigquery": "BigQuery",
}
ALL = frozenset(ENGINES)
NAMED_BY_DUCKDB = "passes by DuckDB's name"
SPARKS = frozenset({"spark", "databricks"})
READERS = {"read_csv_auto", "read_json", "read_json_auto", "read_json_objects", "read_ndjson", "read_blob", "read_text"}


@dataclass(frozen=True)
class Construct:
    """What DuckDB reads and sqlglot lets pass. Where it fails, and where it gives another result without a word."""

    name: str
    found: Callable[[exp.Expression], bool]
    why: str
    fails: frozenset[str] = frozenset()
    differs: frozenset[str] = frozenset()


def is_a(*kinds: type[exp.Expression]) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, kinds)


def calls(*names: str) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, exp.Anonymous) and node.name.lower() in names


def starred(argument: str) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, exp.Star) and bool(node.args.get(argument))


def joins(kind: str) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, exp.Join) and kind in f"{node.args.get('method')} {node.args.get('kind')}"


def cast_to(*names: str) -> Callable[[exp.Expression], bool]:
    return lambda node: isinstance(node, exp.DataType) and node.this.name in names


def is_ordered_list(node: exp.Expression) -> bool:
    return isinstance(node, exp.ArrayAgg) and isinstance(node.this, exp.Order)


def is_index(node: exp.Expression, counted: bool) -> bool:
    """`list[-1]` and `list[n]`; sqlglot shifts the former wrongly and the latter not at all."""
    if not isinstance(node, exp.Bracket) or len(node.expressions) != 1:
        return False
    index = node.expressions[0]
    if isinstance(index, exp.Literal):
        return not index.is_string and str(index.this).startswith("-") and not counted
    if isinstance(index, exp.Neg):
        return not counted
    return counted and not isinstance(index, exp.Slice)


def has_two_unnests(node: exp.Expression) -> bool:
    return isinstance(node, exp.Select) and sum(bool(item.find(exp.Explode)) for item in node.expressions) > 1


def is_range_of_days(node: exp.Expression) -> bool:
    return isinstance(node, exp.GenerateSeries) and isinstance(node.args.get("step"), exp.Interval)


def replaces_first(node: exp.Expression) -> bool:
    return isinstance(node, exp.RegexpReplace) and "g" not in str(node.args.get("modifiers") or "")


def is_week(node: exp.Expression) -> bool:
    return isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)) and "WEEK" in str(node.args.get("unit")).upper()


def is_short_unpivot(node: exp.Expression) -> bool:
    return isinstance(node, exp.Pivot) and not isinstance(node.parent, (exp.Table, exp.Subquery))


def reads_files(node: exp.Expression) -> bool:
    return isinstance(node, (exp.ReadCSV, exp.ReadParquet)) or calls(*READERS)(node)


READS_FILES = Construct(
    "reads files", reads_files, "each engine has its own way to files: external tables, stages", fails=ALL
)
CONSTRUCTS = [
    READS_FILES,
    Construct("`hugeint`", cast_to("INT128", "UINT128"), "no integers of 128 bits", fails=ALL),
    Construct("short `unpivot`", is_short_unpivot, "passes as it is; a union says the same", fails=ALL),
    Construct("`map {…}`", is_a(exp.ToMap), "the literal is taken apart wrongly", fails=ALL),
    Construct("`columns(…)`", is_a(exp.Columns), "passes as it is", fails=ALL),
    Construct("`time_bucket`", is_a(exp.DateBin), "becomes `date_bin`, which none of them has", fails=ALL),
    Construct("`asof` join", joins("ASOF"), "passes as it is; Snowflake's has a MATCH_CONDITION", fails=ALL),
    Construct("positional join", joins("POSITIONAL"), "passes as it is", fails=ALL),
    Construct("`regexp_full_match`", is_a(exp.RegexpFullMatch), NAMED_BY_DUCKDB, fails=ALL),
    Construct("`from_json` by a shape", is_a(exp.FromJson), "DuckDB's shapes are JSON, Spark's are DDL", fails=ALL),
    Construct(
        "`error()`",
        calls("error"),
        "Spark says `raise_error`, Trino `fail`, Snowflake has none",
        fails=ALL - {"bigquery"},
    ),
    Construct(
        "`union by name`",
        lambda node: isinstance(node, exp.SetOperation) and bool(node.args.get("by_name")),
        "passes as it is",
        fails=frozenset({"spark", "databricks", "trino"}),
    ),
    Construct("`* exclude`", starred("except_"), "becomes `* except`, which Trino lacks", fails=frozenset({"trino"})),
    Construct("`* replace`", starred("replace"), "passes as it is", fails=SPARKS | {"trino"}),
    Construct("two `unnest` in a select", has_two_unnests, "one generator a select", fails=SPARKS),
    Construct(
        "`group by all`",
        lambda node: isinstance(node, exp.Group) and bool(node.args.get("all")),
        "passes as it is",
        fails=frozenset({"trino"}),
    ),
    Construct(
        "days of a `generate_series`",
        is_range_of_days,
        "becomes a range of integers",
        fails=frozenset({"snowflake", "bigquery"}),
    ),
    Construct("maps", cast_to("MAP"), "no such type", fails=frozenset({"bigquery"})),
    Construct(
        "`any_value`",
        is_a(exp.AnyValue),
        "gets an IGNORE NULLS, which is for windows there",
        fails=frozenset({"trino", "snowflake"}),
    ),
    Construct("`median`", is_a(exp.Median), "no such aggregate", fails=frozenset({"trino", "bigquery"})),
    Construct(
        "names of days and months",
        is_a(exp.Dayname, exp.Monthname),
        "none in Trino and BigQuery, three letters in the others",
        fails=frozenset({"trino", "bigquery"}),
        differs=SPARKS | {"snowflake"},
    ),
    Construct(
        "`concat_ws`",
        is_a(exp.ConcatWs),
        "none in BigQuery; a null leaves its separator",
        fails=frozenset({"bigquery"}),
        differs=frozenset({"snowflake"}),
    ),
    Construct(
        "`format('{}')`",
        is_a(exp.Format),
        "others expect `%s`; Snowflake has none",
        fails=frozenset({"snowflake"}),
        differs=ALL - {"snowflake"},
    ),
    Construct(
        "`list[-1]`",
        lambda node: is_index(node, counted=False),
        "becomes `list[-2]`; Trino refuses",
        fails=frozenset({"trino"}),
        differs=ALL - {"trino"},
    ),
    Construct(
        "`list[n]`",
        lambda node: is_index(node, counted=True),
        "not shifted to an index that begins at 0",
        differs=ALL - {"trino"},
    ),
    Construct("list in an order", is_ordered_list, "the order is dropped", differs=SPARKS),
    Construct("`isodow`", is_a(exp.DayOfWeekIso), "Monday becomes 3: (2 % 7) + 1", differs=SPARKS),
    Construct(
        "`trunc`", is_a(exp.Trunc), "becomes a cast to BIGINT, too small for money in its smallest unit", differs=SPARKS
    ),
    Construct(
        "`//`",
        is_a(exp.IntDiv),
        "by way of DOUBLE in Trino, of six decimals in Snowflake: money in its smallest unit is longer",
        differs=frozenset({"trino", "snowflake"}),
    ),
    Construct("`/`", is_a(exp.Div), "DOUBLE in DuckDB, a DECIMAL that is cut in others", differs=ALL - {"trino"}),
    Construct(
        "`greatest`, `least`",
        is_a(exp.Greatest, exp.Least),
        "null if one of them is; DuckDB passes over nulls",
        differs=frozenset({"trino", "bigquery"}),
    ),
    Construct("`regexp_replace` once", replaces_first, "replaces every match", differs=ALL),
    Construct(
        "`regexp_extract`",
        is_a(exp.RegexpExtract),
        "null where nothing matches, and in DuckDB an empty text",
        differs=frozenset({"trino", "snowflake", "bigquery"}),
    ),
    Construct("start of a week", is_week, "Sunday in BigQuery", differs=frozenset({"bigquery"})),
    Construct(
        "`hash`",
        calls("hash"),
        "another hash",
        fails=frozenset({"trino", "bigquery"}),
        differs=SPARKS | {"snowflake"},
    ),
]
# Functions that sqlglot does not know and that these engines have under the same name, with the same meaning
SAME_NAME = {"row": {"trino"}, "map_entries": SPARKS | {"trino"}, "map_concat": {"trino"}}
NAMED = {"error", "hash"}


@dataclass
class Reading:
    """One model on one engine."""

    model: str
    engine: str
    fails: list[str] = field(default_factory=list)
    differs: list[str] = field(default_factory=list)
    as_it_is: bool = False

    @property
    def runs(self) -> bool:
        return not self.fails and not self.differs


def constructs(query: exp.Expression) -> dict[str, Construct]:
    """Those of CONSTRUCTS that the query has, and the functions that sqlglot only knows by name.

    Of a query that reads files nothing else is told: what it has besides depends on the files that are there.
    """
    if any(READS_FILES.found(node) for node in query.walk()):
        return {READS_FILES.name: READS_FILES}
    found: dict[str, Construct] = {}
    for node in query.walk():
        for construct in CONSTRUCTS:
            if construct.found(node):
                found[construct.name] = construct
        if isinstance(node, exp.Anonymous) and (name := node.name.lower()) not in NAMED:
            found[f"`{name}()`"] = Construct(
                f"`{name}()`", calls(name), NAMED_BY_DUCKDB, fails=ALL - SAME_NAME.get(name, set())
            )
    return found


def read(model: str, sql: str) -> Iterator[Reading]:
    query = sqlglot.parse_one(sql, read="duckdb")
    for table in query.find_all(exp.Table):  # the adapter writes these names, with the engine's own quotes
        for part in table.find_all(exp.Identifier):
            part.set("quoted", False)
    found = constructs(query)
    for engine in ENGINES:
        reading = Reading(model, engine)
        reading.fails = sorted(name for name, construct in found.items() if engine in construct.fails)
        reading.differs = sorted(name for name, construct in found.items() if engine in construct.differs)
        try:
            translated = query.sql(engine, unsupported_level=sqlglot.ErrorLevel.RAISE)
        except (sqlglot.errors.UnsupportedError, AttributeError, ValueError) as error:
            if reading.runs:
                reading.fails.append(refusal(str(error)))
        else:
            reading.as_it_is = reading.runs and same_text(translated, query.sql("duckdb"))
        yield reading


def refusal(error: str) -> str:
    """What sqlglot says that it cannot translate, in its own words up to the details."""
    words = " ".join(error.splitlines()[0].split()).rstrip(".")
    return "sqlglot: " + re.sub(r" translation not supported.*| \(try .*| with NULLs .*", "", words)


def same_text(one: str, other: str) -> bool:
    """But for the name of the type, which Trino and DuckDB spell VARCHAR and sqlglot TEXT."""
    return re.sub(r"\bTEXT\b", "VARCHAR", one) == re.sub(r"\bTEXT\b", "VARCHAR", other)


def readings(manifest: dict[str, Any]) -> list[Reading]:
    """What is read off the text, but for models that run on Spark by macros of two forms and are compared there."""
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    left_out = not_yet()
    found: list[Reading] = []
    for node in sorted(manifest["nodes"].values(), key=lambda node: node["name"]):
        if node["resource_type"] == "model" and node["language"] == "sql":
            has_run = not is_not_yet(node, left_out)
            found += [
                Reading(reading.model, reading.engine) if has_run and reading.engine == "spark" else reading
                for reading in read(node["name"], node["compiled_code"])
            ]
    return found


def tables(found: list[Reading]) -> str:
    models = {reading.model for reading in found}
    lines = [
        f"Of {len(models)} models in SQL:",
        "",
        "| engine | run as they are | run when translated | run, with another result | do not run |",
        "|---|--:|--:|--:|--:|",
    ]
    for engine, name in ENGINES.items():
        mine = [reading for reading in found if reading.engine == engine]
        counts = [
            sum(reading.as_it_is for reading in mine),
            sum(reading.runs and not reading.as_it_is for reading in mine),
            sum(bool(reading.differs) and not reading.fails for reading in mine),
            sum(bool(reading.fails) for reading in mine),
        ]
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")
    return "\n".join([*lines, "", *obstacles(found)]) + "\n"


def obstacles(found: list[Reading]) -> list[str]:
    """What stands in the way, with the number of models; constructs of one reason and the same engines in one row."""
    why = {construct.name: construct.why for construct in CONSTRUCTS}
    rows: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for name in {name for reading in found for name in reading.fails + reading.differs}:
        reason = why.get(name, NAMED_BY_DUCKDB if name.startswith("`") else "sqlglot says so")
        engines = [
            listed([ENGINES[e] for e in ENGINES if any(name in getattr(r, how) for r in found if r.engine == e)])
            for how in ("fails", "differs")
        ]
        count = len({r.model for r in found if name in r.fails + r.differs})
        rows.setdefault((engines[0], engines[1], reason), []).append((-count, name))
    lines = [
        "## What stands in the way",
        "",
        "| construct, and models that have it | does not run on | another result on | why |",
        "|---|---|---|---|",
    ]
    for (fails, differs, reason), names in sorted(rows.items(), key=lambda row: (sorted(row[1]), row[0])):
        counted = ", ".join(f"{cell(name)} {-count}" for count, name in sorted(names))
        lines.append(f"| {counted} | {fails} | {differs} | {cell(reason)} |")
    return lines


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def listed(engines: list[str]) -> str:
    return "all" if len(engines) == len(ENGINES) else ", ".join(engines)


def page(found: list[Reading]) -> str:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    return f"{before}\n{tables(found)}\n{after}"
