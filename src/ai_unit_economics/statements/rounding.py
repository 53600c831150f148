"""Cents that sum: parts are rounded so that they are the rounded whole, by largest remainder."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import TypeVar

CENT = Decimal("0.01")
Key = TypeVar("Key")


def rounded(amount: Decimal) -> Decimal:
    """An amount in cents; half a cent goes away from 0."""
    return amount.quantize(CENT, ROUND_HALF_UP) + 0  # which takes the sign from a 0


def divided(amounts: Mapping[Key, Decimal], whole: Decimal) -> dict[Key, Decimal]:
    """The amounts in cents, whose sum is `whole`: their sum, rounded up or down.

    Each is rounded down, and the cents that are missing go to those that lost most by it; among equals to the first by
    name. What is whole cents already stays.
    """
    cents = {key: amount.quantize(CENT, ROUND_FLOOR) + 0 for key, amount in amounts.items()}
    missing = int((whole - sum(cents.values())) / CENT)
    losers = sorted(amounts, key=lambda key: (cents[key] - amounts[key], str(key)))
    for key in losers[:missing]:
        cents[key] += CENT
    return cents
