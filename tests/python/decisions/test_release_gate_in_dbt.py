"""The gate of releases: the newest release of a deployment stops a pipeline when it fails, and is named."""

from __future__ import annotations

import pytest

COLUMNS = """
    deployment_id varchar, release varchar, released_on date, is_newest boolean, verdict varchar, verdict_reason
    varchar,
    unit varchar, effect double, threshold double
"""


@pytest.fixture
def gate(warehouse):
    """Runs the gate over rows of (deployment, release, is_newest, verdict, effect)."""

    def run(*rows: tuple) -> tuple[bool, str]:
        warehouse.query("create schema if not exists marts")
        warehouse.query(f"create or replace table marts.fct_release_impact ({COLUMNS})")
        for deployment_id, release, is_newest, verdict, effect in rows:
            warehouse.query(
                f"insert into marts.fct_release_impact values ('{deployment_id}', '{release}', '2026-09-07', "
                f"{is_newest}, '{verdict}', 'why', 'token', {effect}, 0.05)"
            )
        succeeded = warehouse.dbt("build", "--select", "tag:gate,fct_release_impact", check=False)
        return succeeded, warehouse.output

    return run


def test_a_failing_release_stops_the_pipeline(gate):
    succeeded, output = gate(("code", "9.1", True, "fail", 0.138), ("chat", "7.2", True, "pass", -0.01))
    assert not succeeded
    line = (
        "gate: release 9.1 of code since 2026-09-07: fail (why), cost per token +13.8 % at equal volume, limit +5.0 %"
    )
    assert line in output
    assert "7.2 of chat" not in output


def test_others_are_told_and_do_not(gate):
    succeeded, output = gate(
        ("code", "9.1", False, "fail", 0.138),
        ("code", "9.2", True, "warn", 0.02),
        ("chat", "7.2", True, "inconclusive", 0.03),
        ("docs", "8.1", True, "inconclusive", "null"),
    )
    assert succeeded
    assert "WARN release 9.2 of code" in output
    assert "INCONCLUSIVE release 7.2 of chat" in output
    assert "release 9.1" not in output
    assert "INCONCLUSIVE release 8.1 of docs" in output
