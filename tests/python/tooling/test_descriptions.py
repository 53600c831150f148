"""Every model, seed and snapshot says what it holds, and so does every column that it really has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tools.lineage_check import Lineage


def undescribed(nodes: list[dict[str, Any]], columns: dict[str, list[str]]) -> Iterator[str]:
    """columns  those that SQL and seeds' headers give; ephemeral models have none in the database."""
    for node in nodes:
        if not node["description"].strip():
            yield f"{node['name']} has no description"
        described = {name.lower() for name, column in node["columns"].items() if column["description"].strip()}
        for name in {*node["columns"], *columns.get(node["name"], [])}:
            if name.lower() not in described:
                yield f"{node['name']}.{name} has no description"


def test_everything_is_described(compiled: dict[str, Any], lineage: Lineage) -> None:
    nodes = [node for node in compiled["nodes"].values() if node["resource_type"] in ("model", "seed", "snapshot")]
    assert len(nodes) > 150
    assert sorted(undescribed(nodes, lineage.graph.columns)) == []


def test_the_overview_names_only_what_there_is(compiled: dict[str, Any]) -> None:
    overview = compiled["docs"]["doc.ai_unit_economics.__overview__"]["block_contents"]
    names = {word.strip("`,;:.") for word in overview.split() if word.startswith(("`fct_", "`int_", "`stg_", "`dim_"))}
    assert len(names) > 20
    assert names - {node["name"] for node in compiled["nodes"].values()} == set()


@pytest.mark.parametrize(
    ("node", "missing"),
    [
        ({"description": " "}, ["m has no description"]),
        ({"columns": {}}, ["m.a has no description"]),
        ({"columns": {"a": {"description": ""}}}, ["m.a has no description"]),
        ({"columns": {"A": {"description": "The first."}}}, []),
    ],
)
def test_what_is_missing_is_found(node: dict[str, Any], missing: list[str]) -> None:
    right = {"name": "m", "description": "A row a day.", "columns": {"a": {"description": "The first."}}}
    assert list(undescribed([right | node], {"m": ["a"]})) == missing
