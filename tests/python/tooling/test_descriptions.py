"""Every model, seed and snapshot says what it holds, and so does every column that it really has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tools.lineage_check import Lineage


def described_columns(node: dict[str, Any]) -> set[str]:
    return {name.lower() for name, column in node["columns"].items() if column["description"].strip()}


def undescribed(nodes: list[dict[str, Any]], columns: dict[str, list[str]]) -> Iterator[str]:
    """Steps on the way to a staging model, `base_`, share its columns: what the folder describes, it describes for
    them.

    columns  those that SQL and seeds' headers give; ephemeral models have none in the database.
    """
    folders: dict[tuple[str, ...], set[str]] = {}
    for node in nodes:
        folders.setdefault(tuple(node["fqn"][:-1]), set()).update(described_columns(node))
    for node in nodes:
        if not node["description"].strip():
            yield f"{node['name']} has no description"
        is_step = node["name"].startswith("base_")
        described = folders[tuple(node["fqn"][:-1])] if is_step else described_columns(node)
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
        ({"name": "base_m", "columns": {}}, ["base_m.a has no description"]),
    ],
)
def test_what_is_missing_is_found(node: dict[str, Any], missing: list[str]) -> None:
    columns = {"a": {"description": "The first."}}
    right = {"name": "m", "description": "A row a day.", "columns": columns, "fqn": ["p", "m"]}
    assert list(undescribed([right | node], {"m": ["a"], "base_m": ["a"]})) == missing


def test_a_step_shares_what_its_folder_describes() -> None:
    right = {"name": "stg_m", "description": "A row a day.", "columns": {"a": {"description": "The first."}}}
    step = {"name": "base_m", "description": "A row a day.", "columns": {}}
    nodes = [right | {"fqn": ["p", "f", "stg_m"]}, step | {"fqn": ["p", "f", "base_m"]}]
    assert list(undescribed(nodes, {"stg_m": ["a"], "base_m": ["a", "b"]})) == ["base_m.b has no description"]
