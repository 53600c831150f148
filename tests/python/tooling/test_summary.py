"""The summary against a warehouse of a few rows, with amounts worked out by hand."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from rich.console import Console

from ai_unit_economics import opening
from ai_unit_economics.cli import main
from ai_unit_economics.summary import (
    MissingMartError,
    Reconciliation,
    latest_complete_day,
    lines_by_tier,
    lines_by_workload,
    print_summary,
    reconciliation_line,
    reconciliations,
    signs_of_trouble,
    total,
)
from tests.python.openings import FINDINGS, SPEND

COLUMNS = """
    period_start date, is_complete boolean, environment varchar, workload varchar, cohort_dimension varchar,
    cohort varchar, unit varchar, units hugeint, usage_cost decimal(38, 18), unused_commitment_cost decimal(38, 18),
    idle_cost decimal(38, 18), shared_cost decimal(38, 18), effective_cost decimal(38, 18), null_reason varchar,
    currency varchar
"""
# What a test sets after it has inserted rows of the columns above.
LATER_COLUMNS = """
    unobserved_cost decimal(38, 18) default 0, uncounted_cost decimal(38, 18) default 0,
    counted_cost decimal(38, 18) generated always as (effective_cost - uncounted_cost)
"""
NAMES = re.findall(r"([a-z_]+) (?:date|boolean|varchar|hugeint|decimal)", COLUMNS)
INSERT = f"insert into marts.fct_unit_economics_daily ({', '.join(NAMES)}) values"
ROWS = """
    ('2026-09-02', true, 'production', 'chat', 'all', 'all', 'output_token', 4000000, 12, 1, 4, 3, 20, null, 'USD'),
    ('2026-09-02', true, 'production', 'search', 'all', 'all', 'output_token', 0, 2, 0, 0, 0, 2, 'no_units', 'USD'),
    ('2026-09-02', true, 'production', 'chat', 'all', 'all', 'input_token', 9, 100, 0, 0, 0, 100, null, 'USD'),
    ('2026-09-02', true, 'production', 'chat', 'customer_tier', 'free', 'output_token',
        3000000, 8, 1, 3, 3, 15, null, 'USD'),
    ('2026-09-02', true, 'production', 'chat', 'customer_tier', 'pro', 'output_token',
        1000000, 4, 0, 1, 0, 5, null, 'USD'),
    ('2026-09-02', true, 'production', 'search', 'customer_tier', 'pro', 'output_token',
        0, 2, 0, 0, 0, 2, 'no_units', 'USD'),
    ('2026-09-03', true, 'production', 'chat', 'all', 'all', 'output_token', 1, 1, 0, 0, 0, 1, null, 'USD'),
    ('2026-09-03', false, 'production', 'search', 'all', 'all', 'output_token', 1, 1, 0, 0, 0, 1, null, 'USD'),
    ('2026-09-04', false, 'production', 'chat', 'all', 'all', 'output_token', 1, 1, 0, 0, 0, 1, null, 'USD')
