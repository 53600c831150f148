"""CSV as a spreadsheet reads it, and owners as names of files."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

# A cell that begins so is a formula to a spreadsheet, whoever wrote it
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Numbers as they are; text with an apostrophe before what a spreadsheet would compute."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_SIGNS) else text


def file_name(owner: str) -> str:
    """An owner as the name of a file: what may not stand in one is a hyphen, and then a hash tells names apart."""
    plain = re.sub(r"[^\w-]+", "-", owner, flags=re.ASCII).strip("-").lower()
    if plain == owner or owner == f"({plain})":
        return plain
    return f"{plain or 'owner'}-{hashlib.sha256(owner.encode()).hexdigest()[:6]}"
