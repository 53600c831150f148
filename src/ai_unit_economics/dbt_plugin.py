"""A plugin of dbt-duckdb that profiles.yml names: before dbt opens the database, it is made its owner's alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin

from ai_unit_economics.private_files import restrict, write_for_owner_only


class Plugin(BasePlugin):
    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        write_for_owner_only()
        if creds.path and "://" not in creds.path and not creds.path.startswith(("md:", ":memory:")):
            restrict(Path(creds.path))
