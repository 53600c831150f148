"""Token meters of a bill that are not as FOCUS wants them.

Every deployment is a source and a bill of its own: ten days of 1,000,000 tokens of input for 2.00 and as many of output
for 8.00, and what its name says.
"""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest

MISSING = "meter_missing"
MILLION = 1_000_000


def charge(day: int, kind: str, cost: float, tokens: int | str, *, until: int = 0, **changes: str) -> dict[str, str]:
    start = date(2026, 9, 1) + timedelta(day - 1)
    end = date(2026, 9, 1) + timedelta((until or day + 1) - 1)
    return {
        "BillingCurrency": "USD",
        "BillingPeriodStart": "2026-09-01",
        "BillingPeriodEnd": "2026-10-01",
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargePeriodStart": f"{start}T00:00:00Z",
        "ChargePeriodEnd": f"{end}T00:00:00Z",
        "CommitmentDiscountId": "",
        "CommitmentDiscountStatus": "",
        "ConsumedQuantity": str(tokens),
        "ConsumedUnit": "Tokens",
        "PricingQuantity": "",
        "PricingUnit": "",
        "SkuMeter": kind,
        "SkuPriceDetails": "",
    } | {
        **changes,
        "BilledCost": changes.get("BilledCost", str(cost)),
        "EffectiveCost": str(cost),
    }


def sold(
    days: range = range(1, 11), tokens: int = MILLION, in_: str = "in", out: str = "out", **changes: str
) -> list[dict[str, str]]:
    """Ten days of input and output."""
    return [charge(day, kind, cost, tokens, **changes) for day in days for kind, cost in ((in_, 2), (out, 8))]


def sold_apart(meter: str, amount: int, unit: str) -> list[dict[str, str]]:
    """The same, and output has a meter and a unit of its own."""
    charges = [
        (charge(day, "in", 2, MILLION), charge(day, meter, 8, amount, ConsumedUnit=unit)) for day in range(1, 11)
    ]
    return [row for pair in charges for row in pair]


def credit(day: int, cost: float, tokens: int | str = "", **changes: str) -> dict[str, str]:
    return charge(day, "in", cost, tokens, **{"ChargeCategory": "Credit", **changes})


