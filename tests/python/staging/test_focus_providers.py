"""An export of each provider in the shape that its documentation describes, with totals worked out by hand.

The rules one by one are unit tests of stg_focus__charges; here they meet as files: types, folders, manifests, names.
"""

from __future__ import annotations

import gzip
import json
from decimal import Decimal

import duckdb
import pytest

JUNE, JULY, AUGUST = "2026-06-01T00:00:00Z", "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z"


def csv(header: str, *rows: str) -> str:
    return "\n".join([header, *rows]) + "\n"


def parquet(warehouse, path: str, select: str) -> None:
    file = warehouse.data / path
    file.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"set TimeZone = 'UTC'; copy ({select}) to '{file}' (format parquet)")


def aws(warehouse) -> None:
    """FOCUS 1.2, overwritten in place: DOUBLE costs, milliseconds, tags and discounts as MAP.

    Three usages on demand, 0.1 + 0.2 + 1e-9. A savings plan of 1 an hour: bought for 1, 0.8 used, 0.2 unused. As DOUBLE
    0.1 + 0.2 would be 0.30000000000000004."""
    period = "timestamp_ms '2026-06-01' as BillingPeriodStart, timestamp_ms '2026-07-01' as BillingPeriodEnd"
    parquet(
        warehouse,
        "focus/aws/bill/data/BILLING_PERIOD=2026-06/bill-00001.snappy.parquet",
        f"""
        select
            cast(billed as double) as BilledCost, cast(effective as double) as EffectiveCost,
            category as ChargeCategory, status as CommitmentDiscountStatus,
            case when status is not null or category = 'Purchase' then 'arn:aws:savingsplans::1:savingsplan/a' end
                as CommitmentDiscountId,
            cast(quantity as double) as ConsumedQuantity, 'USD' as BillingCurrency, 'AWS' as ProviderName,
            'Amazon Web Services, Inc.' as InvoiceIssuerName, 'AmazonEC2' as x_ServiceCode, 'i-1' as InvoiceId,
            map {{'user:team': 'ml', 'aws:createdBy': 'x'}} as Tags, map {{'edp': -0.01::double}} as x_Discounts,
            {period},
            timestamp_ms '2026-06-05 10:00' as ChargePeriodStart, timestamp_ms '2026-06-05 11:00' as ChargePeriodEnd
        from (values
            (0.1, 0.1, 'Usage', null, 1), (0.2, 0.2, 'Usage', null, 2), (1e-9, 1e-9, 'Usage', null, 1),
            (1, 0, 'Purchase', null, null), (0, 0.8, 'Usage', 'Used', 8), (0, 0.2, 'Usage', 'Unused', null)
        ) as charges (billed, effective, category, status, quantity)
        """,
    )
    manifest = "focus/aws/bill/metadata/BILLING_PERIOD=2026-06/bill-Manifest.json"
    warehouse.write(manifest, '{"dataFiles": ["bill-00001.snappy.parquet"]}')


def azure(warehouse) -> None:
    """FOCUS 1.0 as Cost Management writes it: runs side by side, dates without seconds, ids in any case, 0 for null.

    The run of 2 June says 1. That of 1 July: 6 of usage; a savings plan for 720, which says EffectiveCost 720 and is 0;
    3 of it used and 2 unused; a reversal of -1. 6 + 3 + 2 - 1 = 10, of which 6 + 720 - 1 = 725 are billed."""
    header = (
        "BilledCost,EffectiveCost,ContractedCost,ListCost,ChargeCategory,ChargeFrequency,PricingCategory,"
        "CommitmentDiscountId,CommitmentDiscountStatus,ConsumedQuantity,ConsumedUnit,BillingCurrency,ResourceId,SkuId,"
        "BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ProviderName,Tags,x_BillingProfileId"
    )
    times = "2026-06-01T00:00Z,2026-07-01T00:00Z,2026-06-04T00:00Z,2026-06-05T00:00Z,Microsoft"
    end = f'{times},"{{""env"": ""prod""}}",bp'
    run = csv(
        header,
        f"6,6,0,6.5,Usage,Usage-Based,Standard,,,24,Hours,USD,/Subscriptions/A/vm-1,sku,{end}",
        f"720,720,720,720,Purchase,Usage-Based,Standard,/Plans/P,,1,Units,USD,,-2,{end}",
        f"0,3,3,4,Usage,Usage-Based,Standard,/plans/p,Used,12,Hours,USD,/subscriptions/a/vm-1,sku,{end}",
        f"0,2,0,0,Usage,Usage-Based,Committed,/Plans/P,Unused,0,Units,USD,,Unassigned,{end}",
        f"-1,-1,0,-1,Usage,Usage-Based,Standard,,,-4,Hours,USD,/subscriptions/a/vm-1,sku,{end}",
    )
    early = csv(header, f"1,1,1,1,Usage,Usage-Based,Standard,,,1,Hours,USD,/subscriptions/a/vm-1,sku,{end}")
    for age, text in (("202606020412", early), ("202607010412", run)):
        folder = f"focus/azure/scope/20260601-20260630/daily/{age}/guid"
        warehouse.write(f"{folder}/part_0.csv.gz", gzip.compress(text.encode()))
        warehouse.write(f"{folder}/manifest.json", json.dumps({"blobs": [{"blobName": "x/part_0.csv.gz"}]}))


