"""Writes docs/configuration.md: dbt_project.yml and the YAML of the seeds describe each variable and column once."""

from __future__ import annotations

import csv
import re
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "configuration.md"
SHARED = PROJECT / "seeds" / "columns.md"


def variables() -> list[str]:
    """Every variable that the project declares, and every environment variable that it reads."""
    project = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    texts = [project, (PROJECT / "profiles" / "profiles.yml").read_text(encoding="utf-8")]
    texts += [path.read_text(encoding="utf-8") for path in (PROJECT / "macros").rglob("*.sql")]
    read = {name for text in texts for name in re.findall(r"env_var\('(\w+)'", text)}
    return sorted({*yaml.safe_load(project)["vars"], *read})


def variable_rows(project: str) -> list[str]:
    """A row a variable of dbt_project.yml: the comment above it, and its value."""
    _, _, block = project.partition("\nvars:\n")
    rows, comment = [], []
    for line in block.split("\n\n")[0].splitlines():
        if line.lstrip().startswith("#"):
            comment.append(line.strip(" #"))
        else:
            name, _, value = line.strip().partition(": ")
            rows.append(f"| `{name}` | {linked(' '.join(comment))} | {default(value)} |")
            comment = []
    return ["| variable | meaning | default |", "|---|---|---|", *rows]


def default(value: str) -> str:
    return "empty" if value == '""' else f"`{value}`"


def linked(text: str) -> str:
    """A page that is named in parentheses, as a link."""
    return re.sub(r"\(docs/([\w-]+)\.md(#[\w-]+)?\)", r"([more](\1.md\2))", text)


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


def shared_columns() -> dict[str, str]:
    """The doc blocks of columns that several seeds have, by the column's name."""
    blocks = re.findall(r"{% docs seed_(\w+) %}(.*?){% enddocs %}", SHARED.read_text(encoding="utf-8"), re.DOTALL)
    return {name: one_line(text) for name, text in blocks}


def section(seed: dict[str, Any]) -> str:
    """The columns of one seed; neighbours of one meaning on one line, and those that seeds share by name alone."""
    described = {column["name"]: one_line(column.get("description", "")) for column in seed.get("columns", [])}
    shared = [name for name in seed["header"] if described.get(name) == f"{{{{ doc('seed_{name}') }}}}"]
    own = [(name, described.get(name, "")) for name in seed["header"] if name not in shared]
    text = one_line(seed.get("description", ""))
    if shared:
        text += f" Also {', '.join(f'`{name}`' for name in shared)}."
    lines = [
        f"- {', '.join(f'`{name}`' for name, _ in columns)}: {linked(meaning)}"
        for meaning, columns in groupby(own, key=lambda column: column[1])
    ]
    return "\n".join([f"### {seed['name']}", "", text, "", *lines, ""])


def one_line(text: str) -> str:
    return " ".join(text.split())


def seed_sections() -> str:
    shared = [f"- `{name}`: {meaning}" for name, meaning in shared_columns().items()]
    first = ["### Columns of several seeds", "", *shared, ""]
    return "\n".join(["\n".join(first), *map(section, seeds(PROJECT / "seeds" / "config"))])


def written(text: str, mark: str, part: str) -> str:
    """`text` with the part between the marks written anew."""
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    before, after = text[: text.index(start) + len(start)], text[text.index(end) :]
    return f"{before}\n{part}\n{after}"


def page() -> str:
    project = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    text = written(PAGE.read_text(encoding="utf-8"), "variables", "\n".join(variable_rows(project)) + "\n")
    return written(text, "seeds", seed_sections())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
