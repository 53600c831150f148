"""FOCUS exports: Parquet, CSV and JSON as rows of text under FOCUS's names, its four datasets told apart."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from ai_unit_economics.landing import readers, tables
from ai_unit_economics.landing.focus_columns import DATASETS, normal
from ai_unit_economics.landing.heads import Head, written_names
from ai_unit_economics.landing.shapes import Catalogues, Reading, Shape
from ai_unit_economics.sql import Sql, identifier, joined, sql

COSTS = ("EffectiveCost", "BilledCost")
# Columns that one provider alone writes.
COLUMNS_OF = {
    "aws": {"xservicecode", "xusagetype", "xoperation", "xcostcategories"},
    "microsoft": {
        *("xbillingprofileid", "xbillingaccountid", "xinvoicesectionid", "xskumetercategory", "xskumetername"),
    },
    "google": {"xcredits", "xexporttime", "xprojectlabels"},
    "oracle": {"ocireferencenumber", "ocicompartmentid", "ocioverageflag", "xocireferencenumber", "xocioverageflag"},
}
NUMBERS = {
    *(
        "BilledCost",
        "EffectiveCost",
        "ContractedCost",
        "ListCost",
        "ConsumedQuantity",
        "UsageQuantity",
        "PricingQuantity",
    ),
    *("ListUnitPrice", "ContractedUnitPrice", "CommitmentDiscountQuantity", "PricingCurrencyEffectiveCost"),
    *("PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice"),
}
# Columns that an invoice has and no charge.
OF_INVOICES = {
    *("paymentduedate", "paymentterms", "invoiceissuedate", "invoiceissuestatus", "invoicedetailgrain"),
    *("invoicedetailcreated", "invoicedetaildescription", "invoicedetaillastupdated"),
}
# Columns of what a FinOps hub calls transactions: purchases of reservations, which its costs have as well.
OF_TRANSACTIONS = {"xtransactiontype", "xpurchasingbillingaccountid"}
# Under these a document of JSON has its rows.
ROWS_OF_DOCUMENT = ("data", "value", "items", "rows", "results", "charges")


# By the normal name of a column and the name it lands under, its value as text.
Cell = Callable[[str, str], Sql]


def names_of(head: Head) -> frozenset[str]:
    """The names of a file's columns in their normal form."""
    return frozenset(map(normal, head.keys))


def dataset_of(head: Head) -> str | None:
    """The dataset of FOCUS, or of what lies beside it, that a file is by its columns; None where it is none of them."""
    names = names_of(head)
    if head.format not in ("parquet", "csv", "json_lines", "json_document"):
        return None
    if "billingperiodstatus" in names and "chargecategory" not in names:
        return "BillingPeriod"
    charges = {"chargeperiodstart", "chargeperiodend", "effectivecost", "resourceid", "skuid"}
    if not names & charges:
        # a service may be what a line of an invoice sums; a purchase order is a column of charges, too
        if "invoicedetailid" in names and names & OF_INVOICES:
            return "InvoiceDetail"
        if "servicename" not in names:
            own = {normal(name) for name in set(DATASETS["InvoiceDetail"]) - set(DATASETS["CostAndUsage"])}
            if "invoicedetailid" in names and names & own:
                return "InvoiceDetail"
            if {"contractcommitmentid", "contractid"} & names:
                return "ContractCommitment"
            if "invoiceid" in names and names & OF_INVOICES and not names & {"chargedescription", "tags"}:
                return "Invoices"
    if names & OF_TRANSACTIONS and not names & {"effectivecost", "chargeperiodend"}:
        return "Transactions"
    money = {normal(name) for name in (*COSTS, "ContractedCost", "ListCost")}
    if names & money or {"chargecategory", "chargeperiodstart", "billingperiodstart"} & names:
        return "CostAndUsage"
    return None


def missing_cost(head: Head, source: str | None, catalogues: Catalogues) -> str | None:
    """Why a file of charges cannot be read as it is: it has no cost, and nothing says that this is meant."""
    places = _places(names_of(head), "CostAndUsage", source, catalogues)
    gaps = catalogues.focus_sources.get(source or "", {}).get("known_gaps") or ""
    if any(name in places for name in COSTS) or "cost" in gaps.split("|"):
        return None
    seen = ", ".join(column.name for column in head.columns) or ", ".join(sorted(head.keys))
    how = f", its cells divided by {head.delimiter!r}" if head.format == "csv" else ""
    return (
        "it has neither an EffectiveCost nor a BilledCost column; export one of them, name the column that holds "
        "the cost in "
        "seeds/config/focus_column_mappings.csv, or say cost in known_gaps of focus_sources.csv; if it is no bill, "
        f"take it out of the folder of the source. Its columns{how}: "
        f"{seen[:300]}"
    )


