"""`bill/token-meter-one-credit`: FOCUS wants ConsumedQuantity null on a credit, and that is none, not unknown."""

from decimal import Decimal


def test_a_credit_without_a_quantity_lowers_the_cost_and_leaves_the_tokens(company, shared_cases) -> None:
    """30 days of 1,000,000 tokens of input for 2.00 and 100,000 of output for 1.00, and a credit of 0.50 on the input:
    59.50 over 30 million is 1.98333 a million, 30.00 over 3 million 10 a million; 33 million tokens cost 89.50. A day's
    shares have twelve digits (2/3 of 3.00), so that cost by kind is whole to nine."""
    case = shared_cases / "bill" / "token-meter-one-credit"
    warehouse = company(case / "seeds")
    warehouse.copy(case / "data" / "focus", "focus")
    warehouse.build("+fct_unit_economics_monthly")
    rows = warehouse.query("""
        select unit, units, round(effective_cost, 9), round(counted_cost, 9), round(cost_per_unit, 6), null_reason
        from marts.fct_unit_economics_monthly
        where cohort_dimension = 'all' and unit in ('input_token', 'output_token', 'token')
        order by unit
    """)
    assert rows == [
        ("input_token", 30_000_000, Decimal("59.5"), Decimal("59.5"), Decimal("1.983333"), None),
        ("output_token", 3_000_000, Decimal("30"), Decimal("30"), Decimal("10"), None),
        ("token", 33_000_000, Decimal("89.5"), Decimal("89.5"), Decimal("2.712121"), None),
    ]
