"""Statements and the journal of a month of four lines, worked out by hand."""

from __future__ import annotations

import csv
import io
import random
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.statements import files, journal, page
from ai_unit_economics.statements.content import Month, StatementError, read_month
from ai_unit_economics.statements.rounding import divided, rounded
from tests.python.dashboards import reads

AUGUST = date(2026, 8, 1)
SIGNED = "true as is_closed, 'chargeback' as basis, 'Anna <Ort>' as closed_by, 'abcdef0123456789abcdef' as closing_hash"
SIGNED_AT = "timestamp '2026-09-06 09:30' as closed_at"
ACCOUNTS = "'6480' as adjustment_account, '2190' as clearing_account, true as is_complete, 'USD' as currency"
LINES = f"""
    insert into marts.fct_owner_statements_monthly by name
    select
        date '2026-08-01' as period_start, date '2026-09-01' as period_end, *,
        effective_cost + adjustment_cost as statement_cost, {SIGNED}, {SIGNED_AT}, {ACCOUNTS}
    from (values
        ('chat', 'd1', 'usage', '(none)', 'w', 'charged directly', 'label workload w', 1.004, -0.5, 0.501, '6400'),
        ('chat', 'd1', 'idle', 'h100', 'w', 'accelerator time', 'label workload w', 1.004, 0, 0.501, '6410'),
        ('search', 'd2', 'usage', '(none)', 'v', 'charged directly', 'deployment d2', 2.003, 0.25, 4, '6400'),
        ('(unowned)', '(unallocated)', 'usage', '(none)', null, 'charged directly', null, 0.334, 0, 0, '6490')
    ) as lines (
        owner, deployment_id, cost_origin, origin_pool, workload, method, matched_by, effective_cost, adjustment_cost,
        previous_cost, account
    )
"""
ADJUSTMENTS = """
    insert into marts.fct_owner_adjustments by name
    select
        date '2026-08-01' as booked_month, date '2026-07-01' as closed_month, date '2026-07-03' as date_day,
        'USD' as currency, *
    from (values
        ('chat', 'd1', 'late_charge', 'focus/<late>.csv', -0.506), ('chat', 'd1', 'rule_change', 'cost_rules', 0.006),
        ('search', 'd2', 'late_charge', 'focus/<late>.csv', 0.25)
    ) as rows (owner, deployment_id, cause, reference, effective_cost)
"""


@pytest.fixture
def marts() -> duckdb.DuckDBPyConnection:
    connection = reads.empty_marts()
    connection.execute(LINES)
    connection.execute(ADJUSTMENTS)
    return connection


@pytest.fixture
def august(marts: duckdb.DuckDBPyConnection) -> Month:
    return read_month(marts, AUGUST)


