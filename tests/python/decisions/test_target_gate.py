"""`dbt build --select tag:gate` stops a pipeline on a breach, says which, and a plain build leaves it out."""

from __future__ import annotations

import re

import pytest

from tests.python.recipes.pages import blocks

COLUMNS = """
    target_id varchar, period_start date, is_current boolean, unit varchar, unit_scale bigint, grain varchar,
    severity varchar, status varchar, status_reason varchar, cost_per_unit decimal(38, 18),
    max_cost_per_unit decimal(38, 18), currency varchar
"""


@pytest.fixture
def gate(warehouse):
    """Runs the gate of targets over rows of (target_id, severity, status, cost per unit, maximum, is_current)."""

    def run(*rows: tuple) -> tuple[bool, str]:
        warehouse.query("create schema if not exists marts")
        warehouse.query(f"create or replace table marts.fct_target_status ({COLUMNS})")
        for target_id, severity, status, cost, maximum, is_current in rows:
            warehouse.query(
                f"insert into marts.fct_target_status values ('{target_id}', '2026-09-07', {is_current}, "
                f"'output_token', 1000000, 'week', '{severity}', '{status}', 'why', {cost}, {maximum}, 'USD')"
            )
        succeeded = warehouse.dbt("build", "--select", "tag:gate,fct_target_status", check=False)
        return succeeded, warehouse.output

    return run


def test_a_breach_fails_and_is_named_with_value_and_limit(gate):
    succeeded, output = gate(
        ("cheap", "error", "met", "1.0", "2.0", True),
        ("dear", "error", "breached", "2.5", "2.0", True),
        ("dearer", "error", "breached", "4.125", "3.0", True),
    )
    assert not succeeded
    assert "target dear, week from 2026-09-07: 2.500000 USD per 1000000 output_token, limit 2.000000" in output
    assert "target dearer, week from 2026-09-07: 4.125000 USD per 1000000 output_token, limit 3.000000" in output


def test_the_page_shows_what_a_breach_says(gate):
    (block,) = blocks("docs/release-gates.md", "console")
    target, cost, limit = re.search(r"target (\S+), .*: (\S+) USD .* limit (\S+)", block.text).groups()
    _, output = gate((target, "error", "breached", cost, limit, True))
    assert re.sub(r"from \S+:", "from 2026-09-07:", block.text.strip()) in output
    assert "target cheap" not in output


def test_a_breach_is_recorded_as_a_broken_gate_and_hides_no_number(gate, warehouse):
    newest = "select gates_broken, gates_passed, problems from builds.invocations order by started_at desc limit 1"
    gate(("dear", "error", "breached", "2.5", "2.0", True))
    broken, asked = "gate_targets_are_not_breached", "gate_targets_of_severity_warn"
    assert warehouse.query(newest) == [([broken], [asked], [])]


def test_a_gate_that_cannot_be_asked_is_a_problem(warehouse):
    warehouse.query("create schema if not exists marts")
    warehouse.query("create or replace table marts.fct_target_status (target_id varchar)")
    warehouse.dbt("build", "--select", "gate_targets_are_not_breached", check=False)
    (((problem,), broken),) = warehouse.query("select problems, gates_broken from builds.invocations")
    assert problem.startswith("error: test.ai_unit_economics.gate_targets_are_not_breached")
    assert broken == []


def test_what_is_past_or_at_risk_does_not_fail(gate):
    succeeded, _ = gate(
        ("old", "error", "breached", "2.5", "2.0", False),
        ("old", "error", "met", "1.5", "2.0", True),
        ("close", "error", "at_risk", "2.01", "2.0", True),
    )
    assert succeeded


def test_severity_warn_warns(gate):
    succeeded, output = gate(("soft", "warn", "breached", "2.5", "2.0", True))
    assert succeeded
    assert "WARN target soft, week from 2026-09-07: 2.500000" in output
    assert "gate_targets_of_severity_warn" in output


def test_no_data_is_told(gate):
    succeeded, output = gate(("silent", "error", "no_data", "null", "2.0", False))
    assert succeeded
    assert "NOTE target silent: no data (why)" in output


def test_a_target_that_has_ended_is_not_told(gate):
    succeeded, output = gate(("ended", "error", "breached", "2.5", "2.0", False))
    assert succeeded
    assert "target ended" not in output


def test_a_plain_build_leaves_gates_out(warehouse):
    warehouse.dbt("ls", "--resource-type", "test")
    assert "fct_target_status_has_one_current_row" in warehouse.output
    assert "gate_targets_are_not_breached" not in warehouse.output
