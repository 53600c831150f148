"""How a figure is written, everywhere that people read one. macros/decisions/findings.sql does the same in SQL.

An amount has two decimals. A cost per unit has at least four decimals and at least four digits that say something, so
that 4.0072 differs from 4.0193 and 0.00002134 from 0. A share has one decimal of a percent. What rounds to 0 has no
sign. Nothing is written as 2e-05. Only what proves that nothing is lost, `plain`, has all the decimals that there are.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

UNKNOWN = "–"
MINUS = "−"
# The seed null_reasons in a few words; docs/nulls.md explains them.
REASONS = {
    "no_cost": "no charge for it has arrived, or none falls to it",
    "no_telemetry": "nobody looked, there is no telemetry of it",
    "coverage_below_minimum": "too little was seen of it",
    "meter_broken": "it was counted, and the count is known to be wrong",
    "meter_missing": "nobody counted it, though its meter should",
    "no_units": "somebody looked, and there were none",
}
# Half a unit goes away from 0, as DuckDB's round() does it.
CENT, TENTH_OF_A_PERCENT = Decimal("0.01"), Decimal("0.1")


def money(value: Decimal | float | None) -> str:
    return UNKNOWN if value is None else _written(_rounded(value, CENT))


def unit_cost(value: Decimal | float | None, whole: Decimal | float | None = None) -> str:
    """A part of a cost per unit is written with the decimals of the whole, so that its column can be added up."""
    if value is None:
        return UNKNOWN
    decides = Decimal(str(value if whole is None else whole))
    # where its first digit stands: 0 for 1 to 9, -1 for 0.1 to 0.9
    first = decides.adjusted() if decides else 0
    return _written(_rounded(value, Decimal(1).scaleb(-max(4, 3 - first))))


def percent(value: Decimal | float | None) -> str:
    return UNKNOWN if value is None else f"{_written(_rounded(_hundredfold(value), TENTH_OF_A_PERCENT))} %"


def signed(value: Decimal | float | None) -> str:
    """A change: with its sign, unless it rounds to none."""
    if value is None:
        return UNKNOWN
    rounded = _rounded(_hundredfold(value), TENTH_OF_A_PERCENT)
    return f"{'+' if rounded > 0 else ''}{_written(rounded)} %"


def change_of(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    """A change as a share of what was before: a share of nothing or of a credit says nothing."""
    return after / before - 1 if before is not None and before > 0 and after is not None else None


def why_unknown(null_reason: str) -> str:
    """What stands for a figure that is not known; a reason of another mart's own is its name."""
    return REASONS.get(null_reason, null_reason.replace("_", " "))


def count(value: int | None) -> str:
    return UNKNOWN if value is None else _written(Decimal(value))


def plain(value: Decimal) -> str:
    """All the decimals that an amount has, at least two: a cent that went missing must not be rounded away."""
    whole, _, fraction = f"{value:,f}".partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}".replace("-", MINUS)


def _hundredfold(value: Decimal | float) -> Decimal:
    return 100 * Decimal(str(value))


def _rounded(value: Decimal | float, step: Decimal) -> Decimal:
    # + 0 takes the sign from a 0
    return Decimal(str(value)).quantize(step, ROUND_HALF_UP) + 0


def _written(value: Decimal) -> str:
    return f"{value:,f}".replace("-", MINUS)
