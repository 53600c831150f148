"""Every number of every mart is made of what tools/lineage.yml says it is made of: followed to where its path ends."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tools.lineage import Column, Flow, Graph, column_graph

DECLARED = Path(__file__).with_suffix("").with_name("lineage.yml")
NO_NUMBERS = ("varchar", "boolean", "date", "timestamp", "map(varchar, varchar)")


class Lineage:
    """The graph of a compiled project, and what is declared about where its paths end."""

    def __init__(self, manifest: dict[str, Any], declared: dict[str, Any] | None = None) -> None:
        self.declared = declared or yaml.safe_load(DECLARED.read_text(encoding="utf-8"))
        self.graph: Graph = column_graph(manifest, self.declared["python_models"])
        self.models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
        self.kinds = {
            Column(table, name): kind
            for kind, tables in self.declared["origins"].items()
            for table, names in tables.items()
            for name in names
        }
        self.classes = {
            name: class_ for class_, members in self.declared["classes"].items() for name in members["columns"]
        }
        self.origins = cache(self._origins)
        self.holds = cache(self._holds)
        self.open: set[Column] = set()

    def numbers(self) -> Iterator[Column]:
        """The columns of marts that are no label and no time, by their contract."""
        for model in self.models.values():
            if "marts" in model["fqn"]:
                for column in model["columns"].values():
                    if not str(column["data_type"]).lower().startswith(NO_NUMBERS):
                        yield Column(model["name"], column["name"])

    def class_of(self, column: Column) -> str | None:
        return self.classes.get(str(column)) or self.classes.get(column.name)

    def sources(self, column: Column) -> frozenset[Column]:
        flow = self.graph.flows.get(column)
        return flow.leaves() if flow and column not in self.kinds else frozenset()

    def _origins(self, column: Column) -> frozenset[Column]:
        """The columns at which the paths end: declared ones, or those behind which there is nothing."""
        reached: set[Column] = set()
        waiting = [column]
        while waiting:
            new = self.sources(waiting.pop()) - reached
            reached |= new
            waiting += new
        return frozenset(end for end in reached if end in self.kinds or end not in self.graph.flows)

    def fields(self, column: Column) -> set[str]:
        """The fields of files that a column of a staging model is read from, in lower case."""
        reached: set[Column] = set()
        waiting = [column]
        while waiting:
            flow = self.graph.flows.get(waiting.pop())
            new = flow.leaves() - reached if flow else frozenset()
            reached |= new
            waiting += new
        return {end.name for end in reached if end not in self.graph.flows}

    def _holds(self, column: Column) -> frozenset[str] | None:
        """The kinds that are in the column whichever branch was taken; none for a constant, which is no branch."""
        if column in self.kinds:
            return frozenset({self.kinds[column]})
        if column not in self.graph.flows:
            return frozenset()
        if column in self.open:  # an incremental model reads itself
            return None
        self.open.add(column)
        try:
            return self.holds_of_flow(self.graph.flows[column])
        finally:
            self.open.remove(column)

    def holds_of_flow(self, flow: Flow) -> frozenset[str] | None:
        held = [self.holds(column) for column in flow.columns] + [self.holds_of_flow(part) for part in flow.parts]
        known = [kinds for kinds in held if kinds is not None]
        if not known:
            return None
        return frozenset.intersection(*known) if flow.alternatives else frozenset.union(*known)

    def path(self, column: Column, end: Column) -> str:
        return " < ".join(map(str, self.way(column, end)))

    def way(self, column: Column, end: Column) -> list[Column]:
        """A shortest way from a column to where it comes from."""
        before: dict[Column, Column] = {}
        waiting = [column]
        while waiting and end not in before:
            current = waiting.pop(0)
            for source in sorted(self.sources(current)):
                if source not in before:
                    before[source] = current
                    waiting.append(source)
        steps = [end]
        while steps[-1] != column:
            steps.append(before[steps[-1]])
        return steps[::-1]

    def branch_without(self, column: Column, kind: str) -> str:
        """Down the branches that lack the kind, to the last column whose every branch lacks it."""
        steps = [column]
        while True:
            lacking = [
                source
                for source in sorted(self.sources(steps[-1]))
                if source not in steps and kind not in (self.holds(source) or ())
            ]
            lacking = [source for source in lacking if source in self.graph.flows] or lacking
            if not lacking:
                return " < ".join(map(str, steps))
            steps.append(lacking[0])


def findings(lineage: Lineage) -> Iterator[str]:
    for column in lineage.numbers():
        yield from findings_of(lineage, column)
    for name, fields in lineage.declared["read_from"].items():
        read = lineage.fields(Column(*name.split(".")))
        if read != set(fields):
            yield f"{name} is read from {sorted(read)}, and {DECLARED.name} says from {sorted(fields)}"
    known = {str(column) for column in lineage.numbers()} | {column.name for column in lineage.numbers()}
    for name in lineage.classes:
        if name not in known:
            yield f"{DECLARED.name} names {name}, which no mart has"
    for origin in lineage.kinds:
        if origin.name != "*" and origin.name not in lineage.graph.columns.get(origin.table, []):
            yield f"{DECLARED.name} names {origin}, which does not exist"


def findings_of(lineage: Lineage, column: Column) -> Iterator[str]:
    name = lineage.class_of(column)
    if name is None:
        kinds = sorted({lineage.kinds.get(end, str(end)) for end in lineage.origins(column)})
        yield f"{column} is in no class of {DECLARED.name}; it is made of {', '.join(kinds) or 'constants'}"
        return
    members = lineage.declared["classes"][name]
    must, touches = members.get("must", []), members.get("touches", [])
    held = lineage.holds(column) or frozenset()
    for kind in must:
        if kind not in held:
            yield f"{column} ({name}) is not made of {kind} in every branch: {lineage.branch_without(column, kind)}"
    reached = {lineage.kinds.get(end) for end in lineage.origins(column)}
    for kind in touches:
        if kind not in reached:
            yield f"{column} ({name}) is not made of {kind}; it is made of {', '.join(sorted(filter(None, reached)))}"
    if "may" in members:
        allowed: set[Any] = {*must, *touches, *members["may"]}
        for end in sorted(lineage.origins(column)):
            kind = lineage.kinds.get(end)
            if kind not in allowed:
                what = f"is {kind}" if kind else f"has no kind in {DECLARED.name}"
                unread = lineage.graph.unread.get(end.table)
                what += f" ({end.table} cannot be followed: {unread})" if unread else ""
                yield f"{column} ({name}) ends at {end}, which {what}: {lineage.path(column, end)}"
