"""A statement as one HTML file: everything inline, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.figures import money, percent, signed
from ai_unit_economics.statements.content import UNOWNED, Adjustment, Line, Month
from ai_unit_economics.statements.files import csv_text

CAUSES = {
    "late_charge": "charges that came late, or were corrected",
    "meter_change": "counters or requests of the day",
    "rule_change": "rules of allocation",
    "method_change": "method",
    "several": "several at once",
    "owner_change": "who pays",
}
ORIGINS = tuple(COST_ORIGINS.items())
CSV_HEADER = (
    *("month", "owner", "environment", "workload", "deployment", "cost_origin", "origin_pool", "method", "matched_by"),
    *("cost", "adjustment", "total", "cost_of_month_before", "currency", "basis", "signed_by", "signed_at"),
)


@dataclass(frozen=True)
class Statement:
    """What one owner pays."""

    month: Month
    owner: str

    @property
    def lines(self) -> list[Line]:
        return [line for line in self.month.lines if line.owner == self.owner]

    @property
    def workloads(self) -> list[tuple[str, list[Line]]]:
        """The lines by workload, or by the line of the ledger that has none; with lines of the month before."""
        shown = [line for line in self.lines if line.cost or line.previous]
        return [(name, list(lines)) for name, lines in groupby(shown, key=lambda line: line.place)]

    @property
    def adjustments(self) -> list[Adjustment]:
        return [adjustment for adjustment in self.month.adjustments if adjustment.owner == self.owner]

    @property
    def changes(self) -> list[tuple[tuple[date, str, str], list[Adjustment]]]:
        """The adjustments of a cent or more, by month, cause and what is behind it."""
        shown = sorted((one for one in self.adjustments if one.amount), key=_change)
        return [(change, list(adjustments)) for change, adjustments in groupby(shown, key=_change)]

    @property
    def cost(self) -> Decimal:
        return cost_of(self.lines)

    @property
    def adjustment(self) -> Decimal:
        return sum((line.adjustment for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        return self.cost + self.adjustment

    @property
    def previous(self) -> Decimal | None:
        return previous_of(self.lines)

    @property
    def origins(self) -> list[tuple[str, Decimal]]:
        sums = [(words, cost_of(line for line in self.lines if line.cost_origin == name)) for name, words in ORIGINS]
        return [(words, amount) for words, amount in sums if amount]

    @property
    def unobserved(self) -> Decimal:
        return cost_of(line for line in self.lines if line.cost_origin == "unobserved")


def _change(adjustment: Adjustment) -> tuple[date, str, str]:
    return adjustment.closed_month, adjustment.cause, adjustment.reference


def cost_of(lines: Iterable[Line]) -> Decimal:
    return sum((line.cost for line in lines), Decimal(0))


def previous_of(lines: Iterable[Line]) -> Decimal | None:
    known = [line.previous for line in lines if line.previous is not None]
    return sum(known, Decimal(0)) if known else None


def change(now: Decimal, before: Decimal | None) -> str:
    """By how much a cost moved; what was nothing before has no rate."""
    if before is None or (not before and not now):
        return ""
    return signed(now / before - 1) if before > 0 else "new"


def render(month: Month, owner: str) -> str:
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader("ai_unit_economics.statements", "."), PackageLoader("ai_unit_economics.report", ".")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(money=money, percent=percent)
    return environment.get_template("statement.html.j2").render(
        month=month,
        statement=Statement(month, owner),
        is_unowned=owner == UNOWNED,
        all_cost=cost_of(month.lines),
        unowned=Statement(month, UNOWNED).cost,
        origins=COST_ORIGINS,
        causes=CAUSES,
        cost_of=cost_of,
        previous_of=previous_of,
        change=change,
    )


def statement_csv(month: Month, owner: str) -> str:
    """The lines of the page, one a row, to be added up in a spreadsheet."""
    return csv_text(
        CSV_HEADER,
        (
            (
                *(month.period, line.owner, line.environment, line.workload, line.deployment_id, line.cost_origin),
                *(line.origin_pool, line.method, line.matched_by, line.cost, line.adjustment),
                *(line.cost + line.adjustment, line.previous, month.currency, month.basis),
                *(month.closed_by, month.closed_at),
            )
            for line in Statement(month, owner).lines
        ),
    )
