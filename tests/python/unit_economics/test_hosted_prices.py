"""The history of list prices: what one look after the other makes of it, and how a release is read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace

import pytest

from tools.hosted_prices import Listing, Period, Price, add_snapshot, read_history, read_listings

MODEL = ("acme", "large")
JANUARY, APRIL, JULY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)
CHEAP = Price(Decimal(1), Decimal("0.1"), Decimal(4))
DEAR = Price(Decimal(2), None, Decimal(8))


def look(periods: list[Period], listing: Listing | None, seen_on: date, seen_before: date | None) -> list[Period]:
    listings = {MODEL: listing} if listing else {}
    return add_snapshot({MODEL: periods} if periods else {}, listings, seen_on, seen_before)[MODEL]


def test_a_price_without_a_date_is_unknown_before_it_was_first_seen():
    assert look([], Listing(CHEAP), JANUARY, None) == [Period(CHEAP, JANUARY)]


def test_a_price_that_is_seen_again_goes_on():
    assert look([Period(CHEAP, JANUARY)], Listing(CHEAP), APRIL, JANUARY) == [Period(CHEAP, JANUARY)]


def test_nobody_knows_when_a_price_changed_between_two_looks():
    """Seen on 1 January, another one on 1 April: 2 January to 31 March are unknown."""
    assert look([Period(CHEAP, JANUARY)], Listing(DEAR), APRIL, JANUARY) == [
        Period(CHEAP, JANUARY, date(2026, 1, 2)),
        Period(DEAR, APRIL),
    ]


def test_a_change_that_the_release_dates_leaves_no_gap():
    listing = Listing(CHEAP, ((date(2026, 3, 15), DEAR),))
    assert look([Period(CHEAP, JANUARY)], listing, APRIL, JANUARY) == [
        Period(CHEAP, JANUARY, date(2026, 3, 15)),
        Period(DEAR, date(2026, 3, 15)),
    ]


def test_what_a_dated_price_replaced_is_not_vouched_for():
    """On 1 April the release says 1 until 15 March and 2 since; nobody has seen the 1, so it counts on no day."""
    listing = Listing(CHEAP, ((date(2026, 3, 15), DEAR),))
    assert look([], listing, APRIL, None) == [Period(DEAR, date(2026, 3, 15))]


def test_an_announced_price_begins_on_its_day():
    listing = Listing(CHEAP, ((date(2026, 5, 1), DEAR),))
    assert look([], listing, APRIL, None) == [Period(CHEAP, APRIL, date(2026, 5, 1)), Period(DEAR, date(2026, 5, 1))]


def test_an_announcement_that_was_withdrawn_was_never_a_price():
    announced = [Period(CHEAP, JANUARY, date(2026, 5, 1)), Period(DEAR, date(2026, 5, 1))]
    assert look(announced, Listing(CHEAP), APRIL, JANUARY) == [Period(CHEAP, JANUARY)]
    assert look(announced, Listing(CHEAP), JULY, JANUARY) == [
        Period(CHEAP, JANUARY, date(2026, 5, 1)),
        Period(CHEAP, JULY),
    ]


def test_a_model_that_is_no_longer_listed_has_no_price():
    assert look([Period(CHEAP, JANUARY)], None, APRIL, JANUARY) == [Period(CHEAP, JANUARY, date(2026, 1, 2))]


def test_a_release_may_correct_a_date_that_an_earlier_one_gave():
    """The change of 15 March was on 10 March after all."""
    before = [Period(CHEAP, JANUARY, date(2026, 3, 15)), Period(DEAR, date(2026, 3, 15))]
    listing = Listing(CHEAP, ((date(2026, 3, 10), DEAR),))
    assert look(before, listing, JULY, APRIL) == [
        Period(CHEAP, JANUARY, date(2026, 3, 10)),
        Period(DEAR, date(2026, 3, 10)),
    ]


def test_no_day_has_two_prices():
    rows = [period for periods in read_history().values() for period in periods]
    assert len(rows) > 1000
    for periods in read_history().values():
        for before, period in pairwise(periods):
            assert before.valid_to
            assert before.valid_from < before.valid_to <= period.valid_from


def model(name: str, prices: object) -> SimpleNamespace:
    return SimpleNamespace(id=name, prices=prices)


def prices(input_price: object, output: object = None, cached: object = None, **others: object) -> SimpleNamespace:
    return SimpleNamespace(input_mtok=input_price, output_mtok=output, cache_read_mtok=cached, **others)


@pytest.fixture
def listings():
    tiered = SimpleNamespace(base=Decimal(3), tiers=[])
    since_march = SimpleNamespace(constraint=SimpleNamespace(start_date=date(2026, 3, 1)), prices=prices(Decimal(2)))
    by_night = SimpleNamespace(constraint=SimpleNamespace(start_time="00:30"), prices=prices(Decimal(1)))
    always = SimpleNamespace(constraint=None, prices=prices(Decimal(5)))
    provider = SimpleNamespace(
        id="acme",
        models=[
            model("plain", prices(Decimal(3), Decimal(15), Decimal("0.3"))),
            model("tiered", prices(tiered, Decimal(15))),
            model("dated", [always, since_march]),
            model("by-night", [always, by_night]),
            model("by-request", prices(Decimal(1), Decimal(1), requests_kcount=Decimal(5))),
            model("speech", prices(None, None)),
            model("dear-cache", prices(Decimal(1), Decimal(2), Decimal(3))),
        ],
    )
    return read_listings([provider])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plain", Listing(Price(Decimal(3), Decimal("0.3"), Decimal(15)))),
        ("tiered", Listing(Price(Decimal(3), None, Decimal(15), is_tiered=True))),
        ("dated", Listing(Price(Decimal(5), None, None), ((date(2026, 3, 1), Price(Decimal(2), None, None)),))),
        ("dear-cache", Listing(Price(Decimal(1), None, Decimal(2)))),
    ],
)
def test_a_release_is_read_by_model(listings, name, expected):
    assert listings[0]["acme", name] == expected


def test_what_is_not_sold_by_the_token_alone_is_left_out_and_counted(listings):
    assert {name for _, name in listings[0]} == {"plain", "tiered", "dated", "dear-cache"}
    assert listings[1] == 3
