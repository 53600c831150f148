"""Where the columns of the compiled project come from, read off its SQL: an edge for each value that flows.

Conditions, joins and sort keys choose among rows and are no edges: `case when tier = 'pro' then cost end` comes from
`cost` alone. Models are read one by one, each with the columns of those before it, and stitched into one graph.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

PROJECT = Path(__file__).resolve().parents[1]
ROWS = "*"  # what count(*) counts
# One of these stands in for the other: each must be right. Of all other operands, such as a price and a quantity, one
# is enough to say what the product is.
ALTERNATIVES = (exp.Add, exp.Sub, exp.Coalesce, exp.Case, exp.If, exp.Greatest, exp.Least, exp.SetOperation)
SNAPSHOT_COLUMNS = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]


@dataclass(frozen=True, order=True)
class Column:
    table: str
    name: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Flow:
    """What a column is made of: a tree of columns, joined by `or` (alternatives) or by `and` (parts)."""

    columns: frozenset[Column] = frozenset()
    parts: tuple[Flow, ...] = ()
    alternatives: bool = False

    def leaves(self) -> frozenset[Column]:
        return self.columns.union(*(part.leaves() for part in self.parts))


@dataclass
class Graph:
    """The flows of every column of every model, seed and snapshot; seeds and files have none."""

    flows: dict[Column, Flow] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)  # models that could not be read, and why


def joined(parts: Iterable[Flow], alternatives: bool) -> Flow:
    known = tuple(part for part in parts if part.leaves())
    return known[0] if len(known) == 1 else Flow(parts=known, alternatives=alternatives)


def seed_columns(node: dict[str, Any]) -> list[str]:
    with (PROJECT / node["original_file_path"]).open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def in_order(manifest: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Models, seeds and snapshots, each behind what it reads."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[dict[str, Any]]:
        node = manifest["nodes"].get(name)
        if node is None or name in done or node["resource_type"] not in ("model", "seed", "snapshot"):
            return
        done.add(name)
        for parent in node.get("depends_on", {}).get("nodes", []):
            yield from visit(parent)
        yield node

    for name in manifest["nodes"]:
        yield from visit(name)


def column_graph(manifest: dict[str, Any], declared: dict[str, dict[str, list[str]]] | None = None) -> Graph:
    """declared  for Python models, which no parser reads: model, its columns, and the columns each comes from."""
    graph = Graph()
    schema = MappingSchema(dialect="duckdb")
    for node in in_order(manifest):
        name = node["name"]
        if node["resource_type"] == "seed":
            graph.columns[name] = seed_columns(node)
        elif node.get("language") == "python":
            for column, sources in (declared or {}).get(name, {}).items():
                flow = Flow(frozenset(Column(*source.split(".")) for source in sources))
                graph.flows[Column(name, column)] = flow
            graph.columns[name] = list(node["columns"])
        elif node["config"]["materialized"] == "ephemeral":
            continue  # dbt writes it into whoever reads it
        elif not node.get("compiled_code"):
            graph.unread[name] = "is not compiled"
            graph.columns[name] = list(node["columns"])
        else:
            add_table(schema, node, node["columns"])  # an incremental model may read itself
            try:
                flows = flows_of_query(node["compiled_code"], schema)
            except (sqlglot.errors.SqlglotError, RecursionError) as error:
                graph.unread[name] = str(error).splitlines()[0]
                graph.columns[name] = list(node["columns"])
                continue
            graph.flows.update({Column(name, column): flow for column, flow in flows.items()})
            graph.columns[name] = [column for column in flows if column != ROWS]
            if node["resource_type"] == "snapshot":
                graph.columns[name] += SNAPSHOT_COLUMNS
        add_table(schema, node, graph.columns[name])
    return graph


def add_table(schema: MappingSchema, node: dict[str, Any], columns: Iterable[str]) -> None:
    table = exp.table_(node.get("alias") or node["name"], db=node["schema"], catalog=node["database"], quoted=True)
    schema.add_table(table, dict.fromkeys(columns, "unknown"), dialect="duckdb", match_depth=False)


def flows_of_query(sql: str, schema: MappingSchema | None = None) -> dict[str, Flow]:
    """Each column of the query's result, with the columns of tables that it is made of."""
    query = qualify(
        unpivots_spelled_out(sqlglot.parse_one(sql, read="duckdb")),
        schema=schema,
        dialect="duckdb",
        validate_qualify_columns=False,
        identify=False,
        quote_identifiers=False,
    )
    scope = build_scope(query)
    if scope is None:
        raise sqlglot.errors.ParseError(f"no query: {sql[:80]}")
    walk = Walk()
    return {column: walk.column(scope, column) for column in [*query.named_selects, ROWS]}


