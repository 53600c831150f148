"""`bill`: exports in the shapes that people have, each a source of its own in one warehouse.

The right costs are those of `../shared/cases/README.md`; where it names none, they are added up by hand.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

AZURE_RUNS = r"(.*)/(\d{8}-\d{8})/[^/]+/(\d{12})/"
# By case and source what the source costs.
COSTS = {
    # FOCUS 1.4's other datasets beside the charges are no charges
    ("focus14-invoice-detail", "vendor"): 60 + 40,
    ("focus14-other-datasets", "vendor"): 60,
    # 14 days by the run of the 15th, which states the one-time run's nine days anew
    ("azure-one-time-and-daily", "azure"): 14 * 10,
    ("azure-no-sources-row", "azure"): 12,
    # the run 0aaa was submitted on the 3rd, 9bbb on the 2nd
    ("azure-path-without-time", "azure"): 10,
    # Azure's usage 100 under a savings plan whose purchase costs nothing besides, AWS's 10, and Google's 10 - 4
    ("hub-union-file", "hub"): 100 + 10 + 10 - 4,
    ("hub-union-file", "hubaz"): 10 + 10,
    # packings and formats; of a.csv beside a.csv.gz one counts
    ("batch1-shapes", "gunzipped"): 10,
    ("batch1-shapes", "vercel_jsonl"): 10,
    ("batch1-shapes", "coreweave_json"): 10,
    ("batch1-shapes", "pinecone_zip"): 10,
    ("batch1-shapes", "bom"): 10 + 5,
    ("batch1-shapes", "multigz"): 10 + 20,
    ("batch1-shapes", "header_only"): 7,
    # lists and maps of Parquet, and a file without rows
    ("focus14-invoice-detail", "gnative"): Decimal("5.25") * 2,
    ("focus14-invoice-detail", "awsmap"): Decimal("5.25"),
    ("batch1-shapes", "tags_arrayvalue"): 10,
    ("batch1-shapes", "tags_double"): 10,
    ("batch1-shapes", "tags_name_value"): 10,
    ("batch1-shapes", "tags_nobrace"): 10,
    ("batch1-shapes", "tags_pairs"): 10,
    ("batch1-shapes", "oci"): 0,
    ("batch2-costs", "oci0"): 0,
    ("focus14-invoice-detail", "uncovered"): Decimal("3.21"),
    ("batch2-costs", "incl"): 30,
    ("batch2-costs", "snow"): 10,
    ("batch2-costs", "aoai"): 7 * 2,
    ("allocated-tags-rule", "split"): 60 + 40,
    # what stopped the build
    ("stop-snowflake-timestamp", "snow"): 10,
    ("stop-snake-case", "x"): 10,
    ("stop-semicolon", "x"): 10,
    ("stop-temporal-contracted-only", "temporal"): 100,
    ("stop-temporal-contracted-only", "aws"): 10,
    ("stop-usage-only-rows", "aws"): 10,
    ("stop-usage-only-rows", "lower"): 10,
    ("stop-usage-only-rows", "coreweave"): 0,
    ("stop-usage-only-rows", "openai_fx"): 3,
}
SEEDS = {
    "deployments": (
        "deployment_id,workload,environment,kind,model,valid_from\n"
        "chat,chat,production,hosted,gpt-4.1,2020-01-01\n"
        "other,other,production,inference,m,2020-01-01\n"
    ),
    "cost_rules": (
        "priority,source,column_name,tag_key,operator,value,treatment,target\n"
        "10,,AllocatedTags,deployment,exists,,direct,$value\n"
        "20,,Tags,deployment,exists,,direct,$value\n"
        "30,,Tags,user:deployment,exists,,direct,$value\n"
    ),
    "focus_sources": (
        "source,delivery,snapshot_pattern,known_gaps\n"
        f"azure-one-time-and-daily.azure,snapshot,{AZURE_RUNS},\n"
        f"azure-path-without-time.azure,snapshot,{AZURE_RUNS},\n"
        "focus14-invoice-detail.gnative,append,,\n"
        "stop-usage-only-rows.coreweave,overwrite,,cost\n"
        "stop-usage-only-rows.openai_fx,overwrite,,cost|units\n"
    ),
    "focus_column_mappings": (
        "source,column_name,source_column\nstop-temporal-contracted-only.temporal,EffectiveCost,ContractedCost\n"
    ),
    "sku_meters": (
        "source,column_name,operator,value,unit,unit_multiplier,deployment_id\n"
        "batch2-costs.aoai,SkuMeter,like,%Inp%Tokens,input_token,,chat\n"
    ),
}


@pytest.fixture(scope="module")
def built(company, shared_cases):
    warehouse = company(SEEDS)
    for case, source in COSTS:
        warehouse.copy(shared_cases / "bill" / case / "data" / "focus" / source, f"focus/{case}.{source}")
    warehouse.build(
        *("+fct_deployment_costs_daily", "+fct_focus_conformance", "+landed_focus_invoice_details"),
        *("+landed_focus_contract_commitments", "+int_usage__hosted_meters_daily"),
    )
    return warehouse


@pytest.fixture(scope="module")
def costs(built) -> dict[str, Decimal]:
    return dict(built.query("select source, sum(effective_cost) from staging.stg_focus__charges group by source"))


@pytest.mark.parametrize(("case", "source"), COSTS)
def test_a_source_costs_what_it_says(costs, case: str, source: str) -> None:
    assert costs[f"{case}.{source}"] == COSTS[case, source]


# By case and source what each deployment costs, where tags or their likes decide it.
DEPLOYMENTS = {
    ("batch1-shapes", "tags_double"): {"chat": 10},
    ("batch1-shapes", "tags_arrayvalue"): {"chat": 10},
    ("batch1-shapes", "tags_name_value"): {"chat": 10},
    ("batch1-shapes", "tags_nobrace"): {"chat": 10},
    ("focus14-invoice-detail", "gnative"): {"chat": Decimal("10.5")},
    ("focus14-invoice-detail", "awsmap"): {"chat": Decimal("5.25")},
    ("batch1-shapes", "vercel_jsonl"): {"chat": 10},
    ("batch1-shapes", "coreweave_json"): {"chat": 10},
    ("batch1-shapes", "pinecone_zip"): {"chat": 10},
    ("stop-snake-case", "x"): {"chat": 10},
    ("stop-semicolon", "x"): {"chat": 10},
    ("allocated-tags-rule", "split"): {"chat": 60, "other": 40},
}


@pytest.mark.parametrize(("case", "source"), DEPLOYMENTS)
def test_a_rule_finds_the_tag_however_it_is_written(built, case: str, source: str) -> None:
    found = built.query(f"""
        select deployment_id, sum(effective_cost) from marts.fct_deployment_costs_daily
        where source = '{case}.{source}' group by deployment_id
    """)
    assert dict(found) == DEPLOYMENTS[case, source]


# By case and source a rule of conformance, and how many rows break it.
FINDINGS = {
    ("batch1-shapes", "tags_pairs"): ("unreadable_tags", "violated", 1),
    ("batch2-costs", "oci0"): ("uncovered_usage_effective_is_billed", "violated", 2),
    ("batch1-shapes", "oci"): ("uncovered_usage_effective_is_billed", "violated", 1),
    ("focus14-invoice-detail", "uncovered"): ("uncovered_usage_effective_is_billed", "violated", 2),
    ("batch2-costs", "incl"): ("inclusive_date_end", "violated", 1),
    ("batch2-costs", "snow"): ("null_as_text", "violated", 1),
    ("stop-usage-only-rows", "lower"): ("currency_case", "violated", 1),
    ("stop-usage-only-rows", "coreweave"): ("usage_without_cost", "known_gap", 1),
    ("stop-usage-only-rows", "openai_fx"): ("usage_without_cost", "known_gap", 1),
}


@pytest.mark.parametrize(("case", "source"), FINDINGS)
def test_what_is_doubtful_is_a_finding(built, case: str, source: str) -> None:
    rule, status, count = FINDINGS[case, source]
    assert built.query(f"""
        select status, violating_count from marts.fct_focus_conformance
        where source = '{case}.{source}' and rule_id = '{rule}'
    """) == [(status, count)]


def test_other_datasets_land_as_what_they_are(built) -> None:
    assert built.query("""
        select source, InvoiceDetailId, BilledCost from landing.landed_focus_invoice_details
    """) == [("focus14-invoice-detail.vendor", "D1", "100")]
    assert built.query("""
        select source, ContractCommitmentId, ContractCommitmentCost from landing.landed_focus_contract_commitments
    """) == [("focus14-other-datasets.vendor", "c", "1000")]


def test_a_row_of_a_common_table_is_read_by_its_own_provider(built) -> None:
    """Azure's fix-ups make ids lower case and 0 prices null: not those of AWS, whose list cost here is 0."""
    assert built.query("""
        select source, data_generator, resource_id, list_cost from staging.stg_focus__charges
        where source like 'hub-union-file.%' and provider_name = 'AWS' order by source
    """) == [
        ("hub-union-file.hub", "aws", "i-0ABC", 10),
        ("hub-union-file.hubaz", "aws", "arn:aws:sagemaker:us-east-1:1:endpoint/Chat-Large", 0),
    ]


