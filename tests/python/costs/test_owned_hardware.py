"""Machines of one's own as FOCUS charges: days by hand, terms to the last decimal, and mistakes by their row."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.owned_hardware import Asset, charges

PAGE = Path(__file__).parents[3] / "docs" / "focus.md"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """The example of the documentation."""
    text = re.search(r"```csv\n(asset_id.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert text
    file = tmp_path / "owned_assets.csv"
    file.write_text(text.group(1), encoding="utf-8")
    return file


def run(*arguments: object) -> str:
    return CliRunner().invoke(main, ["owned-hardware", *map(str, arguments)]).output


def asset(**changes: object) -> Asset:
    values = {
        "asset_id": "a", "currency": "USD", "price": Decimal(1000), "salvage": Decimal(0),
        "in_service_on": date(2026, 1, 1), "term_months": 1, "accelerators": 1,
    }  # fmt: skip
    return Asset(**(values | changes))


def costs(of: Asset, until: str, kind: str = "Depreciation") -> list[Decimal]:
    rows = charges([of], date.fromisoformat(until))
    return [Decimal(row["EffectiveCost"]) for row in rows if row["ChargeDescription"] == kind]


def test_the_example_costs_in_the_warehouse_what_it_costs_on_paper(warehouse, template):
    """250,000 less 25,000 over the 1,096 days from July 2026 to July 2029: 225,000 / 1,096 = 205.291970802919708029|19…
    a day, and over 92 days 225,000 x 92 / 1,096 = 18,886.861313868613138686|13…
    10.2 kW x 24 h x 0.11 = 26.928 a day, 2,477.376 over 92. 450 a month: 450 / 31 = 14.516129032258064516|12… on the
    first of July, and 3 x 450 for the quarter. Eight accelerators are 8 x 86,400 = 691,200 accelerator-seconds a day.
    """
    out = warehouse.data / "focus" / "owned-hardware" / "charges.csv"
    output = run(template, "--until", "2026-10-01", "--out", out)
    assert output.endswith("276 charges of 1 machines until 2026-10-01, USD 22,714.24\n")

    warehouse.dbt("seed")
    warehouse.query("""
        use config;
        insert into cost_rules
        values (1, 'owned-hardware', 'Tags', 'pool', 'exists', null, 'pool', '$value', null, null);
        insert into capacity_pools values ('own-h100', 'share', null, 'h100', 'Accelerator-Hours', 1, null, null);
    """)
    warehouse.dbt("run", "--select", "+int_costs__cost_lines_daily", "+int_costs__pool_resources_daily")
    assert warehouse.query("""
        select treatment, target, count(distinct date_day), sum(effective_cost),
            sum(effective_cost) filter (where date_day = '2026-07-01')
        from intermediate.int_costs__cost_lines_daily group by all
    """) == [
        (
            "pool",
            "own-h100",
            92,
            Decimal("18886.861313868613138686") + Decimal("2477.376") + 1350,
            Decimal("205.291970802919708029") + Decimal("26.928") + Decimal("14.516129032258064516"),
        )
    ]
    assert warehouse.query("""
        select distinct resource_id, accelerator_seconds from intermediate.int_costs__pool_resources_daily
    """) == [("h100-node-1", 691200)]
    assert (
        warehouse.query("""
        select rule_id from intermediate.int_quality__focus_findings
        -- rows of the sample's own seeds are about its sources
        where status = 'violated' and rule_id != 'seed_row_of_a_source'
    """)
        == []
    )


@pytest.mark.parametrize(
    ("price", "salvage", "start", "months", "days"),
    [
        ("1000", "0", "2026-01-01", 1, 31),
        ("249999.999999999999999999", "0.000000000000000001", "2027-07-01", 12, 366),  # over 29 February 2028
        ("1", "0", "2026-01-31", 1, 28),  # there is no 31 February: the term ends with the month, on the 28th
        ("0.000000000000000007", "0", "2026-03-01", 1, 31),  # fewer units than days
    ],
)
def test_the_days_of_a_term_sum_to_price_less_salvage(price, salvage, start, months, days):
    machine = asset(
        price=Decimal(price), salvage=Decimal(salvage), in_service_on=date.fromisoformat(start), term_months=months
    )
    last_day = machine.in_service_on + timedelta(days=days - 1)
    assert machine.term_ends_on == last_day + timedelta(days=1)
    rows = costs(machine, str(machine.term_ends_on))
    assert len(rows) == days
    assert sum(map(Fraction, rows)) == Fraction(price) - Fraction(salvage)
    assert max(rows) - min(rows) <= Decimal("0.000000000000000001")


def test_a_day_costs_the_same_however_far_the_file_reaches():
    machine = asset(price=Decimal(100), term_months=12)
    year = costs(machine, "2027-01-01")
    assert costs(machine, "2026-02-10") == year[:40]


def test_after_its_term_a_machine_costs_power_alone_and_keeps_its_hours():
    """100 over January; in February 2 kW x 24 h x 0.10 = 4.80 a day are left."""
    machine = asset(price=Decimal(100), power_kw=Decimal(2), power_price_per_kwh=Decimal("0.10"), accelerators=4)
    february = [row for row in charges([machine], date(2026, 2, 3)) if row["ChargePeriodStart"] > "2026-02"]
    assert [
        (row["ChargeDescription"], Decimal(row["EffectiveCost"]), Decimal(row["ConsumedQuantity"]), row["ConsumedUnit"])
        for row in february
    ] == [("Depreciation", 0, 96, "Accelerator-Hours"), ("Power", Decimal("4.8"), 48, "kWh")] * 2


def test_what_is_left_of_a_machine_that_goes_early_is_a_cost_of_its_last_day():
    """310 over the 31 days of January are 10 a day; gone from the 11th, nine days cost 10 and the tenth 310 - 90."""
    machine = asset(price=Decimal(310), out_of_service_on=date(2026, 1, 11))
    assert costs(machine, "2026-02-01") == [10] * 9 + [220]
    assert costs(machine, "2026-01-10") == [10] * 9


def test_space_of_a_month_is_its_price_whatever_its_length():
    """10 a month: January and February each sum to it, though 10 / 31 and 10 / 28 do not end."""
    machine = asset(space_price_per_month=Decimal(10))
    days = costs(machine, "2026-03-01", "Space")
    assert (sum(days[:31]), sum(days[31:])) == (10, 10)


def test_a_tariff_can_be_an_asset_of_its_own():
    """3 kW x 24 h x 0.20 = 14.40 a day, and nothing else."""
    tariff = asset(
        price=Decimal(0), accelerators=0, power_kw=Decimal(3), power_price_per_kwh=Decimal("0.20"), pool='a "b"'
    )
    rows = list(charges([tariff], date(2026, 1, 3)))
    found = [(row["ChargeDescription"], Decimal(row["EffectiveCost"])) for row in rows]
    assert found == [("Power", Decimal("14.4"))] * 2
    assert json.loads(rows[0]["Tags"]) == {"pool": 'a "b"'}


GOOD = "asset_id,currency,price,salvage,in_service_on,term_months,accelerators\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + "a,USD,ten,0,2026-01-01,36,8", "row 1: price 'ten' is not a number; correct it"),
        (GOOD + "a,USD,NaN,0,2026-01-01,36,8", "row 1: price 'NaN' is not a number; correct it"),
        (GOOD + "a,USD,10,0,1 July,36,8", "row 1: in_service_on '1 July' is not a date such as 2026-07-01; correct it"),
        (GOOD + "a,USD,10,0,2026-01-01,3.5,8", "row 1: term_months '3.5' is not a whole number; correct it"),
        (GOOD + "a,USD,10,,2026-01-01,36,8", "row 1: salvage is empty; fill it in"),
        (GOOD + "a,USD,10,11,2026-01-01,36,8", "row 1 (a): salvage is more than price; correct it"),
        (GOOD + "a,USD,10,0,2026-01-01,0,8", "row 1 (a): term_months is less than 1; correct it"),
        (GOOD + "a,USD,10,-1,2026-01-01,36,8", "row 1 (a): a price, a power or a salvage is less than 0; correct it"),
        (GOOD + "a,dollar,10,0,2026-01-01,36,8", "row 1 (a): 'dollar' is no ISO 4217 code; correct it"),
        (GOOD + "a,USD,1e-19,0,2026-01-01,36,8", "row 1 (a): a number has more than eighteen decimals; correct it"),
        (GOOD + "a,USD,1,0,2026-01-01,36,8\n" * 2, "asset_id a is there twice; give each machine its own"),
        (GOOD.replace("price", "cost"), "no column is called cost; the columns are asset_id, currency, price"),
        ("asset_id,currency\n", "column price, salvage, in_service_on, term_months, accelerators is missing; add it"),
        (GOOD + "a,USD,10,0,2030-01-01,36,8", "no machine is in service before 2026-10-01; give a later --until"),
    ],
)
def test_a_mistake_in_the_template_is_named(tmp_path, text, message):
    file = tmp_path / "owned_assets.csv"
    file.write_text(text)
    output = run(file, "--until", "2026-10-01", "--out", tmp_path / "charges.csv")
    assert f"{file}" in output
    assert message in output
    assert not (tmp_path / "charges.csv").exists()


def test_an_object_store_is_no_folder_to_write_to(template):
    assert "give --out, and copy the file there" in run(template, "--out", "s3://bucket/focus/owned/charges.csv")


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_file_that_is_not_utf8_is_named(template, encoding):
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("\n", "\né", 1), encoding=encoding)
    assert f"Error: {template} is not UTF-8: save it as UTF-8" in run(template)
