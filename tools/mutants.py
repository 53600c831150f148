"""Mutants of a SELECT: the same statement with one small mistake in it, of the kinds that people make.

A mutant that no test tells from the original shows a line that nothing proves. `tools.mutation_score` counts them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

Path = tuple[tuple[str, int | None], ...]
COMPARISONS = {exp.GT: exp.GTE, exp.GTE: exp.GT, exp.LT: exp.LTE, exp.LTE: exp.LT, exp.EQ: exp.NEQ, exp.NEQ: exp.EQ}
SIGNS = {exp.Add: exp.Sub, exp.Sub: exp.Add, exp.Mul: exp.Div, exp.Div: exp.Mul}
AGGREGATES = {
    exp.Sum: exp.Max,
    exp.Max: exp.Min,
    exp.Min: exp.Max,
    exp.Count: exp.Max,
    exp.LogicalOr: exp.LogicalAnd,
    exp.LogicalAnd: exp.LogicalOr,
    exp.Greatest: exp.Least,
    exp.Least: exp.Greatest,
}
ROUNDINGS = (exp.Round, exp.Floor, exp.Ceil, exp.Trunc)
CONDITIONS = (exp.Where, exp.Having, exp.Qualify)


@dataclass(frozen=True)
class Mutant:
    """One mistake: its kind, the place (the path of the node in the tree) and the text that stood there."""

    kind: str
    path: Path
    number: int
    original: str


def children(node: exp.Expression) -> Iterator[tuple[tuple[str, int | None], exp.Expression]]:
    for name, value in node.args.items():
        if isinstance(value, exp.Expression):
            yield (name, None), value
        elif isinstance(value, list):
            yield from (((name, place), item) for place, item in enumerate(value) if isinstance(item, exp.Expression))


def at(root: exp.Expression, path: Path) -> exp.Expression | None:
    """The node at the path, or nothing if the tree has another shape there."""
    node: object = root
    for name, place in path:
        if not isinstance(node, exp.Expression):
            return None
        node = node.args.get(name)
        if place is not None:
            node = node[place] if isinstance(node, list) and place < len(node) else None
    return node if isinstance(node, exp.Expression) else None


def _of(kind: type[exp.Expression], node: exp.Expression) -> exp.Expression:
    """The node as another kind with the same operands."""
    if isinstance(node, exp.Binary):
        return kind(this=node.this.copy(), expression=node.expression.copy())
    if kind in (exp.Greatest, exp.Least):
        return kind(this=node.this.copy(), expressions=[item.copy() for item in node.expressions])
    return kind(this=node.this.copy())


def _without(node: exp.Expression, argument: str, place: int | None = None) -> exp.Expression:
    copy = node.copy()
    if place is None:
        copy.set(argument, None)
    else:
        items = list(copy.args[argument])
        del items[place]
        copy.set(argument, items or None)
    return copy


def _conjuncts(condition: exp.Expression) -> list[exp.Expression]:
    return list(condition.flatten(unnest=False)) if isinstance(condition, exp.And) else [condition]


def _fewer(condition: exp.Expression) -> list[tuple[str, exp.Expression | None]]:
    """The condition without each of its conjuncts."""
    conjuncts = _conjuncts(condition)
    if len(conjuncts) == 1:
        return [(condition.sql("duckdb"), None)]
    return [
        (left_out.sql("duckdb"), exp.and_(*(item for item in conjuncts if item is not left_out), copy=True))
        for left_out in conjuncts
    ]


def _filters(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if isinstance(node, CONDITIONS):
        for text, rest in _fewer(node.this):
            yield "filter", text, node.__class__(this=rest) if rest else None
    if isinstance(node, exp.Filter):
        for text, rest in _fewer(node.expression.this):
            yield (
                "filter",
                text,
                exp.Filter(this=node.this.copy(), expression=exp.Where(this=rest)) if rest else node.this.copy(),
            )


def _joins(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if not isinstance(node, exp.Join) or node.args.get("method"):
        return
    copy = node.copy()
    if node.side == "LEFT":
        copy.set("side", None)
        copy.set("kind", "INNER")
        yield "join", f"left join {node.this.sql('duckdb')}", copy
    elif not node.side and node.kind in ("", "INNER") and node.args.get("on"):
        copy.set("side", "LEFT")
        copy.set("kind", None)
        yield "join", f"inner join {node.this.sql('duckdb')}", copy
    condition = node.args.get("on")
    if condition is not None and isinstance(condition, exp.And):
        for text, rest in _fewer(condition):
            fewer = node.copy()
            fewer.set("on", rest)
            yield "join condition", text, fewer


def _branches(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if not isinstance(node, exp.Case):
        return
    branches = node.args["ifs"]
    for place, branch in enumerate(branches):
        text = branch.sql("duckdb")
        if len(branches) > 1:
            yield "branch", text, _without(node, "ifs", place)
        else:
            yield "branch", text, (node.args["default"].copy() if node.args.get("default") else exp.null())
    if node.args.get("default"):
        yield "branch", f"else {node.args['default'].sql('duckdb')}", _without(node, "default")


def _windows(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if isinstance(node, exp.Window):
        for place, item in enumerate(node.args.get("partition_by") or []):
            yield "window", f"partition by {item.sql('duckdb')}", _without(node, "partition_by", place)
        if node.args.get("spec"):
            yield "window", node.args["spec"].sql("duckdb"), _without(node, "spec")
    if isinstance(node, exp.Ordered):
        copy = node.copy()
        copy.set("desc", not node.args.get("desc"))
        yield "order", node.sql("duckdb"), copy
    if isinstance(node, exp.Lag):
        yield "window", node.sql("duckdb"), exp.Lead(**node.copy().args)


def _operators(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    for kind, swaps in (("comparison", COMPARISONS), ("sign", SIGNS), ("aggregate", AGGREGATES)):
        swap = swaps.get(type(node))
        if swap is None or (isinstance(node, exp.Count) and isinstance(node.this, exp.Star | exp.Distinct)):
            continue
        yield kind, node.sql("duckdb"), _of(swap, node)
    if isinstance(node, exp.And) and not isinstance(node.parent, exp.Between):
        yield "logic", node.sql("duckdb"), exp.or_(node.this, node.expression, copy=True)
    if isinstance(node, exp.Or):
        yield "logic", node.sql("duckdb"), exp.and_(node.this, node.expression, copy=True)
    if isinstance(node, exp.Not):
        yield "logic", node.sql("duckdb"), node.this.copy()


def _is_false_of_a_condition(node: exp.Coalesce) -> bool:
    """Whether null, without this default, decides the same: a branch or a filter takes null for false."""
    if node.expressions != [exp.false()]:
        return False
    condition: exp.Expression = node
    while isinstance(condition.parent, exp.And | exp.Or | exp.Paren):
        condition = condition.parent
    return isinstance(condition.parent, exp.If | exp.Where | exp.Having | exp.Qualify) and condition.arg_key == "this"


def _values(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if isinstance(node, ROUNDINGS):
        yield "rounding", node.sql("duckdb"), node.this.copy()
    if isinstance(node, exp.Coalesce) and not _is_false_of_a_condition(node):
        yield "default", node.sql("duckdb"), node.this.copy()
    if isinstance(node, exp.Literal) and node.is_number and not node.find_ancestor(exp.DataType, exp.Ordered):
        # A separator inside a key is any character that the data do not hold.
        if isinstance(node.parent, exp.Group | exp.Chr):
            return
        yield (
            "number",
            node.parent.sql("duckdb") if node.parent else node.sql(),
            exp.Add(this=node.copy(), expression=exp.Literal.number(1)),
        )


def _sets(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    if isinstance(node, exp.Union):
        copy = node.copy()
        copy.set("distinct", not node.args.get("distinct"))
        yield "set", "union" if node.args.get("distinct") else "union all", copy
    if isinstance(node, exp.Distinct) and isinstance(node.parent, exp.Select) and not node.args.get("on"):
        yield "distinct", "select distinct", None
    if isinstance(node, exp.Distinct) and isinstance(node.parent, exp.AggFunc) and len(node.expressions) == 1:
        yield "distinct", node.parent.sql("duckdb"), node.expressions[0].copy()


RULES: tuple[Callable[[exp.Expression], Iterator[tuple[str, str, exp.Expression | None]]], ...] = (
    _filters,
    _joins,
    _branches,
    _windows,
    _operators,
    _values,
    _sets,
)


def _mistakes(node: exp.Expression) -> Iterator[tuple[str, str, exp.Expression | None]]:
    for rule in RULES:
        yield from rule(node)


def mutants(root: exp.Expression) -> Iterator[Mutant]:
    """Every mutant of the statement, in the order of its text."""
    paths: list[tuple[Path, exp.Expression]] = [((), root)]
    while paths:
        path, node = paths.pop()
        for number, (kind, original, _) in enumerate(_mistakes(node)):
            yield Mutant(kind, path, number, original)
        if isinstance(node, exp.Anonymous) and node.name.lower() == "error":
            continue  # a unit test cannot expect an error; the tests of messages are Python
        paths.extend(reversed([((*path, step), child) for step, child in children(node)]))


def mutated(root: exp.Expression, mutant: Mutant) -> exp.Expression | None:
    """A copy of the statement with the mistake, or nothing if the statement does not have that place."""
    copy = root.copy()
    node = at(copy, mutant.path)
    if node is None:
        return None
    mistakes = list(_mistakes(node))
    if mutant.number >= len(mistakes) or mistakes[mutant.number][:2] != (mutant.kind, mutant.original):
        return None
    replacement = mistakes[mutant.number][2]
    if not mutant.path:
        return replacement
    if replacement is None:
        node.pop()
    else:
        # brackets keep what the other operators around it bind
        node.replace(exp.paren(replacement, copy=False) if isinstance(replacement, exp.Binary) else replacement)
    return copy
