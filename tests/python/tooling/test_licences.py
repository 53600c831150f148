"""docs/licences.md and the audit in CI know every lock, and every package of it."""

from __future__ import annotations

import re

import yaml

from tools.licences_page import PAGE, PROJECT, locks, sections


def test_every_package_of_every_lock_has_its_place():
    parts = re.split(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    for lock, text in zip(parts[::2], parts[1::2], strict=True):
        named = {name for line in re.findall(r"^- [^:]+: (.+)$", text, re.MULTILINE) for name in line.split(", ")}
        assert named == sections()[lock], f"{lock}: run make licences"
    assert set(parts[::2]) == set(locks())


def test_ci_audits_every_lock():
    workflow = yaml.safe_load((PROJECT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    assert sorted(workflow["jobs"]["audit"]["strategy"]["matrix"]["lock"]) == sorted(locks())
