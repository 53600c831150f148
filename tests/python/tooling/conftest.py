"""The compiled project, for tests that read its SQL: what `make test-build` left, or compiled anew."""

from __future__ import annotations

from typing import Any

import pytest

from tests.python.conftest import parsed_project
from tools.compiled_project import built_manifest, compiled_manifest, environment
from tools.lineage_check import Lineage


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("compiled")
    with environment(folder) as options:
        parsed = parsed_project(*options)
        return built_manifest(parsed) or compiled_manifest(parsed, folder, options)


@pytest.fixture(scope="session")
def lineage(compiled: dict[str, Any]) -> Lineage:
    return Lineage(compiled)
