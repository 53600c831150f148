"""cost_per_unit() against exact fractions: the division of the project, in SQL and in Python."""

from fractions import Fraction
from pathlib import Path

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_unit_economics.doctor.seed_checks import macro_environment

MACROS = Path(__file__).resolve().parents[3] / "macros"
SMALLEST = Fraction(1, 10**18)

# Small numbers meet exact halves, large ones the edge of DECIMAL(38, 18).
amounts = st.integers(-20, 20) | st.integers(-(10**30), 10**30)
counts = st.integers(0, 8) | st.integers(0, 10**15)
scales = st.sampled_from([1, 1_000_000])


def quotient_sql() -> str:
    names = ("engines/integers.sql", "money/money.sql", "money/cost_per_unit.sql")
    source = "".join((MACROS / name).read_text() for name in names)
    return macro_environment().from_string(source + "{{ cost_per_unit('cost', 'units', 'scale') }}").render().strip()


def as_money(amount: int) -> str:
    whole, part = divmod(abs(amount), 10**18)
    return f"{'-' if amount < 0 else ''}{whole}.{part:018d}"


def expected(amount: int, units: int, scale: int) -> Fraction | None:
    if units == 0:
        return None
    smallest_units = Fraction(abs(amount) * scale, units)
    rounded = (2 * smallest_units.numerator + smallest_units.denominator) // (2 * smallest_units.denominator)
    return (rounded if amount >= 0 else -rounded) * SMALLEST


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.tuples(amounts, counts, scales), min_size=1, max_size=50))
def test_quotient_is_exact_and_rounded_half_up(cases: list[tuple[int, int, int]]) -> None:
    fitting = [case for case in cases if (expected(*case) or 0) < 10**20 and (expected(*case) or 0) > -(10**20)]
    if not fitting:
        return
    rows = ", ".join(
        f"({number}, {as_money(amount)}::decimal(38, 18), {units}::bigint, {scale})"
        for number, (amount, units, scale) in enumerate(fitting)
    )
    query = f"select {quotient_sql()} from (values {rows}) as cases(number, cost, units, scale) order by number"
    with duckdb.connect() as connection:
        answers = connection.execute(query).fetchall()
    assert [None if answer is None else Fraction(answer) for (answer,) in answers] == [expected(*c) for c in fitting]


def test_quotient_is_money_and_not_a_float() -> None:
    query = f"select typeof({quotient_sql()}) from (select 1::decimal(38, 18) as cost, 3::bigint as units, 1 as scale)"
    with duckdb.connect() as connection:
        assert connection.execute(query).fetchone() == ("DECIMAL(38,18)",)
