"""Writes docs/landed-tables.md and models/landing/_landing__models.yml from the code that lands: `make docs`."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.register import FOLDERS, SHAPES
from ai_unit_economics.landing.tables import Column, Table

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "landed-tables.md"
MODELS = PROJECT / "models" / "landing" / "_landing__models.yml"
TABLES_INTRO = (
    "A column without a type is VARCHAR. [_landing__models.yml](../models/landing/_landing__models.yml) has each "
    "column's meaning, and FOCUS's columns by name."
)
BEGIN, END = "<!-- written by make docs from here -->", "<!-- to here -->"
# Tables that tell one row from another by these columns.
KEYS = {"files": ["source_file"]}


def yaml_text(text: str) -> str:
    """A text as YAML quotes it in double quotes; `[name]` is the doc block of that name."""
    if block := re.fullmatch(r"\[(\w+)\]", text):
        return f"""'{{{{ doc("{block[1]}") }}}}'"""
    if len(text) > 100:
        return ">-\n" + textwrap.fill(text, 120, initial_indent=" " * 10, subsequent_indent=" " * 10)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def decided_by(table: Table) -> str:
    """What macros/publishing/versions.sql looks at: the register looks outside, other tables depend on some folders."""
    if table is tables.FILES:
        return "looks_outside: true"
    read = tables.PROMETHEUS_SAMPLES if table is tables.PROMETHEUS_SERIES else table
    folders = sorted({shape.folder for shape in SHAPES if shape.table is read})
    return f"reads_folders: [{', '.join(folders)}]"


def model(table: Table) -> str:
    lines = [
        f"  - name: landed_{table.name}",
        f"    config: {{meta: {{{decided_by(table)}}}}}",
        "    description: |",
        f"      {table.grain}",
        "",
        f"      {table.purpose}",
    ]
    if table.name in KEYS:
        names = ", ".join(KEYS[table.name])
        lines += [
            "    data_tests:",
            "      - grain:",
            "          arguments:",
            f"            columns: [{names}]",
            f"            not_null: [{names}]",
        ]
    lines.append("    columns:")
    for column in table.columns:
        lines += [f"      - name: {column.name}", f"        description: {yaml_text(column.describes)}"]
    return "\n".join(lines)


def models() -> str:
    head = "# Written by `make docs` from src/ai_unit_economics/landing/tables.py.\nmodels:\n"
    return head + "\n\n".join(map(model, tables.TABLES)) + "\n"


def is_of_focus(column: Column) -> bool:
    return column.describes.startswith("FOCUS column")


def row_of(table: Table) -> str:
    """A table as a row of the page: VARCHAR is not named, and columns of FOCUS are counted."""
    names = [
        f"`{column.name}`" if column.type == "VARCHAR" else f"`{column.name}` {column.type}"
        for column in table.columns
        if not is_of_focus(column)
    ]
    if focus := sum(map(is_of_focus, table.columns)):
        names.append(f"{focus} columns of FOCUS by name")
    return f"| `landed_{table.name}` | {table.grain.removeprefix('One row per ').rstrip('.')} | {', '.join(names)} |"


def shapes() -> str:
    parts = []
    for folder in FOLDERS:
        parts.append(f"### `{folder}`\n\n| shape | what it is | remarks |\n|---|---|---|")
        rows = {}
        for shape in SHAPES:
            if shape.folder == folder:
                remarks = f"not read: {shape.unfit}" if shape.unfit else shape.remarks
                rows[f"| `{shape.name}` | {shape.title} | {remarks} |"] = None
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def page(text: str) -> str:
    """`text` with its part between the marks written anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = ["| table | one row per | columns |", "|---|---|---|", *map(row_of, tables.TABLES)]
    written = "\n\n".join(["## Shapes", shapes().strip(), "## Tables", TABLES_INTRO, "\n".join(rows)])
    return f"{before}{BEGIN}\n\n{written}\n\n{END}{after}"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    MODELS.write_text(models(), encoding="utf-8")


if __name__ == "__main__":
    main()
