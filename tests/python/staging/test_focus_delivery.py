"""What of the files that lie side by side counts: snapshots with manifests, appended files, running totals, copies."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

HEADER = "EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart\n"
MODELS = ("+stg_focus__charges",)
GUIDE = Path(__file__).parents[3] / "docs" / "connect" / "aws.md"
# What the guide tells the user to write for an export that keeps every refresh
AWS_PATTERN = re.search(r"^aws,snapshot,(.+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE).group(1)
SOURCES = f"""
    insert into config.focus_sources (source, delivery, snapshot_pattern) values
        ('new', 'snapshot', '{AWS_PATTERN}'),
        ('oci', 'append', null),
        ('gateway', 'cumulative', '(date=[^/]+)/(hour=\\d+)/')
"""


def export(cost: str, day: str = "2026-06-01") -> str:
    return f"{HEADER}{cost},USD,{day[:7]}-01,{day}\n"


@pytest.fixture
def sources(warehouse):
    warehouse.dbt("seed", "--select", *MODELS)
    warehouse.query(SOURCES)
    return warehouse


def load(warehouse, check: bool = True) -> Decimal | None:
    """The cost after one build, and after a second one that finds nothing new."""
    totals = []
    for _ in range(2):
        if not warehouse.dbt("run", "--select", *MODELS, check=check):
            return None
        totals.append(warehouse.query("select sum(effective_cost) from staging.stg_focus__charges")[0][0])
    assert totals[0] == totals[1]
    return totals[0]


def reasons(warehouse) -> dict[str, str]:
    rows = warehouse.query("""
        select regexp_extract(source_file, '[^/]+/[^/]+$'), not_current_because
        from staging.stg_focus__files where not is_current order by all
    """)
    return dict(rows)


def aws_run(warehouse, run: str, files: dict[str, str], listed: list[str], export_folder: str = "new/bill") -> None:
    for name, cost in files.items():
        warehouse.write(f"focus/{export_folder}/data/BILLING_PERIOD=2026-06/{run}/{name}", export(cost))
    uris = [f"s3://bucket/bill/data/BILLING_PERIOD=2026-06/{run}/{name}" for name in listed]
    warehouse.write(
        f"focus/{export_folder}/metadata/BILLING_PERIOD=2026-06/{run}/bill-Manifest.json",
        json.dumps({"dataFiles": uris}),
    )


@pytest.mark.slow
def test_of_aws_refreshes_the_newest_complete_one_counts(sources):
    """Refreshes of 10 + 1 and 12 + 2: first 11; still 11 while the second lacks a file; then 14."""
    aws_run(sources, "20260602T00-a", {"b-1.csv": "10", "b-2.csv": "1"}, ["b-1.csv", "b-2.csv"])
    assert load(sources) == 11
    aws_run(sources, "20260603T00-b", {"b-1.csv": "12", "b-9.csv": "500"}, ["b-1.csv", "b-2.csv"])
    assert load(sources) == 11
    assert reasons(sources) == {
        "20260603T00-b/b-1.csv": "incomplete_run",
        "20260603T00-b/b-9.csv": "incomplete_run",
    }
    sources.write("focus/new/bill/data/BILLING_PERIOD=2026-06/20260603T00-b/b-2.csv", export("2"))
    assert load(sources) == 14
    assert reasons(sources) == {
        "20260602T00-a/b-1.csv": "older_run",
        "20260602T00-a/b-2.csv": "older_run",
        "20260603T00-b/b-9.csv": "not_in_manifest",
    }
    # a run whose manifest is still to come does not replace one that is complete
    sources.write("focus/new/bill/data/BILLING_PERIOD=2026-06/20260604T00-c/b-1.csv", export("900"))
    assert load(sources) == 14


def test_the_guides_sync_brings_the_export_right_beneath_the_source(sources):
    """Refreshes of 10 and 12 in focus/new/data, of 100 and 120 of another export in focus/new/bill/data: 12 + 120."""
    for run, cost in (("20260602T00-a", 10), ("20260603T00-b", 12)):
        aws_run(sources, run, {"b-1.csv": f"{cost}"}, ["b-1.csv"], "new")
        aws_run(sources, run, {"b-1.csv": f"{cost}0"}, ["b-1.csv"])
    assert load(sources) == 12 + 120


def azure_run(warehouse, scope: str, period: str, name: str, run: str, cost: str) -> None:
    folder = f"focus/azure/{scope}/{period}/{name}/{run}/guid"
    warehouse.write(f"{folder}/part_0.csv", export(cost, f"{period[:4]}-{period[4:6]}-01"))
    warehouse.write(f"{folder}/manifest.json", json.dumps({"blobs": [{"blobName": f"{name}/part_0.csv"}]}))


def test_of_azure_runs_the_newest_of_each_scope_and_month_counts(warehouse):
    """Scope a: June stood at 3 on the 2nd, 30 at the end, and the export of the closed month says 31; July at 4. Scope
    b has a June of its own of 100: 31 + 4 + 100 = 135."""
    azure_run(warehouse, "a", "20260601-20260630", "daily", "202606020400", "3")
    azure_run(warehouse, "a", "20260601-20260630", "daily", "202607010400", "30")
    azure_run(warehouse, "a", "20260601-20260630", "last-month", "202607050400", "31")
    azure_run(warehouse, "a", "20260701-20260731", "daily", "202607020400", "4")
    azure_run(warehouse, "b", "20260601-20260630", "daily", "202607010400", "100")
    warehouse.dbt("seed", "--select", *MODELS)
    assert load(warehouse) == 135


def overwritten(warehouse, listed: list[str], files: dict[str, str]) -> None:
    """AWS's export of June that overwrites itself."""
    for name, cost in files.items():
        warehouse.write(f"focus/aws/bill/data/BILLING_PERIOD=2026-06/{name}", export(cost))
    uris = [f"s3://bucket/bill/data/BILLING_PERIOD=2026-06/{name}" for name in listed]
    manifest = "focus/aws/bill/metadata/BILLING_PERIOD=2026-06/bill-Manifest.json"
    warehouse.write(manifest, json.dumps({"dataFiles": uris}))


