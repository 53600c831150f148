"""What a file beside the bills is taken for by its columns."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ai_unit_economics.landing.bills import dataset_of
from ai_unit_economics.landing.heads import describe_text

PERIOD = "BillingPeriodStart,BillingPeriodEnd"
# FinOps toolkit's Transactions_final_v1_4, but for its names of accounts
TRANSACTIONS = (
    f"BilledCost,BillingAccountId,BillingCurrency,{PERIOD},ChargeCategory,ChargeClass,ChargeDescription,"
    "ChargeFrequency,ChargePeriodStart,InvoiceId,PricingQuantity,PricingUnit,ProviderName,RegionId,SubAccountId,"
    "x_InvoiceNumber,x_MonetaryCommitment,x_Overage,x_PurchasingBillingAccountId,x_SkuOrderId,x_SkuTerm,"
    "x_TransactionType"
)
INVOICE = f"InvoiceId,InvoiceIssuerName,BillingAccountId,BillingCurrency,{PERIOD},BilledCost"
DETAIL = f"InvoiceDetailId,{INVOICE},ChargeCategory"
# By a header what has it.
HEADERS = {
    TRANSACTIONS: "Transactions",
    f"{INVOICE},PaymentDueDate,InvoiceIssueDate,InvoiceIssueStatus": "Invoices",
    "invoice_id,billed_cost,payment_due_date": "Invoices",
    f"{DETAIL},InvoiceDetailGrain": "InvoiceDetail",
    f"{DETAIL},InvoiceDetailGrain,ServiceName": "InvoiceDetail",
    f"{DETAIL},PurchaseOrderNumber": "InvoiceDetail",
    # charges with a column or two of the others: a vendor's bill of months, and a hub's costs
    f"{INVOICE},ServiceName,PurchaseOrderNumber": "CostAndUsage",
    f"{INVOICE},ServiceName,PaymentDueDate": "CostAndUsage",
    f"{INVOICE},ChargeDescription,PaymentDueDate": "CostAndUsage",
    f"{DETAIL},ServiceName,PurchaseOrderNumber": "CostAndUsage",
    f"{DETAIL},ChargePeriodStart,PaymentDueDate": "CostAndUsage",
    f"{TRANSACTIONS},EffectiveCost,ChargePeriodEnd": "CostAndUsage",
    f"BilledCost,EffectiveCost,{PERIOD},x_SkuOrderId": "CostAndUsage",
    f"{INVOICE},x_SkuOrderId": "CostAndUsage",
}


@pytest.mark.parametrize("header", HEADERS)
def test_columns_tell_charges_from_what_lies_beside_them(header: str) -> None:
    head = describe_text("a.csv", f"{header}\n{'1,' * header.count(',')}1\n", is_all=True)
    assert dataset_of(head) == HEADERS[header]


def test_invoices_and_purchases_beside_the_charges_do_not_count_and_are_named(land: Callable, tmp_path: Path) -> None:
    """100 of charges, of which an invoice and a purchase of a reservation say the same 100 again."""
    folder = tmp_path / "focus" / "hub"
    folder.mkdir(parents=True)
    (folder / "costs.csv").write_text(f"EffectiveCost,{PERIOD},InvoiceId\n100,2026-09-01,2026-10-01,i1\n")
    (folder / "invoices.csv").write_text(f"{INVOICE},PaymentDueDate\ni1,X,a,USD,2026-09-01,2026-10-01,100,2026-10-30\n")
    cells = ["100" if name == "BilledCost" else "1" for name in TRANSACTIONS.split(",")]
    (folder / "transactions.csv").write_text(f"{TRANSACTIONS}\n{','.join(cells)}\n")
    landed = land(tmp_path)
    assert landed.session.execute("select EffectiveCost from focus_charges").fetchall() == [("100",)]
    assert not any(entry.stops for entry in landed.entries.values())
    assert {path: "take it out of the folder" in problem for path, problem in landed.problems.items()} == {
        "focus/hub/invoices.csv": True,
        "focus/hub/transactions.csv": True,
    }


# Behind a key of the row stands the long number; behind the same key of an object within it another one.
LONG = '"EffectiveCost": 10.123456789012345678'
ROWS = {
    "before": f'{{"x_Old": {{"EffectiveCost": 99.123456789012345678}}, {LONG}}}',
    "after": f'{{{LONG}, "x_Old": {{"EffectiveCost": 99.123456789012345678}}}}',
    "in a text": f'{{"x_Old": {json.dumps(json.dumps({"EffectiveCost": 99.12345678901234}))}, {LONG}}}',
    "in a list": f'{{"x_Old": [{{"EffectiveCost": 1e-18}}, {{"EffectiveCost": -10.12345678901234567}}], {LONG}}}',
}


@pytest.mark.parametrize("where", ROWS)
def test_a_long_number_is_that_of_the_row_and_of_nothing_in_it(land: Callable, tmp_path: Path, where: str) -> None:
    folder = tmp_path / "focus" / "x"
    folder.mkdir(parents=True)
    (folder / "a.jsonl").write_text(f"{ROWS[where]}\n", encoding="utf-8")
    landed = land(tmp_path)
    assert landed.session.execute("select EffectiveCost from focus_charges").fetchall() == [("10.123456789012345678",)]
