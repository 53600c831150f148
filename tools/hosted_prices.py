"""Adds what the installed release of genai-prices lists to the history of list prices in seeds/reference.

genai-prices (MIT licence, https://github.com/pydantic/genai-prices) says what a price is today, and of few models since
when. So a price counts from the day on which it was first seen, or from the date that the release itself gives, and
never earlier. `make hosted-prices` runs this in an environment of its own.
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "reference"
PRICES, SNAPSHOTS = SEEDS / "hosted_prices.csv", SEEDS / "hosted_price_snapshots.csv"
AMOUNTS = ["input_price", "cached_input_price", "output_price"]
HEADER = ["provider", "model", *AMOUNTS, "is_tiered", "valid_from", "valid_to"]

Model = tuple[str, str]


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens. A price that depends on the length of the prompt is that of short prompts."""

    input: Decimal | None
    cached_input: Decimal | None
    output: Decimal | None
    is_tiered: bool = False


@dataclass(frozen=True)
class Period:
    price: Price
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True)
class Listing:
    """What one release says of a model: a price without a date, and those that begin on one."""

    undated: Price | None = None
    dated: tuple[tuple[date, Price], ...] = ()


def add_snapshot(
    history: dict[Model, list[Period]], listings: dict[Model, Listing], seen_on: date, seen_before: date | None
) -> dict[Model, list[Period]]:
    """The history with one more look at the list. Between two looks that differ the price is unknown, not guessed."""
    day_after = (seen_before or seen_on) + timedelta(days=1)
    return {
        model: with_listing(history.get(model, []), listings.get(model, Listing()), seen_on, day_after)
        for model in sorted({*history, *listings})
    }


def with_listing(periods: list[Period], listing: Listing, seen_on: date, last_known: date) -> list[Period]:
    first_dated = listing.dated[0][0] if listing.dated else None
    result: list[Period] = []
    is_going_on = False
    for period in periods:
        if first_dated and period.valid_from >= first_dated:
            continue
        # An end that was announced and is still to come is whatever the newest look says.
        is_open = period.valid_to is None or period.valid_to > seen_on
        if is_open and period.price == listing.undated:
            is_going_on = True
            result.append(replace(period, valid_to=first_dated))
        elif is_open:
            # A price that was announced and is gone before it began was never one.
            if period.valid_from < last_known:
                result.append(replace(period, valid_to=min(last_known, first_dated or last_known)))
        else:
            result.append(replace(period, valid_to=min(period.valid_to, first_dated or period.valid_to)))
    if listing.undated and not is_going_on and (first_dated is None or first_dated > seen_on):
        result.append(Period(listing.undated, seen_on, first_dated))
    starts = [start for start, _ in listing.dated]
    for (start, price), end in zip(listing.dated, [*starts[1:], None], strict=False):
        result.append(Period(price, start, end))
    return joined(result)


def joined(periods: list[Period]) -> list[Period]:
    """Neighbours with the same price are one period."""
    result = periods[:1]
    for before, period in pairwise(periods):
        if before.price == period.price and before.valid_to == period.valid_from:
            result[-1] = replace(result[-1], valid_to=period.valid_to)
        else:
            result.append(period)
    return result


def read_listings(providers: list[Any]) -> tuple[dict[Model, Listing], int]:
    """The models of a release that are sold by the token alone, and how many are not and were left out."""
    listings: dict[Model, Listing] = {}
    left_out = 0
    for provider in providers:
        for model in provider.models:
            conditional = model.prices if isinstance(model.prices, list) else [None]
            entries = [
                (getattr(entry, "constraint", None), getattr(entry, "prices", model.prices)) for entry in conditional
            ]
            prices = [(constraint, read_price(price)) for constraint, price in entries]
            if any(
                price is None or not (constraint is None or hasattr(constraint, "start_date"))
                for constraint, price in prices
            ):
                left_out += 1
                continue
            undated = [price for constraint, price in prices if constraint is None]
            dated = [(constraint.start_date, price) for constraint, price in prices if constraint is not None]
            listings[provider.id, model.id] = Listing(
                undated[-1] if undated else None, tuple(sorted(dated, key=lambda entry: entry[0]))
            )
    return listings, left_out


def read_price(prices: Any) -> Price | None:
    """None for what is not sold by the text token alone: by the request, the second, the page or the time of day."""
    if getattr(prices, "requests_kcount", None) is not None or prices.input_mtok is None:
        return None
    kinds = (prices.input_mtok, prices.cache_read_mtok, prices.output_mtok)
    is_tiered = any(hasattr(price, "base") for price in kinds)
    input_price, cached, output = (getattr(price, "base", price) for price in kinds)
    # Dearer to read again than to read: a mistake in the list.
    if cached is not None and cached > input_price:
        cached = None
    return Price(input_price, cached, output, is_tiered)


def read_history() -> dict[Model, list[Period]]:
    history: dict[Model, list[Period]] = {}
    with PRICES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            amounts = [Decimal(row[name]) if row[name] else None for name in AMOUNTS]
            price = Price(*amounts, is_tiered=row["is_tiered"] == "true")
            valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
            period = Period(price, date.fromisoformat(row["valid_from"]), valid_to)
            history.setdefault((row["provider"], row["model"]), []).append(period)
    return history


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def plain(amount: Decimal | None) -> str:
    return "" if amount is None else format(amount.normalize(), "f")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seen-on", type=date.fromisoformat, required=True, help="the day of the look, YYYY-MM-DD")
    seen_on = parser.parse_args().seen_on

    from genai_prices.data import providers

    with SNAPSHOTS.open(encoding="utf-8", newline="") as file:
        snapshots = [[row["seen_on"], row["genai_prices_version"]] for row in csv.DictReader(file)]
    seen_before = date.fromisoformat(snapshots[-1][0]) if snapshots else None
    if seen_before and seen_on <= seen_before:
        parser.error(f"the list was last seen on {seen_before}; a new look must be later")

    listings, left_out = read_listings(providers)
    history = add_snapshot(read_history(), listings, seen_on, seen_before)
    write(
        PRICES,
        HEADER,
        [
            [
                *model,
                *(plain(amount) for amount in (period.price.input, period.price.cached_input, period.price.output)),
                str(period.price.is_tiered).lower(),
                period.valid_from.isoformat(),
                period.valid_to.isoformat() if period.valid_to else "",
            ]
            for model, periods in history.items()
            for period in periods
        ],
    )
    write(SNAPSHOTS, ["seen_on", "genai_prices_version"], [*snapshots, [seen_on.isoformat(), version("genai-prices")]])
    print(f"{len(listings)} models; {left_out} that are not sold by the token alone were left out")


if __name__ == "__main__":
    main()
