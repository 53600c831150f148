"""Product activity: who used a workload, and when."""

from __future__ import annotations

from ai_unit_economics.landing import named_columns, tables
from ai_unit_economics.landing.shapes import Reading, Shape, has_keys
from ai_unit_economics.sql import Sql

FOLDER = "telemetry/product"
TEXTS = ("workload", "customer_id", "user_id", "session_id")


def activity(reading: Reading) -> Sql:
    """A row a moment of use."""
    return named_columns.rows(reading, lambda column: reading.catalogues.aliases("product", column), TEXTS, ["ts"])


SHAPES = (
    Shape(
        "product_activity",
        FOLDER,
        tables.PRODUCT_ACTIVITY,
        "Product activity",
        "`ts, customer_id, user_id, session_id, workload`.",
        has_keys("ts|timestamp", "workload", "user_id|session_id"),
        activity,
    ),
)
