"""Writes the worked example of docs/allocation.md from the built sample: every number is read, none is typed.

make build && python -m tools.allocation_example
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import click
import duckdb

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "allocation.md"
START, END = "<!-- example -->\n", "<!-- /example -->"
DEPLOYMENT, DAY = "chat-large", date(2026, 9, 15)

POOL = """
    select
        pool_id,
        any_value(pool_capacity_seconds) as capacity,
        max(resource_seconds) filter (where deployment_id = $deployment) as used,
        max(resource_seconds) filter (where deployment_id = '(idle)') as idle
    from intermediate.int_allocation__pool_shares_daily
    where date_day = $day and resource_kind = 'accelerator'
    group by pool_id
    having used is not null
"""
POOL_COST = """
    select sum(effective_cost) as cost
    from intermediate.int_costs__cost_lines_daily
    where date_day = $day and treatment = 'pool' and target = $pool
"""
LINES = """
    select
        ledger.treatment,
        ledger.origin_pool,
        ledger.cost_origin,
        any_value(weights.driver) as driver,
        any_value(weights.quantity) as quantity,
        any_value(weights.total) as total,
        sum(ledger.effective_cost) as cost
    from intermediate.int_allocation__cost_ledger_daily as ledger
    left join (
        select pool_id, driver, deployment_id, quantity, sum(quantity) over (partition by pool_id) as total
        from intermediate.int_allocation__shared_weights_daily
        where date_day = $day
    ) as weights
        on ledger.origin_pool = weights.pool_id and weights.deployment_id = $deployment
    where ledger.date_day = $day and ledger.deployment_id = $deployment
    group by ledger.treatment, ledger.origin_pool, ledger.cost_origin
    order by ledger.treatment, ledger.cost_origin desc, ledger.origin_pool
"""
TOKENS = """
    select unit, units, effective_cost as cost, cost_per_unit, token_cost_method as method
    from marts.fct_unit_economics_daily
    where
        period_start = $day and cohort_dimension = 'deployment' and cohort = $deployment
        and unit in ('input_token', 'cached_input_token', 'output_token', 'token')
    order by cost
"""


def money(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.000001'), ROUND_HALF_EVEN):,f}"


def rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = connection.execute(query, {name: value for name, value in parameters.items() if f"${name}" in query})
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def how(line: dict[str, Any], pool: dict[str, Any]) -> str:
    """Which share of what a line of the ledger is, in words."""
    if line["treatment"] == "direct":
        return "named by a cost rule"
    if line["treatment"] == "pool":
        in_use = pool["capacity"] - pool["idle"]
        whole = pool["capacity"] if line["cost_origin"] == "usage" else in_use
        return f"{pool['used']:,} of {whole:,} accelerator-seconds" + (
            "" if line["cost_origin"] == "usage" else " in use"
        )
    return f"`{line['driver']}`: {line['quantity']:,} of {line['total']:,}"


def example(connection: duckdb.DuckDBPyConnection) -> str:
    parameters = {"deployment": DEPLOYMENT, "day": DAY}
    (pool,) = rows(connection, POOL, **parameters)
    ((pool_cost,),) = [tuple(row.values()) for row in rows(connection, POOL_COST, day=DAY, pool=pool["pool_id"])]
    lines = rows(connection, LINES, **parameters)
    tokens = rows(connection, TOKENS, **parameters)
    total = sum((line["cost"] for line in lines), Decimal(0))
    text = (
        f"\n`{DEPLOYMENT}` of the sample on {DAY}, in USD. The nodes of `{pool['pool_id']}` cost\n"
        f"{money(pool_cost)} that day and offered {pool['capacity']:,} accelerator-seconds, of which nobody reserved\n"
        f"or used {pool['idle']:,}.\n\n| from | as | share | cost |\n|---|---|---|---|\n"
    )
    for line in lines:
        place = "the bill" if line["origin_pool"] == "(none)" else f"`{line['origin_pool']}`"
        text += f"| {place} | {line['cost_origin']} | {how(line, pool)} | {money(line['cost'])} |\n"
    text += f"| | | **all of it** | **{money(total)}** |\n"
    text += f"\nDivided over tokens by `{tokens[0]['method']}`:\n\n"
    text += "| | tokens | cost | per million |\n|---|---|---|---|\n"
    for token in tokens:
        text += (
            f"| `{token['unit']}` | {token['units']:,} | {money(token['cost'])} | {money(token['cost_per_unit'])} |\n"
        )
    return text + "\n"


@click.command(help=__doc__)
@click.option(
    "--database",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=PROJECT / "data" / "unit_economics.duckdb",
)
def main(database: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    with duckdb.connect(str(database), read_only=True) as connection:
        written = example(connection)
    before, after = page[: page.index(START) + len(START)], page[page.index(END) :]
    PAGE.write_text(before + written + after, encoding="utf-8")


if __name__ == "__main__":
    main()
