"""Which runs of an export count: what landing alone knows of files that lie side by side."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from tests.python.landing.conftest import Landed

ACCOUNT = "/providers/Microsoft.Billing/billingAccounts/1"
SEPTEMBER = "20260901-20260930"
HEADER = "EffectiveCost,BillingPeriodStart,ChargePeriodStart\n"


def csv_of(days: Iterable[int], cost: int = 10) -> str:
    return HEADER + "".join(f"{cost},2026-09-01,2026-09-{day:02}\n" for day in days)


def write(root: Path, path: str, text: str, source: str = "azure") -> Path:
    file = root / "focus" / source / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def azure_run(
    root: Path, folder: str, submitted: str | None, days: Iterable[int], cost: int = 10, scope: str | None = ACCOUNT
) -> None:
    """A run of Azure as it lies in a container; without `submitted` its manifest is still to come."""
    days = list(days)
    write(root, f"{folder}/part_0_0001.csv", csv_of(days, cost))
    manifest: dict[str, object] = {
        "runInfo": {"submittedTime": submitted},
        "blobs": [{"blobName": f"{folder}/part_0_0001.csv", "dataRowCount": len(days) + 5}],
    }
    if scope:
        manifest["exportConfig"] = {"resourceId": f"{scope}/providers/Microsoft.CostManagement/exports/x"}
    if submitted:
        write(root, f"{folder}/manifest.json", json.dumps(manifest))


def counted(landed: Landed) -> Decimal:
    """What the charges cost whose file counts, and whose day no newer run states."""
    assert not landed.problems, landed.problems
    total = Decimal(0)
    rows = landed.session.execute("select source_file, ChargePeriodStart, EffectiveCost from focus_charges").fetchall()
    entries = {entry.file.path: entry for entry in landed.entries.values()}
    for path, day, cost in rows:
        superseded = {str(one) for one in entries[path].delivery.superseded_days}
        total += 0 if day in superseded else Decimal(cost)
    return total


# Of September the 1st to 9th were exported on the 10th, and the 1st to 14th on the 15th: 14 days of 10 are 140.
AS_ONE = {
    "an export once and a daily one": ("dir/one-time/20260901-20260909/g1", f"dir/daily/{SEPTEMBER}/g2"),
    "an export made anew under another name": (f"dir/daily/{SEPTEMBER}/g1", f"dir/daily-v2/{SEPTEMBER}/g2"),
    "folders of times": ("dir/one-time/20260901-20260909/202609100400/g1", f"dir/daily/{SEPTEMBER}/202609150400/g2"),
    "a directory that was moved": (f"old/{SEPTEMBER}/daily/202609100400/g", f"new/{SEPTEMBER}/daily/202609150400/g"),
    "an overwritten export": (f"dir/daily/{SEPTEMBER}", f"dir/daily/{SEPTEMBER}/g2"),
    "within a minute": (f"dir/a/{SEPTEMBER}/202609150400/g", f"dir/b/{SEPTEMBER}/202609150400/g"),
}


@pytest.mark.parametrize("layout", AS_ONE)
def test_exports_of_one_scope_are_one_bill_wherever_they_lie(land: Callable, tmp_path: Path, layout: str) -> None:
    older, newer = AS_ONE[layout]
    is_close = layout == "within a minute"
    azure_run(tmp_path, older, "2026-09-15T04:00:07.12Z" if is_close else "2026-09-10T04:00:00Z", range(1, 10))
    azure_run(tmp_path, newer, "2026-09-15T04:00:07.5Z", range(1, 15))
    assert counted(land(tmp_path)) == 14 * 10


def test_two_scopes_in_one_folder_are_two_bills(land: Callable, tmp_path: Path) -> None:
    """10 of one subscription and 20 of another one, whose run without a manifest does not count yet."""
    for name, at, cost in (("subA", "202609100400", 10), ("subB", "202609100500", 20)):
        time = f"2026-09-10T{at[8:10]}:00:00Z"
        azure_run(tmp_path, f"{SEPTEMBER}/{name}/{at}/g", time, [1], cost, f"/subscriptions/{name}")
    azure_run(tmp_path, f"{SEPTEMBER}/subB/202609110500/g", None, [1], 500)
    landed = land(tmp_path)
    assert counted(landed) == 10 + 20
    late = f"focus/azure/{SEPTEMBER}/subB/202609110500/g/part_0_0001.csv"
    assert landed.entries[late].delivery.not_current_because == "incomplete_run"


def test_an_export_without_any_manifest_is_not_of_its_neighbours_scope(land: Callable, tmp_path: Path) -> None:
    """Nobody says what b is of: it stops the build, and is not lost as an older run of a."""
    azure_run(tmp_path, f"dir/a/{SEPTEMBER}/202609150400/g", "2026-09-15T04:00:00Z", range(1, 15))
    azure_run(tmp_path, f"dir/b/{SEPTEMBER}/202609140400/g", None, range(1, 14))
    landed = land(tmp_path)
    assert list(landed.problems) == [f"focus/azure/dir/b/{SEPTEMBER}/202609140400/g/part_0_0001.csv"]
    assert "a manifest, or a file that it lists, is missing" in next(iter(landed.problems.values()))


def test_the_runs_of_an_export_need_no_manifest(land: Callable, tmp_path: Path) -> None:
    """Azure's own layout with times: of the 13 and the 14 days of one export the 14 count, and 7 of another export."""
    for export, at, days in (("a", "202609140400", 13), ("a", "202609150400", 14), ("b", "202609080400", 7)):
        azure_run(tmp_path, f"dir/{export}/{SEPTEMBER}/{at}/g", None, range(1, days + 1))
    assert counted(land(tmp_path)) == 14 * 10 + 7 * 10