def google_view(warehouse) -> None:
    """The BigQuery view of 2024: words in lower case, credits apart, June by the clock of Los Angeles.

    10 at 2 x 5 with credits of -3 and -1 are 6; 2 at 1 x 2 with none; a rounding difference of 0.01: 8.01 in all."""
    parquet(
        warehouse,
        "focus/google-view/export-000.parquet",
        """
        select
            cost as BilledCost, cost as EffectiveCost, cost as ContractedCost, price as ContractedUnitPrice,
            quantity as PricingQuantity, category as ChargeCategory, 'standard' as PricingCategory,
            'USD' as BillingCurrency, 'Google Cloud' as ProviderName, ['Compute', 'GPUs'] as ServiceCategory,
            list_transform(credits, lambda credit: {'Name': 'CUD', 'Amount': credit}) as x_Credits,
            [{'key': 'team', 'value': 'ml', 'x_type': 'label'}, {'key': 'team', 'value': 'web', 'x_type': 'tag'}]
                as Tags,
            timestamptz '2026-06-01 07:00:00Z' as BillingPeriodStart,
            timestamptz '2026-06-30 07:00:00Z' as BillingPeriodEnd,
            timestamptz '2026-06-09 00:00:00Z' as ChargePeriodStart,
            timestamptz '2026-06-09 01:00:00Z' as ChargePeriodEnd
        from (values
            (10::decimal(38, 9), 5::decimal(38, 9), 2::decimal(38, 9), 'usage', [-3::decimal(38, 9), -1]),
            (2, 2, 1, 'usage', []), (0.01, null, null, 'error', [])
        ) as charges (cost, price, quantity, category, credits)
        """,
    )


def google_native(warehouse) -> None:
    """The native export of FOCUS 1.2, appended: DECIMAL costs, tags as a list of keys and values.

    June brings 4; the file of July 1 brings July's 7 and takes 1.5 of June back. A second copy of that shard adds
    nothing: 2.5 for June, 7 for July."""

    def shard(path: str, *rows: tuple[str, str, str, str]) -> None:
        values = ", ".join(
            f"({cost}::decimal(38, 9), timestamptz '{day} 00:00:00Z', nullif('{charge_class}', ''), '{bill}')"
            for cost, day, charge_class, bill in rows
        )
        parquet(
            warehouse,
            f"focus/google-native/{path}",
            f"""
            select
                cost as BilledCost, cost as EffectiveCost, class as ChargeClass, 'Usage' as ChargeCategory,
                day as ChargePeriodStart, day + interval 1 day as ChargePeriodEnd,
                cast(bill || ' 00:00:00Z' as timestamptz) as BillingPeriodStart, 'i' as InvoiceId,
                'USD' as BillingCurrency, 'Google Cloud' as ProviderName, timestamptz '2026-07-02' as x_ExportTime,
                [{{'Key': 'team', 'Value': 'ml', 'x_Inherited': true}}] as Tags
            from (values {values}) as charges (cost, day, class, bill)
            """,
        )

    shard("2026-06/000.parquet", ("4", "2026-06-20", "", "2026-06-01"))
    late = [("7", "2026-07-01", "", "2026-07-01"), ("-1.5", "2026-06-20", "Correction", "2026-07-01")]
    shard("2026-07/000.parquet", *late)
    shard("2026-07/copy-of-000.parquet", *late)


