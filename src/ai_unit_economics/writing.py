"""Files that people and programs read: each is there as a whole, or the one before it is."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def write(path: Path, text: str, mode: int | None = None) -> None:
    """Writes a text as UTF-8; a full disk, or a process that ends half-way, leaves the file of before.

    Args:
        mode: who may read it; None is the mode of the file before it, or the process's default.
    """
    content = text.encode()
    if path.exists() and not path.is_file():
        path.write_bytes(content)  # /dev/stdout has no name to be renamed to
        return
    with draft_of(path, mode) as draft:
        draft.write_bytes(content)


@contextmanager
def draft_of(path: Path, mode: int | None = None) -> Iterator[Path]:
    """A name beside `path` to write to; when that is done without an error, what is there takes the place of `path`.

    A link stays a link: the file that it leads to is replaced. A file that is replaced hands on who may read it.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:200]}.{os.getpid()}")
    try:
        yield draft
        if mode is None and path.is_file():
            mode = stat.S_IMODE(path.stat().st_mode)
        if mode is not None:
            draft.chmod(mode)
        flush(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    flush(path.parent)


@contextmanager
def alone_in(folder: Path, busy: Exception, drafts: str) -> Iterator[None]:
    """One writer of a folder at a time; what a killed one left behind goes away. The lock ends with the process.

    Args:
        busy: what is raised where another process writes.
        drafts: a pattern of the folders that a writer makes and does not leave.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise busy from None
        for abandoned in folder.glob(drafts):
            shutil.rmtree(abandoned)
        yield


def flush(path: Path) -> None:
    """Leaves a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