"""


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(f"""
            create schema marts;
            create table marts.fct_unit_economics_daily ({COLUMNS}, {LATER_COLUMNS});
            {INSERT} {ROWS};
            create table marts.fct_focus_conformance (
                source varchar, rule_id varchar, violating_count bigint, touched_cost decimal(38, 18),
                is_sign_of_trouble boolean
            );
            create table marts.fct_telemetry_quality (
                folder varchar, issue varchar, affected_rows bigint, is_fault boolean
            );
            create table marts.fct_cost_reconciliation (
                source varchar, billing_period_start date, currency varchar,
                effective_cost_in decimal(38, 18), effective_cost_out decimal(38, 18), difference decimal(38, 18)
            );
            insert into marts.fct_cost_reconciliation values
                ('aws', '2026-08-01', 'USD', 10.5, 10.5, 0),
                ('aws', '2026-09-01', 'USD', 0.000000000000000001, 0.000000000000000001, 0),
                ('azure', '2026-09-01', 'EUR', 1, 1, 0);
        """)
        yield connection


def printed(connection: duckdb.DuckDBPyConnection, width: int = 160) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_summary(connection, console)
    return console.file.getvalue()


def test_the_day_is_the_last_on_which_every_workload_is_complete(marts: duckdb.DuckDBPyConnection) -> None:
    assert latest_complete_day(marts, "production") == (date(2026, 9, 2), True)


def test_a_day_with_a_complete_workload_comes_before_one_with_none(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.fct_unit_economics_daily where period_start = '2026-09-02'")
    assert latest_complete_day(marts, "production") == (date(2026, 9, 3), True)


def test_without_a_complete_day_the_last_one_is_shown_and_said_to_be_incomplete(
    marts: duckdb.DuckDBPyConnection,
) -> None:
    marts.execute("update marts.fct_unit_economics_daily set is_complete = false")
    assert latest_complete_day(marts, "production") == (date(2026, 9, 4), False)
    assert "no day is complete yet" in printed(marts)


def test_a_tier_sums_its_workloads_and_divides_only_what_was_counted(marts: duckdb.DuckDBPyConnection) -> None:
    free, pro = lines_by_tier(marts, date(2026, 9, 2), "production")
    # free: 15 / 3 million; pro: 5 / 1 million, its 2 for search have no units to be divided by
    assert (free.label, free.units, free.effective_cost, free.cost_per_million) == ("free", 3_000_000, 15, 5)
    assert (pro.label, pro.units, pro.effective_cost, pro.cost_per_million) == ("pro", 1_000_000, 7, 5)
    assert pro.null_reasons == ("no_units",)
    assert free.share("idle") == Decimal(3) / 15


def test_only_the_cost_of_counted_days_is_divided(marts: duckdb.DuckDBPyConnection) -> None:
    """free: of 15 only 9 are counted, 9 / 3 million; all of it is shown, and 6 of it as not observed."""
    assert "unseen" not in printed(marts)
    marts.execute("""
        update marts.fct_unit_economics_daily set uncounted_cost = 6, unobserved_cost = 6, usage_cost = 2
        where cohort = 'free' and period_start = '2026-09-02'
    """)
    free, _ = lines_by_tier(marts, date(2026, 9, 2), "production")
    assert (free.units, free.effective_cost, free.cost_per_million) == (3_000_000, 15, 3)
    assert free.share("unobserved") == Decimal(6) / 15
    assert "unseen" in printed(marts)


def test_a_workload_without_units_shows_its_cost_and_the_reason(marts: duckdb.DuckDBPyConnection) -> None:
    chat, search = lines_by_workload(marts, date(2026, 9, 2), "production")
    assert (chat.label, chat.cost_per_million) == ("chat", 5)
    assert (search.effective_cost, search.cost_per_million, search.null_reasons) == (2, None, ("no_units",))
    whole = total([chat, search])
    assert (whole.units, whole.effective_cost, whole.cost_per_million) == (4_000_000, 22, 5)
    assert "no units" in printed(marts)


def test_units_without_a_cost_per_unit_are_shown_and_not_divided(marts: duckdb.DuckDBPyConnection) -> None:
    """pro: 1,000,000 at 5 for chat, and of search 250,000 that no bill covers and 30,000 of a thin day at 3. Divided is
    chat alone, 5 / 1 million; shown are all 1,280,000. What batch did nobody saw: neither 0 nor anything else."""
    marts.execute(f"""
        delete from marts.fct_unit_economics_daily where workload = 'search' and period_start = '2026-09-02';
        {INSERT}
            ('2026-09-02', true, 'production', 'search', 'customer_tier', 'pro', 'output_token',
                250000, 0, 0, 0, 0, 0, 'no_cost', 'USD'),
            ('2026-09-02', true, 'production', 'mail', 'customer_tier', 'pro', 'output_token',
                30000, 3, 0, 0, 0, 3, 'coverage_below_minimum', 'USD'),
            ('2026-09-02', true, 'production', 'search', 'all', 'all', 'output_token',
                250000, 0, 0, 0, 0, 0, 'no_cost', 'USD'),
            ('2026-09-02', true, 'production', 'batch', 'all', 'all', 'output_token',
                0, 1, 0, 0, 0, 1, 'no_telemetry', 'USD')
    """)
    _, pro = lines_by_tier(marts, date(2026, 9, 2), "production")
    assert (pro.units, pro.effective_cost, pro.cost_per_million) == (1_280_000, 8, 5)
    chat, batch, search = lines_by_workload(marts, date(2026, 9, 2), "production")
    assert [line.units for line in (chat, batch, search)] == [4_000_000, None, 250_000]
    assert (batch.cost_per_million, search.cost_per_million) == (None, None)
    assert (total([chat, batch, search]).units, total([batch]).units) == (4_250_000, None)
    assert total([chat, batch, search]).cost_per_million == 5
    text = printed(marts)
    assert re.search(r"search +– +250,000 +0\.00 ", text)
    assert re.search(r"batch +– +– +1\.00 ", text)
    assert text.count("no cost") == 1
    # what pro used of mail is a part, and so are the totals of both tables; of batch nothing is known
    assert re.search(r"pro .*\nunits of a part: coverage below minimum", text)
    assert re.search(r"total .*\nunits of a part: coverage below minimum", text)
    assert re.search(r"batch .*\nno telemetry", text)
    assert re.search(r"total .*\nunits of a part: no telemetry", text)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_numbers_are_whole_at_every_width(marts: duckdb.DuckDBPyConnection, width: int) -> None:
    marts.execute(f"""
        {INSERT}
            ('2026-09-02', true, 'production', 'a workload with a long name', 'all', 'all', 'output_token',
                123456789012, 1000000, 0, 234567.89, 0, 1234567.89, null, 'USD')
    """)
    text = printed(marts, width)
    # 1,234,567.89 / 123,456.789012 million = 10.0000
    for number in ("123,456,789,012", "1,234,567.89", "10.0000"):
        assert number in text
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= width


def test_80_columns_hold_all_shares_of_a_fleet(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.fct_unit_economics_daily set units = units * 1000, shared_cost = shared_cost + 10000")
    text = printed(marts, 80)
    assert "4,000,000,000" in text
    assert "a wider terminal" not in text


def test_what_does_not_fit_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    assert "a wider terminal also shows: unused, shared" in printed(marts, 60)


def test_the_bill_is_reconciled_in_each_currency_with_all_its_decimals(marts: duckdb.DuckDBPyConnection) -> None:
    euro, dollar = reconciliations(marts)
    assert (euro.currency, euro.cost_in) == ("EUR", 1)
    amount = "10.500000000000000001 USD"
    assert reconciliation_line(dollar) == (
        f"EffectiveCost in {amount} = out {amount}, difference 0 (1 source, 2 billing periods)"
    )


def test_differences_that_cancel_out_are_still_told(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("""
        update marts.fct_cost_reconciliation set effective_cost_out = 9.5, difference = 1
        where source = 'aws' and billing_period_start = '2026-08-01';
        update marts.fct_cost_reconciliation set effective_cost_out = 1.000000000000000001, difference = -1
        where source = 'aws' and billing_period_start = '2026-09-01'
    """)
    _, dollar = reconciliations(marts)
    assert dollar.rows_that_differ == 2
    assert "difference 0.00[/red] in 2 rows" in reconciliation_line(dollar)


def test_a_difference_is_not_rounded_away() -> None:
    found = Reconciliation("USD", 1, 1, Decimal("1000"), Decimal("999.999999999999999999"), 1)
    assert "difference 0.000000000000000001" in reconciliation_line(found)


def test_a_missing_mart_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("drop table marts.fct_cost_reconciliation")
    with pytest.raises(MissingMartError, match=r"marts\.fct_cost_reconciliation"):
        printed(marts)


def test_empty_marts_say_what_to_do(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.fct_unit_economics_daily; delete from marts.fct_cost_reconciliation")
    assert "UNIT_ECONOMICS_DATA" in printed(marts)


def test_the_command_only_reads_and_says_when_there_is_nothing_to_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.duckdb"
    result = CliRunner().invoke(main, ["summary", "--database", str(missing)])
    assert result.exit_code == 1
    assert "run make build" in result.output
    assert not missing.exists()


def test_the_dearest_signs_of_trouble_come_first_and_three_are_enough(marts):
    """Of five, one costs 20, one 3, and three have rows alone: 9, 8 and 1. Known habits are none."""
    marts.execute("""
        insert into marts.fct_focus_conformance values
            ('aws', 'usage_without_cost', 4, 3, true), ('azure', 'inclusive_date_end', 1, 20, true),
            ('azure', 'azure_placeholders', 9, 900, false), ('gcp', 'usage_without_cost', 0, 0, true);
        insert into marts.fct_telemetry_quality values
            ('telemetry/requests', 'unusable_count', 7, true), ('telemetry/requests', 'unusable_count', 2, true),
            ('telemetry/prometheus', 'unknown_usage', 8, true), ('telemetry/prometheus', 'no_value', 99, false),
            ('telemetry/training', 'unreadable_row', 1, true);
    """)
    assert signs_of_trouble(marts) == [
        "[yellow]Look at[/yellow] azure: inclusive date end: 1 row, 20.00 of cost (marts.fct_focus_conformance)",
        "[yellow]Look at[/yellow] aws: usage without cost: 4 rows, 3.00 of cost (marts.fct_focus_conformance)",
        "[yellow]Look at[/yellow] telemetry/requests: unusable count: 9 rows (marts.fct_telemetry_quality; and 2 more)",
    ]


def test_nothing_to_look_at_is_no_line(marts):
    assert signs_of_trouble(marts) == []


def test_only_production_is_shown_where_there_is_one(marts: duckdb.DuckDBPyConnection) -> None:
    """staging has 1 million tokens for 6: in no line of production, and shown by itself where there is nothing else."""
    marts.execute(f"""
        {INSERT}
            ('2026-09-02', true, 'staging', 'chat', 'all', 'all', 'output_token', 1000000, 6, 0, 0, 0, 6, null, 'USD')
    """)
    assert [line.label for line in lines_by_workload(marts, date(2026, 9, 2), "production")] == ["chat", "search"]
    assert opening.main_environment(marts) == "production"
    marts.execute("delete from marts.fct_unit_economics_daily where environment = 'production'")
    assert opening.main_environment(marts) == "staging"
    assert "in staging" in printed(marts)


def test_what_was_spent_is_the_last_complete_month_beside_the_one_before(marts: duckdb.DuckDBPyConnection) -> None:
    """September is 89 + 11 + 10 = 110, August 80 + 20 = 100: 10 % more. July before it is not complete."""
    marts.execute(SPEND)
    assert "What was spent: 110.00 USD in September 2026, 10.0 % more than the month before" in printed(marts)
    assert "production 89.00; staging 11.00; (unallocated) 10.00" in printed(marts)
    marts.execute("delete from marts.fct_spend_monthly where period_start = '2026-09-01'")
    assert "100.00 USD in August 2026, the month before it is not billed as a whole" in printed(marts)
    marts.execute("update marts.fct_spend_monthly set is_complete = false")
    assert "5.00 USD in October 2026, the month is not billed as a whole yet" in printed(marts)


@pytest.mark.parametrize(("before", "text"), [(0, "0.00"), (-100, "−100.00")])
def test_a_month_before_that_was_no_cost_is_told_as_it_is(
    marts: duckdb.DuckDBPyConnection, before: int, text: str
) -> None:
    marts.execute(SPEND)
    marts.execute("delete from marts.fct_spend_monthly where period_start = '2026-08-01' and place = '(unallocated)'")
    marts.execute(f"update marts.fct_spend_monthly set effective_cost = {before} where period_start = '2026-08-01'")
    assert f"What was spent: 110.00 USD in September 2026, {text} the month before" in printed(marts)


def test_the_five_dearest_findings_of_production_end_the_summary(marts: duckdb.DuckDBPyConnection) -> None:
    """Of nine, one saves, one is of staging, and one has no amount."""
    marts.execute(FINDINGS)
    text = printed(marts)
    assert re.findall(r"([\d,.]+) USD +Finding (\d)\.", text) == [
        ("1,000.01", "2"),
        ("800.00", "4"),
        ("700.00", "5"),
        ("600.00", "6"),
        ("500.00", "7"),
    ]
    assert "→ act 2" in text
    assert "and 3 more in marts.fct_findings" in text
    marts.execute("delete from marts.fct_findings")
    assert "What to decide" not in printed(marts)
