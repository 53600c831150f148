"""`explain` against marts of a few rows, worked out by hand."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from ai_unit_economics.cli import main
from ai_unit_economics.explain.content import UnknownError, explain
from ai_unit_economics.explain.printed import print_explanation
from ai_unit_economics.figures import REASONS
from tests.python.dashboards.reads import empty_marts

PROJECT = Path(__file__).resolve().parents[3]
# August is billed as a whole, July is too, September runs. chat costs 60 + 20 = 80 of 100 in August, 40 in July: twice
# as much. batch exists and nobody looked at it; nothing was charged to idler.
ROWS = """
    insert into marts.dim_deployments by name
    select * from (values
        ('chat-a', 'production', 'chat', date '2026-01-01', '1'),
        ('chat-a', 'production', 'chat', date '2026-08-10', '2'),
        ('batch-a', 'production', 'batch', date '2026-01-01', '1'),
        ('idler', 'staging', 'idler', date '2026-01-01', '1')
    ) as deployments (deployment_id, environment, workload, valid_from, release);

    insert into marts.fct_spend_monthly by name
    select *, (period_start + interval 1 month)::date as period_end, true as has_begun, 'USD' as currency
    from (values
        (date '2026-07-01', true, 'production', 50), (date '2026-08-01', true, 'production', 90),
        (date '2026-08-01', true, '(unallocated)', 10), (date '2026-09-01', false, 'production', 5)
    ) as spend (period_start, is_complete, place, effective_cost);

    insert into marts.fct_deployment_costs_daily by name
    select *, 'aws' as source, 'production' as environment, 'USD' as currency
    from (values
        (date '2026-07-05', 'chat-a', 'usage', 'h100', 'chat', 40),
        (date '2026-08-05', 'chat-a', 'usage', 'h100', 'chat', 60),
        (date '2026-08-06', 'chat-a', 'idle', 'h100', 'chat', 20),
        (date '2026-08-06', 'batch-a', 'usage', '(none)', 'batch', 10),
        (date '2026-09-01', 'chat-a', 'usage', 'h100', 'chat', 5)
    ) as costs (date_day, deployment_id, cost_origin, origin_pool, workload, effective_cost);

    insert into marts.fct_unit_economics_monthly by name
    select
        *, (period_start + interval 1 month)::date as period_end, 'production' as environment, 1000000 as unit_scale,
        null_reason is null as is_complete, false as is_closed, 'USD' as currency
    from (values
        (date '2026-07-01', 'chat', 'all', 'all', 'token', 20000000, 40, 2, null),
        (date '2026-07-01', 'chat', 'all', 'all', 'output_token', 10000000, 40, 4, null),
        (date '2026-08-01', 'chat', 'all', 'all', 'token', 20000000, 80, 4, null),
        (date '2026-08-01', 'chat', 'all', 'all', 'output_token', 20000000, 80, 4.4, null),
        (date '2026-08-01', 'chat', 'all', 'all', 'cached_input_token', 0, 0, null, 'no_units'),
        (date '2026-08-01', 'chat', 'customer_tier', '[pro]', 'token', 1, 60, 4, null),
        (date '2026-08-01', 'chat', 'customer_tier', '[pro]', 'output_token', 15000000, 60, 4, null),
        (date '2026-08-01', 'chat', 'customer_tier', 'free', 'token', 1, 20, 4, null),
        (date '2026-08-01', 'chat', 'customer_tier', 'free', 'output_token', 0, 20, null, 'coverage_below_minimum'),
        (date '2026-08-01', 'chat', 'model', 'm', 'token', 1, 80, 4, null),
        (date '2026-08-01', 'batch', 'all', 'all', 'token', 0, 10, null, 'no_telemetry')
    ) as rows (
        period_start, workload, cohort_dimension, cohort, unit, units, effective_cost, cost_per_unit, null_reason
    );

    insert into marts.fct_cost_per_unit_drivers by name
    select
        date '2026-07-01' as period_start_before, date '2026-08-01' as period_start, date '2026-09-01' as period_end,
        true as is_complete, 'month' as grain, 'production' as environment, 'chat' as workload,
        'output_token' as unit, 1000000 as unit_scale, 4 as cost_per_unit_before, 4.4 as cost_per_unit,
        0.5 as idle_change, -0.1 as price_change, 0 as mix_change;

    insert into marts.fct_findings by name
    select
        *, 'k' as finding_kind, 'act' as what_to_do, 'm' as amount_meaning, false as is_saving,
        7 as amount_per_month, 'USD' as currency, 'fct' as evidence_mart
    from (values
        (1, 'production', 'chat', 'Of chat.', map {'a': 'b'}),
        (2, null, null, 'Of its pool.', map {'origin_pool': 'h100'}),
        (3, null, null, 'Of another pool.', map {'origin_pool': 'l40s'}),
        (4, 'production', 'batch', 'Of batch.', map {'a': 'b'})
    ) as findings (finding_rank, environment, workload, sentence, evidence);

    insert into marts.fct_focus_allocated_costs by name
    select
        * exclude (workload), 'aws' as x_source, 'USD' as billing_currency,
        json_object('workload', workload, 'environment', 'production') as allocated_tags
    from (values
        (timestamp '2026-08-05', 'H100 hour [x]', '60', 'pool:accelerator_time', 50, 'chat'),
        (timestamp '2026-08-05', 'H100 hour [x]', '60', 'pool:accelerator_time', 10, 'chat'),
        (timestamp '2026-08-06', 'H100 hour [x]', '60', 'pool:idle_policy', 18, 'chat'),
        (timestamp '2026-08-06', 'Cache', '50', 'cost_rule', 10, 'batch'),
        (timestamp '2026-09-01', 'H100', '60', null, 5, 'chat')
    ) as rows (
        charge_period_start, charge_description, x_cost_rule, allocated_method_id, effective_cost, workload
    );
