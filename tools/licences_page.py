"""Writes docs/licences.md: the licence of each package of each lock, as the package itself says it.

It reads the environments that are there (`make install`, `make conformance`, …): of a package of a lock whose
environment is not there it keeps what the page said before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "licences.md"
UNKNOWN = "not looked at"
HEAD = """# Licences of dependencies

This page is for people who review what gets installed. After it you know the licence of each package of each lock
(`requirements*.lock`), as its metadata says it. `make licences` writes it from the environments that are installed;
`not looked at` is a package of an environment that was not. None of them is part of what this project distributes.

| package | licence | locks |
|---|---|---|
"""


def locks() -> dict[str, set[str]]:
    """By lock the names of its packages."""
    return {
        path.name: set(re.findall(r"^([A-Za-z0-9._-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in sorted(PROJECT.glob("requirements*.lock"))
    }


def environments() -> list[str]:
    return [str(path) for path in sorted(PROJECT.glob(".venv*/lib/python3.*/site-packages"))]


def licence_of(package: Distribution) -> str:
    """The expression of SPDX, else the classifiers, else the first line of the text, which may be a whole licence."""
    said = package.metadata
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in said.get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    text = (said.get("License") or "").strip().partition("\n")[0]
    return said.get("License-Expression") or ", ".join(classifiers) or text[:60] or "none said"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def said_before() -> Iterator[tuple[str, str]]:
    if PAGE.is_file():
        yield from re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


def page() -> str:
    known = {name: licence for name, licence in said_before() if licence != UNKNOWN}
    known |= {normal(package.metadata["Name"]): licence_of(package) for package in distributions(path=environments())}
    of_lock = locks()
    names = sorted({normal(name) for packages in of_lock.values() for name in packages})
    rows = [
        f"| `{name}` | {known.get(name, UNKNOWN).replace('|', '/')} | "
        f"{', '.join(lock for lock, packages in of_lock.items() if name in map(normal, packages))} |\n"
        for name in names
    ]
    return HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
