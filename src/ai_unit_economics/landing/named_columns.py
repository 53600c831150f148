"""Tables and JSON lines whose columns go by several names: the rows of the seed column_aliases say which."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ai_unit_economics.landing import readers
from ai_unit_economics.landing.heads import written_names
from ai_unit_economics.landing.shapes import Reading
from ai_unit_economics.sql import Sql, identifier, joined, sql

# A limit, a price or a speed of tokens is no count of them, and what was text or sound is a part of another count.
LOOKS_LIKE_NO_TOKENS = (
    "(^|[^a-z])(max|maximum|min|minimum|limit|limits|budget|quota|remaining|available|allowed|per|time|latency|speed|rate|"
    "cost|costs|price|spend|id|ids|logprobs|text|audio|image|video|accepted|rejected|prediction|draft|accept)([^a-z]|$)"
)


# Where the answers of APIs tell what was used, as rows hold them whole or in part.
USAGE_OBJECTS = (
    *("usage", "usageMetadata", "usage_metadata", "token_usage", "message/usage", "body/usage", "result/usage"),
    *("response/usage", "response/body/usage", "response/usageMetadata", "meta/billed_units", "meta/tokens"),
)


@dataclass(frozen=True)
class Unread:
    """Columns that look like a count, by their name and by a number in it, and that nobody reads.

    Attributes:
        known: names that are read; keys of JSON are another name in other letters.
        looks, looks_not: regular expressions of what a name has in it, and what not: its words in lower case,
            as in `total_tokens` of `totalTokens`.
    """

    known: Sequence[str]
    looks: str
    looks_not: str

    def has(self, name: str) -> bool:
        """Whether the name of a column is one of them."""
        words = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
        is_like = re.search(self.looks, words) and not re.search(self.looks_not, words)
        return bool(is_like) and name.lower() not in map(str.lower, self.known)

    def matches(self, name: Sql, value: Sql) -> Sql:
        """Whether a key of JSON is one of them, and its value, a text, a number that may count something."""
        return sql(
            """(
                regexp_matches({words}, {looks})
                and not regexp_matches({words}, {looks_not})
                and not list_contains({known}, {name})
                and {is_count}
            )""",
            name=name,
            words=sql("lower(regexp_replace({name}, '([a-z])([A-Z])', '\\1_\\2', 'g'))", name=name),
            looks=self.looks,
            looks_not=self.looks_not,
            known=list(self.known) or [""],
            is_count=is_count(value),
        )


def is_count(text: Sql) -> Sql:
    """Whether a text is a number that may count something."""
    return sql("coalesce(try_cast({text} as double) between 1 and 1e300, false)", text=text)


def rows(
    reading: Reading,
    aliases: Callable[[str], Sequence[str]],
    texts: Iterable[str],
    times: Iterable[str],
    unread: Unread | None = None,
) -> Sql:
    """The rows of files as `texts` and `times`; a column that a file does not have is left out.

    Args:
        aliases: the names that a column goes under, best first; `name/a/b` is a place in the JSON of column `name`.
        unread: where given, `unread_tokens` has the names of its columns that hold a number.
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
    problem = _problem(cells, [alias for name in list(times)[:1] for alias in aliases(name)])
    if problem is not None:
        selected.append(sql("{problem} as problem", problem=problem))
    if unread is not None and (names := cells.unread(unread)) is not None:
        selected.append(sql("{names} as unread_tokens", names=names))
    return sql("(select {selected} from {relation})", selected=joined(selected), relation=cells.relation())


def _problem(cells: _Table | _Documents, names: Sequence[str]) -> Sql | None:
    """Why a row is not read: a line is no JSON, or its time is none; of a table without a time there is no such row."""
    texts = [text for name in names if (text := cells.value(name, False)) is not None]
    if not texts:
        return None
    at = readers.first_of(value for name in names if (value := cells.value(name, True)) is not None)
    return sql(
        """case
            when {is_broken} then 'a line is no JSON'
            when {at} is null and {text} is not null
                then 'times such as ' || left({text}, 40)
                    || ' are not read: write ISO 8601, or a number since 1970, of the years 2000 to 2099'
        end""",
        is_broken=cells.is_broken(),
        at=at,
        text=readers.first_of(texts),
    )


class _Table:
    """Parquet and CSV files of one set of columns."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.numbers: dict[str, list[int]] = {}
        for number, name in enumerate(written_names(reading.head.columns), start=1):
            self.numbers.setdefault(name.lower(), []).append(number)

    def relation(self) -> Sql:
        paths, head = self.reading.paths, self.reading.head
        return (
            readers.parquet(paths, head.columns) if head.format == "parquet" else readers.csv(paths, head, strict=False)
        )

    def value(self, alias: str, is_time: bool) -> Sql | None:
        name, _, place = alias.partition("/")
        if found := self._cell(alias):
            cell, kind = found
            if is_time:
                return readers.time_of(cell, kind)
            return sql("nullif(trim({text}), '')", text=readers.text_of(cell, kind))
        if place and (found := self._cell(name)):
            cell, kind = found
            document = sql("try_cast({cell} as json)" if kind == "VARCHAR" else "to_json({cell})", cell=cell)
            text = readers.text_at(readers.decoded(document), f"/{place}")
            return readers.time_of_text(text) if is_time else text
        return None

    def _cell(self, name: str) -> tuple[Sql, str] | None:
        """A column and its type; of several with this name what they agree on, as text."""
        numbers = self.numbers.get(name.lower(), [])
        columns = self.reading.head.columns
        if len(numbers) == 1:
            return readers.column(numbers[0]), columns[numbers[0] - 1].type
        cells = {
            f"{name} (column {number})": readers.text_of(readers.column(number), columns[number - 1].type)
            for number in numbers
        }
        return (readers.agreed(cells), "VARCHAR") if cells else None

    def is_broken(self) -> Sql:
        return sql("false")

    def unread(self, unread: Unread) -> Sql | None:
        found = [
            sql(
                "case when {is_count} then {name} end",
                is_count=is_count(readers.text_of(readers.column(number), column.type)),
                name=column.name,
            )
            for number, column in enumerate(self.reading.head.columns, start=1)
            if unread.has(column.name)
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

    def is_broken(self) -> Sql:
        return sql("document is null")

    def unread(self, unread: Unread) -> Sql:
        # keys of the row, and of the objects in it in which APIs answer how much was used
        places = sql(
            """flatten(list_concat(
                [list_transform(json_keys(document), lambda key: [key, '/' || {key}])],
                list_transform({objects}, lambda place: list_transform(
                    coalesce(json_keys(document, '/' || place), []),
                    lambda key: [place || '/' || key, '/' || place || '/' || {key}]
                ))
            ))""",
            key=sql("replace(replace(key, '~', '~0'), '/', '~1')"),
            objects=list(USAGE_OBJECTS),
        )
        is_unread = unread.matches(sql("place[1]"), sql("json_extract_string(document, place[2])"))
        return sql(
            """nullif(
                array_to_string(
                    list_transform(list_filter({places}, lambda place: {is_unread}), lambda place: place[1]), ', '
                ),
                ''
            )""",
            places=places,
            is_unread=is_unread,
        )