def columns_of(names: frozenset[str]) -> str | None:
    """Who wrote a file by its columns; None where none, or several, are there to say so."""
    found = [provider for provider, own in COLUMNS_OF.items() if names & own]
    return found[0] if len(found) == 1 else None


def _places(names: frozenset[str], dataset: str, source: str | None, catalogues: Catalogues) -> dict[str, str]:
    """By FOCUS column the name, in its normal form, that it goes under in a file."""
    own = ("x_Credits",) if dataset == "CostAndUsage" else ()
    places = {column: normal(column) for column in (*DATASETS[dataset], *own) if normal(column) in names}
    if dataset == "CostAndUsage":
        for row in catalogues.column_mappings:
            if row["source"] == source and normal(row["source_column"]) in names:
                places[row["column_name"]] = normal(row["source_column"])
    return places


def other_columns(names: frozenset[str], catalogues: Catalogues) -> list[str]:
    """Columns beyond FOCUS's that a rule names and the file has, in their normal form."""
    known = {normal(column) for column in DATASETS["CostAndUsage"]}
    return sorted((names & {normal(name) for name in catalogues.other_columns}) - known)


def settings_version(head: Head, source: str | None, catalogues: Catalogues) -> str:
    """What decides how a file is read, besides the file: it is read anew when that changes.

    The numbers go up where rows of JSON, or of columns of one meaning, are read otherwise than those that landed
    before.
    """
    mapped = [
        f"{row['column_name']}={normal(row['source_column'])}"
        for row in catalogues.column_mappings
        if row["source"] == source
    ]
    reading = ["json:2"] if head.format in ("json_lines", "json_document") else []
    names = list(map(normal, written_names(head.columns) or head.keys))
    reading += ["twice:1"] if len(names) > len(set(names)) else []
    return "|".join([*reading, *other_columns(names_of(head), catalogues), *sorted(mapped)])


def _rows(dataset: str) -> Callable[[Reading], Sql]:
    def rows(reading: Reading) -> Sql:
        relation, names, cell = _table(reading) if reading.head.columns else _json(reading)
        places = _places(names, dataset, reading.source, reading.catalogues)
        selected = [
            sql("{value} as {name}", value=cell(place, name), name=identifier(name)) for name, place in places.items()
        ]
        if dataset == "CostAndUsage":
            selected += [
                sql("{generator} as columns_of", generator=columns_of(names)),
                sql("{others} as other_columns", others=_others(names, reading.catalogues, cell)),
            ]
        return sql(
            "(select source_file, source_row, {source} as source, {selected} from {relation})",
            source=reading.source or "(none)",
            selected=joined(selected),
            relation=relation,
        )

    return rows


def _others(names: frozenset[str], catalogues: Catalogues, cell: Cell) -> Sql:
    others = other_columns(names, catalogues)
    if not others:
        return sql("cast(null as map(varchar, varchar))")
    entries = joined(
        sql("struct_pack(key := {name}, value := {value})", name=name, value=cell(name, name)) for name in others
    )
    return sql("map_from_entries(list_filter([{entries}], lambda entry: entry.value is not null))", entries=entries)


def _table(reading: Reading) -> tuple[Sql, frozenset[str], Cell]:
    """A Parquet or CSV file, the names of its columns, and how a cell of it is had as text by its column's name."""
    head = reading.head
    written = written_names(head.columns)
    numbers: dict[str, list[int]] = {}
    for number, name in enumerate(written, start=1):
        numbers.setdefault(normal(name), []).append(number)
    relation = (
        readers.parquet(reading.paths, head.columns)
        if head.format == "parquet"
        else readers.csv(reading.paths, head, strict=True)
    )

    def cell(place: str, _: str) -> Sql:
        return readers.agreed(
            {
                f"{written[number - 1]} (column {number})": readers.text_of(
                    readers.column(number), head.columns[number - 1].type
                )
                for number in numbers[place]
            }
        )

    return relation, frozenset(numbers), cell


