"""SQL that is put together safely: text of our own, and values that can be nothing but values.

    sql("select {name} from read_parquet({files})", name=identifier("Bill's"), files=["a.parquet", "b.parquet"])

A placeholder is a name in braces. What stands in for it is quoted as a literal, unless it is SQL that came out of this
module. Whatever a header, a label, a cell or a file name holds, it cannot end the text that it stands in. Ruff's rule
S608 forbids any other way to build a query (pyproject.toml).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
# In the name of a file these stand for other letters; as a set of one letter they stand for themselves.
_PATTERN_LETTER = re.compile(r"[*?\[]")

Value = "str | bool | int | float | Decimal | date | datetime | None | list | tuple | Mapping"


@dataclass(frozen=True)
class Sql:
    """A piece of SQL. Only `sql`, `identifier` and `joined` make one."""

    text: str

    def __str__(self) -> str:
        return self.text


def sql(template: str, /, **parts: object) -> Sql:
    """`template` with each `{name}` replaced: by SQL as it is, by any other value as a literal.

    Raises:
        KeyError: a placeholder has no part, or a part no placeholder.
    """
    used: set[str] = set()

    def replaced(match: re.Match[str]) -> str:
        used.add(match[1])
        part = parts[match[1]]
        return part.text if isinstance(part, Sql) else _literal(part)

    text = _PLACEHOLDER.sub(replaced, template)
    if unused := parts.keys() - used:
        raise KeyError(f"no placeholder for {', '.join(sorted(unused))}")
    return Sql(text)


def identifier(*names: str) -> Sql:
    """A quoted name; of several the path, such as schema and table."""
    return Sql(".".join('"' + name.replace('"', '""') + '"' for name in names))


def joined(pieces: Iterable[Sql], separator: str = ", ") -> Sql:
    """Pieces of SQL behind one another."""
    return Sql(separator.join(piece.text for piece in pieces))


def file_names(paths: Iterable[str]) -> list[str]:
    """Names of files for DuckDB's readers, each of which stands for that file alone: `g[1].csv` is no pattern."""
    return [_PATTERN_LETTER.sub(lambda letter: f"[{letter[0]}]", path) for path in paths]


def _literal(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return str(value)
        case float():
            return f"cast({_literal(repr(value))} as double)"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case datetime():
            return f"timestamp {_literal(value.isoformat(sep=' '))}"
        case date():
            return f"date {_literal(value.isoformat())}"
        case Mapping():
            entries = (f"{_literal(key)}: {_part(item)}" for key, item in value.items())
            return "{" + ", ".join(entries) + "}"
        case list() | tuple():
            return "[" + ", ".join(_part(item) for item in value) + "]"
    raise TypeError(f"no SQL literal for a {type(value).__name__}")


def _part(value: object) -> str:
    return value.text if isinstance(value, Sql) else _literal(value)
