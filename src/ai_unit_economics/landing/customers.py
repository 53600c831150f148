"""Customers: their tier and geography over time."""

from __future__ import annotations

from ai_unit_economics.landing import named_columns, tables
from ai_unit_economics.landing.shapes import Reading, Shape, has_keys
from ai_unit_economics.sql import Sql

FOLDER = "customers"
TEXTS = ("customer_id", "customer_tier", "geography", "valid_from", "valid_to")


def rows(reading: Reading) -> Sql:
    """A row a customer and period."""
    return named_columns.rows(reading, lambda column: [column], TEXTS, [])


SHAPES = (
    Shape(
        "customers",
        FOLDER,
        tables.CUSTOMERS,
        "Customers",
        "`customer_id, customer_tier, geography`, optional `valid_from, valid_to`; a file at the root.",
        has_keys("customer_id"),
        rows,
    ),
)
