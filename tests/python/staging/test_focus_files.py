"""How FOCUS files land: once, again when they change, never twice, and with a clear word when they cannot be read."""

from __future__ import annotations

import gzip
import os
from decimal import Decimal

import duckdb
import pytest

CHARGES = "select source, source_row, effective_cost from staging.stg_focus__charges order by all"
STAGED = "+stg_focus__charges"


def export(*rows: tuple[str, str]) -> str:
    return "EffectiveCost,ChargePeriodStart\n" + "".join(f"{cost},{start}\n" for cost, start in rows)


def total(warehouse) -> Decimal:
    return warehouse.query("select sum(effective_cost) from staging.stg_focus__charges")[0][0]


def make_newer(file):
    """Modification times count in whole seconds; a test does not wait for the next one."""
    os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 5))


@pytest.mark.slow
def test_a_file_is_read_again_only_when_it_changed_and_leaves_when_it_is_gone(warehouse):
    june = warehouse.write("focus/acme/june.csv", export(("1", "2026-06-01"), ("2", "2026-06-02")))
    july = warehouse.write("focus/acme/july.csv", export(("4", "2026-07-01")))
    warehouse.build("+int_costs__charges_daily")
    warehouse.build("+int_costs__charges_daily")
    assert total(warehouse) == 7

    june.write_text(export(("10", "2026-06-01"), ("20", "2026-06-02"), ("30", "2026-06-03")))
    make_newer(june)
    warehouse.write("focus/acme/august.csv.gz", gzip.compress(export(("100", "2026-08-01")).encode()))
    warehouse.build("+int_costs__charges_daily")
    assert total(warehouse) == 164
    assert warehouse.query("select sum(effective_cost) from intermediate.int_costs__charges_daily") == [(164,)]

    july.unlink()
    warehouse.build("+int_costs__charges_daily")
    assert total(warehouse) == 160
    assert warehouse.query("select sum(effective_cost) from intermediate.int_costs__charges_daily") == [(160,)]

    warehouse.build("+stg_focus__charges", full_refresh=True)
    assert total(warehouse) == 160


@pytest.mark.slow
def test_attributes_come_and_go_with_their_charges(warehouse):
    header = "EffectiveCost,ChargePeriodStart,ResourceId\n"
    first = warehouse.write("focus/acme/a.csv", header + "1,2026-06-01,node-1\n1,2026-06-01,node-2\n")
    warehouse.build("+int_costs__charge_attributes")
    warehouse.write("focus/acme/b.csv", header + "1,2026-06-02,node-2\n1,2026-06-02,node-3\n")
    first.unlink()
    warehouse.build("+int_costs__charge_attributes")
    assert warehouse.query("select resource_id from intermediate.int_costs__charge_attributes order by 1") == [
        ("node-2",),
        ("node-3",),
    ]


def test_types_of_parquet_files_of_one_source_may_differ(warehouse):
    folder = warehouse.data / "focus" / "aws" / "data"
    for period in ("2026-06", "2026-07", "2026-08"):
        (folder / f"BILLING_PERIOD={period}").mkdir(parents=True)
    columns = "timestamptz '2026-06-01 02:00:00+02' as ChargePeriodStart"
    duckdb.sql(f"""
        copy (select 1.1::double as EffectiveCost, map {{'user:team': 'ml'}} as Tags, {columns} from range(3))
        to '{folder}/BILLING_PERIOD=2026-06/a.parquet'
    """)
    duckdb.sql(f"""
        copy (select 0.123456789012::decimal(20, 12) as effectivecost, '{{"user:team": "web"}}' as TAGS, {columns})
        to '{folder}/BILLING_PERIOD=2026-07/a.parquet'
    """)
    duckdb.sql(f"""
        copy (select 7 as BilledCost, timestamp '2026-06-01' as ChargePeriodStart, 'x' as EffectiveCostCenter)
        to '{folder}/BILLING_PERIOD=2026-08/a.parquet'
    """)
    warehouse.build(STAGED)
    assert warehouse.query("""
        select distinct effective_cost, tags, cast(charge_period_start as varchar), source_changes[1]
        from staging.stg_focus__charges order by 1
    """) == [
        (Decimal("0.123456789012"), '{"user:team": "web"}', "2026-06-01 00:00:00", "billing_currency_assumed"),
        (Decimal("1.1"), '{"user:team":"ml"}', "2026-06-01 00:00:00", "billing_currency_assumed"),
        (Decimal(7), None, "2026-06-01 00:00:00", "effective_cost_from_billed_cost"),
    ]
    assert warehouse.query("""
        select source_row from staging.stg_focus__charges where effective_cost = 1.1 order by 1
    """) == [(1,), (2,), (3,)]