def test_an_overwritten_export_without_a_file_of_its_manifest_stops_the_build(warehouse):
    """10 + 1. Until the second file has come nobody knows what June cost; May's manifest says nothing of June."""
    overwritten(warehouse, ["b-1.csv", "b-2.csv"], {"b-1.csv": "10"})
    may = {"dataFiles": ["s3://bucket/bill/data/BILLING_PERIOD=2026-05/b-3.csv"]}
    warehouse.write("focus/aws/bill/metadata/BILLING_PERIOD=2026-05/bill-Manifest.json", json.dumps(may))
    warehouse.dbt("seed", "--select", *MODELS)
    assert load(warehouse, check=False) is None
    assert (
        "data/BILLING_PERIOD=2026-06/b-1.csv: focus/aws/bill/metadata/BILLING_PERIOD=2026-06/bill-Manifest.json "
        "lists 1 more of its export, such as b-2.csv, which is not there; copy the export again, or take the manifest "
        "away"
    ) in warehouse.output
    overwritten(warehouse, ["b-1.csv", "b-2.csv"], {"b-2.csv": "1"})
    assert load(warehouse) == 11


def test_a_file_that_an_overwritten_export_no_longer_lists_does_not_count(warehouse):
    """The refresh has one file of 12 instead of two of 10 and 1, and the sync left the second: 12, and a finding.
    Files that were made of those of the manifest, under other names, are all counted: 5 + 7."""
    overwritten(warehouse, ["b-1.csv"], {"b-1.csv": "12", "b-2.csv": "1"})
    for name, cost in (("a.csv", "5"), ("b.csv", "7")):
        warehouse.write(f"focus/other/{name}", export(cost))
    warehouse.write("focus/other/Manifest.json", json.dumps({"dataFiles": ["s3://bucket/a.parquet"]}))
    warehouse.dbt("seed", "--select", "+int_quality__focus_findings")
    assert load(warehouse) == 12 + 5 + 7
    assert reasons(warehouse) == {"BILLING_PERIOD=2026-06/b-2.csv": "not_in_manifest"}
    warehouse.dbt("run", "--select", "+int_quality__focus_findings")
    assert warehouse.query("""
        select source, status, example_value, violating_count from intermediate.int_quality__focus_findings
        where rule_id = 'file_read' order by source
    """) == [("aws", "violated", "its manifest does not list it", 1), ("other", "met", None, 0)]


