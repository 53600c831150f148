"""Which files lie beneath the data root. Nothing is opened.

A file is named by its path, character by character: no letter of a name is a pattern.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from ai_unit_economics.addresses import SecretInAddressError, redacted, without_secret
from ai_unit_economics.sql import sql

# Links to folders are followed where people lay their exports out, as `focus/acme` and `telemetry/prometheus/eu-1`,
# and not inside what somebody else delivered.
LINKS_AT_MOST_DEEP = {"focus": 2}
LINKS_ELSEWHERE_AT_MOST_DEEP = 3


class RootError(Exception):
    """The data root cannot be listed; the message says why and what to do."""


@dataclass(frozen=True)
class File:
    """A file beneath the data root.

    Attributes:
        path: its whole name, as DuckDB's readers give it back.
        relative_path: its name beneath the root.
        size_bytes: its size, packed as it is; of a member of a ZIP that of the ZIP.
        modified_at: when it was written, UTC.
        container: the ZIP that it is a member of, or empty.
        problem: why it is not opened, if it is not.
        same_as: the file beneath the root that it is too, by a link, if one comes before it by name.
    """

    path: str
    relative_path: str
    size_bytes: int
    modified_at: datetime
    container: str = ""
    problem: str | None = None
    same_as: str = ""

    @property
    def folder(self) -> str:
        """What the contract calls the place that it lies in: `focus`, `telemetry/requests`, `customers`."""
        parts = self.relative_path.split("/")
        if len(parts) == 1:
            return parts[0].split(".")[0]
        return "/".join(parts[:2]) if parts[0] == "telemetry" and len(parts) > 2 else parts[0]

    @property
    def source(self) -> str | None:
        """The folder beneath `focus`, which names a billing source; `(none)` for a file that lies in none."""
        parts = self.relative_path.split("/")
        if parts[0] != "focus":
            return None
        return parts[1] if len(parts) > 2 else "(none)"

    @property
    def version(self) -> str:
        """Differs when the file was written anew."""
        return f"{self.modified_at:%Y%m%dT%H%M%S.%f}-{self.size_bytes}"

    def folder_value(self, *names: str) -> str | None:
        """What a folder above the file says of it in the way of Hive, such as `region=us-east-1/`."""
        for part in reversed(self.relative_path.split("/")[:-1]):
            name, sign, value = part.partition("=")
            if sign and value and name.lower() in names:
                return value
        return None


def is_address(root: str) -> bool:
    """Whether the root is an object store's address and no local folder."""
    return "://" in root


def plain_root(root: str) -> str:
    """A root without `.`, `..` and doubled slashes: as it stands before the names of its files."""
    if is_address(root):
        return root.rstrip("/")
    return re.sub("^//", "/", posixpath.normpath(root)) if root else "."


def list_files(root: str, session: duckdb.DuckDBPyConnection) -> list[File]:
    """Every file beneath `root`, by name; none where there is no such folder.

    Raises:
        RootError: the folder or bucket cannot be listed.
    """
    try:
        root = without_secret(plain_root(root), "the data root")
    except SecretInAddressError as error:
        raise RootError(str(error)) from None
    found = _list_address(root, session) if is_address(root) else _list_folder(root)
    return sorted(found, key=lambda file: file.relative_path)


def _list_folder(root: str) -> Iterator[File]:
    if not Path(root).exists():
        return
    first: dict[tuple[int, int], str] = {}
    try:
        walk = _walk(root, "" if root == "." else f"{root.rstrip('/')}/", "", (os.path.realpath(root),))
        for file, identity in sorted(walk, key=lambda one: one[0].relative_path):
            name = first.setdefault(identity, file.relative_path) if file.problem is None else file.relative_path
            yield file if name == file.relative_path else replace(file, same_as=name)
    except NotADirectoryError:
        raise RootError(f"{root} is no folder; name the one that holds focus/ and telemetry/") from None
    except PermissionError as error:
        raise RootError(f"{error.filename} cannot be listed: no permission") from None


def _walk(folder: str, prefix: str, relative: str, entered: tuple[str, ...]) -> Iterator[tuple[File, tuple[int, int]]]:
    """Each file with what tells it from all others of the machine, whatever it is called.

    Args:
        entered: the real names of the root and of the folders that led here.
    """
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            name = f"{relative}{entry.name}"
            try:
                if entry.is_dir():
                    real = os.path.realpath(entry.path)
                    if real not in entered and not (entry.is_symlink() and _is_delivered(name)):
                        yield from _walk(entry.path, prefix, f"{name}/", (*entered, real))
                elif entry.is_file():
                    status = entry.stat()
                    yield _local_file(entry, status, prefix, name, entered), (status.st_dev, status.st_ino)
            except FileNotFoundError:
                continue  # it went while we looked, or is a link to nothing
            except OSError as error:
                if error.errno != errno.ELOOP:
                    raise
                continue  # links that lead to one another


def _is_delivered(name: str) -> bool:
    """Whether this lies inside of what somebody delivered, who is not to say where else we look."""
    return name.count("/") >= LINKS_AT_MOST_DEEP.get(name.split("/")[0], LINKS_ELSEWHERE_AT_MOST_DEEP)


def _local_file(entry: os.DirEntry, status: os.stat_result, prefix: str, name: str, entered: tuple[str, ...]) -> File:
    problem = None
    if entry.is_symlink() and not _is_beneath(os.path.realpath(entry.path), entered):
        problem = "it is a link that leads out of the folder: copy the file"
    elif not _is_text(name):
        # A name that is no text for its system's encoding cannot be handed on
        problem = "its name is not UTF-8: rename it"
        name = os.fsencode(name).decode("utf-8", errors="replace")
    modified = datetime(1970, 1, 1) + timedelta(microseconds=status.st_mtime_ns // 1000)
    return File(f"{prefix}{name}", name, status.st_size, modified, problem=problem)


def _is_beneath(real: str, folders: tuple[str, ...]) -> bool:
    return any(real.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return "\0" not in name


def _list_address(root: str, session: duckdb.DuckDBPyConnection) -> Iterator[File]:
    query = sql(
        "select distinct filename, size, cast(last_modified as timestamp) from read_blob({pattern})",
        pattern=f"{root}/**",
    )
    try:
        rows = session.execute(query.text).fetchall()
    except duckdb.Error as error:
        if "No files found" in str(error):
            return
        raise RootError(
            f"{root} cannot be listed (docs/object-stores.md says what a bucket needs): "
            f"{redacted(str(error).splitlines()[0])}"
        ) from None
    for path, size, modified in rows:
        yield File(path, path.removeprefix(f"{root}/"), size, modified)
