"""`ai-unit-economics owned-hardware`: machines that nobody sends a bill for, as FOCUS charges.

An asset costs its depreciation, its power and its space, a row each for every day that it is in service. Depreciation
is in a straight line over the days of the term, cut as integers of the eighteenth decimal: the days sum to price less
salvage exactly, and a day costs the same however far the file reaches.
"""

from __future__ import annotations

import calendar
import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path

import click

from ai_unit_economics.writing import write

UNITS = 10**18  # money is counted in its eighteenth decimal
NEEDED = ("asset_id", "currency", "price", "salvage", "in_service_on", "term_months", "accelerators")
PROVIDER = "Owned hardware"


def plain_number(text: str) -> Decimal:
    """A number as people write it: Python alone reads `1_000`, `١٢` and `NaN` too.

    Raises:
        ValueError: it is none.
    """
    if "_" in text or not text.isascii():
        raise ValueError(f"{text} is no number")
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(f"{text} is no number")
    return number


class AssetError(Exception):
    """One line for the user: which row, what is wrong, what to do."""


@dataclass(frozen=True)
class Asset:
    """One row of the template (docs/focus.md says what each column means)."""

    asset_id: str
    currency: str
    price: Decimal
    salvage: Decimal
    in_service_on: date
    term_months: int
    accelerators: int
    description: str = ""
    pool: str = ""
    region: str = ""
    power_kw: Decimal = Decimal(0)
    power_price_per_kwh: Decimal = Decimal(0)
    space_price_per_month: Decimal = Decimal(0)
    out_of_service_on: date | None = None

    @property
    def term_ends_on(self) -> date:
        """The first day after the term; a term that starts on the 31st ends with the month where that has no 31st."""
        months = self.in_service_on.year * 12 + self.in_service_on.month - 1 + self.term_months
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(self.in_service_on.day, last))

    def depreciation(self, day: date) -> int:
        """What the day takes of the price less salvage; on the last day of service all that is left of it."""
        amount = units(self.price) - units(self.salvage)
        days = (self.term_ends_on - self.in_service_on).days

        def until(day_after: date) -> int:
            if self.out_of_service_on and day_after >= self.out_of_service_on:
                return amount
            return amount * min((day_after - self.in_service_on).days, days) // days

        return until(day + timedelta(days=1)) - until(day)

    def power(self) -> int:
        return round(Fraction(self.power_kw) * 24 * Fraction(self.power_price_per_kwh) * UNITS)

    def space(self, day: date) -> int:
        amount = units(self.space_price_per_month)
        days = calendar.monthrange(day.year, day.month)[1]
        return amount * day.day // days - amount * (day.day - 1) // days


def units(amount: Decimal) -> int:
    """Decimal's own arithmetic keeps 28 digits, which a price with eighteen decimals can exceed."""
    return int(Fraction(amount) * UNITS)