COST_OF_A_DAY = {"june": 10, "first": 20, "second": 30}
DAYS_OF_A_RUN = {"june": range(1, 16), "first": range(1, 10), "second": range(8, 13)}


def june_run(warehouse, run: str) -> None:
    """What June's export said on the 16th (15 days), or one-time exports of the 1st to 9th, and of the 8th to 12th."""
    period = {"june": "20260601-20260630", "first": "20260601-20260609", "second": "20260608-20260612"}[run]
    at = {"june": "daily/202606160400", "first": "one-time/202606200800", "second": "one-time/202606210800"}[run]
    folder = f"focus/azure/a/{period}/{at}/guid"
    rows = [f"{COST_OF_A_DAY[run]},USD,2026-06-01,2026-06-{day:02}\n" for day in DAYS_OF_A_RUN[run]]
    warehouse.write(f"{folder}/part_0.csv", HEADER + "".join(rows))
    warehouse.write(f"{folder}/manifest.json", json.dumps({"blobs": [{"blobName": "part_0.csv"}]}))


@pytest.mark.parametrize("order", [("june", "first", "second"), ("second", "first", "june")])
def test_a_run_takes_its_days_from_an_older_one(warehouse, order):
    """Whatever comes first, 7 days of 20, 5 of 30 and 3 of 10 are left: 140 + 150 + 30; before the second one, 9 of 20
    and 6 of 10. The findings look at 15 rows, however many files there were before."""
    models = ("+int_costs__charges_daily", "+int_quality__focus_row_findings")
    expected = {("june",): 150, ("june", "first"): 240, ("second",): 150, ("second", "first"): 7 * 20 + 150}
    arrived = ()
    for run in order:
        june_run(warehouse, run)
        arrived = (*arrived, run)
        warehouse.build(*models)
        total = expected.get(arrived, 140 + 150 + 30)
        assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") == [(total,)]
        assert warehouse.query("select sum(effective_cost) from intermediate.int_costs__charges_daily") == [(total,)]
    assert warehouse.query("""
        select count(*), count(distinct date_day), sum(charge_days) from intermediate.int_costs__charges_daily
    """) == [(15, 15, 15)]
    assert warehouse.query("""
        select sum(checked_count) from intermediate.int_quality__focus_row_findings
        group by rule_id order by 1 desc limit 1
    """) == [(15,)]


def test_rows_of_a_newer_run_beyond_its_days_replace_those_of_the_older_one(warehouse):
    """June's 30 days of 10. The run of the next day is for 31 May to 29 June by its folder, and has 30 rows of 11 of
    June: 330. The older run's late row, 5 of the 30th that was billed in July, is no row of the newer one and stays."""
    header = HEADER.replace("\n", ",ChargePeriodEnd,ChargeCategory\n")
    for run, cost, more in (
        ("20260601-20260630/d/202607010400", 10, "5,USD,2026-07-01,2026-06-30,2026-07-01,Usage\n"),
        ("20260531-20260629/d/202607020400", 11, ""),
    ):
        days = [date(2026, 6, 1) + timedelta(number) for number in range(30)]
        rows = [f"{cost},USD,2026-06-01,{day},{day + timedelta(1)},Usage\n" for day in days]
        warehouse.write(f"focus/azure/a/{run}/guid/part_0.csv", header + "".join(rows) + more)
        warehouse.build("+stg_focus__charges")
        total = warehouse.query("select sum(effective_cost) from staging.stg_focus__charges")[0][0]
        assert total == (330 + 5 if cost == 11 else 300 + 5)
    assert warehouse.query("""
        select cast(charge_period_start as date), effective_cost from staging.stg_focus__charges
        where list_contains(source_changes, 'superseded_by_later_file')
    """) == [(date(2026, 6, 30), 0)]


