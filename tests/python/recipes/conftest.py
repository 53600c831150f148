"""The compiled project, whose models, metrics and columns the pages name."""

from tests.python.tooling.conftest import compiled, lineage

__all__ = ["compiled", "lineage"]
