"""What is open in a month when it is signed, with its money: no deployment found, nobody watched, rules broken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from ai_unit_economics.sql import Sql, sql


@dataclass(frozen=True)
class Finding:
    """A sum that a person should know of before they sign.

    Attributes:
        name: what is open.
        amount: its money.
        total: the money of the month.
        currency: of both.
        limit: the largest share of the month that needs no acceptance.
    """

    name: str
    amount: Decimal
    total: Decimal
    currency: str
    limit: Decimal

    @property
    def share(self) -> Decimal:
        return abs(self.amount) / self.total if self.total else Decimal(bool(self.amount))

    @property
    def is_beyond_limit(self) -> bool:
        return self.share > self.limit

    @property
    def line(self) -> str:
        return (
            f"{self.name} is {self.amount:.2f} {self.currency}, {self.share:.1%} of the month, "
            f"and the limit is {self.limit:.1%}"
        )

    def as_text(self) -> dict[str, str]:
        """As the record keeps it."""
        return {
            "name": self.name,
            "amount": f"{self.amount:.2f}",
            "currency": self.currency,
            "share": f"{self.share:.2%}",
            "limit": f"{self.limit:.2%}",
        }


def findings_of(connection: duckdb.DuckDBPyConnection, relation: Sql, month: date) -> list[Finding]:
    """The findings of a month, by name, from `int_books__open_findings`."""
    query = sql(
        "select finding, amount, month_cost, currency, share_limit from {relation} where charge_month = {month} "
        "order by finding",
        relation=relation,
        month=month,
    )
    return [Finding(*row) for row in connection.execute(query.text).fetchall()]
