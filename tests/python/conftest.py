"""A dbt project on a database of its own, for tests that need more than rows in a unit test.

def test_something(warehouse):
    warehouse.write("focus/acme/june.csv", "BilledCost,…")
    warehouse.build("+stg_focus__charges")
    assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") == [(Decimal("1.5"),)]
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import os
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import duckdb
import networkx
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.compilation import Compiler
from dbt.contracts.graph.manifest import Manifest
from dbt.graph import Graph

from tools.compiled_project import built_manifest, compiled_manifest, environment
from tools.lineage_check import Lineage

PROJECT = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("UNIT_ECONOMICS_SHARED_DATA", PROJECT.parent / "shared" / "data"))
CONFIG_SEEDS = PROJECT / "seeds" / "config"
# Minutes each: begun last, one of them would keep a process busy when the other has nothing left.
LONGEST_FILES = ("test_closed_months.py", "test_removals.py", "test_conformance.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests run in one process, and all files that read the lineage in the same one, which makes it once."""
    items.sort(key=lambda item: item.path.name not in LONGEST_FILES)
    of_lineage = {item.path for item in items if "lineage" in getattr(item, "fixturenames", ())}
    for item in items:
        group = "lineage" if item.path in of_lineage else str(item.path.relative_to(PROJECT))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The compiled project, for tests that read its SQL: what `make test-build` left, or compiled anew."""
    folder = tmp_path_factory.mktemp("compiled")
    with environment(folder) as options:
        parsed = parsed_project(*options)
        return built_manifest(parsed) or compiled_manifest(parsed, folder, options)


@pytest.fixture(scope="session")
def lineage(compiled: dict[str, Any]) -> Lineage:
    return Lineage(compiled)


class Warehouse:
    """One database file, one data root and one set of seeds. dbt runs in this process, on the project parsed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.database = folder / "warehouse.duckdb"
        self.output = ""
        # of dbt_project.yml, where a test needs others
        self.variables: dict[str, object] = {}
        # Many tests put rows into tables by hand, which no version tells
        self.skips_unchanged = False
        self.data.mkdir(parents=True, exist_ok=True)

    def write(self, path: str, text: str | bytes) -> Path:
        """Writes a file beneath the data root."""
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def copy(self, source: Path, path: str) -> Path:
        """Copies a file or a folder beneath the data root."""
        target = self.data / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)
        return target

    def dbt(self, *arguments: str, check: bool = True) -> bool:
        """Runs dbt with these arguments; what it reported is in `output`."""
        lines: list[str] = []
        given = list(arguments)
        variables: dict[str, object] = {"skip_unchanged": self.skips_unchanged, **self.variables}
        while "--vars" in given:
            at = given.index("--vars")
            variables |= yaml.safe_load(given[at + 1])
            del given[at : at + 2]
        environment = {
            "UNIT_ECONOMICS_DATA": str(self.data),
            "UNIT_ECONOMICS_BOOKS": "",
            "UNIT_ECONOMICS_DATABASE": str(self.database),
            "UNIT_ECONOMICS_TEMP": str(self.folder / "tmp"),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_USE_FAST_TEST_EDGES": "true",
            "DO_NOT_TRACK": "1",
        }
        before = {name: os.environ.get(name) for name in environment}
        os.environ.update(environment)
        try:
            options = [
                *("--project-dir", str(PROJECT)),
                *("--profiles-dir", str(PROJECT / "profiles")),
                *("--log-path", str(self.folder / "logs")),
                *("--log-level", "none", "--no-write-json"),
                *("--vars", json.dumps(variables)),
            ]
            with remembered_graph(), paused_collector():
                runner = dbtRunner(parsed_project(*options), callbacks=[lambda event: lines.append(event.info.msg)])
                result = runner.invoke([*given, *options])
        finally:
            DuckDBConnectionManager.close_all_connections()
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        self.output = "\n".join(lines)
        if not result.success:
            gc.collect()  # an error's traceback keeps dbt's connection open, in a cycle of references
        assert result.success or not check, self.output
        return result.success

    def declare(self, *deployments: str, kind: str = "inference") -> None:
        """Loads the seeds, and these deployments besides the sample's; then build without seeds."""
        self.dbt("seed")
        with duckdb.connect(str(self.database)) as connection:
            connection.executemany(
                "insert into config.deployments (deployment_id, workload, environment, kind, valid_from) "
                "values (?, 'declared', 'production', ?, date '2020-01-01')",
                [(deployment, kind) for deployment in deployments],
            )

    def build(self, *selection: str, check: bool = True, full_refresh: bool = False, seeds: bool = True) -> bool:
        """`dbt build` of a selection, without its unit tests, which need no data."""
        options = ["--full-refresh"] if full_refresh else []
        options += [] if seeds else ["--exclude-resource-type", "seed"]
        selected = ["--indirect-selection", "buildable", "--select", *selection]
        return self.dbt("build", "--exclude-resource-type", "unit_test", *options, *selected, check=check)

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.database)) as connection:
            return connection.execute(sql).fetchall()


_parsed: list[bytes] = []
_graphs: dict[bool, Graph] = {}
# What Manifest.deepcopy copies, without `selectors`, which commands read from selectors.yml themselves, and without
# `files`, the texts that only a parser asks for
PARTS = (
    *("nodes", "sources", "macros", "docs", "exposures", "functions", "metrics", "groups", "metadata", "disabled"),
    *("state_check", "semantic_models", "unit_tests", "saved_queries"),
)


def parsed_project(*options: str) -> Manifest:
    """The project is parsed once a session. A copy each time: dbt keeps compiled code in it, which would go stale."""
    if not _parsed:
        result = dbtRunner().invoke(["parse", *options])
        assert result.success, result.exception
        parts = {name: getattr(result.result, name) for name in PARTS}
        _parsed.append(pickle.dumps(parts))  # copies three times as fast as Manifest.deepcopy
        del result, parts
        gc.collect()
        gc.freeze()  # what is imported by now stays: no collection looks at it again, but for the last
        atexit.register(gc.unfreeze)
    project = Manifest(**pickle.loads(_parsed[0]))
    project.build_flat_graph()
    return project


@contextlib.contextmanager
def remembered_graph() -> Iterator[None]:
    """Who depends on whom is in the parsed project: dbt works it out once a session and not once a command."""
    work_out = Compiler.compile

    def compile_once(self: Compiler, manifest: Manifest, write: bool = True, add_test_edges: bool = False) -> Graph:
        if add_test_edges not in _graphs:
            graph = work_out(self, manifest, write, add_test_edges)
            networkx.freeze(graph.graph)  # commands take copies of a part: who would change it for the next one stops
            _graphs[add_test_edges] = graph
        self.initialize()
        return _graphs[add_test_edges]

    with mock.patch.object(Compiler, "compile", compile_once):
        yield


@contextlib.contextmanager
def paused_collector() -> Iterator[None]:
    """A command makes half a million objects that stay until its end; the collector would look at them many times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


@pytest.fixture(scope="module")
def module_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse that the tests of one module share, for those that only read."""
    return Warehouse(tmp_path_factory.mktemp("warehouse"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The public data beside the checkout, which is not part of the repository."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no public data: {SHARED_DATA} is not there (set UNIT_ECONOMICS_SHARED_DATA)")
    return SHARED_DATA
