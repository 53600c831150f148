"""`ai-unit-economics compact`: the working database without what was deleted from it.

DuckDB keeps deleted rows in its file until the space is needed. A copy has none of them: after a person is erased, or
after names that were kept are hashed, it takes the place of the file.
"""

from __future__ import annotations

from pathlib import Path

import click
import duckdb

from ai_unit_economics.private_files import restrict
from ai_unit_economics.publishing import DATABASE_OPTION
from ai_unit_economics.sql import identifier, sql
from ai_unit_economics.writing import flush


class NotCompactedError(Exception):
    """The database is as it was; the message says why."""


def compact(database: Path) -> None:
    """Replaces a database by a copy of it.

    Raises:
        NotCompactedError: it is not there, in use, or could not be copied.
    """
    if not database.is_file():
        raise NotCompactedError(f"{database}: no such database; run make build, or set UNIT_ECONOMICS_DATABASE")
    draft = database.with_name(f"{database.name}.compacting")
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(database)) as connection:
            [name] = connection.execute("select current_database()").fetchone()
            connection.execute(sql("attach {draft} as compacted", draft=str(draft)).text)
            draft.chmod(0o600)
            connection.execute(sql("copy from database {name} to compacted", name=identifier(name)).text)
            connection.execute("detach compacted")
        flush(draft)
        draft.replace(database)
        restrict(database)
    except duckdb.Error as error:
        raise NotCompactedError(f"{database}: {str(error).splitlines()[0]}") from None
    finally:
        draft.unlink(missing_ok=True)


@click.command("compact")
@DATABASE_OPTION
def compact_command(database: Path) -> None:
    """Rewrite the working database, so that its file holds nothing that was deleted from it."""
    try:
        compact(database)
    except NotCompactedError as error:
        raise click.ClickException(f"nothing changed: {error}") from None
    click.echo(f"{database} is rewritten: {database.stat().st_size / 1e6:,.1f} MB")