UNITS = {"MTok": 1, "1M": 1, "1K": 1000, "Units": MILLION}
BILLS = {
    "plain": sold(),
    # rows that are no usage, and repeat a quantity
    "credit_repeats": [*sold(), credit(2, -0.5, MILLION)],
    "tax_repeats": [*sold(), credit(2, 0.5, MILLION, ChargeCategory="Tax")],
    "pack_repeats": [*sold(), credit(1, 0, 10 * MILLION, ChargeCategory="Purchase", BilledCost="20")],
    "unused_repeats": [
        *sold(),
        charge(2, "in", 1, 500_000, CommitmentDiscountId="c", CommitmentDiscountStatus="Unused"),
    ],
    "taken_back": [*sold(), charge(2, "in", -2, -MILLION, ChargeClass="Correction")],
    "discount_repeats": [*sold(), charge(2, "in", -0.5, MILLION)],
    # credits that are larger than what their meter cost that day, or stand on a day without tokens
    "credit_of_5": [*sold(), credit(10, -5)],
    "credit_of_50": [*sold(), credit(10, -50)],
    "credit_and_fee": [*sold(), credit(10, -5), charge(10, "seat", 3, "", ChargeCategory="Purchase")],
    "credit_on_cached": [
        *sold(),
        *(charge(day, "cached", 0.2, MILLION) for day in range(1, 11)),
        credit(3, -1, SkuMeter="cached"),
    ],
    "credit_on_day_20": [*sold(), credit(20, -5)],
    "credit_of_a_month": [*sold(), credit(1, -5, until=31)],
    "reversed_in_october": [
        *sold(),
        charge(
            35, "in", -2, "", ChargeClass="Correction", BillingPeriodStart="2026-10-01", BillingPeriodEnd="2026-11-01"
        ),
    ],
    # corrections without a quantity that take back all of a day, or bill it anew without and with a quantity
    "reversed": [*sold(), charge(3, "in", -2, "", ChargeClass="Correction")],
    "rerated": [*sold(), *(charge(3, "in", cost, "", ChargeClass="Correction") for cost in (-2, 1.8))],
    "rebilled": [
        *sold(),
        charge(3, "in", -2, "", ChargeClass="Correction"),
        charge(3, "in", 1.8, MILLION, ChargeClass="Correction"),
    ],
    # an estimate beside the invoice, which a rule excludes; the row of sku_meters names the deployment, and no source
    "estimated": sold(in_="estimated-in", out="estimated-out"),
    "estimated__litellm": sold(in_="estimated-in", out="estimated-out"),
    # rows of sku_meters that name each other's deployment: what is four times as many tokens is as much cheaper
    "swapped": sold(in_="swapped-in", out="swapped-out"),
    "swopped": sold(in_="swopped-in", out="swopped-out", tokens=4 * MILLION),
    # the output meter has no row in sku_meters, and its unit does not say tokens, or not in full
    **{f"no_row_{unit}": sold_apart("Otp glbl", amount, unit) for unit, amount in UNITS.items()},
    "no_row_cached": [*sold(), *(charge(day, "Cachd", 0.5, 1000, ConsumedUnit="1K") for day in range(1, 11))],
    "no_row_tok": sold_apart("Outp Tok", 1000, "1K"),
    # 0 of what costs something: PricingQuantity tells, or nobody
    "zero_and_priced": [
        *sold(range(1, 10)),
        charge(10, "in", 2, 0, PricingQuantity="1", PricingUnit="1M tokens"),
        charge(10, "out", 8, MILLION),
    ],
    "zero_at_a_cost": sold(tokens=0),
    # units and kinds that no word is known of
    "unread_unit": sold(ConsumedUnit="Tokens (millions)", tokens=1),
    "unread_kind": [
        {**row, "SkuMeter": "gen", "SkuPriceDetails": f'{{"TokenDirection": "{row["SkuMeter"]}"}}'} for row in sold()
    ],
    # a million at once, by the unit, and a thousand by the row of sku_meters, which is believed
    "multiplied": sold(in_="multiplied-in", out="multiplied-out", tokens=1, ConsumedUnit="1M tokens"),
    # a thousand searches a day beside tokens
    "searches": [*sold(), *(charge(day, "Web search", 1, 1, ConsumedUnit="1K") for day in range(1, 11))],
}
# deployment: what it should come to, as (input, output), each of (tokens, cost, a million, reason)
PLAIN = (10 * MILLION, Decimal(80), Decimal(8), None)
EXPECTED = {
    # 10 x 2 over 10 million
    "plain": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    # 20 - 0.5, 20 + 0.5, 20, and 20 + 1, over the 10 million that were used
    "credit_repeats": ((10 * MILLION, Decimal("19.5"), Decimal("1.95"), None), PLAIN),
    "tax_repeats": ((10 * MILLION, Decimal("20.5"), Decimal("2.05"), None), PLAIN),
    "pack_repeats": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    "unused_repeats": ((10 * MILLION, Decimal(21), Decimal("2.1"), None), PLAIN),
    # a correction of usage gives its tokens back: 20 - 2 over 10 - 1 million
    "taken_back": ((9 * MILLION, Decimal(18), Decimal(2), None), PLAIN),
    # (20 - 5) / 10, (20 - 50) / 10; the fee is divided as the day's positive charges are: all of it on output
    "credit_of_5": ((10 * MILLION, Decimal(15), Decimal("1.5"), None), PLAIN),
    "credit_of_50": ((10 * MILLION, Decimal(-30), Decimal(-3), None), PLAIN),
    "credit_and_fee": (
        (10 * MILLION, Decimal(15), Decimal("1.5"), None),
        (10 * MILLION, Decimal(83), Decimal("8.3"), None),
    ),
    "credit_on_cached": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    "credit_on_day_20": ((10 * MILLION, Decimal(15), Decimal("1.5"), None), PLAIN),
    "credit_of_a_month": ((10 * MILLION, Decimal(15), Decimal("1.5"), None), PLAIN),
    "estimated": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    "swapped": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    "swopped": (
        (40 * MILLION, Decimal(20), Decimal("0.5"), None),
        (40 * MILLION, Decimal(80), Decimal(2), None),
    ),
    "zero_and_priced": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
    # 20 and 80, and the searches' 10 are divided as they are
    "searches": (
        (10 * MILLION, Decimal(22), Decimal("2.2"), None),
        (10 * MILLION, Decimal(88), Decimal("8.8"), None),
    ),
    # the tokens of the third day are unknown, and 9 days of input cost 18, of output 72
    "reversed": (
        (9 * MILLION, Decimal(18), Decimal(2), None),
        (9 * MILLION, Decimal(80), Decimal(8), None),
    ),
    "rerated": ((10 * MILLION, Decimal("19.8"), Decimal("1.98"), None), PLAIN),
    "rebilled": (
        (9 * MILLION, Decimal("19.8"), Decimal(2), None),
        (9 * MILLION, Decimal(80), Decimal(8), None),
    ),
    "reversed_in_october": ((10 * MILLION, Decimal(20), Decimal(2), None), PLAIN),
}
SKU_METERS = [
    ",SkuMeter,equals,in,input_token,,",
    ",SkuMeter,equals,out,output_token,,",
    ",SkuMeter,equals,cached,cached_input_token,,",
    *(f",SkuMeter,equals,swapped-{kind},{kind}put_token,,swopped" for kind in ("in", "out")),
    *(f",SkuMeter,equals,swopped-{kind},{kind}put_token,,swapped" for kind in ("in", "out")),
    ",SkuMeter,equals,multiplied-in,input_token,1000,",
    ",SkuMeter,equals,multiplied-out,output_token,1000,",
    ",SkuMeter,equals,mistyped,output_token,,",
    ",SkuMeter,equals,estimated-in,input_token,,estimated",
    ",SkuMeter,equals,estimated-out,output_token,,estimated",
]
COST_RULES = [
    "5,estimated__litellm,ChargeCategory,,equals,Usage,excluded,estimate",
    "10,,Tags,deployment,exists,,direct,$value",
]


