"""The specification's own scenarios: what each costs on each day, as its text and rows say.

A scenario is written here as lines (first day, day after the last, cost); a line costs the same every day. The reading
is ours and by hand: usage bears the cost on the days that it covers, what was paid in advance bears none when it is
bought, and a shortfall fee belongs to the whole term that it was charged for, not to the month of its invoice.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

import pytest

Line = tuple[str, str, str]

HOUR = ("2023-01-01", "2023-01-02")
APRIL, MAY, JUNE = ("2025-04-01", "2025-05-01"), ("2025-05-01", "2025-06-01"), ("2025-06-01", "2025-07-01")
TERM = ("2025-04-01", "2026-04-01")
TOKEN_DAY = ("2025-04-01", "2025-04-02")
STARTS = [f"2025-{month:02}-01" for month in range(7, 13)] + ["2026-01-01", "2026-02-01", "2026-03-01"]
# nothing is used from July on, and every month until February costs the minimum of 60
MINIMUM = [(first, after, "60") for first, after in itertools.pairwise(STARTS)]
USED = [(*APRIL, "48"), (*MAY, "120"), (*JUNE, "60")]
CACHING = ("2025-01-01", "2025-02-01")

FLEXIBILITY = "commitment_discount_flexibility/"
COMMITMENT = "commitment_discount_scenarios/commitment_discount_"
SIMPLE = "saas_examples/simple_agreements/simple_saas_agreements_"
SPEND = "saas_examples/spend_agreements/saas_spend_agreements_"
VIRTUAL = "saas_examples/virtual_currency_pricing_model_"
FULL_USE = FLEXIBILITY + "one_hundred_percent_utilization_with"

SCENARIOS: dict[str, list[Line]] = {
    # an hour of a commitment: half of it runs the large machine, the rest of which is on demand
    FULL_USE + "_commitment_discount_flexibility_with_1_resource": [(*HOUR, "0.50"), (*HOUR, "2.25")],
    FULL_USE + "_commitment_discount_flexibility_with_2_resources": [(*HOUR, "1"), (*HOUR, "1")],
    FULL_USE + "out_commitment_discount_flexibility": [(*HOUR, "1.50")],
    # the commitment does not fit: it is wasted, and the machine is paid on demand
    FLEXIBILITY + "zero_percent_utilization_without_commitment_discount_flexibility": [(*HOUR, "1.50"), (*HOUR, "2")],
    # purchases, upfront, by the hour and both: the cost comes with usage
    COMMITMENT + "purchase_scenario_1": [],
    COMMITMENT + "purchase_scenario_2": [],
    COMMITMENT + "purchase_scenario_3": [],
    # 1 an hour: used, unused, three quarters used, used with on demand on top
    COMMITMENT + "usage_scenario_1": [(*HOUR, "1")],
    COMMITMENT + "usage_scenario_2": [(*HOUR, "1")],
    COMMITMENT + "usage_scenario_3": [(*HOUR, "0.75"), (*HOUR, "0.25")],
    COMMITMENT + "usage_scenario_4": [(*HOUR, "1"), (*HOUR, "0.50")],
    # licences: a year's price, whenever it is invoiced, and usage by the month
    SIMPLE + "a1": [(*TERM, "10000")],
    SIMPLE + "a2": [(*TERM, "50000")],
    SIMPLE + "a3": [(*TERM, "1000")],
    SIMPLE + "b": [(*TERM, "50000")],
    SIMPLE + "c": [(*APRIL, "10100"), (*MAY, "13000"), (*JUNE, "12700")],
    # 1200 are agreed for the year and 228 are used: 972 are the shortfall of the year
    SPEND + "a1": [*USED, (*TERM, "972")],
    # with a minimum of 60 a month: 12 short in April, 60 a month from July to February, and 480 for the year
    SPEND + "a2": [*USED, (*APRIL, "12"), *MINIMUM, (*TERM, "480")],
    # the same paid in advance: the purchase of 1200 costs nothing itself
    SPEND + "b1": [*USED, (*TERM, "972")],
    SPEND + "b2": [*USED, (*APRIL, "12"), *MINIMUM, (*TERM, "480")],
    # credits bought, and used: money counts, not the 245 + 10 + 360 tokens
    VIRTUAL + "a1": [],
    VIRTUAL + "a2": [(*TOKEN_DAY, "490"), (*TOKEN_DAY, "20"), (*TOKEN_DAY, "720")],
    VIRTUAL + "b1": [],
    VIRTUAL + "b2": [(*TOKEN_DAY, "245"), (*TOKEN_DAY, "10"), (*TOKEN_DAY, "360")],
    VIRTUAL + "b3": [(*TOKEN_DAY, "245"), (*TOKEN_DAY, "10"), (*TOKEN_DAY, "240")],
    VIRTUAL + "c": [],
    # the draft of 1.5: kinds of token are charges of their own; 500000 in advance cost as they are used
    "ai_prompt_caching_a": [(*CACHING, "1.5"), (*CACHING, "7.5"), (*CACHING, "2.4"), (*CACHING, "22.5")],
    "ai_prompt_caching_b": [(*CACHING, "7.5"), (*CACHING, "2.4"), (*CACHING, "22.5"), (*CACHING, "6")],
    "drawdown_via_prepayment_ai_model_api": [(*MAY, "20"), (*MAY, "30")],
}


def daily(lines: list[Line]) -> dict[date, Fraction]:
    days: dict[date, Fraction] = defaultdict(Fraction)
    for start, end, cost in lines:
        first, after = date.fromisoformat(start), date.fromisoformat(end)
        count = (after - first).days
        for number in range(count):
            days[first + timedelta(days=number)] += Fraction(cost) / count
    return days


@pytest.fixture(scope="module")
def staged(module_warehouse, shared_data):
    module_warehouse.copy(shared_data / "focus/spec_examples_v1_2", "focus/spec")
    module_warehouse.copy(shared_data / "focus/ai_examples_draft_1_5", "focus/ai")
    module_warehouse.dbt("seed", "--select", "+int_costs__charges_daily")
    module_warehouse.dbt("run", "--select", "+int_costs__charges_daily")
    rows = module_warehouse.query("""
        select regexp_extract(source_file, '/focus/(?:spec|ai)/(.*)[.]csv$', 1), date_day, sum(effective_cost)
        from intermediate.int_costs__charges_daily group by all having sum(effective_cost) != 0
    """)
    days: dict[str, dict[date, Fraction]] = defaultdict(dict)
    for file, day, cost in rows:
        days[file][day] = Fraction(cost)
    return days


def test_each_file_is_a_scenario_here(module_warehouse, staged):
    files = module_warehouse.query("""
        select regexp_extract(source_file, '/focus/(?:spec|ai)/(.*)[.]csv$', 1) from staging.stg_focus__files
    """)
    assert {file for (file,) in files} == set(SCENARIOS)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_costs_on_each_day_and_in_total_what_its_text_says(staged, scenario):
    expected = daily(SCENARIOS[scenario])
    found = staged[scenario]
    assert set(found) == {day for day, cost in expected.items() if cost}
    # a day is exact to the unit of the eighteenth decimal of each of its charges, the total is exact
    for day, cost in found.items():
        assert abs(cost - expected[day]) < Fraction(len(SCENARIOS[scenario]), 10**18), day
    assert sum(found.values()) == sum(Fraction(cost) for _, _, cost in SCENARIOS[scenario])
