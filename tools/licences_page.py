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
CORE = "requirements.lock"
HEAD = """# Licences of dependencies

This page is for people who review what gets installed. After it you know the licence of each package of each lock,
as its metadata says it. `make licences` writes it from the environments that are installed; `not looked at` is a
package of an environment that was not. None of them is part of what this project distributes. A lock lists what it
has beyond `requirements.lock`, the core.
"""


def locks() -> dict[str, set[str]]:
    """By lock the names of its packages."""
    return {
        path.name: set(re.findall(r"^([A-Za-z0-9._-]+)==", path.read_text(encoding="utf-8"), re.MULTILINE))
        for path in sorted(PROJECT.glob("requirements*.lock"))
    }


def environments() -> list[str]:
    """The core's is the last: of a package of several environments the core's word counts."""
    return [str(path) for path in sorted(PROJECT.glob(".venv*/lib/python3.*/site-packages"), reverse=True)]


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
    """What the page says of each package."""
    if PAGE.is_file():
        for licence, names in re.findall(r"^- ([^:]+): (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE):
            yield from ((name, licence) for name in names.split(", "))


def sections() -> dict[str, set[str]]:
    """By lock the packages that it has beyond the core."""
    of_lock = {lock: set(map(normal, packages)) for lock, packages in locks().items()}
    core = of_lock.pop(CORE)
    return {CORE: core} | {lock: packages - core for lock, packages in of_lock.items()}


def page() -> str:
    known = {name: licence for name, licence in said_before() if licence != UNKNOWN}
    known |= {normal(package.metadata["Name"]): licence_of(package) for package in distributions(path=environments())}
    text = HEAD
    for lock, packages in sections().items():
        by_licence: dict[str, list[str]] = {}
        for name in sorted(packages):
            by_licence.setdefault(known.get(name, UNKNOWN).replace(":", ""), []).append(name)
        text += f"\n## {lock}\n\n"
        text += "".join(
            f"- {licence}: {', '.join(names)}\n" for licence, names in sorted(by_licence.items(), key=_known_first)
        )
    return text


def _known_first(item: tuple[str, list[str]]) -> tuple[bool, str]:
    return item[0] == UNKNOWN, item[0].lower()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