@pytest.fixture(scope="module")
def built(module_warehouse):
    for source, rows in BILLS.items():
        text = io.StringIO()
        tagged = [{"Tags": f'{{"deployment":"{source.split("__")[0]}"}}', **row} for row in rows]
        writer = csv.DictWriter(text, list(tagged[0]))
        writer.writeheader()
        writer.writerows(tagged)
        module_warehouse.write(f"focus/{source}/september.csv", text.getvalue())
    seeds = module_warehouse.folder / "seeds"
    seeds.mkdir()
    deployments = [
        f"{name},{name},production,hosted,m,2026-09-01" for name in dict.fromkeys(n.split("__")[0] for n in BILLS)
    ]
    texts = {
        "deployments": ["deployment_id,workload,environment,kind,model,valid_from", *deployments],
        "cost_rules": ["priority,source,column_name,tag_key,operator,value,treatment,target", *COST_RULES],
        "sku_meters": ["source,column_name,operator,value,unit,unit_multiplier,deployment_id", *SKU_METERS],
    }
    for name, lines in texts.items():
        (seeds / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(seeds))
        module_warehouse.build("+fct_unit_economics_monthly", "+fct_focus_conformance")
    return module_warehouse


def month(built, deployment: str, unit: str) -> tuple:
    return built.query(f"""
        select units, round(effective_cost, 9), round(cost_per_unit, 6), null_reason
        from marts.fct_unit_economics_monthly
        where workload = '{deployment}' and cohort_dimension = 'all' and unit = '{unit}'
            and period_start = date '2026-09-01'
    """)[0]


@pytest.mark.parametrize("deployment", EXPECTED)
def test_each_kind_of_token_has_its_own_cost_and_count(built, deployment):
    assert month(built, deployment, "input_token") == EXPECTED[deployment][0]
    assert month(built, deployment, "output_token") == EXPECTED[deployment][1]


UNREAD = ("zero_at_a_cost", "unread_unit", "unread_kind")


@pytest.mark.parametrize("deployment", [*(name for name in BILLS if name.startswith("no_row")), *UNREAD])
def test_tokens_of_no_kind_or_number_are_unknown_and_no_scraper_is_missed(built, deployment):
    for unit in ("input_token", "output_token", "token"):
        *_, price, reason = month(built, deployment, unit)
        assert (price, reason) == (None, MISSING)


def cost_of(built, deployment: str, where: str) -> list[tuple]:
    return built.query(f"""
        select unit, round(sum(effective_cost), 9) from intermediate.int_unit_economics__token_costs_daily
        where deployment_id = '{deployment}' and {where} group by unit having sum(effective_cost) != 0 order by unit
    """)


def test_a_credit_on_a_day_without_tokens_is_that_of_its_kind(built):
    """Whether the day counts is another question."""
    assert cost_of(built, "credit_on_day_20", "day(date_day) = 20") == [("input_token", -5)]
    assert cost_of(built, "credit_on_day_20", "true") == [("input_token", 15), ("output_token", 80)]
    assert cost_of(built, "reversed_in_october", "month(date_day) = 10") == [("input_token", -2)]
    assert cost_of(built, "credit_on_cached", "true") == [
        *(("cached_input_token", 1), ("input_token", 20), ("output_token", 80))
    ]


def violated(built, source: str) -> set[str]:
    rows = built.query(f"""
        select rule_id from marts.fct_focus_conformance
        where source = '{source}' and status = 'violated' and rule_id not like '%_present'
            and rule_id != 'quantities_only_with_sku_price'
    """)
    return {rule_id for (rule_id,) in rows}


FINDINGS = {
    "plain": set(),
    # whether a discount's tokens are those of its usage, nobody can tell
    "discount_repeats": {"negative_usage_repeats_quantity"},
    "taken_back": set(),
    "reversed": {"reversal_has_quantity"},
    "rebilled": {"reversal_has_quantity"},
    "rerated": set(),
    **{source: {"token_kind_known"} for source in BILLS if source.startswith("no_row") or source == "unread_kind"},
    "unread_unit": {"token_unit_readable"},
    "multiplied": {"token_unit_as_multiplied"},
    "swapped": {"token_meter_of_rule"},
    "searches": set(),
    "(any)": {"sku_meter_of_a_charge"},
}


@pytest.mark.parametrize("source", FINDINGS)
def test_what_is_doubtful_is_a_finding(built, source):
    assert violated(built, source) == FINDINGS[source]