"""


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_marts() as connection:
        connection.execute(ROWS)
        yield connection


def printed(marts: duckdb.DuckDBPyConnection, workload: str, **asked: object) -> str:
    console = Console(width=100, file=io.StringIO())
    print_explanation(explain(marts, workload, **asked), console)
    return console.file.getvalue()


def test_a_month_is_told_from_its_cost_back_to_its_charges(marts: duckdb.DuckDBPyConnection) -> None:
    found = explain(marts, "chat")
    assert (found.month, found.environment, found.is_billed_whole) == (date(2026, 8, 1), "production", True)
    assert (found.cost, found.cost_before, found.share_of_bill) == (80, 40, Decimal("0.8"))
    assert [(part.name, part.cost) for part in found.origins] == [("usage", 60), ("idle", 20)]
    units = {unit.unit: (unit.units, unit.cost_per_unit, unit.change) for unit in found.units}
    assert units["output_token"] == (20_000_000, Decimal("4.4"), Decimal("0.1"))
    assert (found.move.before, found.move.after) == (4, Decimal("4.4"))
    assert [(part.name, part.cost) for part in found.move.parts] == [
        ("idle capacity", Decimal("0.5")),
        ("price of capacity", Decimal("-0.1")),
    ]
    assert found.changes == ("2026-08-10 chat-a: release 1 → 2",)
    # model is no one who pays; a tier bears its part of all tokens, and its units are output tokens
    assert [(row.cohort, row.cost, row.units) for row in found.bearers] == [
        ("[pro]", 60, 15_000_000),
        ("free", 20, None),
    ]
    assert [finding.sentence for finding in found.findings] == ["Of chat.", "Of its pool."]
    assert [(charge.rule, charge.method, charge.cost) for charge in found.charges] == [
        ("60", "pool:accelerator_time", 60),
        ("60", "pool:idle_policy", 18),
    ]


def test_it_is_told_in_words(marts: duckdb.DuckDBPyConnection) -> None:
    text = printed(marts, "chat")
    for words in (
        "chat in production, August 2026",
        "80.00 USD, 80.0 % of the whole bill, +100.0 % on the month before",
        "somebody looked, and there were none",
        "July 2026 to August 2026, USD per million output tokens",
        "+0.5000",
        "[pro]",
        "too little was seen of it",
        "H100 hour [x]",
        "aws; idle capacity, spread over who held the pool",
        # the charges are 78, the workload is 80
        "2.00 USD is in no charge of the month",
    ):
        assert words in text, words


def test_a_month_after_a_credit_has_no_change_in_percent(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.fct_deployment_costs_daily set effective_cost = -effective_cost where date_day < '2026-08-01'"
    )
    marts.execute(
        "update marts.fct_unit_economics_monthly set cost_per_unit = -cost_per_unit where period_start < '2026-08-01'"
    )
    found = explain(marts, "chat")
    assert found.cost_before == -40
    assert {unit.change for unit in found.units} == {None}
    assert "80.00 USD, 80.0 % of the whole bill, −40.00 the month before" in printed(marts, "chat")


def test_nobody_looked_is_not_zero(marts: duckdb.DuckDBPyConnection) -> None:
    text = printed(marts, "batch")
    assert "nobody looked, there is no telemetry of it" in text
    (unit,) = explain(marts, "batch").units
    assert (unit.units, unit.cost_per_unit) == (None, None)
    assert "telemetry does not cover all of it" in text
    assert "not known: no two whole periods" in text


def test_a_workload_without_a_charge_is_told_and_not_written_as_zero(marts: duckdb.DuckDBPyConnection) -> None:
    text = printed(marts, "idler")
    assert "idler in staging" in text
    assert "no charge falls to it" in text
    assert "0.00" not in text
    assert "there is no unit of it in the month" in text


def test_a_running_month_says_so(marts: duckdb.DuckDBPyConnection) -> None:
    found = explain(marts, "chat", date(2026, 9, 1))
    assert (found.cost, found.cost_before) == (5, None)
    assert "the month is not billed as a whole yet" in printed(marts, "chat", month=date(2026, 9, 1))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"workload": "chatt"}, "no workload chatt. Did you mean chat? Known: batch, chat, idler"),
        ({"workload": "chat'; drop table x; --"}, "Known: batch, chat, idler"),
        ({"workload": "chat", "environment": "staging"}, "chat does not run in staging; it runs in production"),
        ({"workload": "chat", "month": date(2025, 1, 1)}, "no month 2025-01; it has 2026-07, 2026-08, 2026-09"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(marts: duckdb.DuckDBPyConnection, asked: dict, words: str) -> None:
    with pytest.raises(UnknownError) as error:
        explain(marts, **asked)
    assert words in str(error.value)


def test_every_null_reason_has_its_words() -> None:
    with duckdb.connect() as connection:
        reasons = connection.read_csv(str(PROJECT / "seeds/reference/null_reasons.csv")).project("null_reason")
        assert {reason for (reason,) in reasons.fetchall()} == set(REASONS)


@pytest.fixture(scope="module")
def database(marts: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("explain") / "published.duckdb"
    marts.execute(f"attach '{file}' as published")
    marts.execute("copy from database memory to published")
    marts.execute("detach published")
    return file


def run(database: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["explain", *arguments, "--database", str(database)])


def test_json_keeps_every_digit_and_the_reason(database: Path) -> None:
    told = json.loads(run(database, "chat", "--month", "2026-08", "--format", "json").output)
    assert told["cost"] == "80.000000000000000000"
    assert told["month"] == "2026-08-01"
    cached = next(unit for unit in told["units"] if unit["unit"] == "cached_input_token")
    assert (cached["units"], cached["cost_per_unit"], cached["null_reason"]) == (0, None, "no_units")
    assert cached["null_reason_text"] == "somebody looked, and there were none"


def test_the_command_says_what_went_wrong(database: Path, tmp_path: Path) -> None:
    assert (run(database, "chat").exit_code, "What it cost" in run(database, "chat").output) == (0, True)
    unknown = run(database, "nothing")
    assert (unknown.exit_code, "Known: batch, chat, idler" in unknown.output) == (1, True)
    assert "is no month: write it as 2026-09" in run(database, "chat", "--month", "August").output
    assert "make publish" in run(tmp_path / "no.duckdb", "chat").output