def read_assets(path: Path) -> list[Asset]:
    """The template's rows.

    Raises:
        AssetError: something in the file cannot be right.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise AssetError(f"{path} is not UTF-8: save it as UTF-8") from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    known = {field.name: field.type for field in fields(Asset)}
    header = [name.strip() for name in reader.fieldnames or []]
    if unknown := [name for name in header if name not in known]:
        raise AssetError(f"{path}: no column is called {', '.join(unknown)}; the columns are {', '.join(known)}")
    if missing := [name for name in NEEDED if name not in header]:
        raise AssetError(f"{path}: column {', '.join(missing)} is missing; add it")
    assets = [_asset(path, number, row, known) for number, row in enumerate(reader, start=1)]
    ids = [asset.asset_id for asset in assets]
    if twice := {asset_id for asset_id in ids if ids.count(asset_id) > 1}:
        raise AssetError(f"{path}: asset_id {', '.join(sorted(twice))} is there twice; give each machine its own")
    return assets


def _asset(path: Path, number: int, row: dict[str, str | None], known: dict[str, str]) -> Asset:
    values: dict[str, object] = {}
    for name, text in row.items():
        text = (text or "").strip()
        if not text:
            if name in NEEDED:
                raise AssetError(f"{path}, row {number}: {name} is empty; fill it in")
            continue
        try:
            values[name] = _value(text, known[name])
        except (ValueError, InvalidOperation):
            kind = {"Decimal": "a number", "int": "a whole number"}.get(known[name], "a date such as 2026-07-01")
            raise AssetError(f"{path}, row {number}: {name} '{text}' is not {kind}; correct it") from None
    asset = Asset(**values)
    wrong = [
        (asset.salvage > asset.price, "salvage is more than price"),
        (asset.term_months < 1, "term_months is less than 1"),
        (asset.accelerators < 0, "accelerators is less than 0"),
        (
            any(value < 0 for value in values.values() if isinstance(value, Decimal)),
            "a price, a power or a salvage is less than 0",
        ),
        (
            asset.out_of_service_on is not None and asset.out_of_service_on <= asset.in_service_on,
            "out_of_service_on, the first day without the machine, is not after in_service_on",
        ),
        (not (len(asset.currency) == 3 and asset.currency.isupper()), f"'{asset.currency}' is no ISO 4217 code"),
        (
            any(-value.as_tuple().exponent > 18 for value in values.values() if isinstance(value, Decimal)),
            "a number has more than eighteen decimals",
        ),
    ]
    for is_wrong, reason in wrong:
        if is_wrong:
            raise AssetError(f"{path}, row {number} ({asset.asset_id}): {reason}; correct it")
    return asset


def _value(text: str, kind: str) -> object:
    if kind == "Decimal":
        return plain_number(text)
    if kind == "int":
        plain_number(text)
        return int(text)
    return date.fromisoformat(text) if kind.startswith("date") else text


def charges(assets: list[Asset], until: date) -> Iterator[dict[str, str]]:
    """FOCUS rows by asset, day and kind of cost, for the days before `until`."""
    for asset in assets:
        end = min(until, asset.out_of_service_on or until)
        for number in range((end - asset.in_service_on).days):
            day = asset.in_service_on + timedelta(days=number)
            hours = asset.accelerators * 24
            if asset.price or asset.accelerators:
                yield _charge(asset, day, "Depreciation", asset.depreciation(day), Decimal(hours), "Accelerator-Hours")
            if power := asset.power():
                yield _charge(asset, day, "Power", power, asset.power_kw * 24, "kWh")
            if asset.space_price_per_month:
                yield _charge(asset, day, "Space", asset.space(day), Decimal(1), "Days")


def _charge(asset: Asset, day: date, kind: str, cost: int, quantity: Decimal, unit: str) -> dict[str, str]:
    month = day.replace(day=1)
    money = f"{cost // UNITS}.{cost % UNITS:018}"
    return {
        "BillingAccountId": "owned-hardware",
        "BillingAccountName": PROVIDER,
        "BillingCurrency": asset.currency,
        "BillingPeriodStart": _midnight(month),
        "BillingPeriodEnd": _midnight((month + timedelta(days=31)).replace(day=1)),
        "ChargePeriodStart": _midnight(day),
        "ChargePeriodEnd": _midnight(day + timedelta(days=1)),
        # nobody sends a bill for these: what was paid is in the ledger, and EffectiveCost is what the day took of it
        "BilledCost": "0",
        "EffectiveCost": money,
        "ContractedCost": money,
        "ListCost": money,
        "ChargeCategory": "Usage",
        "ChargeFrequency": "Recurring",
        "ChargeDescription": kind,
        "InvoiceIssuerName": PROVIDER,
        "ServiceProviderName": PROVIDER,
        "HostProviderName": PROVIDER,
        "ServiceCategory": "Compute",
        "ServiceName": PROVIDER,
        "SkuId": kind.lower(),
        "SkuMeter": kind,
        "SkuPriceId": f"{asset.asset_id}/{kind.lower()}",
        "PricingCategory": "Standard",
        "PricingQuantity": f"{quantity:f}",
        "PricingUnit": unit,
        "ConsumedQuantity": f"{quantity:f}",
        "ConsumedUnit": unit,
        "ResourceId": asset.asset_id,
        "ResourceName": asset.description,
        "ResourceType": "Server",
        "RegionId": asset.region,
        "Tags": json.dumps({"pool": asset.pool} if asset.pool else {}),
    }


def _midnight(day: date) -> str:
    return f"{day}T00:00:00Z"


@click.command("owned-hardware")
@click.argument("assets", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    default=lambda: f"{datetime.now(UTC):%Y-%m-%d}",
    show_default="today in UTC",
    help="First day without charges.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=lambda: f"{os.environ.get('UNIT_ECONOMICS_DATA') or 'data/sample'}/focus/owned-hardware/charges.csv",
    show_default="focus/owned-hardware/charges.csv beneath UNIT_ECONOMICS_DATA",
    help="The FOCUS file, which is replaced.",
)
def owned_hardware_command(assets: Path, until: datetime, out: Path) -> None:
    """Write depreciation, power and space of your own machines (ASSETS, a CSV) as FOCUS charges, a row a day."""
    if "://" in str(out) or ":/" in str(out):
        raise click.ClickException(f"{out}: is no folder of this machine; give --out, and copy the file there")
    try:
        owned = read_assets(assets)
    except AssetError as error:
        raise click.ClickException(str(error)) from None
    rows = list(charges(owned, until.date()))
    if not rows:
        raise click.ClickException(f"{assets}: no machine is in service before {until:%Y-%m-%d}; give a later --until")
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write(out, text.getvalue())
    totals: dict[str, Fraction] = {}
    for row in rows:
        currency = row["BillingCurrency"]
        totals[currency] = totals.get(currency, Fraction(0)) + Fraction(row["EffectiveCost"])
    costs = ", ".join(f"{currency} {float(total):,.2f}" for currency, total in sorted(totals.items()))
    click.echo(f"{out}: {len(rows)} charges of {len(owned)} machines until {until:%Y-%m-%d}, {costs}")
