"""Cost reports of OpenAI and Anthropic become FOCUS rows; a part of a report, or a day twice, is refused by name."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main


def openai(*amounts: float | str, start: int = 1795478400, has_more: bool = False) -> dict:
    results = [
        {"amount": {"value": value, "currency": "usd"}, "line_item": f"item {number}", "project_id": None}
        for number, value in enumerate(amounts)
    ]
    return {"data": [{"start_time": start, "end_time": start + 86400, "results": results}], "has_more": has_more}


ANTHROPIC = {
    "data": [
        {
            "starting_at": "2026-11-24T00:00:00Z",
            "ending_at": "2026-11-25T00:00:00Z",
            "results": [{"amount": "123.45", "currency": "USD", "description": "Output Tokens", "workspace_id": "w1"}],
        }
    ],
    "has_more": False,
}


def run(folder: Path, *reports: dict | str) -> Result:
    files = []
    for number, report in enumerate(reports):
        files.append(folder / f"{number}.json")
        files[-1].write_text(report if isinstance(report, str) else json.dumps(report), encoding="utf-8")
    return CliRunner().invoke(main, ["provider-costs", *map(str, files), "--out", str(folder / "charges.csv")])


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "charges.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_dollars_are_written_exactly(tmp_path: Path) -> None:
    result = run(tmp_path, openai(0.1, 0.2))
    assert result.exit_code == 0, result.output
    assert "2 charges of 1 days, 0.30 USD" in result.output
    assert [(row["EffectiveCost"], row["SkuMeter"]) for row in rows(tmp_path)] == [("0.1", "item 0"), ("0.2", "item 1")]
    assert rows(tmp_path)[0]["ChargePeriodStart"] == "2026-11-24T00:00:00Z"
    assert rows(tmp_path)[0]["BillingPeriodEnd"] == "2026-12-01T00:00:00Z"


def test_cents_are_hundredths(tmp_path: Path) -> None:
    assert run(tmp_path, ANTHROPIC).exit_code == 0
    (row,) = rows(tmp_path)
    assert (row["EffectiveCost"], row["BillingCurrency"], row["SubAccountId"]) == ("1.2345", "USD", "w1")


@pytest.mark.parametrize(
    ("reports", "said"),
    [
        ([openai(1, has_more=True)], "0.json: has_more is true"),
        ([openai(1), openai(2)], "1.json: it has 2026-11-24 as"),
        ([openai(1), ANTHROPIC], "two billing sources"),
        (["{}"], "0.json: it is no cost report"),
        (["not json"], "0.json: it is no cost report"),
        ([openai("much")], "0.json:"),
        ([openai()], "no line items"),
    ],
)
def test_what_would_count_wrong_is_refused(tmp_path: Path, reports: list, said: str) -> None:
    result = run(tmp_path, *reports)
    assert result.exit_code == 1
    assert said in result.output
    assert not (tmp_path / "charges.csv").exists()
