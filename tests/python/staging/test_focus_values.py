"""Values that exports write otherwise, as files: who wrote a row, words for nothing, ends of days, dates, tags."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

DAY = {
    "BilledCost": "10",
    "EffectiveCost": "10",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "BillingPeriodStart": "2026-09-01",
    "BillingPeriodEnd": "2026-10-01",
    "ChargePeriodStart": "2026-09-01",
    "ChargePeriodEnd": "2026-09-02",
    "Tags": '{"deployment": "chat"}',
}
AZURE = {"x_BillingProfileId": "p1", "ProviderName": "Microsoft", "InvoiceIssuerName": "Microsoft"}
PURCHASE = {"ChargeCategory": "Purchase", "ChargeFrequency": "One-Time"}
SEEDS = {
    "deployments": (
        "deployment_id,workload,environment,kind,model,valid_from\n"
        "chat,chat,production,hosted,m,2020-01-01\n"
        "other,other,production,inference,m,2020-01-01\n"
    ),
    "cost_rules": (
        "priority,source,column_name,tag_key,operator,value,treatment,target\n"
        "10,,Tags,team,exists,,direct,other\n"
        "20,,Tags,deployment,exists,,direct,$value\n"
    ),
    "focus_column_mappings": "source,column_name,source_column\nspelled,EffectiveCost,Net_Costt\n",
    "focus_sources": "source,delivery\nspeled,append\n",
}


def export(*rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def days_of_september(length: int) -> list[dict[str, str]]:
    """A row a day that ends on the day itself (0) or on the next one (1), in a bill that ends on the 30th."""
    days = [date(2026, 9, 1) + timedelta(day) for day in range(30)]
    return [
        {
            **DAY,
            "BillingPeriodEnd": "2026-09-30",
            "ChargePeriodStart": f"{day}",
            "ChargePeriodEnd": f"{day + timedelta(length)}",
        }
        for day in days
    ]


SOURCES = {
    # Microsoft's purchase of a reservation, Databricks's of a commitment, and Databricks sold by Microsoft
    "union": [
        {**DAY, **AZURE, **PURCHASE, "CommitmentDiscountId": "/R/1"},
        {
            **DAY,
            **PURCHASE,
            **dict.fromkeys(["ProviderName", "InvoiceIssuerName"], "Databricks"),
            "CommitmentDiscountId": "DBCU-1",
            "ResourceId": "Wh-A",
            "EffectiveCost": "100",
            "ListCost": "0",
        },
        {**DAY, **AZURE, "ProviderName": "Databricks", "ResourceId": "Wh-B"},
    ],
    "words": [
        {
            **DAY,
            **AZURE,
            **PURCHASE,
            "CommitmentDiscountId": word,
            "Tags": f'{{"team": "{word}", "deployment": "chat"}}',
        }
        for word in ("None", "nan", "N/A", "-", "<NA>", "(not set)", "/R/1")
    ],
    "next_day": days_of_september(1),
    "same_day": days_of_september(0),
    "wrapped": [{**DAY, "Tags": '{"key_value":[{"key":"deployment","value":"chat"}]}'}],
    "uncovered": [
        {**DAY, "ChargeCategory": category, "BilledCost": "5", "EffectiveCost": "0"}
        for category in ("Purchase", "Tax", "Credit", "Adjustment")
    ],
    "spelled": [{**DAY, "Net_Cost": "7"}],
}


@pytest.fixture(scope="module")
def built(module_warehouse, tmp_path_factory):
    seeds = tmp_path_factory.mktemp("seeds")
    for name, text in SEEDS.items():
        (seeds / f"{name}.csv").write_text(text, encoding="utf-8")
    for source, rows in SOURCES.items():
        module_warehouse.write(f"focus/{source}/september.csv", export(*rows))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIT_ECONOMICS_SEEDS", str(seeds))
        module_warehouse.build("+fct_deployment_costs_daily", "+fct_focus_conformance")
    return module_warehouse


def test_a_vendors_row_in_azures_table_is_left_as_it_is(built) -> None:
    """The reservation costs 0, the vendor's purchase 100. Ids are Azure's where Microsoft issued the invoice."""
    assert built.query("""
        select effective_cost, commitment_discount_id, resource_id, list_cost from staging.stg_focus__charges
        where source = 'union' order by source_row
    """) == [(0, "/r/1", None, None), (100, "DBCU-1", "Wh-A", 0), (10, None, "wh-b", None)]


def test_a_word_for_nothing_is_no_commitment_and_no_tag(built) -> None:
    """Six purchases of 10 without a commitment, by the tag deployment; the seventh has one, and a team."""
    assert built.query("""
        select deployment_id, sum(effective_cost) from marts.fct_deployment_costs_daily
        where source = 'words' group by deployment_id order by 1
    """) == [("chat", 60), ("other", 0)]


@pytest.mark.parametrize("source", ["next_day", "same_day"])
def test_each_day_has_its_own_cost_however_its_end_is_written(built, source) -> None:
    assert built.query(f"""
        select date_day, sum(effective_cost) from marts.fct_deployment_costs_daily
        where source = '{source}' group by date_day order by date_day
    """) == [(date(2026, 9, day), Decimal(10)) for day in range(1, 31)]


def test_a_tag_is_found_in_its_wrapping(built) -> None:
    assert built.query("""
        select deployment_id, sum(effective_cost) from marts.fct_deployment_costs_daily
        where source = 'wrapped' group by deployment_id
    """) == [("chat", 10)]


# By source a rule of conformance, and how many rows break it.
FINDINGS = {
    ("words", "null_as_text"): 6,
    ("next_day", "inclusive_date_end"): 30,
    ("uncovered", "uncovered_usage_effective_is_billed"): 3,
    ("spelled", "column_mapping_is_used"): 1,
    ("speled", "source_row_is_used"): 1,
}


@pytest.mark.parametrize(("source", "rule"), FINDINGS)
def test_what_is_doubtful_is_a_finding(built, source, rule) -> None:
    assert built.query(f"""
        select status, violating_count from marts.fct_focus_conformance where source = '{source}' and rule_id = '{rule}'
    """) == [("violated", FINDINGS[source, rule])]


def test_dates_with_the_day_first_stop_the_build_by_their_source_and_row(warehouse) -> None:
    """A day in a bill of September: 05/09 with the day first, 9/5 with the month first."""
    slashed = {
        "day_first": {**DAY, "ChargePeriodStart": "05/09/2026", "ChargePeriodEnd": "06/09/2026"},
        "day_first_bill": {
            **DAY,
            "BillingPeriodStart": "01/09/2026",
            "BillingPeriodEnd": "01/10/2026",
            "ChargePeriodStart": "01/09/2026",
            "ChargePeriodEnd": "02/09/2026",
        },
        "month_first": {**DAY, "ChargePeriodStart": "9/5/2026", "ChargePeriodEnd": "9/6/2026"},
    }
    for source, row in slashed.items():
        warehouse.write(f"focus/{source}/september.csv", export(row))
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    stopped = {source for source in slashed if f"source {source} breaks day_first_date" in warehouse.output}
    assert stopped == {"day_first", "day_first_bill"}
    assert "focus/day_first/september.csv, row 1" in warehouse.output
    assert warehouse.query("""
        select cast(charge_period_start as date) from staging.stg_focus__charges where source = 'month_first'
    """) == [(date(2026, 9, 5),)]
