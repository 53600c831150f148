"""Is there anything to build? The files beneath the data root beside those that the last published build read.

A scheduler asks this before it builds (docs/airflow.md). The answer is an exit code: 0 there is, 3 there is not, yet.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import duckdb

from ai_unit_economics.addresses import plain_address
from ai_unit_economics.landing.files import File, RootError, list_files, plain_root
from ai_unit_economics.publishing import (
    DATABASE_OPTION,
    FOLDER_OPTION,
    BuildIsRunningError,
    NotPublishedError,
    is_unfinished,
    last_build,
    opened,
    versions,
)

NOTHING_NEW = 3


@dataclass(frozen=True)
class Answer:
    is_new: bool
    reason: str


def look(
    root: str, database: Path, published: Path, folders: Sequence[str] = (), settled_for: timedelta = timedelta()
) -> Answer:
    """Raises NotPublishedError where the exports cannot be seen: a lost mount is not an empty bill."""
    root = plain_root(root)
    files = _list(root)
    if not any(file.folder == "focus" for file in files):
        raise NotPublishedError(
            f"{root}/focus holds no files: is UNIT_ECONOMICS_DATA right, and the disk or bucket there?"
        )
    try:
        built = _built(database, published)
    except BuildIsRunningError as error:
        return Answer(False, str(error))
    except NotPublishedError as error:
        return Answer(True, str(error))
    chosen = [file for file in files if not folders or _is_in(file.relative_path, folders)]
    fresh = [file for file in chosen if built.get(file.path) != _state(file)]
    gone = [
        path
        for path in built.keys() - {file.path for file in files}
        if not folders or _is_in(path.removeprefix(f"{root}/"), folders)
    ]
    if not fresh and not gone:
        return Answer(False, f"nothing new in {', '.join(folders) or root} since the published build")
    written = max((file.modified_at for file in fresh), default=None)
    if written and datetime.now(UTC).replace(tzinfo=None) - written < settled_for:
        return Answer(False, f"files are still being written, the last one at {written:%Y-%m-%d %H:%M:%S} UTC")
    examples = ", ".join(sorted(file.relative_path for file in fresh)[:3])
    return Answer(True, f"{len(fresh)} new or changed files, {len(gone)} gone" + (f": {examples}" if examples else ""))


def _built(database: Path, published: Path) -> dict[str, tuple[int, datetime]]:
    """The files that the last build read, if that build passed and is published; else there is one to make."""
    with opened(database) as connection:
        build = last_build(connection)
        is_published = build.invocation_id in {version.invocation_id for version in versions(published)}
        if not is_published or is_unfinished(published):
            raise NotPublishedError(f"the build of {build.finished_at:%Y-%m-%d %H:%M} UTC is not published yet")
        rows = connection.execute(
            "select distinct coalesce(nullif(container, ''), source_file), size_bytes, modified_at from "
            "landing.landed_files"
        )
        return {path: (size, modified) for path, size, modified in rows.fetchall()}


def _list(root: str) -> list[File]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            return list_files(root, connection)
        except RootError as error:
            raise NotPublishedError(str(error)) from None


def _state(file: File) -> tuple[int, datetime]:
    return file.size_bytes, file.modified_at


def _is_in(relative: str, folders: Iterable[str]) -> bool:
    return any(relative == folder or relative.startswith(f"{folder.strip('/')}/") for folder in folders)


@click.command("new-exports")
@click.option(
    "--data",
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATA") or "data/sample",
    show_default="UNIT_ECONOMICS_DATA, else data/sample",
    callback=plain_address,
    help="The data root.",
)
@DATABASE_OPTION
@FOLDER_OPTION
@click.option(
    "--in", "folders", multiple=True, help="Look in this folder of the data root only, such as focus; repeatable."
)
@click.option(
    "--settled-for",
    "minutes",
    type=click.FloatRange(min=0),
    default=0,
    show_default=True,
    help="Minutes for which nothing may have been written, so that half a delivery is not built.",
)
def new_exports_command(data: str, database: Path, folder: Path, folders: Sequence[str], minutes: float) -> None:
    """Say whether there is anything to build since the last published build: exit code 0, or 3 if there is not."""
    try:
        answer = look(data, database, folder, folders, timedelta(minutes=minutes))
    except (NotPublishedError, duckdb.Error) as error:
        raise click.ClickException(str(error)) from None
    click.echo(answer.reason)
    if not answer.is_new:
        raise SystemExit(NOTHING_NEW)
