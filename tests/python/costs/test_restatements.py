"""A closed month that is corrected later says so, and keeps what it said."""

from __future__ import annotations

from decimal import Decimal

HEADER = "EffectiveCost,BillingCurrency,BillingPeriodStart,ChargePeriodStart,ChargePeriodEnd,ChargeClass\n"
HISTORY = """
    select cast(charge_month as varchar), version, effective_cost, restated_by, is_latest
    from marts.fct_cost_restatements order by charge_month, version
"""


def test_a_late_correction_moves_the_old_month_and_is_a_restatement(warehouse):
    """June costs 10 and is closed on 6 July. In August -2.5 come for June: 7.5. July, 4, closes then."""
    june = "10,USD,2026-06-01,2026-06-30,2026-07-01,\n"
    july = "4,USD,2026-07-01,2026-07-05,2026-07-06,\n"
    warehouse.write("focus/oci/1.csv", HEADER + june + july)
    warehouse.build("+fct_cost_restatements")
    warehouse.build("+fct_cost_restatements")
    assert warehouse.query(HISTORY) == [("2026-06-01", 1, Decimal(10), None, True)]

    correction = "-2.5,USD,2026-08-01,2026-06-30,2026-07-01,Correction\n"
    august = "1,USD,2026-08-01,2026-08-05,2026-08-06,\n"
    warehouse.write("focus/oci/2.csv", HEADER + correction + august)
    warehouse.build("+fct_cost_restatements")
    assert warehouse.query(HISTORY) == [
        ("2026-06-01", 1, Decimal(10), None, False),
        ("2026-06-01", 2, Decimal("7.5"), Decimal("-2.5"), True),
        ("2026-07-01", 1, Decimal(4), None, True),
    ]
