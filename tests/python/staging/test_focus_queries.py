"""Questions that FOCUS's published use cases ask, in their own column names, on exports of three versions at once.

The queries are written anew from what each use case is for. They name ProviderName and PublisherName, as those for
1.0 to 1.3 do, and every row of 1.0-preview, 1.2 and 1.4 answers.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]

HEADER = (
    "ChargeCategory,ChargeClass,CommitmentDiscountId,CommitmentDiscountStatus,CapacityReservationId,"
    "CapacityReservationStatus,InvoiceId,PricingCurrency,PricingCategory,ServiceName,Tags,ListCost,ContractedCost,"
    "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd"
)
DAY = "USD,2026-06-01T00:00:00Z,2026-06-05T00:00:00Z,2026-06-06T00:00:00Z"
# a plan bought for 24: 18 of it used for what lists at 30, and 6 unused; 10 on demand, 2 of a reservation idle
CLOUD = [
    f'Usage,,,,,,inv-1,USD,Standard,Machines,"{{""team"": ""ml""}}",10,10,10,10,{DAY},Amazon,AWS',
    f"Purchase,,plan,,,,inv-1,USD,Standard,Plans,,24,24,24,0,{DAY},Amazon,AWS",
    f'Usage,,plan,Used,,,inv-1,USD,Committed,Machines,"{{""team"": ""web""}}",30,27,0,18,{DAY},Amazon,AWS',
    f"Usage,,plan,Unused,,,inv-1,USD,Committed,Machines,,0,0,0,6,{DAY},Amazon,AWS",
    f"Usage,,,,cr-1,Unused,inv-1,USD,Standard,Machines,,2,2,2,2,{DAY},Amazon,AWS",
]
# the newest names; 5 priced in the vendor's credits, and -1 for May
VENDOR = [
    f"Usage,,,,,,inv-9,Credit,Standard,Models,,5,5,0,5,{DAY},Vendor,Host,d-1",
    "Usage,Correction,,,,,inv-9,USD,Standard,Models,,-1,-1,-1,-1,USD,2026-06-01T00:00:00Z,2026-05-05T00:00:00Z,"
    "2026-05-06T00:00:00Z,Vendor,Host,d-2",
]
PREVIEW = ["7,7,7,Oracle,Oracle Reseller,GPUs,On-Demand,USD,2026-06-01T00:00Z,2026-06-30T00:00Z,2026-07-01T00:00Z"]

QUERIES = {
    "invoices against their charges": (
        """
        SELECT InvoiceIssuer, InvoiceId, SUM(BilledCost) FROM (
            SELECT ProviderName AS InvoiceIssuer, * FROM focus_data_table
            WHERE BillingPeriodStart >= '2026-06-01' AND BillingPeriodStart < '2026-07-01' AND InvoiceId IS NOT NULL
        ) GROUP BY InvoiceIssuer, InvoiceId ORDER BY InvoiceId
        """,
        [("AWS", "inv-1", 36), ("Vendor", "inv-9", -1)],
    ),
    "corrections of closed periods": (
        """
        SELECT ProviderName, BillingPeriodStart > ChargePeriodStart, SUM(BilledCost) FROM focus_data_table
        WHERE ChargeClass = 'Correction' GROUP BY 1, 2
        """,
        [("Vendor", True, -1)],
    ),
    "unused commitments": (
        """
        SELECT ProviderName, CommitmentDiscountId, SUM(EffectiveCost) FROM focus_data_table
        WHERE CommitmentDiscountStatus = 'Unused' GROUP BY 1, 2
        """,
        [("AWS", "plan", 6)],
    ),
    "commitments that were bought": (
        """
        SELECT PublisherName, CommitmentDiscountId, SUM(BilledCost) FROM focus_data_table
        WHERE ChargeCategory = 'Purchase' AND CommitmentDiscountId IS NOT NULL GROUP BY 1, 2
        """,
        [("Amazon", "plan", 24)],
    ),
    "unused capacity reservations": (
        """
        SELECT ProviderName, CapacityReservationId, SUM(EffectiveCost) FROM focus_data_table
        WHERE CapacityReservationStatus = 'Unused' GROUP BY 1, 2
        """,
        [("AWS", "cr-1", 2)],
    ),
    # of 42 at list prices (10 + 30 + 0 + 2) usage cost 36: saved are 6 / 42 = 1/7
    "effective savings": (
        """
        SELECT ProviderName, SUM(ListCost), SUM(EffectiveCost), (SUM(ListCost) - SUM(EffectiveCost)) * 7 / SUM(ListCost)
        FROM focus_data_table WHERE ChargeCategory = 'Usage' AND ProviderName = 'AWS' GROUP BY ProviderName
        """,
        [("AWS", 42, 36, 1)],
    ),
    "cost by pricing currency": (
        """
        SELECT PricingCurrency, SUM(EffectiveCost) FROM focus_data_table
        WHERE PricingCurrency IS NOT NULL GROUP BY PricingCurrency ORDER BY PricingCurrency
        """,
        [("Credit", 5), ("USD", 35)],
    ),
    # 28 of the 36 carry a team
    "how much of cost is tagged": (
        """
        SELECT SUM(CASE WHEN json_extract_string(Tags, '$.team') IS NOT NULL THEN EffectiveCost ELSE 0 END),
            SUM(EffectiveCost)
        FROM focus_data_table WHERE ProviderName = 'AWS'
        """,
        [(28, 36)],
    ),
    "cost by publisher and service, the last day included": (
        """
        SELECT PublisherName, ServiceName, SUM(EffectiveCost) FROM focus_data_table
        WHERE ChargePeriodStart >= '2026-06-01' AND ChargePeriodEnd <= '2026-07-01'
        GROUP BY PublisherName, ServiceName ORDER BY PublisherName, ServiceName
        """,
        [("Amazon", "Machines", 36), ("Amazon", "Plans", 0), ("Host", "Models", 5), ("Oracle Reseller", "GPUs", 7)],
    ),
}


@pytest.fixture(scope="module")
def normalised(module_warehouse):
    def write(source: str, header: str, rows: list[str]) -> None:
        module_warehouse.write(f"focus/{source}/charges.csv", "\n".join([header, *rows]) + "\n")

    write("cloud", f"{HEADER},PublisherName,ProviderName", CLOUD)
    write("vendor", f"{HEADER},ServiceProviderName,HostProviderName,InvoiceDetailId", VENDOR)
    write(
        "preview",
        "ListCost,BilledCost,EffectiveCost,Provider,Publisher,ServiceName,PricingCategory,BillingCurrency,"
        "BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd",
        PREVIEW,
    )
    module_warehouse.dbt("seed", "--select", "+stg_focus__cost_and_usage")
    module_warehouse.dbt("run", "--select", "+stg_focus__cost_and_usage")
    return module_warehouse


@pytest.mark.parametrize("question", QUERIES)
def test_a_published_question_has_its_answer(normalised, question):
    query, expected = QUERIES[question]
    assert normalised.query(query.replace("focus_data_table", "staging.stg_focus__cost_and_usage")) == expected


def test_every_column_of_every_version_since_1_0_is_there(normalised):
    seed = PROJECT / "seeds" / "reference" / "focus_columns.csv"
    missing = normalised.query(f"""
        select column_name from read_csv('{seed}', all_varchar = true) where removed is distinct from '1.0'
        except
        select column_name from duckdb_columns() where table_name = 'stg_focus__cost_and_usage'
    """)
    assert missing == []


def test_what_the_project_adds_says_where_a_row_came_from(normalised):
    assert normalised.query("""
        select x_Source, x_SourceRow, x_SourceChanges, x_SourceValues from staging.stg_focus__cost_and_usage
        where ProviderName = 'Oracle'
    """) == [("preview", 1, ["preview_pricing_category", "time_without_seconds"], '{"PricingCategory":"On-Demand"}')]
    assert normalised.query("select sum(EffectiveCost) from staging.stg_focus__cost_and_usage") == [(Decimal(47),)]
