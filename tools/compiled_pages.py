"""Writes the pages that are read off the compiled SQL: python -m tools.compiled_pages lineage portability"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from tools import lineage_page, portability
from tools.compiled_project import compiled_manifest, environment, parsed_project
from tools.lineage_check import Lineage, findings


def write_lineage(manifest: dict[str, Any]) -> list[str]:
    lineage = Lineage(manifest)
    found = list(findings(lineage))
    if not found:
        lineage_page.PAGE.write_text(lineage_page.page(lineage), encoding="utf-8")
    return found


def write_portability(manifest: dict[str, Any]) -> list[str]:
    portability.PAGE.write_text(portability.page(portability.readings(manifest)), encoding="utf-8")
    return []


PAGES = {"lineage": write_lineage, "portability": write_portability}


def main(pages: list[str]) -> int:
    with tempfile.TemporaryDirectory() as name, environment(Path(name)) as options:
        manifest = compiled_manifest(parsed_project(options), Path(name), options)
    found = [finding for page in pages for finding in PAGES[page](manifest)]
    print("\n".join(found), end="\n" if found else "", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:] or list(PAGES)))
