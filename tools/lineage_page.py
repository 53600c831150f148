"""Writes docs/lineage.md: the way of the main number, the classes, and where the numbers of each mart end."""

from __future__ import annotations

from collections import defaultdict
from heapq import heappop, heappush
from itertools import groupby, pairwise
from pathlib import Path

from tools.lineage import Column
from tools.lineage_check import Lineage

PAGE = Path(__file__).resolve().parents[1] / "docs" / "lineage.md"
START, END = "<!-- lineage -->\n", "<!-- /lineage -->"
MART = "fct_unit_economics_daily"
# What a number is called on its way. Weights and times are on other ways, longer to tell.
MAIN = {
    *("effective_cost", "counted_cost", "amount", "units", "counted_units"),
    *("increase", "value", "output_tokens", "useful_steps", "step"),
}


def main_number(lineage: Lineage) -> str:
    """The way from cost per unit to the bill, and from its count to each table that counts."""
    number = Column(MART, "cost_per_unit")
    ways = [[number, Column(MART, "counted_cost")], [number, Column(MART, "units")]]
    ways.append([number, Column("units", "unit_scale")])
    for name, kind in (("counted_cost", "bill"), ("units", "usage")):
        start = Column(MART, name)
        ends: dict[str, Column] = {}
        for end in sorted(lineage.origins(start)):
            if lineage.kinds.get(end) == kind and (end.table not in ends or end.name == "output_tokens"):
                ends[end.table] = end
        ways += [main_way(lineage, start, end) for end in ends.values()]
    edges = {(one, two) for way in ways for one, two in pairwise(way)}
    columns = sorted({column for edge in edges for column in edge})
    names = {column: f"c{index}" for index, column in enumerate(columns)}
    lines = ["```mermaid", "flowchart RL"]
    for column in columns:
        what = "rows" if column.name == "*" else column.name
        shape = ("([", "])") if column in lineage.kinds else ("[", "]")
        lines.append(f'  {names[column]}{shape[0]}"{column.table}<br/>{what}"{shape[1]}')
    for one, steps in groupby(sorted(edges), key=lambda edge: edge[0]):
        lines.append(f"  {names[one]} --> {' & '.join(names[two] for _, two in steps)}")
    return "\n".join([*lines, "```"])


def main_way(lineage: Lineage, start: Column, end: Column) -> list[Column]:
    """The shortest way, where a column that is no main one counts as five."""
    waiting: list[tuple[int, list[Column]]] = [(0, [start])]
    done: set[Column] = set()
    while waiting:
        length, way = heappop(waiting)
        if way[-1] == end:
            return way
        if way[-1] not in done:
            done.add(way[-1])
            for source in lineage.sources(way[-1]):
                heappush(waiting, (length + (1 if source.name in MAIN else 5), [*way, source]))
    raise ValueError(f"no way from {start} to {end}")


def classes(lineage: Lineage) -> str:
    lines = ["| class | what it is | always made of | also |", "|---|---|---|---|"]
    for name, members in lineage.declared["classes"].items():
        must = members.get("must") or members.get("touches") or []
        also = ", ".join(members["may"]) if "may" in members else "anything"
        lines.append(f"| {name} | {members['says']} | {', '.join(must)} | {also} |".replace("_", " "))
    return "\n".join(lines)


def origins(lineage: Lineage) -> str:
    lines = ["| what | columns |", "|---|---|"]
    for kind, tables in lineage.declared["origins"].items():
        columns = [
            f"`{table}`: " + ", ".join("its rows" if name == "*" else f"`{name}`" for name in names)
            for table, names in tables.items()
        ]
        lines.append(f"| {kind.replace('_', ' ')} | {'<br/>'.join(columns)} |")
    return "\n".join(lines)


def ends_of(lineage: Lineage) -> dict[tuple[str, str], tuple[list[Column], frozenset[str]]]:
    """By mart and class, the numbers and the tables at which their paths end; those of a tally are of no interest."""
    rows: dict[tuple[str, str], list[Column]] = defaultdict(list)
    for column in lineage.numbers():
        rows[column.table, lineage.class_of(column) or "(none)"].append(column)
    return {
        (mart, class_): (
            columns,
            frozenset(end.table for column in columns for end in lineage.origins(column) if class_ != "tally"),
        )
        for (mart, class_), columns in sorted(rows.items())
    }


def named_sets(used: set[frozenset[str]]) -> dict[frozenset[str], tuple[str, list[str]]]:
    """A name for each set of more than two tables, and what it is: the largest sets before it, and what they lack."""
    sets: dict[frozenset[str], tuple[str, list[str]]] = {}
    for tables in sorted(
        (tables for tables in used if len(tables) > 2), key=lambda tables: (len(tables), sorted(tables))
    ):
        rest, parts = tables, []
        for before, (name, _) in sorted(sets.items(), key=lambda known: (-len(known[0]), known[1][0])):
            if before <= tables and len(before & rest) > 2:
                parts.append(name)
                rest -= before
        sets[tables] = (f"E{len(sets) + 1}", parts + [f"`{table}`" for table in sorted(rest)])
    return sets


def marts(lineage: Lineage) -> str:
    ends = ends_of(lineage)
    sets = named_sets({tables for _, tables in ends.values()})
    rows: dict[tuple[str, str, str], list[str]] = {}
    for (mart, class_), (columns, tables) in ends.items():
        names = ", ".join(f"`{column.name}`" for column in columns)
        shown = sets[tables][0] if tables in sets else ", ".join(f"`{table}`" for table in sorted(tables))
        rows.setdefault((class_, names, shown), []).append(f"`{mart}`")
    lines = ["| set of tables | what is in it |", "|---|---|"]
    lines += [f"| {name} | {', '.join(parts)} |" for name, parts in sets.values()]
    lines += ["", "| mart | class | columns | end at |", "|---|---|---|---|"]
    lines += [
        f"| {', '.join(names)} | {class_} | {columns} | {shown} |" for (class_, columns, shown), names in rows.items()
    ]
    return "\n".join(lines)


def page(lineage: Lineage) -> str:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    parts = [
        (
            "Cost per unit",
            "The way to the bill and to each who counts. Weights take other ways.",
            main_number,
        ),
        ("Where paths end", "", origins),
        ("Classes of numbers", "", classes),
        ("Marts", "Marts whose numbers are alike share a row.", marts),
    ]
    written = ["\n\n".join(filter(None, [f"## {title}", words, write(lineage)])) for title, words, write in parts]
    return before + "\n" + "\n\n".join(written) + "\n\n" + after
