"""A mistake in a seed of prices stops the build with one line that names seed, row, reason and way out."""

from __future__ import annotations

import duckdb
import pytest

SEEDS = ("price_book", "negotiated_prices", "hosted_alternatives")

MISTAKES = {
    "insert into price_book values ('gold', 'chat', 'token', 1, 'USS', '2026-01-01', null)": (
        "price_book.csv, row gold chat token: currency is not in seeds/reference/currencies.csv"
    ),
    "insert into negotiated_prices values ('opanai', 'gpt-5-mini', 1, null, 2, 'USD', '2026-01-01', null)": (
        "nor seeds/config/hosted_alternatives.csv, so that nothing has this price"
    ),
    "insert into price_book values ('gold', 'chta', 'request', 1, 'USD', '2026-01-01', null)": (
        "price_book.csv, row gold chta request: workload is not in seeds/config/deployments.csv"
    ),
    "insert into price_book values ('gold', 'chat', 'requests', 1, 'USD', '2026-01-01', null)": (
        "price_book.csv, row gold chat requests: unit has no row in the seed units"
    ),
    "insert into price_book values ('gold', 'chat', 'session', -1, 'USD', '2026-01-01', null)": (
        "price_book.csv, row gold chat session: price_per_unit must be 0 or more"
    ),
    "insert into price_book values ('pro', 'chat', 'output_token', 13, 'USD', '2026-06-01', null)": (
        "price_book.csv, row pro chat output_token from 2026-01-01: its period overlaps"
    ),
    "insert into negotiated_prices values ('acme', 'large', 1, null, null, 'dollars', '2026-01-01', null)": (
        "negotiated_prices.csv, row acme large from 2026-01-01: provider, model, input_price, a three-letter currency"
    ),
    "insert into negotiated_prices values ('acme', 'small', 1, null, 2, 'USD', '2026-02-01', '2026-02-01')": (
        "negotiated_prices.csv, row acme small from 2026-02-01: valid_to is not after valid_from"
    ),
    "insert into hosted_alternatives values ('chat', 'openai', 'gpt-five')": (
        "hosted_alternatives.csv, row chat openai gpt-five: provider and model are in neither"
    ),
    "insert into hosted_alternatives values ('chit', 'openai', 'gpt-5-mini')": (
        "hosted_alternatives.csv, row chit openai gpt-5-mini: workload is not in seeds/config/deployments.csv"
    ),
}


@pytest.fixture(scope="module")
def mistaken(module_warehouse):
    """The seeds as they ship pass; then all mistakes are made at once."""
    module_warehouse.build(*SEEDS, "deployments", "hosted_prices", "units", "currencies")
    with duckdb.connect(str(module_warehouse.database)) as connection:
        connection.execute("use config")
        for statement in MISTAKES:
            connection.execute(statement)
    module_warehouse.dbt("test", "--indirect-selection", "eager", "--select", *SEEDS, check=False)
    return module_warehouse


@pytest.mark.parametrize(("mistake", "message"), MISTAKES.items(), ids=lambda text: text[:60])
def test_a_mistake_in_a_seed_is_named_with_its_row(mistaken, mistake, message):
    assert [line for line in mistaken.output.splitlines() if message in line]
