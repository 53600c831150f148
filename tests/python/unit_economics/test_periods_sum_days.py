"""The test periods_sum_days: it stops no build of a sound mart, and passes no month that lost what its days counted."""

from __future__ import annotations

import pytest

ORIGINS = ("usage", "unused_commitment", "idle", "unobserved", "shared")
COLUMNS = f"""
    period_start date, environment varchar, workload varchar, cohort_dimension varchar, cohort varchar, unit varchar,
    effective_cost decimal(38, 18), counted_cost decimal(38, 18), units bigint, null_reason varchar,
    {", ".join(f"{origin}_cost decimal(38, 18) default 0" for origin in ORIGINS)}
"""
# Of each day the cost, what of it is counted, its units and why it has no cost per unit; then the month's units.
DAYS = {
    "a day of which half the cost is counted, and its units": ([(10, 10, 4, None), (6, 3, 1, "meter_missing")], 4),
    "a day that costs nothing and is counted": ([(10, 10, 4, None), (0, 0, 2, None)], 6),
    "a day that costs nothing and is not counted": ([(10, 10, 4, None), (0, 0, 1, "coverage_below_minimum")], 4),
    "a day that is counted with too little coverage": ([(10, 10, 4, None), (6, 6, 2, "coverage_below_minimum")], 6),
    "a day of which the bill is not there": ([(10, 10, 4, None), (0, 0, 3, "no_cost")], 4),
    "a day without usage": ([(10, 10, 4, None), (6, 6, 0, "no_units")], 4),
}
# What a month must not say of such days.
TOO_FEW = {
    "a day that costs nothing and is counted": 5,
    "a day that is counted with too little coverage": 4,
    "a day without usage": 3,
}


@pytest.fixture(scope="module")
def marts(module_warehouse):
    module_warehouse.dbt("seed", "--select", "units")
    for name in ("daily", "monthly"):
        module_warehouse.query(
            f"create schema if not exists marts; create table marts.fct_unit_economics_{name} ({COLUMNS})"
        )
    return module_warehouse


def passes(warehouse, days: list[tuple], units: int) -> bool:
    rows = [(f"2026-07-{number:02}", *day) for number, day in enumerate(days, start=1)]
    month = ("2026-07-01", sum(day[0] for day in days), sum(day[1] for day in days), units, None)
    for name, table in (("daily", rows), ("monthly", [month])):
        values = ", ".join(
            f"('{start}', 'production', 'chat', 'tier', 'pro', 'request', {cost}, {counted}, {units}, "
            f"{f'{reason!r}' if reason else 'null'}, {cost})"
            for start, cost, counted, units, reason in table
        )
        warehouse.query(f"""
            delete from marts.fct_unit_economics_{name};
            insert into marts.fct_unit_economics_{name} (
                period_start, environment, workload, cohort_dimension, cohort, unit, effective_cost, counted_cost,
                units, null_reason, usage_cost
            ) values {values}
        """)
    return warehouse.dbt("test", "--select", "periods_sum_days_fct_unit_economics_monthly_month", check=False)


@pytest.mark.parametrize("name", DAYS)
def test_a_month_of_what_its_days_counted_is_sound(marts, name: str) -> None:
    days, units = DAYS[name]
    assert passes(marts, days, units), marts.output


@pytest.mark.parametrize("name", TOO_FEW)
def test_a_month_that_lost_units_of_its_days_is_not(marts, name: str) -> None:
    days, _ = DAYS[name]
    assert not passes(marts, days, TOO_FEW[name])
    assert "Got 1 result" in marts.output


def test_a_month_with_more_units_than_its_days_is_not_sound(marts) -> None:
    assert not passes(marts, [(10, 10, 4, None), (0, 0, 1, "coverage_below_minimum")], 6), marts.output
