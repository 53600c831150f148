"""A plugin of dbt-duckdb that profiles.yml names.

Before dbt opens the database, it is made its owner's alone. Afterwards SQL can ask `unit_economics_code_version()`:
by it macros/publishing/versions.sql knows whether what is not in the SQL of a model has changed.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags

import ai_unit_economics
from ai_unit_economics.private_files import restrict, write_for_owner_only


class Plugin(BasePlugin):
    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        write_for_owner_only()
        if creds.path and "://" not in creds.path and not creds.path.startswith(("md:", ":memory:")):
            restrict(Path(creds.path))

    def configure_connection(self, conn: Any) -> None:
        conn.create_function("unit_economics_code_version", code_version, [], "VARCHAR")


def code_version() -> str:
    """A checksum of this package, the project's macros and settings, and of the versions of all that is installed."""
    package = Path(ai_unit_economics.__file__).parent
    project = Path(get_flags().PROJECT_DIR)
    files = [*package.rglob("*.py"), *(project / "macros").rglob("*.sql"), project / "dbt_project.yml"]
    installed = {path.name for folder in sys.path if folder for path in Path(folder).glob("*.dist-info")}
    digest = sha256(" ".join([sys.version, *sorted(installed)]).encode())
    for file in sorted(files):
        digest.update(f"\0{file}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
