"""What people meet first, in the summary and in the report: what was spent, where that goes, and what to decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from ai_unit_economics.figures import UNKNOWN, change_of, money, percent

PRODUCTION = "production"
SPEND = "fct_spend_monthly"
FINDINGS = "fct_findings"
# So many findings are sentences at the top; the others are a table further down.
DEAREST = 5


@dataclass(frozen=True)
class Spend:
    """A month of the whole bill: the last complete one, else the newest so far."""

    currency: str
    period_start: date
    period_end: date
    is_complete: bool
    places: tuple[tuple[str, Decimal], ...]
    # the month before it, where that is complete too
    before: Decimal | None

    @property
    def total(self) -> Decimal:
        return sum((cost for _, cost in self.places), Decimal(0))

    @property
    def change(self) -> Decimal | None:
        return change_of(self.before, self.total)

    @property
    def month(self) -> str:
        return f"{self.period_start:%B %Y}"

    @property
    def direction(self) -> str:
        """`4.2 % more than the month before`, or why that is not known."""
        if not self.is_complete:
            return "the month is not billed as a whole yet"
        if self.before is None:
            return "the month before it is not billed as a whole"
        if self.change is None:
            return f"{money(self.before)} the month before"
        if percent(self.change) == percent(0):
            return "as much as the month before"
        return f"{percent(abs(self.change))} {'more' if self.change > 0 else 'less'} than the month before"


@dataclass(frozen=True)
class Finding:
    """A row of fct_findings."""

    finding_id: str
    kind: str
    environment: str | None
    workload: str | None
    sentence: str
    what_to_do: str
    amount_meaning: str
    is_saving: bool
    amount: Decimal | None
    low: Decimal | None
    high: Decimal | None
    currency: str
    evidence_mart: str
    evidence: dict[str, str]

    @property
    def amount_text(self) -> str:
        return UNKNOWN if self.amount is None else f"{money(abs(self.amount))} {self.currency}"

    @property
    def interval_text(self) -> str:
        if self.low is None or self.high is None:
            return ""
        low, high = sorted((self.low, self.high)) if not self.is_saving else sorted((-self.low, -self.high))
        return f"{money(low)} to {money(high)}"

    @property
    def evidence_text(self) -> str:
        where = " and ".join(f"{column} = '{value}'" for column, value in self.evidence.items())
        return f"{self.evidence_mart} where {where}"


def main_environment(connection: duckdb.DuckDBPyConnection) -> str:
    """Production, where there is one; else the environment that costs most."""
    found = connection.execute(
        """
        select environment
        from marts.fct_unit_economics_daily
        where cohort_dimension = 'all'
        group by environment
        order by environment = ? desc, sum(effective_cost) desc, environment
        limit 1
        """,
        [PRODUCTION],
    ).fetchone()
    return found[0] if found else PRODUCTION


def has_mart(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    return bool(
        connection.execute(
            "select 1 from information_schema.tables where table_schema = 'marts' and table_name = ?", [name]
        ).fetchone()
    )


def spend(connection: duckdb.DuckDBPyConnection) -> Spend | None:
    if not has_mart(connection, SPEND):
        return None
    month = connection.execute(
        """
        select period_start, period_end, bool_and(is_complete) as is_complete, any_value(currency)
        from marts.fct_spend_monthly
        group by period_start, period_end
        -- a month that holds charges ahead of the bill alone says nothing about what is spent
        order by is_complete desc, bool_or(has_begun) desc, period_start desc
        limit 1
        """
    ).fetchone()
    if month is None:
        return None
    period_start, period_end, is_complete, currency = month
    places = connection.execute(
        "select place, effective_cost from marts.fct_spend_monthly where period_start = ? and effective_cost != 0 "
        "order by place like '(%', effective_cost desc, place",
        [period_start],
    ).fetchall()
    (before,) = connection.execute(
        "select sum(effective_cost) from marts.fct_spend_monthly where period_end = ? and is_complete", [period_start]
    ).fetchone()
    return Spend(currency, period_start, period_end, is_complete, tuple(places), before if is_complete else None)


def findings(connection: duckdb.DuckDBPyConnection, environment: str) -> list[Finding]:
    """What concerns an environment, or all of them, dearest first."""
    if not has_mart(connection, FINDINGS):
        return []
    rows = connection.execute(
        """
        select
            finding_id, finding_kind, environment, workload, sentence, what_to_do, amount_meaning, is_saving,
            amount_per_month, amount_per_month_low, amount_per_month_high, currency, evidence_mart, evidence
        from marts.fct_findings
        where environment is null or environment = ?
        order by finding_rank
        """,
        [environment],
    ).fetchall()
    return [Finding(*row) for row in rows]


def dearest(found: list[Finding]) -> list[Finding]:
    """The findings that cost most: what to decide first."""
    return [finding for finding in found if finding.amount is not None and finding.amount > 0][:DEAREST]


def best_saving(found: list[Finding]) -> Finding | None:
    """The change that saved most: a day on which less was spent by chance is none."""
    return next((finding for finding in found if finding.kind == "change_cheaper"), None)
