"""What a closing keeps: marts as they were signed, and what they were made from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ai_unit_economics.sql import Sql, identifier, joined, sql


@dataclass(frozen=True)
class Kept:
    """A table of the books.

    Attributes:
        name: its name in the books.
        model: the dbt model whose rows are signed.
        starts: the column with the day, or first day, of a row; empty where all rows are kept.
        ends: the column with the day after a row's period, where a period is no part of one month.
        without: columns that say something about the books, which the books do not repeat.
    """

    name: str
    model: str
    starts: str = ""
    ends: str = ""
    without: tuple[str, ...] = ()

    def rows_of(self, relation: Sql, month: date, next_month: date, first_month: date) -> Sql:
        """The rows that closing `month` signs; a period is signed with the month in which it ends."""
        without = sql("")
        if self.without:
            without = sql(" exclude ({names})", names=joined(map(identifier, self.without)))
        condition = sql("true")
        if self.ends:
            condition = sql(
                "{ends} > {month} and {ends} <= {next_month} and {starts} >= {first_month}",
                ends=identifier(self.ends),
                starts=identifier(self.starts),
                month=month,
                next_month=next_month,
                first_month=first_month,
            )
        elif self.starts:
            condition = sql(
                "{starts} >= {month} and {starts} < {next_month}",
                starts=identifier(self.starts),
                month=month,
                next_month=next_month,
            )
        return sql(
            "(select *{without} from {relation} where {condition})",
            without=without,
            relation=relation,
            condition=condition,
        )


LEDGER = Kept("ledger", "fct_deployment_costs_daily", "date_day")
ADJUSTMENTS = Kept("adjustments", "fct_cost_adjustments", "booked_month", without=("is_closed",))
SIGNED = (
    LEDGER,
    ADJUSTMENTS,
    Kept("owner_costs_daily", "int_books__owner_costs_daily", "date_day"),
    Kept("owner_adjustments", "fct_owner_adjustments", "booked_month", without=("is_closed",)),
    Kept("unit_costs_daily", "fct_unit_costs_daily", "date_day"),
    Kept("cohorts_daily", "int_books__cohorts_daily", "date_day"),
    Kept("unit_economics", "int_books__unit_economics", "period_start", "period_end", without=("is_closed",)),
)
# By what the causes of later differences are told: as of the latest closing, for all that is closed.
INPUTS = (
    Kept("charge_days", "int_books__charge_days"),
    Kept("meter_days", "int_books__meter_days"),
    Kept("seed_rows", "int_books__seed_rows"),
    Kept("methods", "int_books__methods"),
)
TABLES = {table.name: table for table in (*SIGNED, *INPUTS)}
