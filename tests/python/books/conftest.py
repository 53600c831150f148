"""A database that looks like one that dbt built, with a month or two in it: what `close` reads, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from ai_unit_economics.books.records import read_records
from ai_unit_economics.publishing import Build

BUILD = Build("build-1", datetime(2026, 8, 6, 4, 0), ())
COSTS = """
    create table marts.fct_deployment_costs_daily as
    select * from (values
        (date '2026-07-01', 'aws', 'chat', 1.5::decimal(38, 18)),
        (date '2026-07-31', 'aws', 'code', 0.000000000000000001),
        (date '2026-08-01', 'aws', 'chat', 2)
    ) as rows (date_day, source, deployment_id, effective_cost)
"""
OTHERS = """
    create table marts.fct_unit_costs_daily as
        select date_day, deployment_id, 7 as units from marts.fct_deployment_costs_daily;
    create table intermediate.int_books__owner_costs_daily as
        select *, 'team' as owner from marts.fct_deployment_costs_daily;
    create table intermediate.int_books__cohorts_daily as from marts.fct_unit_costs_daily;
    create table intermediate.int_books__unit_economics as
        select * from (values
            ('day', date '2026-07-01', date '2026-07-02', 0.5::double, false),
            ('day', date '2026-08-01', date '2026-08-02', 0.5::double, false),
            ('week', date '2026-06-29', date '2026-07-06', 1, false),
            ('week', date '2026-07-06', date '2026-07-13', 1, false),
            ('week', date '2026-07-27', date '2026-08-03', 1, false),
            ('month', date '2026-07-01', date '2026-08-01', 1, false)
        ) as rows (grain, period_start, period_end, telemetry_coverage, is_closed);
    create table marts.fct_cost_adjustments (
        booked_month date, closed_month date, effective_cost decimal(38, 18), is_closed boolean
    );
    create table marts.fct_owner_adjustments as select *, 'team' as owner from marts.fct_cost_adjustments;
    create table intermediate.int_books__charge_days as
        select date '2026-07-01' as date_day, 'f' as fingerprint, ['a: 1'] as file_costs;
    create table intermediate.int_books__meter_days as select date '2026-07-01' as date_day, 'f' as fingerprint;
    create table intermediate.int_books__seed_rows as select 'cost_rules' as seed_name, '{}' as seed_row;
    create table intermediate.int_books__methods as select 'signed' as closed_months;
    create table intermediate.int_books__closable_months as
        select * from (values
            (date '2026-07-01', 'aws', true, 'it has arrived'),
            (date '2026-08-01', 'aws', false, 'its charges end on 2026-08-02'),
            (date '2026-09-01', 'aws', true, 'it has arrived')
        ) as rows (charge_month, source, is_final, reason);
    create table intermediate.int_books__open_findings as
        select
            date '2026-07-01' as charge_month, 'unallocated' as finding, 1::decimal(38, 18) as amount,
            100::decimal(38, 18) as month_cost, 'USD' as currency, 0.02::decimal(9, 6) as share_limit;
    create table intermediate.int_books__records (number bigint, record_hash varchar);
"""


class World:
    """A built database and its books."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "warehouse.duckdb"
        self.books = folder / "books"
        self.run("create schema marts; create schema intermediate;" + COSTS + ";" + OTHERS)

    def run(self, statements: str) -> None:
        with duckdb.connect(str(self.database)) as connection:
            connection.execute(statements)

    def connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.database), read_only=True)

    def rebuild(self) -> None:
        """What `int_books__records` does at the next build."""
        with duckdb.connect(str(self.database)) as connection:
            records = read_records(connection, str(self.books))
            connection.execute("delete from intermediate.int_books__records")
            for record in records:
                connection.execute(
                    "insert into intermediate.int_books__records values (?, ?)", [record.number, record.hash]
                )

    def files(self) -> dict[str, bytes]:
        """All that lies in the books, but for the lock."""
        return {
            str(file.relative_to(self.books)): file.read_bytes()
            for file in sorted(self.books.rglob("*"))
            if file.is_file() and file.name != ".lock"
        }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def refused() -> Callable[..., str]:
    """Calls something that must fail with one line, and gives the line."""
    from ai_unit_economics.books.records import BooksError

    def call(function: Callable, *arguments: object, **named: object) -> str:
        with pytest.raises(BooksError) as caught:
            function(*arguments, **named)
        line = str(caught.value)
        assert "\n" not in line
        return line

    return call
