"""What a month's statements say, in cents: read from the marts, rounded once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import duckdb

from ai_unit_economics.statements.rounding import divided, rounded

UNOWNED = "(unowned)"
LINE_KEY = ("owner", "cost_origin", "deployment_id", "origin_pool")


class StatementError(Exception):
    """There is no such statement; the text says why and what to do."""


@dataclass(frozen=True)
class Line:
    """What an owner pays of a deployment, for one reason.

    Attributes:
        cost: of the month, in cents.
        adjustment: what is booked in the month of months that were closed before, in cents.
        previous: cost of the month before, in cents; none where the data begin with this month.
    """

    owner: str
    environment: str | None
    workload: str | None
    deployment_id: str
    cost_origin: str
    origin_pool: str
    method: str | None
    matched_by: str | None
    cost: Decimal
    adjustment: Decimal
    previous: Decimal | None
    account: str | None
    adjustment_account: str | None

    @property
    def place(self) -> str:
        return self.workload or self.deployment_id


@dataclass(frozen=True)
class Adjustment:
    """A change of a closed month, as far as one owner pays for it."""

    owner: str
    closed_month: date
    deployment_id: str
    cause: str
    reference: str
    amount: Decimal


@dataclass(frozen=True)
class Month:
    """All statements of a month."""

    start: date
    currency: str
    is_complete: bool
    is_closed: bool
    closed_by: str | None
    closed_at: datetime | None
    closing_hash: str | None
    clearing_account: str | None
    lines: tuple[Line, ...]
    adjustments: tuple[Adjustment, ...]

    @property
    def period(self) -> str:
        return f"{self.start:%Y-%m}"

    @property
    def basis(self) -> str:
        return "chargeback" if self.is_closed else "showback"

    @property
    def owners(self) -> list[str]:
        """By name, and what nobody has agreed to pay at the end."""
        return sorted({line.owner for line in self.lines}, key=lambda owner: (owner == UNOWNED, owner))


def read_month(connection: duckdb.DuckDBPyConnection, start: date) -> Month:
    """The statements of the month that begins on `start`.

    Raises:
        StatementError: the marts are not there, or have no such month.
    """
    found = _rows(connection, "select * from marts.fct_owner_statements_monthly where period_start = ?", start)
    if not found:
        months = _rows(connection, "select distinct period_start from marts.fct_owner_statements_monthly order by 1")
        known = ", ".join(f"{row['period_start']:%Y-%m}" for row in months) or "no month"
        raise StatementError(f"{start:%Y-%m} has no statements; the marts have {known}")
    keyed = {tuple(row[name] for name in LINE_KEY): row for row in found}
    costs = _cents(keyed, "effective_cost")
    corrections = _cents(keyed, "adjustment_cost")
    has_month_before = found[0]["previous_cost"] is not None
    before = _cents(keyed, "previous_cost") if has_month_before else {}
    names = ("environment", "workload", "method", "matched_by", "account", "adjustment_account")
    lines = [
        Line(
            **dict(zip(LINE_KEY, key, strict=True)),
            **{name: row[name] for name in names},
            cost=costs[key],
            adjustment=corrections[key],
            previous=before.get(key),
        )
        for key, row in keyed.items()
    ]
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        owed[line.owner] += line.adjustment
    first = found[0]
    return Month(
        start=start,
        lines=tuple(sorted(lines, key=_order)),
        adjustments=tuple(_adjustments(connection, start, owed)),
        **{
            name: first[name]
            for name in (
                *("currency", "is_complete", "is_closed", "closed_by", "closed_at"),
                *("closing_hash", "clearing_account"),
            )
        },
    )


def _order(line: Line) -> tuple:
    return line.owner, line.place, line.deployment_id, -line.cost, line.cost_origin, line.origin_pool


def _cents(rows: Mapping[tuple, dict], column: str) -> dict[tuple, Decimal]:
    """The month's cents over owners, an owner's over cost origins, and those over lines: every sum holds."""
    amounts = {key: row[column] for key, row in rows.items()}
    cents = {(): rounded(sum(amounts.values(), Decimal(0)))}
    for of, length in ((0, 1), (1, 2), (2, len(LINE_KEY))):
        parts: dict[tuple, dict[tuple, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for key, amount in amounts.items():
            parts[key[:of]][key[:length]] += amount
        cents = {part: cent for whole in parts for part, cent in divided(parts[whole], cents[whole]).items()}
    return cents


def _adjustments(
    connection: duckdb.DuckDBPyConnection, start: date, owed: Mapping[str, Decimal]
) -> Iterable[Adjustment]:
    """By what they are about; the cents of an owner's are those of their statement."""
    found = _rows(
        connection,
        "select owner, closed_month, deployment_id, cause, reference, sum(effective_cost) as amount "
        "from marts.fct_owner_adjustments where booked_month = ? group by all order by all",
        start,
    )
    amounts: dict[str, dict[tuple, Decimal]] = defaultdict(dict)
    for row in found:
        *key, amount = row.values()
        amounts[row["owner"]][tuple(key)] = amount
    for owner, parts in amounts.items():
        yield from (Adjustment(*key, amount=cent) for key, cent in divided(parts, owed[owner]).items())


def _rows(connection: duckdb.DuckDBPyConnection, query: str, *parameters: object) -> list[dict]:
    try:
        found = connection.execute(query, list(parameters))
    except duckdb.CatalogException:
        raise StatementError(
            "the database has no fct_owner_statements_monthly: run dbt build, and make publish where you publish, "
            "with this version of the project"
        ) from None
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
