"""Who may read what this project writes: its owner alone, but for what is published."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o077


def write_for_owner_only() -> None:
    """What this process creates from now on is 0600, and its folders 0700."""
    os.umask(OWNER_ONLY)


def restrict(database: Path) -> None:
    """Takes a database, its log and what it spills from everybody but their owner, as older versions left them."""
    for path in (database, database.with_name(f"{database.name}.wal"), database.with_name(f"{database.name}.tmp")):
        with suppress(FileNotFoundError):
            path.chmod(path.stat().st_mode & ~OWNER_ONLY)


def folder_for_readers(folder: Path) -> None:
    """Makes a folder that readers can enter; the mode of one that is there is its owner's decision."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        path.chmod(0o755)