def test_dates_from_the_first_to_the_last_day_of_a_month_are_all_its_days(built) -> None:
    days = built.query("""
        select date_day, sum(effective_cost) from marts.fct_deployment_costs_daily
        where source = 'batch2-costs.incl' group by date_day order by date_day
    """)
    assert days == [(date(2026, 9, day), 1) for day in range(1, 31)]


def test_a_word_for_null_is_null_in_texts(built) -> None:
    assert built.query("""
        select resource_id, tags, charge_class from staging.stg_focus__charges where source = 'batch2-costs.snow'
    """) == [(None, None, None)]


def test_a_time_with_a_blank_before_its_offset_is_that_moment(built) -> None:
    assert built.query("""
        select cast(charge_period_start as varchar), cast(charge_period_end as varchar)
        from staging.stg_focus__charges where source = 'stop-snowflake-timestamp.snow'
    """) == [("2026-09-01 00:00:00", "2026-09-02 00:00:00")]


def test_names_of_the_preview_and_of_oracle_are_read(built) -> None:
    """UsageQuantity, UsageUnit, ChargeSubCategory, Provider and x_oci_ReferenceNumber of Oracle's own report."""
    assert built.query("""
        select data_generator, charge_subcategory, consumed_quantity, consumed_unit, service_provider_name, billed_cost
        from staging.stg_focus__charges where source = 'batch1-shapes.oci'
    """) == [("oracle", "On-Demand", 1, "Hours", "Oracle", Decimal("12.5"))]


