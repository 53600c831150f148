"""Each FOCUS rule can fail: a file per rule in which one row of two breaks it, and nothing else does."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]

FOCUS_1_3_ROW = {
    "BilledCost": "1.5",
    "EffectiveCost": "1.5",
    "ContractedCost": "1.5",
    "ListCost": "2",
    "ListUnitPrice": "1",
    "ContractedUnitPrice": "0.75",
    "PricingQuantity": "2",
    "PricingUnit": "Hours",
    "ConsumedQuantity": "2",
    "ConsumedUnit": "Hours",
    "BillingCurrency": "USD",
    "BillingAccountId": "1",
    "InvoiceIssuerName": "Issuer",
    "InvoiceId": "",
    "ServiceProviderName": "Provider",
    "HostProviderName": "Provider",
    "ServiceCategory": "Compute",
    "ServiceName": "Machines",
    "SkuPriceId": "price",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeFrequency": "Usage-Based",
    "ChargeDescription": "an hour",
    "PricingCategory": "Standard",
    "CommitmentDiscountId": "",
    "CommitmentDiscountCategory": "",
    "CommitmentDiscountStatus": "",
    "CapacityReservationStatus": "",
    "Tags": "{}",
    "BillingPeriodStart": "2026-09-01T00:00:00Z",
    "BillingPeriodEnd": "2026-10-01T00:00:00Z",
    "ChargePeriodStart": "2026-09-01T00:00:00Z",
    "ChargePeriodEnd": "2026-09-02T00:00:00Z",
}
PURCHASE = {
    "ChargeCategory": "Purchase",
    "ChargeFrequency": "Recurring",
    "ConsumedQuantity": "",
    "ConsumedUnit": "",
    "CommitmentDiscountId": "plan",
    "EffectiveCost": "0",
}
UNUSED = {
    "CommitmentDiscountId": "plan",
    "CommitmentDiscountStatus": "Unused",
    "ConsumedQuantity": "",
    "ConsumedUnit": "",
}

AZURE = {"ServiceProviderName": "Microsoft"}
GOOGLE = {"ServiceProviderName": "Google Cloud"}

# What a row must say to break the rule, and which rules besides it must break.
BREAKING: dict[str, tuple[dict[str, str], set[str]]] = {
    "charge_category_allowed": ({"ChargeCategory": "Usages"}, {"consumed_quantity_on_usage_only"}),
    "charge_class_allowed": ({"ChargeClass": "Corrected"}, set()),
    "charge_frequency_allowed": ({"ChargeFrequency": "Monthly"}, set()),
    "pricing_category_allowed": ({"PricingCategory": "Spot"}, set()),
    "commitment_discount_category_allowed": ({"CommitmentDiscountCategory": "Money"}, set()),
    "commitment_discount_status_allowed": ({"CommitmentDiscountStatus": "Partly"}, set()),
    "capacity_reservation_status_allowed": ({"CapacityReservationStatus": "idle"}, set()),
    "service_category_allowed": ({"ServiceCategory": "AI"}, set()),
    "billing_currency_known": ({"BillingCurrency": "Token"}, set()),
    "billed_cost_present": ({"BilledCost": ""}, set()),
    "contracted_cost_present": ({"ContractedCost": ""}, set()),
    "list_cost_present": ({"ListCost": ""}, set()),
    "charge_category_present": ({"ChargeCategory": ""}, set()),
    "billing_account_id_present": ({"BillingAccountId": "NULL"}, {"null_as_text"}),
    "invoice_issuer_name_present": ({"InvoiceIssuerName": " "}, {"null_as_text"}),
    "service_provider_name_present": ({"ServiceProviderName": ""}, set()),
    "service_category_present": ({"ServiceCategory": ""}, set()),
    "service_name_present": ({"ServiceName": ""}, set()),
    "charge_period_end_present": ({"ChargePeriodEnd": ""}, set()),
    "charge_period_ordered": ({"ChargePeriodEnd": "2026-08-31T23:00:00Z"}, set()),
    "charge_period_has_length": ({"ChargePeriodEnd": "2026-09-01T00:00:00Z"}, set()),
    "billing_period_ordered": (
        {"BillingPeriodStart": "2026-10-01T00:00:00Z", "BillingPeriodEnd": "2026-09-01T00:00:00Z"},
        set(),
    ),
    "charge_period_in_calendar": (
        {**PURCHASE, "CommitmentDiscountId": "", "EffectiveCost": "1.5", "ChargePeriodEnd": "2062-06-02T00:00:00Z"},
        set(),
    ),
    "periods_plausible": (
        {
            "ChargePeriodStart": "0009-09-01T00:00:00Z",
            "ChargePeriodEnd": "0009-09-02T00:00:00Z",
            "BillingPeriodStart": "0009-09-01T00:00:00Z",
            "BillingPeriodEnd": "0009-10-01T00:00:00Z",
        },
        set(),
    ),
    "charge_period_near_billing_period": (
        {"ChargePeriodStart": "2026-07-01T00:00:00Z", "ChargePeriodEnd": "2026-07-02T00:00:00Z"},
        set(),
    ),
    "list_cost_is_price_times_quantity": ({"ListCost": "2.0002"}, set()),
    "contracted_cost_is_price_times_quantity": ({"ContractedCost": "1.4998"}, set()),
    "contracted_cost_within_list_cost": ({"ListCost": "1", "ListUnitPrice": "0.5"}, set()),
    "commitment_purchase_without_effective_cost": ({**PURCHASE, "EffectiveCost": "1.5"}, set()),
    "unused_commitment_without_consumed_quantity": (
        {**UNUSED, "ConsumedQuantity": "0", "ConsumedUnit": "Units"},
        set(),
    ),
    "unused_commitment_has_effective_cost": ({**UNUSED, "EffectiveCost": "0"}, set()),
    "commitment_usage_has_status": ({"CommitmentDiscountId": "plan"}, set()),
    "purchase_not_usage_based": ({**PURCHASE, "ChargeFrequency": "Usage-Based"}, set()),
    "consumed_quantity_on_usage_only": (
        {"ChargeCategory": "Tax", "ChargeFrequency": "Recurring"},
        set(),
    ),
    "negative_usage_repeats_quantity": (
        {"EffectiveCost": "-1.5", "BilledCost": "-1.5", "ContractedUnitPrice": "", "ListUnitPrice": ""},
        set(),
    ),
    "consumed_quantity_has_unit": ({"ConsumedUnit": ""}, set()),
    "pricing_quantity_has_unit": ({"PricingUnit": ""}, set()),
    "quantities_only_with_sku_price": ({"SkuPriceId": ""}, set()),
    "effective_cost_not_rounded": ({"EffectiveCost": "1"}, {"uncovered_usage_effective_is_billed"}),
    "uncovered_usage_effective_is_billed": ({"EffectiveCost": "1.25"}, set()),
    "date_only_end_of_month": ({"ChargePeriodEnd": "2026-09-30T00:00:00Z"}, set()),
    "invoice_in_one_currency": ({"InvoiceId": "7", "BillingCurrency": "EUR"}, set()),
    "no_cost": ({"EffectiveCost": "", "BilledCost": ""}, {"billed_cost_present"}),
    "effective_cost_from_billed_cost": ({"EffectiveCost": ""}, set()),
    "billing_currency_assumed": ({"BillingCurrency": ""}, set()),
    "charge_period_from_billing_period": ({"ChargePeriodStart": ""}, set()),
    "billing_period_from_charge_period": ({"BillingPeriodStart": ""}, set()),
    "no_charge_period": ({"ChargePeriodStart": "", "BillingPeriodStart": ""}, set()),
    "unreadable_number": ({"ConsumedQuantity": "two"}, set()),
    "unreadable_time": ({"ChargePeriodEnd": "soon"}, {"charge_period_end_present"}),
    "unreadable_tags": ({"Tags": "team=a"}, set()),
    # what staging corrects and records
    "azure_commitment_purchase": ({**AZURE, **PURCHASE, "EffectiveCost": "1.5"}, set()),
    "azure_commitment_purchase_frequency": ({**AZURE, **PURCHASE, "ChargeFrequency": "Usage-Based"}, set()),
    "azure_commitment_usage_category": (
        {**AZURE, "CommitmentDiscountId": "plan", "CommitmentDiscountStatus": "Used"},
        set(),
    ),
    "azure_quantity_not_consumed": (
        {**AZURE, **UNUSED, "PricingCategory": "Committed", "ConsumedQuantity": "0", "ConsumedUnit": "Units"},
        set(),
    ),
    "tokens_from_pricing_quantity": (
        {"ConsumedQuantity": "", "ConsumedUnit": "", "PricingUnit": "1000 tokens"},
        set(),
    ),
    "azure_zero_for_null": ({**AZURE, "ListUnitPrice": "0"}, set()),
    "azure_billing_period": ({**AZURE, "BillingPeriodStart": "2026-09-02T00:00:00Z"}, set()),
    "azure_placeholders": ({**AZURE, "InvoiceId": "-2"}, set()),
    "azure_lower_case_ids": ({**AZURE, "BillingAccountId": "A1"}, set()),
    "google_credits_added": ({"x_Credits": '[{"Name": "promotion", "Amount": -0.5}]'}, set()),
    "google_credits_unknown": (
        {"x_Credits": '[{"Name": "promotion", "Amount": -0.5}]', "ContractedUnitPrice": ""},
        set(),
    ),
    "google_billing_period": (
        {**GOOGLE, "BillingPeriodStart": "2026-09-01T07:00:00Z", "BillingPeriodEnd": "2026-09-30T07:00:00Z"},
        set(),
    ),
    "google_rounding_error": (
        {**GOOGLE, "ChargeCategory": "error", "ConsumedQuantity": "", "ConsumedUnit": ""},
        set(),
    ),
    "tencent_billing_period": (
        {
            "ServiceProviderName": "Tencent Cloud",
            "BillingPeriodStart": "2026-08-31T16:00:00Z",
            "BillingPeriodEnd": "2026-09-30T15:59:59Z",
        },
        set(),
    ),
    "inclusive_charge_period_end": ({"ChargePeriodEnd": "2026-09-01T23:59:59Z"}, set()),
    "inclusive_date_end": ({"ChargePeriodEnd": "2026-09-30", "BillingPeriodEnd": "2026-09-30"}, set()),
    "currency_case": ({"BillingCurrency": "usd"}, set()),
    "enumeration_case": ({"ChargeFrequency": "Usage-based"}, set()),
    "preview_pricing_category": ({"PricingCategory": "On-Demand"}, set()),
    "preview_charge_subcategory": ({"ChargeSubcategory": "Refund"}, set()),
    "tags_rewritten": ({"Tags": '[{"key": "team", "value": "a"}]'}, set()),
    "null_as_text": ({"ChargeDescription": "NULL"}, set()),
    "month_first_date": ({"ChargePeriodEnd": "9/2/26"}, set()),
    "day_first_date": ({"ChargePeriodStart": "05/09/2026", "ChargePeriodEnd": "2026-09-06"}, set()),
    "time_without_seconds": ({"ChargePeriodEnd": "2026-09-02T00:00Z"}, set()),
    "hour_beyond_23": ({"ChargePeriodEnd": "2026-09-01T24:00:00Z"}, set()),
    "number_with_symbols": ({"BilledCost": "$1.50"}, set()),
    "beyond_eighteen_decimals": ({"EffectiveCost": "1.5000000000000000001"}, set()),
}


def csv_text(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.fixture(scope="module")
def findings(module_warehouse):
    """Rule by rule: what was found in the source that is called like the rule."""
    warehouse = module_warehouse

    def write(path: str, rows: list[dict[str, str]]) -> None:
        """Each source bills an account of its own, or they would state the same charges."""
        own = [{**row, "BillingAccountId": row["BillingAccountId"].replace("1", path.split("/")[1])} for row in rows]
        warehouse.write(path, csv_text(own))

    write("focus/good/charges.csv", [{**FOCUS_1_3_ROW, "InvoiceId": "7"}] * 2)
    for rule_id, (changes, _) in BREAKING.items():
        good = {**FOCUS_1_3_ROW, "InvoiceId": changes.get("InvoiceId", "")}
        good |= dict.fromkeys(changes.keys() - good.keys(), "")
        write(f"focus/{rule_id}/charges.csv", [good, {**FOCUS_1_3_ROW, **changes}])
    # an older version, whose rules are fewer
    older = {name: value for name, value in FOCUS_1_3_ROW.items() if "Provider" not in name} | {"SkuPriceId": ""}
    write("focus/version_1_2/charges.csv", [{**older, "ProviderName": "Provider"}])
    few = {name: value for name, value in FOCUS_1_3_ROW.items() if name not in ("ListCost", "ContractedCost")}
    write("focus/cost_columns_present/charges.csv", [few])
    write("focus/file_read/charges.csv", [FOCUS_1_3_ROW])
    warehouse.write("focus/file_read/notes.docx", b"PK and no more")
    for name, unseen in (("a", "1"), ("b", "2")):
        write(f"focus/copy_compared_whole/{name}.csv", [{**FOCUS_1_3_ROW, "x_Unseen": unseen}])
    write("focus/column_mapping_is_used/charges.csv", [FOCUS_1_3_ROW])
    for name, cost in (("2026-06", "1.5"), ("2026-06 (1)", "1.75")):
        again = {**FOCUS_1_3_ROW, "ResourceId": "r", "BilledCost": cost, "EffectiveCost": cost}
        write(f"focus/charge_in_one_file/{name}.csv", [again])
    write("focus/manifest_row_count/part_0.csv", [FOCUS_1_3_ROW])
    blobs = [{"blobName": "x/part_0.csv", "dataRowCount": 2}]
    warehouse.write("focus/manifest_row_count/manifest.json", json.dumps({"blobs": blobs}))
    pods = [{"AllocatedMethodId": "m", "AllocatedResourceId": pod} for pod in ("pod-a", "pod-b")]
    parts = [{**FOCUS_1_3_ROW, **pod, "BilledCost": "0.75", "EffectiveCost": "0.75"} for pod in pods]
    whole = {**FOCUS_1_3_ROW, "AllocatedMethodId": "", "AllocatedResourceId": ""}
    write("focus/split_replaces_its_charge/charges.csv", [whole, *parts])
    write("focus/split_columns_are_read/charges.csv", [{**FOCUS_1_3_ROW, "x_ParentResourceId": "i-1"}])
    lacking = {**FOCUS_1_3_ROW, "EffectiveCost": "", "BilledCost": ""}
    write("focus/without_cost/charges.csv", [lacking, FOCUS_1_3_ROW])
    # 10 of 12 that were bought
    plan = {"CommitmentDiscountId": "plan", "BilledCost": "0", "CommitmentDiscountStatus": "Used"}
    write(
        "focus/commitment_balances/charges.csv",
        [{**FOCUS_1_3_ROW, **PURCHASE, "BilledCost": "12"}, {**FOCUS_1_3_ROW, **plan, "EffectiveCost": "10"}],
    )
    write("focus/invoice_matches_billed_cost/charges.csv", [{**FOCUS_1_3_ROW, "InvoiceId": "7"}] * 2)
    for name in ("charge_in_one_source", "charge_in_one_source_copied"):
        warehouse.write(f"focus/{name}/charges.csv", csv_text([FOCUS_1_3_ROW]))
    warehouse.dbt("seed", "--select", "+fct_focus_conformance")
    # two charges of 1.5 are 3.00: a dollar away from the one amount, and a cent more from the other
    warehouse.query("""
        insert into config.focus_sources (source, delivery, known_gaps)
        values ('without_cost', 'overwrite', 'cost'), ('source_row_is_used', 'append', null);
        insert into config.focus_column_mappings values ('column_mapping_is_used', 'EffectiveCost', 'Net_Costt');
        insert into config.amortization_schedules (schedule_id, source) values ('s', 'seed_row_of_a_source');
        insert into config.invoices
        values ('good', null, '7', 4, 'USD'), ('invoice_matches_billed_cost', null, '7', 4.01, 'USD')
    """)
    warehouse.dbt("run", "--select", "+fct_focus_conformance")
    return warehouse


def violated(findings, source: str) -> set[str]:
    rows = findings.query(f"""
        select rule_id from marts.fct_focus_conformance where source = '{source}' and status = 'violated'
    """)
    return {rule_id for (rule_id,) in rows}


@pytest.mark.parametrize("rule_id", BREAKING)
def test_a_row_that_breaks_a_rule_is_found(findings, rule_id):
    expected = {rule_id} | BREAKING[rule_id][1]
    assert violated(findings, rule_id) == expected
    checked, violating, share, row = findings.query(f"""
        select checked_count, violating_count, violating_share, example_row
        from marts.fct_focus_conformance where source = '{rule_id}' and rule_id = '{rule_id}'
    """)[0]
    assert checked >= violating == (2 if rule_id == "invoice_in_one_currency" else 1)
    assert share == violating / checked
    assert row == (None if rule_id == "invoice_in_one_currency" else 2)


@pytest.mark.parametrize(
    "rule_id",
    [
        *("cost_columns_present", "file_read", "copy_compared_whole", "charge_in_one_file", "manifest_row_count"),
        *(
            "charge_in_one_source",
            "split_replaces_its_charge",
            "split_columns_are_read",
            "column_mapping_is_used",
            "source_row_is_used",
            "seed_row_of_a_source",
        ),
        *("invoice_matches_billed_cost", "commitment_balances"),
    ],
)
def test_a_file_or_a_sum_that_breaks_a_rule_is_found(findings, rule_id):
    assert violated(findings, rule_id) - {"contracted_cost_present", "list_cost_present"} == {rule_id}


def test_each_rule_of_the_catalogue_is_broken_here(findings):
    catalogue = {rule_id for (rule_id,) in findings.query("select rule_id from reference.focus_conformance_rules")}
    sums = {"cost_columns_present", "file_read", "invoice_matches_billed_cost", "commitment_balances"}
    sums |= {"copy_compared_whole", "charge_in_one_file", "charge_in_one_source", "manifest_row_count"}
    sums |= {"column_mapping_is_used", "source_row_is_used", "seed_row_of_a_source"}
    sums |= {"split_replaces_its_charge", "split_columns_are_read"}
    sets = {"superseded_by_later_file", "usage_without_cost"}  # test_focus_delivery.py, and below
    # tests/python/costs/test_token_meters.py
    meters = {"token_unit_readable", "token_kind_known", "token_unit_as_multiplied"}
    meters |= {"token_meter_of_rule", "sku_meter_of_a_charge", "reversal_has_quantity"}
    assert catalogue == {*BREAKING} | sums | sets | meters


def test_what_a_source_lacks_on_purpose_is_known_and_not_violated(findings):
    """One row of two has no cost, of 1.5 + 1.5; the source says that it may be so."""
    assert violated(findings, "without_cost") == set()
    assert findings.query("""
        select rule_id, violating_count from marts.fct_focus_conformance
        where source = 'without_cost' and status = 'known_gap' order by 1
    """) == [("billed_cost_present", 1), ("usage_without_cost", 1)]


def test_each_change_has_its_line_in_the_documentation():
    rules = (PROJECT / "seeds/reference/focus_conformance_rules.csv").read_text(encoding="utf-8")
    page = (PROJECT / "docs/focus.md").read_text(encoding="utf-8")
    changes = [row["rule_id"] for row in csv.DictReader(rules.splitlines()) if row["check_kind"] == "source_change"]
    assert [rule_id for rule_id in changes if f"`{rule_id}`" not in page] == []


FAR_AHEAD = {
    "never": ({"ChargeCategory": "Purchase", "ChargePeriodEnd": "9999-12-31T00:00:00Z"}, True),
    "usage_until_2062": ({"ChargePeriodEnd": "2062-09-02T00:00:00Z"}, True),
    "usage_for_six_years": ({"ChargePeriodEnd": "2032-09-02T00:00:00Z"}, True),
    "five_years_of_a_plan": ({**PURCHASE, "ChargePeriodEnd": "2031-09-01T00:00:00Z"}, False),
    "bill_of_2035": (
        {
            "ChargePeriodStart": "2035-09-01T00:00:00Z",
            "ChargePeriodEnd": "2035-09-02T00:00:00Z",
            "BillingPeriodStart": "2035-09-01T00:00:00Z",
            "BillingPeriodEnd": "2035-10-01T00:00:00Z",
        },
        False,
    ),
}


def test_a_charge_far_ahead_is_found_and_usage_of_many_years_stops_the_build(warehouse):
    """Files of today and five years ahead: but for five years of a plan, these charges are not in the calendar."""
    for source, (changes, _) in FAR_AHEAD.items():
        file = warehouse.write(f"focus/{source}/charges.csv", csv_text([{**FOCUS_1_3_ROW, **changes}]))
        os.utime(file, (0, datetime(2026, 11, 30, tzinfo=UTC).timestamp()))
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    stopped = {source for source in FAR_AHEAD if f"source {source} breaks periods_plausible" in warehouse.output}
    assert stopped == {source for source, (_, stops) in FAR_AHEAD.items() if stops}
    found = warehouse.query("""
        select source from intermediate.int_quality__focus_findings
        where rule_id = 'charge_period_in_calendar' and status = 'violated'
    """)
    assert {source for (source,) in found} == FAR_AHEAD.keys() - {"five_years_of_a_plan"}


def test_a_good_source_breaks_none(findings):
    assert violated(findings, "good") == set()
    statuses = dict(findings.query("select rule_id, status from marts.fct_focus_conformance where source = 'good'"))
    assert statuses["invoice_matches_billed_cost"] == "met"
    assert statuses["list_cost_is_price_times_quantity"] == "met"
    assert statuses["unused_commitment_has_effective_cost"] == "not_applicable"


def test_a_rule_is_put_to_the_versions_that_have_it(findings):
    assert violated(findings, "version_1_2") == set()
    versions = findings.query("""
        select source, focus_version from intermediate.int_quality__focus_files
        where source in ('good', 'version_1_2') order by source
    """)
    assert versions == [("good", "1.3"), ("version_1_2", "1.2")]


def test_an_error_stops_the_build_with_one_line_and_a_warning_does_not(warehouse):
    warned = {**FOCUS_1_3_ROW, "ServiceCategory": "AI"}
    warehouse.write("focus/acme/charges.csv", csv_text([FOCUS_1_3_ROW, warned]))
    options = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    warehouse.dbt("build", "--select", "+int_costs__charges_daily", *options)
    assert "breaks service_category_allowed" not in warehouse.output  # dbt prints how many, not which
    # and that the sample's rows of cost_rules are about aws and azure, of which there is no bill
    assert "WARN 3 focus_rules_of_severity_warning_are_met" in warehouse.output
    assert warehouse.query("select sum(effective_cost) from intermediate.int_costs__charges_daily") == [(3,)]

    bad = {**FOCUS_1_3_ROW, "BillingCurrency": "Token"}
    file = warehouse.write("focus/acme/charges.csv", csv_text([FOCUS_1_3_ROW, FOCUS_1_3_ROW, bad]))
    assert not warehouse.dbt("build", "--select", "+int_costs__charges_daily", *options, check=False)
    message = next(line for line in warehouse.output.splitlines() if "breaks billing_currency_known" in line)
    assert "source acme breaks billing_currency_known in 1 of 3" in message
    assert f"First in {file}, row 3 (Token)" in message
    assert "Correct the export, or make the rule a warning" in warehouse.output
    # what stands behind the rule is that of the last good build
    assert warehouse.query("select sum(effective_cost) from intermediate.int_costs__charges_daily") == [(3,)]