def oracle(warehouse) -> None:
    """1.0-preview by other names, gzipped, every six hours, appended: an hour comes again as a correction.

    3 + 2.25, and the later file takes 0.25 back with a reference: 5."""
    header = (
        "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
        "ChargeCategory,ChargeSubcategory,Provider,Publisher,InvoiceIssuer,Region,UsageQuantity,UsageUnit,PricingCategory,"
        "Tags,oci_ReferenceNumber,oci_BackReferenceNumber"
    )
    month = "USD,2026-06-01T00:00Z,2026-07-01T00:00Z"
    hour = "2026-06-02T10:00+0000,2026-06-02T11:00+0000"
    names = "Oracle,Oracle,Oracle America,eu-frankfurt-1"
    tags = '"{""team"": ""ml""}"'
    first = csv(
        header,
        f"3,3,{month},{hour},Usage,On-Demand,{names},1.5,OCPU Hours,On-Demand,{tags},ref-1,",
        f"2.25,2.25,{month},{hour},Usage, ,{names},1,OCPU Hours, ,{tags},ref-2,",
    )
    second = csv(header, f"-0.25,-0.25,{month},{hour},Adjustment,Refund,{names},0,OCPU Hours,,{tags},ref-3,ref-2")
    for name, text in (("0001000000.csv.gz", first), ("0001000001.csv.gz", second)):
        warehouse.write(f"focus/oracle/FOCUS Reports/2026/06/02/{name}", gzip.compress(text.encode()))


def tencent(warehouse) -> None:
    """FOCUS 1.0 with June by the clock of Beijing and ends a second early: 8, and a credit of -3 that is not billed."""
    header = (
        "BilledCost,EffectiveCost,BillingCurrency,ChargeCategory,ProviderName,BillingPeriodStart,BillingPeriodEnd,"
        "ChargePeriodStart,ChargePeriodEnd"
    )
    period = "2026-05-31T16:00:00Z,2026-06-30T15:59:59Z,2026-06-10T00:00:00Z,2026-06-10T23:59:59Z"
    rows = [f"8,8,USD,Usage,Tencent Cloud,{period}", f"0,-3,USD,Credit,Tencent Cloud,{period}"]
    warehouse.write("focus/tencent/june.csv", csv(header, *rows))


def litellm(warehouse) -> None:
    """A gateway's own estimate of FOCUS 1.2: hourly files with the totals of the day so far, by key and model.

    At 09:00 key a stands at 0.000002 and b at 5, at 10:00 a at 0.000007: 5.000007. The units are requests: 9 and 2."""
    for hour, rows in (("09", "('a', 0.000002, 3), ('b', 5, 2)"), ("10", "('a', 0.000007, 9)")):
        parquet(
            warehouse,
            f"focus/litellm/date=2026-06-03/hour={hour}/usage_{hour}.parquet",
            f"""
            select
                cast(cost as decimal(18, 6)) as BilledCost, cast(cost as decimal(18, 6)) as EffectiveCost,
                cast(cost as decimal(18, 6)) as ListCost, cast(cost as decimal(18, 6)) as ContractedCost,
                cast(requests as decimal(18, 6)) as ConsumedQuantity, 'Requests' as ConsumedUnit,
                cast(requests as decimal(18, 6)) as PricingQuantity, 'Requests' as PricingUnit,
                'USD' as BillingCurrency, 'USD' as PricingCurrency, 'openai' as ProviderName,
                key as BillingAccountId, '{{"model": "m"}}' as Tags, 'Usage' as ChargeCategory,
                timestamptz '2026-06-03 00:00:00Z' as BillingPeriodStart,
                timestamptz '2026-06-04 00:00:00Z' as BillingPeriodEnd,
                timestamptz '2026-06-03 00:00:00Z' as ChargePeriodStart,
                timestamptz '2026-06-04 00:00:00Z' as ChargePeriodEnd
            from (values {rows}) as charges (key, cost, requests)
            """,
        )


