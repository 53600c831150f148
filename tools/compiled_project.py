"""The project's SQL as dbt compiles it. It needs no data: staging reads landed tables, whatever files there are."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

PROJECT = Path(__file__).resolve().parents[1]
BUILT = PROJECT / "target" / "test" / "manifest.json"
COMPILED = ("model", "snapshot")


@contextmanager
def environment(folder: Path) -> Iterator[list[str]]:
    """Data, database and output stay in the folder; gives dbt's options. The database's name is in the compiled SQL."""
    settings = {
        "UNIT_ECONOMICS_DATA": str(folder / "data"),
        "UNIT_ECONOMICS_DATABASE": str(folder / "warehouse.duckdb"),
        "UNIT_ECONOMICS_TEMP": str(folder / "tmp"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield [
            *("--project-dir", str(PROJECT)),
            *("--profiles-dir", str(PROJECT / "profiles")),
            *("--log-path", str(folder / "logs")),
            *("--log-level-file", "none", "--quiet"),
        ]
    finally:
        DuckDBConnectionManager.close_all_connections()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


def parsed_project(options: list[str]) -> Manifest:
    result = dbtRunner().invoke(["parse", *options])
    if not result.success:
        raise RuntimeError(f"dbt parse failed: {result.exception}")
    result.result.selectors = {}  # dbt reads selectors.yml itself
    return result.result


def compiled_manifest(parsed: Manifest, folder: Path, options: list[str]) -> dict[str, Any]:
    """dbt's manifest with the SQL of every model, in the environment of the folder."""
    result = dbtRunner(parsed).invoke(
        ["compile", "--select", "resource_type:model", "resource_type:snapshot", *options]
    )
    if not result.success:
        raise RuntimeError(f"dbt compile failed: {result.exception or result.result}")
    return json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))


def built_manifest(parsed: Manifest, path: Path = BUILT) -> dict[str, Any] | None:
    """The manifest that `make test-build` left, if the project has not changed since, and it is of a first run: a
    second one compiles incremental models to what is new."""
    if not path.is_file():
        return None
    built = json.loads(path.read_text(encoding="utf-8"))
    if texts(built) != texts(parsed.writable_manifest().to_dict(omit_none=False)):
        return None
    models = [node for node in built["nodes"].values() if node["resource_type"] == "model"]
    first_run = all(node.get("compiled_code") and node["relation_name"] not in node["compiled_code"] for node in models)
    return built if first_run else None


def texts(manifest: dict[str, Any]) -> dict[str, str]:
    """What the compiled SQL depends on: the text of every model, snapshot and macro of the project."""
    nodes = {name: node["raw_code"] for name, node in manifest["nodes"].items() if node["resource_type"] in COMPILED}
    macros = {
        name: macro["macro_sql"]
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == "ai_unit_economics"
    }
    return {name: text.strip() for name, text in (nodes | macros).items()}