def test_each_word_for_tokens_is_a_million_of_them(built) -> None:
    """1,000,000 Units of a meter of tokens, 1 MTok, 1 1M Tokens, 1,000 1K tokens, 1 1000000 Tokens, 1,000,000 input
    tokens, and 1,000,000 tokens that only PricingQuantity has: a day each."""
    assert built.query("""
        select date_day, units from intermediate.int_usage__meter_readings_daily
        where meter = 'billed' and unit = 'input_token' and deployment_id = 'chat' order by date_day
    """) == [(date(2026, 9, day), 1_000_000) for day in range(1, 8)]


def test_a_copy_is_named_and_what_a_cell_is_divided_by_is_noted(built) -> None:
    rows = built.query("""
        select source, not_current_because, note from landing.landed_files
        where source in ('batch1-shapes.gunzipped', 'stop-semicolon.x') and (not_current_because, note) != (null, null)
    """)
    assert sorted(rows, key=str) == [
        ("batch1-shapes.gunzipped", "copy", None),
        ("stop-semicolon.x", None, "its cells are divided by ;"),
    ]


def test_all_broken_sources_are_named_at_once(warehouse, shared_cases, monkeypatch) -> None:
    """`stop-usage-only-rows` as it came: rows without a cost in two sources, and one of the year 1900. Two go on."""
    monkeypatch.delenv("UNIT_ECONOMICS_SEEDS", raising=False)
    warehouse.copy(shared_cases / "bill" / "stop-usage-only-rows" / "data" / "focus", "focus")
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    for source in ("coreweave", "openai_fx"):
        assert f"source {source} breaks no_cost" in warehouse.output
    assert "source y1900 breaks periods_plausible" in warehouse.output
    for source in ("aws", "lower"):
        assert f"source {source} breaks" not in warehouse.output


def test_a_bill_with_a_cost_by_another_name_is_named_with_its_header(land, shared_cases, tmp_path) -> None:
    """Temporal's user is told which seed can say where the cost is."""
    case = shared_cases / "bill" / "stop-temporal-contracted-only" / "data"
    landed = land(case)
    problem = landed.problems["focus/temporal/2026-09.csv"]
    assert "focus_column_mappings.csv" in problem
    assert "ContractedCost" in problem
    assert "','" in problem
    assert landed.entries["focus/temporal/2026-09.csv"].stops
    assert list(landed.problems) == ["focus/temporal/2026-09.csv"]