def spreadsheet(warehouse) -> None:
    """What a vendor makes of FOCUS 1.2 by hand: money with signs, American dates, NULL, powers of ten.

    12,000.50 for the year from July 2026, and 1.5E-7 on its first day, priced in the vendor's tokens."""
    header = (
        "BilledCost,EffectiveCost,PricingCurrency,PricingCurrencyEffectiveCost,BillingCurrency,ChargeCategory,"
        "ChargeFrequency,ResourceId,Tags,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd"
    )
    licence = '"$12,000.50 ","$12,000.50 ",USD,"12,000.50",USD,Purchase,One-Time,NULL, ,7/1/26,8/1/26,7/1/26,7/1/2027'
    usage = "0,1.5E-7,Token,400,USD,Usage,Usage-Based,null,{},7/1/26,8/1/26,7/1/26,7/2/26"
    warehouse.write("focus/spreadsheet/2026.csv", csv(header, licence, usage))


# What only files of this version and newer ones have.
VERSIONS = {
    "1.0": "ChargeClass",
    "1.0-preview": "UsageQuantity",
    "1.1": "SkuMeter",
    "1.2": "InvoiceId",
    "1.3": "ServiceProviderName",
    "1.4": "InvoiceDetailId",
}


def versions(warehouse) -> None:
    for version, column in {**VERSIONS, "declared": "ChargeClass"}.items():
        text = csv(f"EffectiveCost,ChargePeriodStart,{column}", "1,2026-06-01,")
        warehouse.write(f"focus/version-{version}/charges.csv", text)


# EffectiveCost by month of the charge, BilledCost in all, version, who wrote it.
EXPECTED = {
    "aws": ({"2026-06": "1.300000001"}, "1.300000001", "1.2", "aws"),
    "azure": ({"2026-06": "10"}, "725", "1.0", "microsoft"),
    "google-view": ({"2026-06": "8.01"}, "8.01", "1.0", "google"),
    "google-native": ({"2026-06": "2.5", "2026-07": "7"}, "9.5", "1.2", "google"),
    "oracle": ({"2026-06": "5"}, "5", "1.0-preview", "oracle"),
    "tencent": ({"2026-06": "5"}, "8", "1.0", "tencent"),
    "litellm": ({"2026-06": "5.000007"}, "5.000007", "1.2", None),
    "spreadsheet": ({}, "12000.50", "1.2", None),
}
# What staging says of the rows: how many there are of each word.
CHANGES = {
    "aws": {},
    "azure": {
        "azure_commitment_purchase": 1,
        "azure_commitment_purchase_frequency": 1,
        "azure_commitment_usage_category": 1,
        "azure_lower_case_ids": 3,
        "azure_placeholders": 2,
        "azure_quantity_not_consumed": 2,
        "azure_zero_for_null": 3,  # ContractedCost of the first usage, the unused plan and the reversal
        "time_without_seconds": 5,
    },
    "google-view": {
        "enumeration_case": 3,
        "google_billing_period": 3,
        "google_credits_added": 1,
        "google_rounding_error": 1,
        "tags_rewritten": 3,
    },
    "google-native": {"tags_rewritten": 3},
    "oracle": {
        "null_as_text": 1,
        "preview_charge_subcategory": 1,
        "preview_pricing_category": 1,
        "time_without_seconds": 3,
    },
    "tencent": {"inclusive_charge_period_end": 2, "tencent_billing_period": 2},
    "litellm": {"superseded_by_later_file": 1},
    "spreadsheet": {"month_first_date": 2, "null_as_text": 2, "number_with_symbols": 1},
}
SOURCES = """
    insert into config.focus_sources (source, delivery, snapshot_pattern, focus_version) values
        ('google-native', 'append', null, null), ('oracle', 'append', null, null),
        ('litellm', 'cumulative', '(date=[^/]+)/(hour=\\d+)/', null), ('version-declared', 'append', null, '1.2')
"""
MODELS = ("run", "--select", "+int_costs__charges_daily")


@pytest.fixture(scope="module")
def staged(module_warehouse):
    for write in (aws, azure, google_view, google_native, oracle, tencent, litellm, spreadsheet, versions):
        write(module_warehouse)
    module_warehouse.dbt("seed", "--select", MODELS[-1])
    module_warehouse.query(SOURCES)
    module_warehouse.dbt(*MODELS)
    return module_warehouse


def costs(warehouse) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = {}
    for source, month, cost in warehouse.query("""
        select source, strftime(date_day, '%Y-%m'), sum(effective_cost)
        from intermediate.int_costs__charges_daily group by all order by all
    """):
        found.setdefault(source, {})[month] = cost
    return found


