"""Public FOCUS files through the project, against plain SQL straight from the file."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

PROVIDER_SUMS = """
    select {provider}, count(*), sum(cast({billed} as decimal(38, 18))), sum(cast({effective} as decimal(38, 18)))
    from {rows} group by 1 order by 1
"""


@pytest.fixture(scope="module")
def focus_folder(shared_data: Path) -> Path:
    return shared_data / "focus"


@pytest.fixture(scope="module")
def public(module_warehouse, focus_folder):
    module_warehouse.copy(focus_folder / "focus_sample_1000.csv", "focus/sample/focus_sample_1000.csv")
    module_warehouse.copy(focus_folder / "spec_examples_v1_2", "focus/spec")
    module_warehouse.copy(focus_folder / "ai_examples_draft_1_5", "focus/ai")
    module_warehouse.build("+int_costs__cost_lines_daily")
    return module_warehouse


def test_sample_of_three_providers_has_the_sums_of_the_file(public):
    file = public.data / "focus/sample/focus_sample_1000.csv"
    straight = PROVIDER_SUMS.format(
        provider="ProviderName",
        billed="BilledCost",
        effective="EffectiveCost",
        rows=f"read_csv('{file}', all_varchar = true, nullstr = 'NULL')",
    )
    staged = PROVIDER_SUMS.format(
        provider="provider_name",
        billed="billed_cost",
        effective="effective_cost",
        rows="staging.stg_focus__charges where source = 'sample'",
    )
    expected = public.query(straight)
    assert [row[:2] for row in expected] == [("AWS", 942), ("Microsoft", 51), ("Oracle", 7)]
    assert public.query(staged) == expected


def plain_sum(file: Path, column: str) -> Decimal:
    """The sum of a column by Python's csv and Decimal, with the signs of money taken off."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return sum((Decimal(row[column].strip(" $").replace(",", "")) for row in csv.DictReader(lines)), Decimal(0))


def test_every_scenario_of_the_specification_has_the_sums_of_its_file(public):
    files = sorted((public.data / "focus/spec").rglob("*.csv")) + sorted((public.data / "focus/ai").rglob("*.csv"))
    assert len(files) == 29
    staged = {
        file: (billed, effective)
        for file, billed, effective in public.query(
            "select source_file, sum(billed_cost), sum(effective_cost) from staging.stg_focus__charges group by 1"
        )
    }
    for file in files:
        expected = (plain_sum(file, "BilledCost"), plain_sum(file, "EffectiveCost"))
        assert staged[str(file)] == expected, file.name


def test_every_period_of_the_public_files_is_read_in_its_year(public):
    assert public.query("""
        select distinct year(charge_period_start) from staging.stg_focus__charges order by 1
    """) == [(2023,), (2024,), (2025,), (2026,)]


def test_public_cost_arrives_in_the_lines_by_source(public):
    expected = public.query("select source, sum(effective_cost) from staging.stg_focus__charges group by 1 order by 1")
    assert expected == public.query("""
        select source, sum(effective_cost) from intermediate.int_costs__cost_lines_daily group by 1 order by 1
    """)


def test_a_twelve_month_licence_costs_the_same_each_day(public):
    """simple_saas_agreements_a1: 10,000.00 for 1 April 2025 to 1 April 2026, all of it billed in the first month."""
    days = public.query("""
        select
            min(effective_cost), max(effective_cost), sum(effective_cost), count(*), min(date_day), max(date_day)
        from intermediate.int_costs__charges_daily where source_file like '%simple_saas_agreements_a1.csv'
    """)
    low, high, total, count, first, last = days[0]
    assert (total, count, str(first), str(last)) == (Decimal(10000), 365, "2025-04-01", "2026-03-31")
    assert high - low <= Decimal("0.000000000000000001")
    assert low == Decimal("27.397260273972602739")
