"""Tables and JSON lines whose columns go by several names: the rows of the seed column_aliases say which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from ai_unit_economics.landing import readers
from ai_unit_economics.landing.shapes import Reading
from ai_unit_economics.sql import Sql, identifier, joined, sql

# A limit, a price or a speed of tokens is no count of them, and what was text or sound is a part of another count.
NO_COUNT = (
    "max|maximum|min|minimum|limit|limits|budget|quota|remaining|available|allowed|per|time|latency|speed|rate|cost|"
    "costs|price|spend|id|ids|logprobs|text|audio|image|video|accepted|rejected|prediction|draft|accept"
)
_IS_NO_COUNT = f"(^|[^a-z])({NO_COUNT})([^a-z]|$)"
_COUNT = "[0-9]*[1-9][0-9]*([.]0*)?"


def rows(
    reading: Reading,
    aliases: Callable[[str], Sequence[str]],
    texts: Iterable[str],
    times: Iterable[str],
    known: Sequence[str] | None = None,
) -> Sql:
    """The rows of files as `texts` and `times`; a column that a file does not have is left out.

    Args:
        aliases: the names that a column goes under, best first; `name/a/b` is a place in the JSON of column `name`.
        known: where given, `unread_tokens` has the names of other columns that hold a number of tokens.
    """
    cells = _Documents(reading) if reading.head.format in ("json_lines", "json_document") else _Table(reading)
    selected = [sql("source_file"), sql("source_row")]
    for column, is_time in [*((name, False) for name in texts), *((name, True) for name in times)]:
        found = [value for alias in aliases(column) if (value := cells.value(alias, is_time)) is not None]
        if found and column.endswith("_tokens"):
            # a source may write one count under two names, and 0 under the one that it does not fill
            found = [*(sql("nullif({value}, '0')", value=value) for value in found), *found]
        if found:
            selected.append(sql("{value} as {name}", value=readers.first_of(found), name=identifier(column)))
    if known is not None and (unread := cells.unread(known)) is not None:
        selected.append(sql("{unread} as unread_tokens", unread=unread))
    return sql("(select {selected} from {relation})", selected=joined(selected), relation=cells.relation())


def is_unread(name: Sql, value: Sql, known: Sequence[str]) -> Sql:
    """Whether a name that nobody knows is one of tokens, and its value, a text, a number above 0."""
    return sql(
        """(
            contains(lower({name}), 'token')
            and not list_contains({known}, {name})
            and not regexp_matches(lower(regexp_replace({name}, '([a-z])([A-Z])', '\\1_\\2', 'g')), {no_count})
            and coalesce(regexp_full_match({value}, {count}), false)
        )""",
        name=name,
        value=value,
        known=list(known) or [""],
        no_count=_IS_NO_COUNT,
        count=_COUNT,
    )


def _says_tokens(name: str) -> bool:
    words = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    return "token" in words and not re.search(_IS_NO_COUNT, words)


class _Table:
    """Parquet and CSV files of one set of columns."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        columns = enumerate(reading.head.columns, start=1)
        self.numbers = {column.name.lower(): number for number, column in reversed(list(columns))}

    def relation(self) -> Sql:
        paths, head = self.reading.paths, self.reading.head
        return (
            readers.parquet(paths, head.columns) if head.format == "parquet" else readers.csv(paths, head, strict=False)
        )

    def value(self, alias: str, is_time: bool) -> Sql | None:
        name, _, place = alias.partition("/")
        if number := self.numbers.get(alias.lower()):
            cell, kind = readers.column(number), self.reading.head.columns[number - 1].type
            if is_time:
                return readers.time_of(cell, kind)
            return sql("nullif(trim({text}), '')", text=readers.text_of(cell, kind))
        if place and (number := self.numbers.get(name.lower())):
            cell, kind = readers.column(number), self.reading.head.columns[number - 1].type
            document = sql("try_cast({cell} as json)" if kind == "VARCHAR" else "to_json({cell})", cell=cell)
            text = readers.text_at(readers.decoded(document), f"/{place}")
            return readers.time_of_text(text) if is_time else text
        return None

    def unread(self, known: Sequence[str]) -> Sql | None:
        names = {name.lower() for name in known}
        found = [
            sql(
                "case when regexp_full_match({text}, {count}) then {name} end",
                text=readers.text_of(readers.column(number), self.reading.head.columns[number - 1].type),
                count=_COUNT,
                name=self.reading.head.columns[number - 1].name,
            )
            for name, number in self.numbers.items()
            if name not in names and _says_tokens(self.reading.head.columns[number - 1].name)
        ]
        return sql("nullif(concat_ws(', ', {found}), '')", found=joined(found)) if found else None


class _Documents:
    """JSON: all places are looked up in one go, which is faster than one by one."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.pointers: list[str] = []

    def relation(self) -> Sql:
        return sql(
            "(select *, json_extract_string(document, {pointers}) as found from {documents})",
            pointers=self.pointers or ["/"],
            documents=readers.json_values(self.reading.paths, self.reading.head, largest=self.reading.largest),
        )

    def _at(self, pointer: str) -> Sql:
        if pointer not in self.pointers:
            self.pointers.append(pointer)
        return sql("nullif(trim(found[{number}]), '')", number=self.pointers.index(pointer) + 1)

    def value(self, alias: str, is_time: bool) -> Sql | None:
        name, _, place = alias.partition("/")
        # a key may hold a slash itself, and what a key holds may be JSON as a text
        places = [self._at("/" + alias.replace("/", "~1"))]
        if place:
            text = sql("try_cast({text} as json)", text=self._at(f"/{name}"))
            places += [self._at(f"/{alias}"), readers.text_at(readers.decoded(text), f"/{place}")]
        given = readers.first_of(places)
        return readers.time_of_text(given) if is_time else given

    def unread(self, known: Sequence[str]) -> Sql:
        # keys of the row, and of an object `usage` in it, which is how APIs answer
        places = sql(
            """list_concat(
                json_keys(document),
                list_transform(coalesce(json_keys(document, '/usage'), []), lambda key: 'usage/' || key)
            )"""
        )
        return sql(
            "nullif(array_to_string(list_filter({places}, lambda name: {is_unread}), ', '), '')",
            places=places,
            is_unread=is_unread(
                sql("name"), sql("json_extract_string(document, '/' || replace(name, '~', '~0'))"), known
            ),
        )