def _json(reading: Reading) -> tuple[Sql, frozenset[str], Cell]:
    """JSON, the keys that any row of it has, and how a value is had as text. Rows leave out what has no value."""
    elements = sql(
        """(
            select source_file, row_number() over () as position, unnest(case
                when document is null then [null]
                when json_type(document) = 'ARRAY' then json_extract(document, '$[*]')
                else coalesce({nested}, [document])
            end) as element
            from {documents}
        )""",
        nested=joined(
            sql(
                "case when json_type(document, {pointer}) = 'ARRAY' then json_extract(document, {path}) end",
                pointer=f"/{name}",
                path=f"$.{name}[*]",
            )
            for name in ROWS_OF_DOCUMENT
        ),
        documents=readers.json_values(reading.paths, reading.head, largest=reading.largest),
    )
    keys = sql("select distinct unnest(json_keys(element)) as key from {elements} order by key", elements=elements)
    spellings: dict[str, list[str]] = {}
    for (key,) in reading.session.execute(keys.text).fetchall():
        spellings.setdefault(normal(key), []).append(key)
    relation = sql(
        """(
            select source_file, row_number() over (partition by source_file order by position) as source_row, element
            from {elements}
        )""",
        elements=elements,
    )

    def cell(place: str, name: str) -> Sql:
        return readers.agreed({key: _value(key, is_number=name in NUMBERS) for key in spellings[place]})

    return relation, frozenset(spellings), cell


def _value(key: str, *, is_number: bool) -> Sql:
    """What stands behind a key; DuckDB reads a number as a float, so that a long one is taken as it is written."""
    text = sql("json_extract_string(element, {pointer})", pointer="/" + key.replace("~", "~0").replace("/", "~1"))
    if not is_number:
        return text
    written = re.escape(json.dumps(key, ensure_ascii=False)) + r"\s*:\s*(-?[0-9][0-9.eE+-]*)"
    # an object within the row may have the same key: of what stands behind it the first of the same value
    return sql(
        """case
            when length({text}) > 15
                then coalesce(
                    list_filter(
                        regexp_extract_all(cast(element as varchar), {written}, 1),
                        lambda number: try_cast(number as double) = try_cast({text} as double)
                    )[1],
                    {text}
                )
            else {text}
        end""",
        text=text,
        written=written,
    )


def _shape(name: str, dataset: str, table: tables.Table, title: str, remarks: str, unfit: str | None = None) -> Shape:
    def recognises(head: Head) -> bool:
        return dataset_of(head) == dataset

    return Shape(name, "focus", table, title, remarks, recognises, None if unfit else _rows(dataset), unfit)


SHAPES = (
    _shape(
        "cost_and_usage",
        "CostAndUsage",
        tables.FOCUS_CHARGES,
        "Cost and Usage",
        "FOCUS 1.0-preview to 1.4 and 1.5's draft; any columns with a cost. Names may be `BilledCost`, "
        "`billed_cost` or `BILLEDCOST`.",
    ),
    _shape(
        "invoice_detail",
        "InvoiceDetail",
        tables.FOCUS_INVOICE_DETAILS,
        "Invoice Detail (1.4)",
        "Compared with the charges; never counts as charges.",
    ),
    _shape(
        "billing_period",
        "BillingPeriod",
        tables.FOCUS_BILLING_PERIODS,
        "Billing Period (1.4)",
        "Months that the provider has closed.",
    ),
    _shape(
        "contract_commitment",
        "ContractCommitment",
        tables.FOCUS_CONTRACT_COMMITMENTS,
        "Contract Commitment (1.3)",
        "Commitments; their costs are in the charges.",
    ),
    _shape(
        "invoices",
        "Invoices",
        tables.FOCUS_INVOICE_DETAILS,
        "Invoices",
        "A row an invoice, with PaymentDueDate or InvoiceIssueDate; never counts as charges.",
        "it lists invoices and no charges, and does not count; take it out of the folder of the source, and say in "
        "seeds/config/invoices.csv what is payable",
    ),
    _shape(
        "hub_transactions",
        "Transactions",
        tables.FOCUS_CHARGES,
        "Transactions of a FinOps hub",
        "Purchases of reservations, with x_TransactionType; Costs has them as well, and they never count as charges.",
        "it lists purchases of reservations (x_TransactionType), which the export of costs has as well, and does not "
        "count; take it out of the folder of the source",
    ),
)