@pytest.mark.parametrize("source", [source for source in EXPECTED if EXPECTED[source][0]])
def test_an_export_costs_in_each_month_what_it_says(staged, source):
    assert costs(staged)[source] == {month: Decimal(cost) for month, cost in EXPECTED[source][0].items()}


def test_a_years_licence_costs_a_365th_a_day(staged):
    """12,000.50 / 365 = 32.878082191780821917|808…: the floor, or a unit more; on the first 1.5E-7 besides."""
    days = staged.query("""
        select date_day, sum(effective_cost) from intermediate.int_costs__charges_daily
        where source = 'spreadsheet' group by 1 order by 1
    """)
    assert len(days) == 365
    assert sum(cost for _, cost in days) == Decimal("12000.50000015")
    low = Decimal("32.878082191780821917")
    assert {cost - low for _, cost in days[1:]} == {Decimal(0), Decimal("0.000000000000000001")}


@pytest.mark.parametrize("source", EXPECTED)
def test_an_export_is_billed_and_known_for_what_it_is(staged, source):
    _, billed, version, generator = EXPECTED[source]
    assert staged.query(f"""
        select sum(billed_cost), any_value(files.focus_version), any_value(charges.data_generator)
        from staging.stg_focus__charges as charges
        inner join staging.stg_focus__files as files on charges.source_file = files.source_file
        where charges.source = '{source}'
    """) == [(Decimal(billed), version, generator)]


@pytest.mark.parametrize("source", CHANGES)
def test_each_change_is_on_the_rows_that_it_changed(staged, source):
    counts = staged.query(f"""
        select unnest(source_changes) as change, count(*) from staging.stg_focus__charges
        where source = '{source}' group by 1 having change != 'billing_period_from_charge_period'
    """)
    assert dict(counts) == CHANGES[source]


def test_tags_are_objects_whatever_they_were(staged):
    assert dict(
        staged.query("""
        select source, string_agg(distinct coalesce(tags ->> 'team', tags ->> '$."user:team"', tags ->> 'env'))
        from staging.stg_focus__charges where tags is not null and source not in ('litellm', 'spreadsheet') group by 1
    """)
    ) == {"aws": "ml", "azure": "prod", "google-view": "ml", "google-native": "ml", "oracle": "ml"}


def test_of_the_commitments_waste_is_apart_and_the_id_is_one(staged):
    assert staged.query("""
        select source, count(distinct commitment_discount_id),
            sum(effective_cost) filter (where commitment_discount_status = 'Unused'),
            count(consumed_quantity) filter (where commitment_discount_status = 'Unused')
        from staging.stg_focus__charges where commitment_discount_id is not null group by 1 order by 1
    """) == [("aws", 1, Decimal("0.2"), 0), ("azure", 1, Decimal(2), 0)]


def test_requests_of_a_gateway_are_no_tokens_and_count_once(staged):
    assert staged.query("""
        select consumed_unit, sum(consumed_quantity) from staging.stg_focus__charges where source = 'litellm' group by 1
    """) == [("Requests", Decimal(11))]


def test_a_version_is_known_by_what_it_added_unless_the_seed_says_it(staged):
    found = staged.query("""
        select source, focus_version from staging.stg_focus__files where source like 'version-%' order by source
    """)
    assert found == [*((f"version-{version}", version) for version in VERSIONS), ("version-declared", "1.2")]


def test_a_second_load_and_a_refresh_of_last_month_count_nothing_twice(staged):
    """Again without a change; then Azure restates June: the last-month export of 5 July says 7 of usage alone."""
    before = costs(staged)
    staged.dbt(*MODELS)
    assert costs(staged) == before
    header = "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,x_BillingProfileId"
    folder = "focus/azure/scope/20260601-20260630/last-month/202607050412/guid"
    staged.write(f"{folder}/part_0.csv", csv(header, "7,7,USD,2026-06-01T00:00Z,2026-06-04T00:00Z,bp"))
    staged.write(f"{folder}/manifest.json", '{"blobs": [{"blobName": "part_0.csv"}]}')
    staged.dbt(*MODELS)
    assert costs(staged) == {**before, "azure": {"2026-06": Decimal(7)}}