def test_a_range_that_ends_with_the_day_behind_it_takes_no_day_of_the_next_month(warehouse):
    """May is exported as 0501-0601, 31 days of 10, and June as 0601-0701, three days of 20 so far: 310 + 60. May again,
    at 11 and with a purchase of 7, is newer than June's run: 348 + 60, and not 40 of June."""
    header = HEADER.replace("\n", ",ChargePeriodEnd,ChargeCategory\n")

    def run(folder: str, first: date, count: int, cost: int) -> None:
        days = [first + timedelta(number) for number in range(count)]
        rows = [f"{cost},USD,{first},{day},{day + timedelta(1)},Usage\n" for day in days]
        rows.append(f"7,USD,{first},{first},2027-01-01,Purchase\n" if cost == 11 else "")
        warehouse.write(f"focus/azure/a/{folder}/guid/part_0.csv", header + "".join(rows))

    run("20260501-20260601/d/202606010400", date(2026, 5, 1), 31, 10)
    run("20260601-20260701/d/202606040400", date(2026, 6, 1), 3, 20)
    warehouse.build("+stg_focus__charges")
    assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") == [(370,)]
    run("20260501-20260601/d/202606050400", date(2026, 5, 1), 31, 11)
    warehouse.build("+stg_focus__charges")
    assert warehouse.query("select sum(effective_cost) from staging.stg_focus__charges") == [(341 + 7 + 60,)]


def test_an_incomplete_month_is_not_there_because_the_one_before_it_ends_with_its_first_day(warehouse):
    for days, parts in (("20260501-20260601", 1), ("20260601-20260701", 2)):
        folder = f"focus/azure/a/{days}/d/202607020400/guid"
        warehouse.write(f"{folder}/part_0.csv", HEADER + f"1,USD,2026-06-01,2026-06-{parts:02}\n")
        blobs = [{"blobName": f"part_{number}.csv"} for number in range(parts)]
        warehouse.write(f"{folder}/manifest.json", json.dumps({"blobs": blobs}))
    assert not warehouse.build("+stg_focus__charges", check=False)
    assert "no run of focus/azure/a for 2026-06-01 to 2026-07-01 is complete" in warehouse.output


def test_two_manifests_for_one_run_stop_the_build(warehouse):
    azure_run(warehouse, "a", "20260601-20260630", "daily", "202606020400", "3")
    warehouse.write(
        "focus/azure/a/20260601-20260630/daily/202606020400/other/manifest.json", '{"blobs": [{"blobName": "x"}]}'
    )
    warehouse.dbt("seed", "--select", *MODELS)
    assert load(warehouse, check=False) is None
    run = "focus/azure/a/20260601-20260630/daily/202606020400"
    both = f"{run}/guid/manifest.json and {run}/other/manifest.json"
    reason = f"two runs have the same time, {both}; take one of them away"
    assert f"{run}/guid/part_0.csv: {reason}" in warehouse.output


def test_a_month_without_a_complete_run_stops_the_build(sources):
    aws_run(sources, "20260602T00-a", {"b-1.csv": "10"}, ["b-1.csv", "b-2.csv"])
    assert load(sources, check=False) is None
    assert "b-1.csv: no run of new/bill BILLING_PERIOD=2026-06 is complete: a manifest, or a file" in sources.output


def test_a_month_is_not_complete_because_another_one_is(warehouse):
    """June is all there. July's only run lacks the second file that its manifest lists."""
    azure_run(warehouse, "a", "20260601-20260630", "daily", "202607010400", "30")
    azure_run(warehouse, "a", "20260701-20260731", "daily", "202607020400", "4")
    folder = "focus/azure/a/20260701-20260731/daily/202607020400/guid"
    blobs = [{"blobName": f"daily/part_{number}.csv"} for number in (0, 1)]
    warehouse.write(f"{folder}/manifest.json", json.dumps({"blobs": blobs}))
    warehouse.dbt("seed", "--select", *MODELS)
    assert load(warehouse, check=False) is None
    assert f"{folder}/part_0.csv: no run of " in warehouse.output
    assert " for 2026-07-01 to 2026-07-31 is complete" in warehouse.output


