"""Writes the answers of docs/questions.md from the small sample: every figure is read, none is typed.

make test-build && python -m tools.questions_page
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import duckdb

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "questions.md"
DATABASE = PROJECT / "data" / "test" / "unit_economics.duckdb"
# A query, and the table behind it if there is one already
QUESTION = re.compile(r"```sql\n(?P<query>.*?)```\n(?:\n\|.*?\|\n(?!\|))?", re.DOTALL)


def queries(page: str) -> list[str]:
    return [found["query"] for found in QUESTION.finditer(page)]


def with_answers(page: str, connection: duckdb.DuckDBPyConnection) -> str:
    return QUESTION.sub(lambda found: f"```sql\n{found['query']}```\n{answer(connection, found['query'])}", page)


def answer(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    """Nothing where there is no row: what that means is in the page's words."""
    found = connection.execute(query)
    names = [column[0] for column in found.description]
    rows = found.fetchall()
    if not rows:
        return ""
    lines = [names, ["---"] * len(names), *([_cell(value) for value in row] for row in rows)]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
    return str(value)


@click.command(help=__doc__)
@click.option("--database", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=DATABASE)
def main(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        PAGE.write_text(with_answers(PAGE.read_text(encoding="utf-8"), connection), encoding="utf-8")


if __name__ == "__main__":
    main()