def test_a_manifest_that_names_no_scope_is_of_its_folders(land: Callable, tmp_path: Path) -> None:
    """Two folders of scopes without an id in their manifests: 10 and 20."""
    for name, cost in (("a", 10), ("b", 20)):
        azure_run(tmp_path, f"{name}/{SEPTEMBER}/daily/202609100400/g", "2026-09-10T04:00:00Z", [1], cost, None)
    assert counted(land(tmp_path)) == 10 + 20


def aws_before_and_after(root: Path) -> tuple[Path, Path]:
    """September as AWS overwrote it on the 10th, a run of the 15th, and all of August from before there were runs."""
    data = "focus/data/BILLING_PERIOD="
    write(root, f"{data}2026-08/x-00001.csv", HEADER + "7,2026-08-01,2026-08-01\n", "aws")
    overwritten = write(root, f"{data}2026-09/x-00001.csv", csv_of(range(1, 10)), "aws")
    run = f"{data}2026-09/2026-09-15T04:00:00.000Z-aaaa"
    write(root, run.replace("data", "metadata") + "/x-Manifest.json", '{"dataFiles": ["s3://b/x-00001.csv"]}', "aws")
    return overwritten, write(root, f"{run}/x-00001.csv", csv_of(range(1, 15)), "aws")


def test_what_aws_overwrote_before_it_kept_runs_is_the_oldest_run(land: Callable, tmp_path: Path) -> None:
    """The 14 days of the run, and August's 7, whose file has no run beside it."""
    overwritten, _ = aws_before_and_after(tmp_path)
    landed = land(tmp_path)
    assert counted(landed) == 14 * 10 + 7
    delivery = landed.entries[str(overwritten.relative_to(tmp_path))].delivery
    assert delivery.not_current_because == "older_run"


def test_what_aws_overwrites_after_it_kept_runs_stops_the_build(land: Callable, tmp_path: Path) -> None:
    """The file was written a day after the run: nobody says that the export did not begin to overwrite itself."""
    overwritten, run = aws_before_and_after(tmp_path)
    later = run.stat().st_mtime + 86400
    os.utime(overwritten, (later, later))
    landed = land(tmp_path)
    assert list(landed.problems) == [str(overwritten.relative_to(tmp_path))]
    assert "take away what the export no longer writes" in landed.problems[str(overwritten.relative_to(tmp_path))]


def test_what_a_manifest_says_of_a_files_rows_is_kept(land: Callable, tmp_path: Path) -> None:
    """It speaks of 9 + 5 rows; of a file beside another manifest nobody says anything."""
    azure_run(tmp_path, f"dir/daily/{SEPTEMBER}/g", "2026-09-10T04:00:00Z", range(1, 10))
    aws_before_and_after(tmp_path)
    listed = {path: entry.delivery.listed_row_count for path, entry in land(tmp_path).entries.items()}
    assert {path: rows for path, rows in listed.items() if rows} == {
        f"focus/azure/dir/daily/{SEPTEMBER}/g/part_0_0001.csv": 14
    }
