"""A month as one balanced batch of double entry for the general ledger."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ai_unit_economics.books.closing import next_month_of
from ai_unit_economics.statements.content import Month, StatementError
from ai_unit_economics.statements.files import csv_text

HEADER = ("batch", "posting_date", "line", "account", "owner", "cost_origin", "debit", "credit", "currency", "text")


@dataclass(frozen=True)
class Entry:
    """A line of the journal; `amount` is a debit, and below 0 a credit."""

    account: str
    owner: str
    cost_origin: str
    amount: Decimal
    text: str


def batch_of(month: Month) -> str:
    """The same for the same closing, so that a ledger can refuse what it has."""
    return f"{month.period}-{month.closing_hash[:16]}" if month.closing_hash else f"{month.period}-DRAFT"


def entries(month: Month) -> list[Entry]:
    """What owners bear, by account, and against it what the cloud's bill is cleared by; they sum to 0.

    Raises:
        StatementError: there is no account for one of them.
    """
    sums: dict[tuple[str, str, str, str], Decimal] = defaultdict(Decimal)
    for line in month.lines:
        cost, correction = f"cost of {month.period}", "adjustment of earlier months"
        for account, amount, text in (
            (line.account, line.cost, cost),
            (line.adjustment_account, line.adjustment, correction),
        ):
            if amount and not account:
                raise StatementError(
                    f"seeds/config/journal_accounts.csv has no account for {text} of {line.owner}, "
                    f"{line.cost_origin}: add a row with entry cost and nothing in owner and cost_origin, and build"
                )
            if amount:
                sums[text, line.owner, account, line.cost_origin] += amount
    found = [
        Entry(account, owner, cost_origin, amount, text)
        for (text, owner, account, cost_origin), amount in sorted(sums.items(), key=lambda item: _order(item[0]))
        if amount
    ]
    if total := sum((entry.amount for entry in found), Decimal(0)):
        if not month.clearing_account:
            raise StatementError(
                "seeds/config/journal_accounts.csv has no row with entry clearing: add the account where the bills wait"
            )
        found.append(Entry(month.clearing_account, "", "", -total, f"bills of {month.period}"))
    return found


def _order(key: tuple[str, str, str, str]) -> tuple[bool, tuple[str, str, str, str]]:
    return key[0].startswith("adjustment"), key


def journal_text(month: Month) -> str:
    last_day = next_month_of(month.start) - timedelta(days=1)
    return csv_text(
        HEADER,
        (
            (
                *(batch_of(month), last_day, number, entry.account, entry.owner, entry.cost_origin),
                *(max(entry.amount, Decimal("0.00")), max(-entry.amount, Decimal("0.00")), month.currency, entry.text),
            )
            for number, entry in enumerate(entries(month), 1)
        ),
    )
