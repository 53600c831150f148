"""DuckDB's readers, told everything: what they read as rows of named columns, without a guess.

Each function gives SQL in parentheses that can stand behind `from`. It has the column `source_file`, mostly
`source_row` (from 1, in the order of the file), and those that it is asked for. Names of a file's own columns never
become SQL: the columns of a table are numbered `c1`, `c2`, …, and keys of JSON are values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ai_unit_economics.landing.heads import Column, Head
from ai_unit_economics.sql import Sql, file_names, identifier, joined, sql

# What a line of JSON may hold at first; where a line is longer, the reader is asked again with more (load.py).
JSON_BYTES = 1 << 20
LINE_BYTES = 1 << 24
# DuckDB would take sixteen lines of the longest; a small machine has no 256 MiB for a file of 3 MB.
BUFFER_BYTES = 2 * LINE_BYTES


def column(number: int) -> Sql:
    """The name that the `number`th column of a table is read under, counted from 1."""
    return identifier(f"c{number}")


def parquet(paths: Sequence[str], columns: Sequence[Column]) -> Sql:
    """Parquet files of one schema."""
    return sql(
        """(
            select * exclude (file_row_number), file_row_number + 1 as source_row
            from read_parquet(
                {files}, filename = 'source_file', file_row_number = true, hive_partitioning = false,
                binary_as_string = true
            ) as table_of_file ({names})
        )""",
        files=file_names(paths),
        names=joined(column(number) for number in range(1, len(columns) + 1)),
    )


def csv(paths: Sequence[str], head: Head, *, strict: bool, is_numbered: bool = True, encoding: str = "utf-8") -> Sql:
    """CSV files of one dialect and header, every cell as text.

    Args:
        strict: a row with fewer or more cells than the header stops the reader; else it is null in every column, as
        half a
            line at the end of a file is, so that it can be counted.
        is_numbered: whether rows have a `source_row`, which costs a pass on one thread.
        encoding: as DuckDB names it, utf-8, utf-16 or latin-1.
    """
    last = column(len(head.columns))
    numbered = [column(number) for number in range(1, len(head.columns) + 1)]
    cells = (
        numbered
        if strict
        else [sql("case when {last} is not null then {cell} end as {cell}", last=last, cell=cell) for cell in numbered]
    )
    rows = sql(
        """
        read_csv(
            {files}, columns = {columns}, auto_detect = false, header = {has_header}, delim = {delimiter}, quote = '"',
            escape = {escape}, nullstr = {null}, null_padding = {lenient}, strict_mode = {strict}, parallel = {strict},
            compression = {compression}, encoding = {encoding}, filename = 'source_file', hive_partitioning = false,
            max_line_size = {line_bytes}, buffer_size = {buffer_bytes}
        )
        """,
        files=file_names(paths),
        columns={f"c{number}": "VARCHAR" for number in range(1, len(head.columns) + 1)},
        has_header=head.has_header,
        delimiter=head.delimiter,
        escape=head.escape,
        null="" if strict else "\x01",
        lenient=not strict,
        strict=strict,
        compression=head.packing or "none",
        encoding=encoding,
        line_bytes=LINE_BYTES,
        buffer_bytes=BUFFER_BYTES,
    )
    if not is_numbered:
        return sql("(select {cells}, source_file from {rows})", cells=joined(cells), rows=rows)
    return sql("(select {cells}, source_file, source_row from {rows})", cells=joined(cells), rows=_numbered(rows))


def _numbered(rows: Sql) -> Sql:
    """Rows that come in the order of their files, with their place in the file. They stream by: no sort, no memory."""
    return sql(
        """(
            select
                * exclude (place, file_begins), place - max(file_begins) over (rows unbounded preceding) as source_row
            from (
                select
                    *,
                    row_number() over () as place,
                    case when lag(source_file) over () is distinct from source_file then row_number() over () - 1 end
                        as file_begins
                from {rows}
            )
        )""",
        rows=rows,
    )


def json_values(paths: Sequence[str], head: Head, *, largest: int = JSON_BYTES) -> Sql:
    """A JSON value a row, as `document`: of lines each line, else each file; null where it is no JSON."""
    is_lines = head.format == "json_lines"
    rows = sql(
        """(
            select filename as source_file, json as document
            from read_json_objects(
                {files}, format = {layout}, ignore_errors = {is_lines}, filename = true,
                maximum_object_size = {largest},
                compression = {compression}, hive_partitioning = false
            )
        )""",
        files=file_names(paths),
        layout="newline_delimited" if is_lines else "unstructured",
        is_lines=is_lines,
        largest=largest,
        compression=head.packing or "none",
    )
    return _numbered(rows)


def json_struct(
    paths: Sequence[str],
    head: Head,
    columns: Mapping[str, str],
    *,
    is_numbered: bool = False,
    largest: int = JSON_BYTES,
) -> Sql:
    """JSON lines with keys of a known structure as columns of these types: what nests deeply is read at once.

    Args:
        columns: by key the type, such as `{"resourceSpans": "struct(…)[]"}`; ours, and no file's.
    """
    rows = sql(
        """(
            select * rename (filename as source_file)
            from read_json(
                {files}, columns = {columns}, format = 'newline_delimited', ignore_errors = true, filename = true,
                maximum_object_size = {largest}, compression = {compression}, hive_partitioning = false
            )
        )""",
        files=file_names(paths),
        columns=dict(columns),
        largest=largest,
        compression=head.packing or "none",
    )
    return _numbered(rows) if is_numbered else rows


def lines(paths: Sequence[str], head: Head) -> Sql:
    """The lines of a text as they are, as `line`."""
    return sql(
        """(
            select source_file, line
            from read_csv(
                {files}, columns = {columns}, header = false, auto_detect = false,
                delim = '\x01', quote = '', escape = '', strict_mode = false,
                max_line_size = {line_bytes}, buffer_size = {buffer_bytes},
                compression = {compression}, filename = 'source_file',
                hive_partitioning = false
            )
        )""",
        files=file_names(paths),
        columns={"line": "VARCHAR"},
        line_bytes=LINE_BYTES,
        buffer_bytes=BUFFER_BYTES,
        compression=head.packing or "none",
    )


def text_of(cell: Sql, kind: str) -> Sql:
    """A column of a table as text, whatever its type: what nests as JSON, a float by the digits that somebody wrote."""
    if kind == "VARCHAR":
        return cell
    if kind in ("DOUBLE", "FLOAT"):
        # Behind its precision a float has digits that nobody wrote: eighteen decimals are what it says.
        return sql(
            """case
                when length(cast({cell} as varchar)) > 17
                    then coalesce(
                        cast(try_cast(cast({cell} as varchar) as decimal(38, 18)) as varchar), cast({cell} as varchar)
                    )
                else cast({cell} as varchar)
            end""",
            cell=cell,
        )
    if "(" in kind.removeprefix("DECIMAL(") or "[" in kind or kind == "JSON":
        return sql("cast(to_json({cell}) as varchar)", cell=cell)
    return sql("cast({cell} as varchar)", cell=cell)


def first_of(values: Iterable[Sql]) -> Sql:
    """The first that has a value; null where there is none to choose from."""
    given = list(values)
    return sql("coalesce({values})", values=joined(given)) if given else sql("null")


def agreed(cells: Mapping[str, Sql]) -> Sql:
    """What columns of one meaning say, by their names: the first that has a value; where two differ, the reader stops.

    Two spellings of a number or a time are one value.
    """
    if len(cells) == 1:
        return next(iter(cells.values()))
    given = [
        sql("case when trim({cell}) not in ('', 'NULL', 'null', '\\N') then {cell} end", cell=cell)
        for cell in cells.values()
    ]
    compared = joined(
        sql(
            """coalesce(
                cast(try_cast({cell} as decimal(38, 18)) as varchar),
                cast(try_cast({cell} as timestamptz) as varchar),
                trim({cell})
            )""",
            cell=cell,
        )
        for cell in given
    )
    return sql(
        """case
            when len(list_distinct([{compared}])) > 1 then error({names} || cast(source_row as varchar) || {way_out})
            else {first}
        end""",
        compared=compared,
        names=f"its columns {' and '.join(cells)} mean the same, and differ in row ",
        way_out=": leave out the one that is wrong, or give it another name",
        first=first_of(given),
    )


def number_of(text: Sql) -> Sql:
    """A text as a float; null where it is none. DuckDB alone reads `1_000` as 1000."""
    return sql("case when not contains({text}, '_') then try_cast({text} as double) end", text=text)


def time_of(cell: Sql, kind: str) -> Sql:
    """A column that holds a time, as a UTC timestamp; null where it cannot be read, or is of no year from 2000 to 2099.

    A text is ISO 8601, of UTC where it names no zone, or a number; the size of a number tells whether it counts
    seconds, milliseconds, microseconds or nanoseconds since 1970.
    """
    if kind == "TIMESTAMP WITH TIME ZONE":
        given = sql("({cell} at time zone 'UTC')", cell=cell)
    elif kind.startswith("TIMESTAMP") or kind == "DATE":
        given = sql("cast({cell} as timestamp)", cell=cell)
    elif kind == "VARCHAR":
        return time_of_text(cell)
    else:
        return time_of_number(
            sql("try_cast({cell} as double)", cell=cell), exact=sql("try_cast({cell} as hugeint)", cell=cell)
        )
    return sql("case when year({given}) between 2000 and 2099 then {given} end", given=given)


def time_of_text(text: Sql) -> Sql:
    """A time that is written out, or a number since 1970."""
    zone = sql("try_cast({text} as timestamptz) at time zone 'UTC'", text=text)
    spaced = sql(
        r"try_cast(regexp_replace({text}, ' ([+-]\d\d:?\d\d)$', '\1') as timestamptz) at time zone 'UTC'", text=text
    )
    return sql(
        """coalesce(
            case when year({zone}) between 2000 and 2099 then {zone} end,
            {number},
            case when year({spaced}) between 2000 and 2099 then {spaced} end
        )""",
        zone=zone,
        spaced=spaced,
        number=time_of_number(number_of(text), exact=sql("try_cast({text} as hugeint)", text=text)),
    )


def time_of_number(number: Sql, exact: Sql | None = None) -> Sql:
    """A number since 1970 by its size; `exact` is the same as an integer, for nanoseconds that a float rounds."""
    whole = exact or sql("cast({number} as hugeint)", number=number)
    return sql(
        """case
            when {number} between 946684800 and 4102444799.999999
                then make_timestamp(cast(round({number} * 1000000) as bigint))
            when {number} between 946684800000 and 4102444799999
                then make_timestamp(cast(round({number} * 1000) as bigint))
            when {number} between 946684800000000 and 4102444799999999
                then make_timestamp(cast(coalesce({whole}, cast({number} as hugeint)) as bigint))
            when {number} between 946684800000000000 and 4102444799999999999
                then make_timestamp(cast(coalesce({whole}, cast({number} as hugeint)) // 1000 as bigint))
        end""",
        number=number,
        whole=whole,
    )


def decoded(document: Sql) -> Sql:
    """A JSON value; where it is a text of JSON, which an exporter has encoded once more, the value that it holds."""
    return sql(
        """case
            when json_type({document}) = 'VARCHAR' then try_cast(json_extract_string({document}, '$') as json)
            else {document}
        end""",
        document=document,
    )


def text_at(document: Sql, *pointers: str) -> Sql:
    """The first of these places in a JSON value that holds anything, as text; a place is a pointer, `/usage/tokens`."""
    return first_of(
        sql("nullif(trim(json_extract_string({document}, {pointer})), '')", document=document, pointer=pointer)
        for pointer in pointers
    )
