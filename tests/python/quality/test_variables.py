"""A variable out of range stops a run before it begins, by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
VARIABLES = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
NUMBERS = {name for name, value in VARIABLES.items() if isinstance(value, int | float) and not isinstance(value, bool)}


def test_every_number_out_of_range_is_named_at_once(warehouse):
    """Shares of 5, -1 days, a percentage as text, and so on for each variable that is a number."""
    shares = {name for name in NUMBERS if "share" in name or name in ("min_telemetry_coverage", "metering_tolerance")}
    # a release that must become cheaper is a gate, too
    others = NUMBERS - shares - {"release_gate_threshold"}
    warehouse.variables = {**dict.fromkeys(shares, 5), **dict.fromkeys(others, -1), "min_telemetry_coverage": "90%"}
    assert not warehouse.dbt("seed", "--select", "units", check=False)
    named = {name for name in NUMBERS if f"variable {name}: " in warehouse.output}
    assert named == shares | others
    assert "variable month_close_days: '-1' is no number of 0 or more" in warehouse.output
    assert "variable max_unknown_share: '5' is no number from 0 to 1" in warehouse.output
    assert "variable min_telemetry_coverage: '90%' is no number from 0 to 1" in warehouse.output


@pytest.mark.parametrize(
    "variables", [{}, {"min_telemetry_coverage": "1", "max_unknown_share": 0, "month_close_days": 0}]
)
def test_numbers_in_range_pass(warehouse, variables):
    """What the project ships, and the ends of a range, also as text."""
    warehouse.variables = variables
    assert warehouse.dbt("seed", "--select", "units", check=False), warehouse.output
