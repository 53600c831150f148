"""docs/licences.md and the audit in CI know every lock, and every package of it."""

from __future__ import annotations

import re

import yaml

from tools.licences_page import PAGE, PROJECT, locks, normal


def test_every_package_of_every_lock_has_its_line():
    lines = dict(re.findall(r"^\| `([^`]+)` \| [^|]+ \| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for lock, packages in locks().items():
        missing = [name for name in packages if lock not in lines.get(normal(name), "")]
        assert not missing, f"{lock}: run make licences"
    assert len(lines) == len({normal(name) for packages in locks().values() for name in packages})


def test_ci_audits_every_lock():
    workflow = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert sorted(workflow["jobs"]["audit"]["strategy"]["matrix"]["lock"]) == sorted(locks())