def test_appended_files_all_count_but_no_copy_of_one(sources):
    """5 for June, a late 2 for June in July's file, beside 7 of its own: 14. A copy adds nothing."""
    sources.write("focus/oci/reports/0001.csv", export("5"))
    late = HEADER + "2,USD,2026-07-01,2026-06-30\n7,USD,2026-07-01,2026-07-01\n"
    sources.write("focus/oci/reports/0002.csv", late)
    sources.write("focus/oci/reports/copy/0002.csv", late)
    sources.write("focus/oci/reports/0003.csv", export("6"))  # as large as 0001, and another file
    sources.write("focus/other/0001.csv", export("5"))  # the same file of another source is another bill
    assert load(sources) == 5 + 14 - 5 + 6 + 5
    assert reasons(sources) == {"copy/0002.csv": "copy"}
    assert sources.query("""
        select month(charge_period_start), sum(effective_cost) from staging.stg_focus__charges
        where source = 'oci' group by 1 order by 1
    """) == [(6, Decimal(13)), (7, Decimal(7))]


def test_bills_that_a_rule_can_tell_apart_are_no_copies(sources):
    """20 of chat beside 20 of other are 40; an export in Parquet of the first one is a copy of it. What they say in a
    column that no rule names is not compared."""
    sources.query("""
        insert into config.cost_rules (priority, column_name, operator, treatment, target)
        values (10, 'x_Team', 'exists', 'direct', '$value')
    """)
    header = HEADER.replace("\n", ",x_Team,x_Unseen\n")
    for name, team in (("one", "chat"), ("two", "other")):
        sources.write(f"focus/team/{name}.csv", f"{header}20,USD,2026-06-01,2026-06-01,{team},1\n")
    as_parquet = sources.write("focus/team/three.parquet", b"")
    duckdb.sql(f"""
        copy (
            select 20.0 as EffectiveCost, 'USD' as BillingCurrency, date '2026-06-01' as BillingPeriodStart,
                date '2026-06-01' as ChargePeriodStart, 'chat' as x_Team, 2 as x_Unseen
        ) to '{as_parquet}'
    """)
    assert load(sources) == 40
    assert reasons(sources) == {"team/three.parquet": "copy"}
    assert sources.query("""
        select uncompared_columns from staging.stg_focus__files where not_current_because = 'copy'
    """) == [("xunseen",)]


@pytest.mark.slow
def test_of_running_totals_the_last_of_each_key_counts(sources):
    """Key a said 1, then 4, then nothing more; key b came at 10:00 with 2 and says 3 at 11:00; the next day is new."""
    header = "EffectiveCost,BilledCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ConsumedQuantity,Tags\n"

    def rows(day: int, *rows: tuple[str, int, int]) -> str:
        lines = [
            f'{cost},{cost},USD,2026-06-01,2026-06-0{day},{requests},"{{""model"": ""{key}""}}"'
            for key, cost, requests in rows
        ]
        return header + "\n".join(lines) + "\n"

    sources.write("focus/gateway/date=2026-06-01/hour=09/usage_1.csv", rows(1, ("a", 1, 10)))
    assert load(sources) == 1
    sources.write("focus/gateway/date=2026-06-01/hour=10/usage_2.csv", rows(1, ("a", 4, 40), ("b", 2, 20)))
    assert load(sources) == 4 + 2
    sources.write("focus/gateway/date=2026-06-01/hour=11/usage_3.csv", rows(1, ("b", 3, 30)))
    sources.write("focus/gateway/date=2026-06-02/hour=00/usage_4.csv", rows(2, ("a", 1, 10)))
    assert load(sources) == 4 + 3 + 1
    assert sources.query("""
        select sum(billed_cost), sum(consumed_quantity), count(*),
            count(*) filter (where list_contains(source_changes, 'superseded_by_later_file'))
        from staging.stg_focus__charges
    """) == [(Decimal(8), Decimal(80), 5, 2)]
    assert sources.query("""
        select json_extract_string(source_values, '$.EffectiveCost') from staging.stg_focus__charges
        where source_values is not null order by 1
    """) == [("1",), ("2",)]
