"""Writes docs/landed-tables.md and models/landing/_landing__models.yml from the code that lands: `make docs`."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.register import FOLDERS, SHAPES
from ai_unit_economics.landing.tables import Column, Table

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "landed-tables.md"
MODELS = PROJECT / "models" / "landing" / "_landing__models.yml"
MODELS_LINK = "../models/landing/_landing__models.yml"
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


def model(table: Table) -> str:
    lines = [
        f"  - name: landed_{table.name}",
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


def meaning(text: str) -> str:
    return re.sub(r"^\[(\w+)\]$", lambda block: doc_block(block[1]), text).replace("|", "\\|")


def doc_block(name: str) -> str:
    blocks = (PROJECT / "models" / "staging" / "focus" / "_focus__docs.md").read_text(encoding="utf-8")
    return re.search(rf"{{% docs {name} %}}\n(.*?)\n{{% enddocs %}}", blocks, re.DOTALL)[1]


SHARED = (*tables.FILE_COLUMNS, *(column for column in tables.FOCUS_CHARGES.columns if column.name == "source"))


def rows_of(columns: Iterable[Column]) -> list[str]:
    """A row a column; neighbours of one meaning and type in one row, and VARCHAR is not named."""
    rows = ["| column | meaning |", "|---|---|"]
    for (kind, describes), alike in groupby(columns, key=lambda column: (column.type, column.describes)):
        names = ", ".join(f"`{column.name}`" for column in alike)
        rows.append(f"| {names}{'' if kind == 'VARCHAR' else ' ' + kind} | {meaning(describes)} |")
    return rows


def columns_of_many() -> str:
    """What many tables have in common, said once."""
    shape = next(column for column in tables.REQUESTS.columns if column.name == "shape")
    return "\n".join(
        [
            "### Columns of many tables",
            "",
            "A column without a type is VARCHAR.",
            "",
            *rows_of([*SHARED, shape]),
        ]
    )


def section(table: Table) -> str:
    shared = [column for column in table.columns if column in SHARED or column.describes == "The shape of the file."]
    focus = [column.name for column in table.columns if column.describes.startswith("FOCUS column")]
    own = [column for column in table.columns if column not in shared and column.name not in focus]
    lines = [f"### `landed_{table.name}`", "", f"{table.grain} {table.purpose}"]
    if shared:
        lines[-1] += f" Also {', '.join(f'`{column.name}`' for column in shared)}."
    if focus:
        lines[-1] += f" And {len(focus)} columns of FOCUS by name, as the file has them ([list]({MODELS_LINK}))."
    return "\n".join([*lines, "", *rows_of(own)] if own else lines)


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
    parts = ["## Shapes", shapes().strip(), "## Tables", columns_of_many(), *map(section, tables.TABLES)]
    written = "\n\n".join(parts)
    return f"{before}{BEGIN}\n\n{written}\n\n{END}{after}"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    MODELS.write_text(models(), encoding="utf-8")


if __name__ == "__main__":
    main()
