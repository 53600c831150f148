"""Writes the seeds' part of docs/configuration.md from the YAML beside the seeds: a column is described once."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "configuration.md"
START, END = "<!-- seeds -->\n", "<!-- /seeds -->"


def variables() -> list[str]:
    """Every variable that the project declares, and every environment variable that it reads."""
    project = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    texts = [project, (PROJECT / "profiles" / "profiles.yml").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in (PROJECT / "macros").rglob("*.sql")]
    read = {name for text in texts for name in re.findall(r"env_var\('(\w+)'", text)}
    return sorted({*yaml.safe_load(project)["vars"], *read})


def seeds(folder: Path) -> list[dict[str, Any]]:
    """Every seed of the folder by name; those without a YAML of their own have a description only in their header."""
    described = {
        seed["name"]: seed
        for path in sorted(folder.glob("*.yml"))
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds", [])
    }
    return [
        described.get(path.stem, {"name": path.stem}) | {"header": header(path)}
        for path in sorted(folder.glob("*.csv"))
    ]


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def section(seed: dict[str, Any]) -> str:
    columns = {column["name"]: one_line(column.get("description", "")) for column in seed.get("columns", [])}
    rows = "\n".join(f"| `{name}` | {columns.get(name, '')} |" for name in seed["header"])
    return (
        f"### {seed['name']}\n\n{paragraphs(seed.get('description', ''))}\n\n| column | meaning |\n|---|---|\n{rows}\n"
    )


def one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def paragraphs(text: str) -> str:
    return "\n\n".join(one_line(part) for part in text.strip().split("\n\n"))


def page() -> str:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(START) + len(START)], text[text.index(END) :]
    return before + "\n" + "\n".join(section(seed) for seed in seeds(PROJECT / "seeds" / "config")) + "\n" + after


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