@pytest.fixture
def database(marts: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    file = tmp_path / "unit_economics.duckdb"
    marts.execute(f"attach '{file}' as file")
    marts.execute("copy from database memory to file")
    marts.execute("detach file")
    return file


def run(*arguments: object) -> str:
    return CliRunner().invoke(main, [str(argument) for argument in arguments]).output


def test_cents_sum_to_the_month(august: Month) -> None:
    """1.004 + 1.004 + 2.003 + 0.334 = 4.345, which is 4.35. Rounded down, owners have 2.00, 2.00 and 0.33: the two
    cents go to chat (0.008 were lost) and to what is unowned (0.004). chat's goes to the first of two equals, idle.
    """
    assert {(line.owner, line.cost_origin): line.cost for line in august.lines} == {
        ("chat", "idle"): Decimal("1.01"),
        ("chat", "usage"): Decimal("1.00"),
        ("search", "usage"): Decimal("2.00"),
        ("(unowned)", "usage"): Decimal("0.34"),
    }
    assert august.owners == ["chat", "search", "(unowned)"]
    chat = page.Statement(august, "chat")
    # 0.501 twice are 1.002, and with search's 4 the month before was 5.00: chat's part 1.00, and 0.50 each
    assert (chat.cost, chat.adjustment, chat.total, chat.previous) == (
        Decimal("2.01"),
        Decimal("-0.50"),
        Decimal("1.51"),
        Decimal("1.00"),
    )
    # -0.506 and 0.006 are -0.50: rounded down -0.51 and 0.00, and the cent goes to what lost 0.006, and not 0.004
    assert [(one.cause, one.amount) for one in chat.adjustments] == [
        ("late_charge", Decimal("-0.51")),
        ("rule_change", Decimal("0.01")),
    ]


def test_parts_in_cents_are_the_rounded_whole_whatever_they_are() -> None:
    drawn = random.Random(17)
    for _ in range(500):
        amounts = {n: Decimal(drawn.randrange(-(10**21), 10**21)).scaleb(-18) for n in range(drawn.randrange(1, 9))}
        amounts[-1] = Decimal("1.25")
        whole = rounded(sum(amounts.values()))
        cents = divided(amounts, whole)
        assert sum(cents.values()) == whole
        assert all(abs(cents[key] - amounts[key]) < Decimal("0.01") for key in amounts)
        assert cents[-1] == Decimal("1.25")
        assert all(cent == rounded(cent) for cent in cents.values())


def test_the_journal_balances_and_says_what_the_statements_say(august: Month) -> None:
    """Debits: 1.01 + 1.00 + 2.00 + 0.34 and the adjustment of 0.25 are 4.60. Credits: chat's adjustment of 0.50, and
    4.10 of the bills: 4.35 less 0.25."""
    rows = list(csv.DictReader(io.StringIO(journal.journal_text(august))))
    assert [(row["account"], row["owner"], row["debit"], row["credit"]) for row in rows] == [
        ("6490", "(unowned)", "0.34", "0.00"),
        ("6400", "chat", "1.00", "0.00"),
        ("6410", "chat", "1.01", "0.00"),
        ("6400", "search", "2.00", "0.00"),
        ("6480", "chat", "0.00", "0.50"),
        ("6480", "search", "0.25", "0.00"),
        ("2190", "", "0.00", "4.10"),
    ]
    assert sum(Decimal(row["debit"]) for row in rows) == sum(Decimal(row["credit"]) for row in rows) == Decimal("4.60")
    assert {(row["batch"], row["posting_date"]) for row in rows} == {("2026-08-abcdef0123456789", "2026-08-31")}


@pytest.mark.parametrize(
    ("account", "line"),
    [
        ("account", "has no account for cost of 2026-08 of chat, idle: add a row with entry cost"),
        ("clearing_account", "has no row with entry clearing"),
    ],
)
def test_an_account_that_is_missing_is_named(marts: duckdb.DuckDBPyConnection, account: str, line: str) -> None:
    marts.execute(f"update marts.fct_owner_statements_monthly set {account} = null")
    marts.execute("delete from marts.fct_owner_statements_monthly where cost_origin != 'idle'")
    with pytest.raises(StatementError, match=line):
        journal.entries(read_month(marts, AUGUST))


def test_the_page_says_who_signed_and_nothing_of_it_is_markup(august: Month) -> None:
    text = page.render(august, "chat")
    for said in ("Chargeback: signed", "Anna &lt;Ort&gt;", "2026-09-06 09:30 UTC", "abcdef0123456789abcdef", "1.51"):
        assert said in text
    assert "focus/&lt;late&gt;.csv" in text
    assert "0.34 have no owner (7.8 %)" in text  # 0.34 / 4.35
    assert "All capacity in these figures was watched." in text
    assert "What nobody has agreed to pay" in page.render(august, "(unowned)")
    assert "<script" not in text
    assert "url(" not in text


def test_a_month_that_nobody_signed_says_so(marts: duckdb.DuckDBPyConnection, database: Path, tmp_path: Path) -> None:
    marts.execute("""
        update marts.fct_owner_statements_monthly
        set is_closed = false, basis = 'showback', closed_by = null, closed_at = null, closing_hash = null,
            is_complete = false, cost_origin = 'unobserved', previous_cost = null
    """)
    month = read_month(marts, AUGUST)
    text = page.render(month, "search")
    assert "Showback: not signed" in text
    assert "Bills of August 2026 are still missing" in text
    assert "2.00 USD are capacity that nobody watched" in text
    assert "None" not in text
    assert journal.batch_of(month) == "2026-08-DRAFT"


def test_files_are_written_for_each_owner_and_a_journal_for_signed_months(database: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = run("statement", "2026-08", "--database", database, "--out", out)
    assert "chat, 1.51 USD, chargeback" in said
    names = [f"{owner}.{kind}" for owner in ("chat", "search", "unowned") for kind in ("csv", "html")]
    assert sorted(file.name for file in out.iterdir()) == names
    rows = list(csv.DictReader((out / "chat.csv").open(newline="")))
    assert sum(Decimal(row["total"]) for row in rows) == Decimal("1.51")

    first = out / "journal.csv"
    assert "7 lines, 4.60 USD a side" in run("journal", "2026-08", "--database", database, "--out", first)
    with duckdb.connect(str(database)) as connection:
        connection.execute("update marts.fct_owner_statements_monthly set is_closed = false, closing_hash = null")
    second = out / "draft.csv"
    assert "2026-08 is not signed" in run("journal", "2026-08", "--database", database, "--out", second)
    assert not second.exists()
    assert "batch 2026-08-DRAFT" in run("journal", "2026-08", "--draft", "--database", database, "--out", second)

    assert "2026-08 has no owner none; it has chat, search, (unowned)" in run(
        "statement", "2026-08", "--owner", "none", "--database", database, "--out", out
    )
    assert "2026-07 has no statements; the marts have 2026-08" in run("statement", "2026-07", "--database", database)
    assert "august is no month; write it as 2026-07" in run("statement", "august", "--database", database)
    assert "no such database" in run("statement", "2026-08", "--database", tmp_path / "none")


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1"])
def test_text_is_no_formula_in_a_spreadsheet(cell: str) -> None:
    text = files.csv_text(["a", "b"], [(cell, Decimal("-1.50"))])
    assert list(csv.reader(io.StringIO(text)))[1] == [f"'{cell}", "-1.50"]


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("chat", lambda name: name == "chat"),
        ("(unowned)", lambda name: name == "unowned"),
        ("../../etc/passwd", lambda name: name.startswith("etc-passwd-")),
        ("Équipe", lambda name: name.startswith("quipe-")),
        ("Chat", lambda name: name.startswith("chat-")),
        ("..", lambda name: name.startswith("owner-")),
    ],
)
def test_an_owner_is_the_name_of_one_file(owner: str, name: Callable[[str], bool]) -> None:
    assert name(files.file_name(owner))


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page is not printed")
def test_the_page_can_be_printed(august: Month, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(page.render(august, "chat"))
    printed = tmp_path / "page.pdf"
    subprocess.run(
        [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri()),
        ],
        capture_output=True,
        timeout=90,
        check=True,
    )
    assert printed.read_bytes().startswith(b"%PDF")