def unpivots_spelled_out(query: exp.Expression) -> exp.Expression:
    """`unpivot t on a, b into name n value v`, which the optimizer does not know, as the union that it stands for."""
    for pivot in [pivot for pivot in query.find_all(exp.Pivot) if pivot.args.get("into")]:
        into, names = pivot.args["into"], [column.name for column in pivot.expressions]
        branches = [
            exp.select(exp.Star(except_=[exp.to_identifier(other) for other in names]))
            .select(exp.alias_(exp.Literal.string(name), into.this.name))
            .select(exp.alias_(exp.column(name), into.expressions[0].name))
            .from_(pivot.this.copy())
            for name in names
        ]
        pivot.replace(exp.union(*branches, distinct=False))
    return query


class Walk:
    """One walk over the scopes of one query; every scope's column is looked at once."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, str], Flow] = {}

    def column(self, scope: Scope, name: str) -> Flow:
        key = (id(scope), name.lower())
        if key not in self.seen:
            self.seen[key] = Flow()  # a recursive CTE meets itself here
            self.seen[key] = self._column(scope, name)
        return self.seen[key]

    def _column(self, scope: Scope, name: str) -> Flow:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            branches = scope.set_operation_scopes
            if query.args.get("by_name") or name == ROWS:
                return joined((self.column(branch, name) for branch in branches), alternatives=True)
            names = [column.lower() for column in branches[0].expression.named_selects]
            if name.lower() not in names:
                return Flow()
            position = names.index(name.lower())
            return joined(
                (
                    self.column(branch, branch.expression.named_selects[position])
                    for branch in branches
                    if position < len(branch.expression.named_selects)
                ),
                alternatives=True,
            )
        if isinstance(query, exp.Subquery):
            return joined((self.column(inner, name) for inner in scope.subquery_scopes), alternatives=True)
        if not isinstance(query, exp.Select):  # a table function: what its arguments hold
            return self.value(scope, query)
        if name == ROWS:
            return self.rows(scope)
        for projection in query.selects:
            if projection.alias_or_name.lower() == name.lower():
                return self.value(scope, projection.unalias())
        if any(projection.is_star for projection in query.selects):  # over a file, whose columns nobody named
            return joined((self.of_source(scope, source, name) for source in scope.selected_sources), True)
        return Flow()

    def rows(self, scope: Scope) -> Flow:
        source = scope.expression.args.get("from_") or scope.expression.args.get("from")
        return self.of_source(scope, source.this.alias_or_name, ROWS) if source else Flow()

    def of_source(self, scope: Scope, source: str, name: str) -> Flow:
        inner = scope.sources.get(source)
        if isinstance(inner, Scope):
            return self.column(inner, name)
        if isinstance(inner, exp.Table):
            return Flow(frozenset({Column(name_of_table(inner) or source, name)}))
        return Flow()

    def value(self, scope: Scope, node: exp.Expression | None) -> Flow:
        """The columns whose values go into the expression's value."""
        if node is None or isinstance(node, (exp.Predicate, exp.Not)):  # yes or no
            return Flow()
        if isinstance(node, exp.Column):
            if node.table:
                return self.of_source(scope, node.table, node.name)
            sources = list(scope.selected_sources)
            return self.of_source(scope, sources[0], node.name) if len(sources) == 1 else Flow()
        if isinstance(node, (exp.Subquery, exp.Select, exp.SetOperation)):
            query = node.unnest() if isinstance(node, exp.Subquery) else node
            for inner in scope.subquery_scopes:
                if inner.expression is query or inner.expression is node:
                    return joined((self.column(inner, column) for column in query.named_selects), alternatives=True)
            return Flow()
        if isinstance(node, (exp.Count, exp.CountIf, exp.Sum)) and not has_values(node.this):  # count(*), sum(1)
            return self.rows(scope)
        return joined(
            (self.value(scope, part) for part in value_parts(node)), alternatives=isinstance(node, ALTERNATIVES)
        )


def has_values(node: exp.Expression) -> bool:
    if isinstance(node, (exp.Predicate, exp.Not)):
        return False
    return isinstance(node, exp.Column) or any(has_values(part) for part in value_parts(node))


def name_of_table(table: exp.Table) -> str:
    """The table's name, or that of the function that reads a file."""
    function = table.this
    if isinstance(function, exp.Func) and not isinstance(function, exp.Anonymous):
        return function.sql_name().lower()
    return function.name if isinstance(function, exp.Anonymous) else table.name


def value_parts(node: exp.Expression) -> Iterator[exp.Expression]:
    """The arguments of an expression that give it its value."""
    if isinstance(node, exp.Case):
        yield from (branch.args["true"] for branch in node.args["ifs"])
        yield from filter(None, [node.args.get("default")])
    elif isinstance(node, exp.If):
        yield from filter(None, [node.args.get("true"), node.args.get("false")])
    elif isinstance(node, (exp.Window, exp.Filter, exp.Nullif, exp.ArgMax, exp.ArgMin, exp.WithinGroup, exp.Order)):
        yield node.this
    elif isinstance(node, exp.Anonymous) and node.name.lower() == "error":
        return
    elif isinstance(node, exp.Anonymous) and node.name.lower() in ("arg_min_null", "arg_max_null"):
        yield node.expressions[0]
    else:
        yield from node.iter_expressions()