@pytest.mark.slow
def test_only_the_newest_snapshot_of_a_period_counts(warehouse):
    warehouse.write("focus/azure/x/20260601-20260630/cost/202606100000/guid/part_0.csv", export(("1", "2026-06-01")))
    warehouse.build(STAGED)
    assert total(warehouse) == 1
    for part in ("part_0", "part_1"):
        warehouse.write(
            f"focus/azure/x/20260601-20260630/cost/202607020000/guid/{part}.csv", export(("10", "2026-06-01"))
        )
    warehouse.write("focus/azure/x/20260701-20260731/cost/202607020000/guid/part_0.csv", export(("100", "2026-07-01")))
    warehouse.write("focus/azure/x/20260701-20260731/cost/202607020000/guid/manifest.json", "{}")
    warehouse.build(STAGED)
    assert total(warehouse) == 120


def test_a_snapshot_without_an_age_stops_the_build(warehouse):
    warehouse.write("focus/azure/june.csv", export(("1", "2026-06-01")))
    assert not warehouse.build(STAGED, check=False)
    assert "focus/azure/june.csv: the snapshot_pattern of source azure" in warehouse.output


def test_what_cannot_be_read_stops_the_build_and_names_every_place_at_once(warehouse):
    bad = {
        "number": (export(("1", "2026-06-01"), ("1.2.3", "2026-06-01")), "unreadable_number", "row 2"),
        "time": (export(("1", "2026-06-01"), ("1", "1 June"), ("1", "2026-06-01")), "unreadable_time", "row 2"),
        "no_time": (export(("1", "")), "no_charge_period", "row 1"),
    }
    for source, (text, _, _) in bad.items():
        warehouse.write(f"focus/{source}/june.csv", text)
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    for source, (_, rule, place) in bad.items():
        assert f"source {source} breaks {rule}" in warehouse.output
        assert f"focus/{source}/june.csv, {place}" in warehouse.output


NESTED = "{'list': [{'element': {'Name': 'c', 'Amount': -3.5}}, {'element': {'Name': 'd', 'Amount': -0.5}}]}"
CREDITS = {
    "plain": ("[{'Name': 'c', 'Amount': -4}]", 6),
    "nested": (NESTED, 6),
    "none": ("[]::struct(Name varchar, Amount double)[]", 10),
    "commas": ("""'[{"Name":"c","Amount":"-4,000.5"}]'""", Decimal("-3990.5")),
    "no_list": ("{'Name': 'c', 'Amount': -4}", None),
    "other_name": ("[{'Name': 'c', 'CreditAmount': -4}]", None),
}


def test_google_credits_of_any_shape_count_or_stop_the_build(warehouse):
    """10 at 2 x 5 is without its credits of -4, or of -4,000.5 at 2 x 5 as well."""
    for source, (entries, _) in CREDITS.items():
        file = warehouse.write(f"focus/{source}/june.parquet", b"")
        duckdb.sql(f"""
            copy (
                select 10 as EffectiveCost, 2 as ContractedUnitPrice, 5 as PricingQuantity, {entries} as x_Credits,
                    date '2026-06-01' as ChargePeriodStart
            ) to '{file}'
        """)
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    stopped = {source for source in CREDITS if f"source {source} breaks unreadable_number" in warehouse.output}
    assert stopped == {source for source, (_, cost) in CREDITS.items() if cost is None}
    costs = dict(warehouse.query("select source, effective_cost from staging.stg_focus__charges"))
    assert {source: costs[source] for source in CREDITS if source not in stopped} == {
        source: cost for source, (_, cost) in CREDITS.items() if cost is not None
    }


