"""What a file beside the bills is taken for by its columns."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
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


CHARGE = "EffectiveCost,ChargePeriodStart\n10,2026-09-01\n"
# By the name of a file beside a bill its content, and what its message names as the way out.
WAYS_OUT = {
    "notes.txt": ("Your export.\nSee docs.\n", "if it is no bill, take it out of the folder of the source"),
    "prices.csv": ("SkuId,ListUnitPrice,ChargeCategory\na,1,Usage\n", "if it is no bill, take it out of the folder"),
    "crlf.csv": ("\n\n" + CHARGE.replace("\n", "\r\n"), "take them away"),
    "blank.csv": (f"\n\n{CHARGE}", "empty lines stand before its header: take them away"),
}


@pytest.mark.parametrize("name", WAYS_OUT)
def test_what_cannot_be_read_beside_a_bill_says_the_way_out(land: Callable, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "focus" / "x"
    folder.mkdir(parents=True)
    content, way_out = WAYS_OUT[name]
    (folder / "a.csv").write_text(CHARGE, encoding="utf-8")
    (folder / name).write_bytes(content.encode())
    landed = land(tmp_path)
    assert list(landed.problems) == [f"focus/x/{name}"]
    assert way_out in landed.problems[f"focus/x/{name}"]


def test_what_macos_packs_beside_a_file_is_no_bill(land: Callable, tmp_path: Path) -> None:
    folder = tmp_path / "focus" / "x"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "export.zip", "w") as archive:
        archive.writestr("./a.csv", CHARGE)
        for name in ("__MACOSX/._a.csv", ".DS_Store", "b/.c.csv"):
            archive.writestr(name, b"\0\5\26\7\0\2")
    landed = land(tmp_path)
    assert landed.problems == {}
    assert landed.session.execute("select EffectiveCost from focus_charges").fetchall() == [("10",)]


# By what a file is, two columns of one meaning that say `first` and `second`.
TWICE = {
    "spelling.csv": "EffectiveCost,effective_cost,ChargePeriodStart\n{first},{second},2026-09-01\n",
    "space.csv": "Effective Cost,ChargePeriodStart,EffectiveCost\n{first},2026-09-01,{second}\n",
    "same.csv": "EffectiveCost,ChargePeriodStart,EffectiveCost\n{first},2026-09-01,{second}\n",
    "letters.csv": "EffectiveCost,EFFECTIVECOST,ChargePeriodStart\n{first},{second},2026-09-01\n",
    "rows.jsonl": '{{"EffectiveCost": "{first}", "effective_cost": "{second}", "ChargePeriodStart": "2026-09-01"}}\n',
}
# What both say, and the cost that is read; None where nothing can say it.
SAID = {("10", "20"): None, ("10", "10.00"): "10", ("", "20"): "20", ("10", "NULL"): "10", ("0", "20"): None}


@pytest.mark.parametrize("said", SAID, ids="-".join)
@pytest.mark.parametrize("name", TWICE)
def test_columns_of_one_meaning_agree_or_are_named(land: Callable, tmp_path: Path, name: str, said: tuple) -> None:
    folder = tmp_path / "focus" / "x"
    folder.mkdir(parents=True)
    (folder / name).write_text(TWICE[name].format(first=said[0], second=said[1]))
    landed = land(tmp_path)
    cost = SAID[said]
    found = landed.session.execute("select EffectiveCost from focus_charges where source_row = 1").fetchall()
    assert found == ([(cost,)] if cost else [])
    problem = landed.problems.get(f"focus/x/{name}", "")
    assert ("mean the same, and differ in row 1: leave out the one that is wrong" in problem) == (cost is None)
    assert ("ffective" in problem) == (cost is None)


def test_names_of_parquet_that_differ_in_case_alone_are_one_column(land: Callable, tmp_path: Path) -> None:
    """DuckDB calls the second one effectivecost_1; a column that is called so itself is another one."""
    folder = tmp_path / "focus" / "x"
    folder.mkdir(parents=True)
    names = ["Tags", "EffectiveCost", "ChargePeriodStart"]
    rows = [pyarrow.array([{"a": {"b": 1}}]), pyarrow.array([10]), pyarrow.array(["2026-09-01"])]
    for file, further in (("twice", "effectivecost"), ("numbered", "EffectiveCost_1")):
        table = pyarrow.table([*rows, pyarrow.array([20])], names=[*names, further])
        pyarrow.parquet.write_table(table, folder / f"{file}.parquet")
    landed = land(tmp_path)
    assert landed.session.execute("select EffectiveCost from focus_charges where source_row = 1").fetchall() == [
        ("10",)
    ]
    assert list(landed.problems) == ["focus/x/twice.parquet"]


def test_customers_and_requests_with_a_column_twice_agree_or_are_a_finding(land: Callable, tmp_path: Path) -> None:
    requests = tmp_path / "telemetry" / "requests"
    requests.mkdir(parents=True)
    row = "ts,deployment_id,input_tokens,input_tokens\n2026-09-01T00:00:00Z,chat,5,"
    (requests / "same.csv").write_text(f"{row}5\n")
    (requests / "other.csv").write_text(f"{row}7\n")
    (tmp_path / "customers.csv").write_text("customer_id,customer_tier,Customer_Tier\nacme,pro,free\n")
    landed = land(tmp_path)
    assert landed.session.execute("select input_tokens from requests where source_row = 1").fetchall() == [("5",)]
    assert sorted(landed.problems) == ["customers.csv", "telemetry/requests/other.csv"]
    assert "customer_tier (column 2) and customer_tier (column 3) mean the same" in landed.problems["customers.csv"]
