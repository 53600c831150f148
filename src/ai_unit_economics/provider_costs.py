"""`ai-unit-economics provider-costs`: the cost reports of OpenAI and Anthropic as FOCUS charges.

Neither sends FOCUS. Their reports state each day's cost by line item, of which a kind of token is one: a charge each.
OpenAI counts in dollars, Anthropic in cents as text.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from ai_unit_economics.owned_hardware import plain_number
from ai_unit_economics.writing import write

OPENAI, ANTHROPIC = "openai", "anthropic"
NAMES = {OPENAI: "OpenAI", ANTHROPIC: "Anthropic"}


class ReportError(Exception):
    """One line for the user: which file, what is wrong, what to do."""


@dataclass(frozen=True)
class Cost:
    """A line item of a bucket of a report, in units of its currency."""

    provider: str
    starts_at: datetime
    ends_at: datetime
    amount: Decimal
    currency: str
    item: str
    account: str


def read_reports(files: Sequence[Path]) -> list[Cost]:
    """The line items of all reports.

    Raises:
        ReportError: a file is no cost report or only a part of one, two hold the same days, or providers are mixed.
    """
    seen: dict[tuple[str, datetime], Path] = {}
    costs: list[Cost] = []
    for file in files:
        own = list(_costs_of(file))
        for bucket in sorted({(cost.provider, cost.starts_at) for cost in own}):
            if bucket in seen:
                raise ReportError(f"{file}: it has {bucket[1]:%Y-%m-%d} as {seen[bucket]} has; keep one of them")
            seen[bucket] = file
        costs += own
    if len({cost.provider for cost in costs}) > 1:
        raise ReportError("reports of OpenAI and of Anthropic are two billing sources; run the command for each")
    return costs


def _costs_of(file: Path) -> Iterator[Cost]:
    try:
        report = json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)
        buckets = report["data"]
        is_part = report["has_more"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ReportError(
            f"{file}: it is no cost report; store the answer as it comes, with data and has_more"
        ) from None
    if is_part:
        raise ReportError(f"{file}: has_more is true, so days or items are missing; ask for fewer days in one file")
    try:
        for bucket in buckets:
            for result in bucket["results"]:
                yield _cost(bucket, result)
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, OSError) as error:
        raise ReportError(f"{file}: {error!r} in a line item; it is no cost report of OpenAI or Anthropic") from None


def _cost(bucket: dict[str, Any], result: dict[str, Any]) -> Cost:
    if "start_time" in bucket:
        return Cost(
            OPENAI,
            datetime.fromtimestamp(bucket["start_time"], UTC),
            datetime.fromtimestamp(bucket["end_time"], UTC),
            plain_number(str(result["amount"]["value"])),
            result["amount"]["currency"].upper(),
            result["line_item"] or "",
            result.get("project_id") or "",
        )
    return Cost(
        ANTHROPIC,
        datetime.fromisoformat(bucket["starting_at"]),
        datetime.fromisoformat(bucket["ending_at"]),
        plain_number(str(result["amount"])) / 100,
        result["currency"].upper(),
        result["description"] or "",
        result.get("workspace_id") or "",
    )


def charge(cost: Cost) -> dict[str, str]:
    """A FOCUS row. What was consumed is in the usage report, which is read as usage."""
    month = cost.starts_at.date().replace(day=1)
    name = NAMES[cost.provider]
    return {
        "BillingCurrency": cost.currency,
        "BillingPeriodStart": f"{month}T00:00:00Z",
        "BillingPeriodEnd": f"{(month + timedelta(days=31)).replace(day=1)}T00:00:00Z",
        "ChargePeriodStart": f"{cost.starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "ChargePeriodEnd": f"{cost.ends_at:%Y-%m-%dT%H:%M:%SZ}",
        "BilledCost": f"{cost.amount:f}",
        "EffectiveCost": f"{cost.amount:f}",
        "ChargeCategory": "Usage",
        "InvoiceIssuerName": name,
        "ServiceProviderName": name,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": name,
        "SkuMeter": cost.item,
        "SubAccountId": cost.account,
    }


@click.command("provider-costs")
@click.argument("reports", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The FOCUS file, which is replaced.",
    show_default="focus/openai/charges.csv or focus/anthropic/charges.csv beneath UNIT_ECONOMICS_DATA",
)
def provider_costs_command(reports: tuple[Path, ...], out: Path | None) -> None:
    """Write cost reports of OpenAI or Anthropic (REPORTS, all that you keep) as FOCUS charges."""
    root = os.environ.get("UNIT_ECONOMICS_DATA") or "data/sample"
    try:
        costs = read_reports(reports)
    except ReportError as error:
        raise click.ClickException(str(error)) from None
    if not costs:
        raise click.ClickException("the reports have no line items; ask for days with cost, grouped by line item")
    out = out or Path(f"{root}/focus/{costs[0].provider}/charges.csv")
    if "://" in str(out) or ":/" in str(out):
        raise click.ClickException(f"{out}: is no folder of this machine; give --out, and copy the file there")
    rows = [charge(cost) for cost in costs]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write(out, text.getvalue())
    days = {cost.starts_at.date() for cost in costs}
    total = sum((cost.amount for cost in costs), Decimal(0))
    click.echo(f"{out}: {len(rows)} charges of {len(days)} days, {total:,.2f} {costs[0].currency}")