def test_a_comma_that_may_be_of_decimals_stops_the_build(warehouse):
    """1,500 between semicolons is 1.5 or 1500; 0,125 is 0.125 wherever it stands. 1,500.00 and "1,500" are 1500."""
    files = {
        "german": ("EffectiveCost;ChargePeriodStart\n1,500;2026-06-01\n2,250;2026-06-02\n", None),
        "english": ("EffectiveCost;ChargePeriodStart\n1,500.00;2026-06-01\n", 1500),
        "quoted": ('EffectiveCost,ChargePeriodStart\n"1,500",2026-06-01\n', 1500),
        "below_one": ('EffectiveCost,ChargePeriodStart\n"0,125",2026-06-01\n', None),
    }
    for source, (text, _) in files.items():
        warehouse.write(f"focus/{source}/june.csv", text)
    assert not warehouse.build("+int_quality__focus_findings", check=False)
    stopped = {source for source in files if f"source {source} breaks unreadable_number" in warehouse.output}
    assert stopped == {source for source, (_, cost) in files.items() if cost is None}
    costs = dict(warehouse.query("select source, effective_cost from staging.stg_focus__charges"))
    assert (costs["english"], costs["quoted"]) == (1500, 1500)


def test_a_bill_without_a_cost_stops_the_build(warehouse):
    warehouse.write("focus/acme/june.csv", "ListCost,ChargePeriodStart\n1,2026-06-01\n")
    assert not warehouse.build(STAGED, check=False)
    assert "focus/acme/june.csv: " in warehouse.output


@pytest.mark.slow
def test_a_bad_file_leaves_what_was_there_and_lands_once_it_is_corrected(warehouse):
    lines = "+int_costs__charges_daily"
    costs = "select source_file, effective_cost from intermediate.int_costs__charges_daily"
    may = warehouse.write("focus/acme/may.csv", export(("1", "2026-05-01")))
    warehouse.build(lines)
    before = warehouse.query(costs)
    may.unlink()
    june = warehouse.write("focus/acme/june.csv", export(("one", "2026-06-01")))
    assert not warehouse.build(lines, check=False)
    assert warehouse.query(costs) == before

    june.write_text(export(("2", "2026-06-01")))
    make_newer(june)
    warehouse.build(lines)
    assert warehouse.query(costs) == [(str(june), Decimal(2))]


def test_a_truncated_parquet_file_stops_the_build_and_is_named(warehouse):
    """A copy that broke off: the beginning is Parquet, and what says where things are, at the end, is missing."""
    file = warehouse.write("focus/acme/cut.parquet", b"")
    duckdb.sql(f"""
        copy (select 1.5 as EffectiveCost, date '2026-06-01' as ChargePeriodStart from range(1000)) to '{file}'
    """)
    file.write_bytes(file.read_bytes()[:-100])
    assert not warehouse.build(STAGED, check=False)
    named = [line for line in warehouse.output.splitlines() if "focus/acme/cut.parquet" in line]
    assert any("magic bytes" in line for line in named)


def test_a_header_alone_and_an_empty_file_are_no_charges(warehouse):
    warehouse.write("focus/acme/header.csv", "EffectiveCost,ChargePeriodStart\n")
    warehouse.write("focus/acme/empty.csv", "")
    warehouse.build("+int_costs__cost_lines_daily")
    assert warehouse.query("select count(*) from staging.stg_focus__charges") == [(0,)]


def test_no_exports_at_all_give_empty_models(warehouse):
    warehouse.build("+int_costs__cost_lines_daily", "+int_costs__pool_resources_daily")
    warehouse.build("+int_costs__cost_lines_daily", "+int_costs__pool_resources_daily")
    assert warehouse.query("select count(*) from intermediate.int_costs__cost_lines_daily") == [(0,)]


def test_a_currency_that_was_assumed_is_assumed_anew(warehouse):
    """A file that names none is in the reporting currency; a run in another one leaves no trace."""
    warehouse.write("focus/acme/a.csv", "EffectiveCost,ChargePeriodStart\n100,2026-08-01\n")
    options = ["--exclude-resource-type", "unit_test", "--indirect-selection", "buildable"]
    for currency in ("EUR", "USD"):
        variables = ["--vars", f"{{reporting_currency: {currency}}}"]
        warehouse.dbt("build", "--select", "+stg_focus__charges", *options, *variables)
        assert warehouse.query("select billing_currency from staging.stg_focus__charges") == [(currency,)]
