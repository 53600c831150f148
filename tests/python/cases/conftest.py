"""The cases from the field, which lie beside the checkout as the public data do, with seeds of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.python.landing.conftest import known, land

__all__ = ["known", "land"]


@pytest.fixture(scope="session")
def shared_cases(shared_data: Path) -> Path:
    cases = Path(os.environ.get("UNIT_ECONOMICS_SHARED_CASES", shared_data.parent / "cases"))
    if not cases.is_dir():
        pytest.skip(f"no cases: {cases} is not there (set UNIT_ECONOMICS_SHARED_CASES)")
    return cases


@pytest.fixture(scope="module")
def company(module_warehouse) -> Iterator[Callable]:
    """The module's warehouse with the seeds of a folder: a file's name and its text, or a folder of such files."""
    with pytest.MonkeyPatch.context() as environment:

        def found(seeds: Path | dict[str, str]):
            folder = seeds
            if isinstance(seeds, dict):
                folder = module_warehouse.folder / "seeds"
                folder.mkdir()
                for name, text in seeds.items():
                    (folder / f"{name}.csv").write_text(text, encoding="utf-8")
            environment.setenv("UNIT_ECONOMICS_SEEDS", str(folder))
            return module_warehouse

        yield found
