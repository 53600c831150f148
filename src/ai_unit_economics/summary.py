"""What a build says when it is done: cost per million output tokens, that the bill is accounted for, what to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ai_unit_economics import opening
from ai_unit_economics.cost_origins import COST_ORIGINS
from ai_unit_economics.figures import count, money, percent, plain, unit_cost
from ai_unit_economics.sql import Sql, identifier, joined, sql

UNIT_ECONOMICS = "fct_unit_economics_daily"
RECONCILIATION = "fct_cost_reconciliation"
CONFORMANCE = "fct_focus_conformance"
TELEMETRY_QUALITY = "fct_telemetry_quality"
# The headings are short: a table of figures is as wide as its longest word.
SHARES = {"not observed": "unseen", "unused commitments": "unused", "shared services": "shared"}
ORIGINS = tuple(COST_ORIGINS)
# Reasons with which units are missing, and not only their cost
UNCOUNTED = ("no_telemetry", "coverage_below_minimum", "meter_missing", "meter_broken")


class MissingMartError(Exception):
    """The database holds no table of that name: the build has not come that far."""


@dataclass(frozen=True)
class Line:
    """Output tokens of a day and what they cost, for one cohort."""

    label: str
    # None where nothing was seen.
    units: int | None
    costs: dict[str, Decimal]
    # What has a cost per unit, so that it divides like by like.
    divided_units: int
    divided_cost: Decimal
    null_reasons: tuple[str, ...]

    @property
    def is_part(self) -> bool:
        """Whether the units are a part of what was used: the reader cannot divide the cost by them."""
        return self.units is not None and bool(set(self.null_reasons) & set(UNCOUNTED))

    @property
    def effective_cost(self) -> Decimal:
        return sum(self.costs.values(), Decimal(0))

    @property
    def cost_per_million(self) -> Decimal | None:
        return self.divided_cost / self.divided_units * 1_000_000 if self.divided_units else None

    def share(self, origin: str) -> Decimal | None:
        return self.costs[origin] / self.effective_cost if self.effective_cost else None


@dataclass(frozen=True)
class Reconciliation:
    """One currency's EffectiveCost over all sources and billing periods."""

    currency: str
    sources: int
    billing_periods: int
    cost_in: Decimal
    cost_out: Decimal
    # Rows whose own difference is not 0: a sum of differences could hide two that cancel out.
    rows_that_differ: int


def print_summary(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    for mart in (UNIT_ECONOMICS, RECONCILIATION):
        require_mart(connection, mart)
    environment = opening.main_environment(connection)
    found = latest_complete_day(connection, environment)
    if found is None:
        console.print(
            "No deployment has cost or output tokens yet: no rule sends it charges, and no telemetry names it. "
            "make doctor says what is missing; docs/connect/ begins with the bill."
        )
    else:
        day, is_complete = found
        state = "the latest complete day" if is_complete else "the latest day; no day is complete yet"
        place = escape(environment)
        console.print(f"\n[bold]What a million output tokens cost on {day}[/bold] in {place}, fully loaded ({state})\n")
        currency = reporting_currency(connection)
        console.print(cost_table("Tier", lines_by_tier(connection, day, environment), currency, console.width))
        console.print()
        console.print(cost_table("Workload", lines_by_workload(connection, day, environment), currency, console.width))
        console.print()
    for reconciliation in reconciliations(connection):
        console.print(reconciliation_line(reconciliation), highlight=False)
    for line in signs_of_trouble(connection):
        console.print(line, highlight=False)
    print_opening(connection, environment, console)
    console.print(NEXT_STEPS, highlight=False)


def print_opening(connection: duckdb.DuckDBPyConnection, environment: str, console: Console) -> None:
    """What the report opens with: what was spent, and what to decide."""
    spent = opening.spend(connection)
    if spent is not None:
        console.print(
            f"\n[bold]What was spent[/bold]: {money(spent.total)} {spent.currency} in {spent.month}, {spent.direction}",
            highlight=False,
        )
        console.print(
            "  " + escape("; ".join(f"{place} {money(cost)}" for place, cost in spent.places)), highlight=False
        )
    found = opening.findings(connection, environment)
    dearest = opening.dearest(found)
    if dearest:
        console.print("\n[bold]What to decide[/bold], dearest first, a month\n")
        table = Table.grid(padding=(0, GAP))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        for finding in dearest:
            table.add_row(
                f"{finding.amount_text}", f"{escape(finding.sentence)}\n[dim]→ {escape(finding.what_to_do)}[/dim]"
            )
        console.print(table, highlight=False)
        if len(found) > len(dearest):
            console.print(f"  and {len(found) - len(dearest)} more in marts.fct_findings", highlight=False)


NEXT_STEPS = """
[bold]Next[/bold]
  ai-unit-economics summary           this page again
  ai-unit-economics explain chat      a month of a workload, back to its charges
  dbt show --profiles-dir profiles --select where_the_money_went --limit 20
  UNIT_ECONOMICS_DATA=/your/exports make build      your own bill and telemetry: README.md, "Your own data"
"""


def require_mart(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    if not opening.has_mart(connection, name):
        raise MissingMartError(f"marts.{name} is not in the database; run make build and look at its first error")


def latest_complete_day(connection: duckdb.DuckDBPyConnection, environment: str) -> tuple[date, bool] | None:
    """The last day on which every workload is complete, else the last with a complete one, else the last day."""
    day, is_complete = connection.execute(
        """
        with days as (
            select
                period_start,
                bool_and(is_complete) as is_all_complete,
                bool_or(is_complete) as is_any_complete
            from marts.fct_unit_economics_daily
            where unit = 'output_token' and cohort_dimension = 'all' and environment = ?
            group by period_start
        )
        select
            coalesce(
                max(period_start) filter (is_all_complete),
                max(period_start) filter (is_any_complete),
                max(period_start)
            ),
            coalesce(bool_or(is_any_complete), false)
        from days
        """,
        [environment],
    ).fetchone()
    return (day, is_complete) if day else None


def reporting_currency(connection: duckdb.DuckDBPyConnection) -> str:
    return connection.execute("select any_value(currency) from marts.fct_unit_economics_daily").fetchone()[0]


def lines_by_tier(connection: duckdb.DuckDBPyConnection, day: date, environment: str) -> list[Line]:
    return _lines(connection, day, environment, sql("cohort"), "customer_tier")


def lines_by_workload(connection: duckdb.DuckDBPyConnection, day: date, environment: str) -> list[Line]:
    return _lines(connection, day, environment, sql("workload"), "all")


def _lines(
    connection: duckdb.DuckDBPyConnection, day: date, environment: str, label: Sql, dimension: str
) -> list[Line]:
    query = sql(
        """
        select
            {label} as label,
            -- a 0 is known only where something was seen
            cast(sum(units) filter (units != 0 or coalesce(null_reason, 'no_units') = 'no_units') as hugeint),
            cast(coalesce(sum(units) filter (null_reason is null), 0) as hugeint),
            coalesce(sum(counted_cost) filter (null_reason is null), 0),
            list(distinct null_reason order by null_reason) filter (null_reason is not null),
            {costs}
        from marts.fct_unit_economics_daily
        where unit = 'output_token' and cohort_dimension = ? and period_start = ? and environment = ?
        group by all
        having sum(effective_cost) != 0 or sum(units) != 0
        order by sum(effective_cost) desc, label
        """,
        label=label,
        costs=joined(sql("sum({cost})", cost=identifier(f"{origin}_cost")) for origin in ORIGINS),
    )
    rows = connection.execute(query.text, [dimension, day, environment]).fetchall()
    return [
        Line(
            label=name,
            units=units,
            costs=dict(zip(ORIGINS, origin_costs, strict=True)),
            divided_units=divided_units,
            divided_cost=divided_cost,
            null_reasons=tuple(reasons or ()),
        )
        for name, units, divided_units, divided_cost, reasons, *origin_costs in rows
    ]


def total(lines: Sequence[Line]) -> Line:
    known = [line.units for line in lines if line.units is not None]
    unknown = sorted({reason for line in lines for reason in line.null_reasons if reason in UNCOUNTED})
    return Line(
        label="total",
        units=sum(known) if known else None,
        costs={origin: sum((line.costs[origin] for line in lines), Decimal(0)) for origin in ORIGINS},
        divided_units=sum(line.divided_units for line in lines),
        divided_cost=sum((line.divided_cost for line in lines), Decimal(0)),
        null_reasons=tuple(unknown),
    )


# Below this many characters a label cannot be read any more, and shares make room for it.
NARROWEST_LABEL = 12
GAP = 2


def cost_table(title: str, lines: Sequence[Line], currency: str, width: int) -> Table:
    """Numbers are shown whole whatever the width: labels wrap, then shares are left out from the right."""
    rows = [*lines, total(lines)]
    columns = [
        (f"{currency} per 1M", [unit_cost(line.cost_per_million) for line in rows]),
        ("output tokens", [count(line.units) for line in rows]),
        (f"effective cost, {currency}", [money(line.effective_cost) for line in rows]),
        *(
            (SHARES.get(name, name), [percent(line.share(origin)) for line in rows])
            for origin, name in COST_ORIGINS.items()
            # where everything was observed, a column of zeros says nothing
            if origin != "unobserved" or any(line.costs[origin] for line in lines)
        ),
    ]
    left_out = []
    while len(columns) > 3 and width - sum(_width(*column) + GAP for column in columns) < NARROWEST_LABEL:
        left_out.insert(0, columns.pop()[0])
    table = Table(
        box=box.SIMPLE_HEAD, show_edge=False, padding=(0, GAP - 1, 0, 0), pad_edge=False, caption_justify="left"
    )
    if left_out:
        table.caption = f"a wider terminal also shows: {', '.join(left_out)}"
    table.add_column(title, overflow="fold")
    for heading, cells in columns:
        table.add_column(heading, justify="right", width=_width(heading, cells))
    for number, line in enumerate(rows):
        is_total = number == len(lines)
        if is_total:
            table.add_section()
        table.add_row(_label(line), *(cells[number] for _, cells in columns), style="bold" if is_total else None)
    return table


def _width(heading: str, cells: Sequence[str]) -> int:
    return max(map(len, [*heading.split(), *cells]))


def _label(line: Line) -> str:
    reasons = line.null_reasons if not line.divided_units else [each for each in line.null_reasons if each in UNCOUNTED]
    why = "; ".join(reasons).replace("_", " ")
    why = f"units of a part: {why}" if why and line.is_part else why
    return f"{escape(line.label)}\n[dim]{why}[/dim]" if why else escape(line.label)


def reconciliations(connection: duckdb.DuckDBPyConnection) -> list[Reconciliation]:
    rows = connection.execute(
        """
        select
            currency,
            count(distinct source),
            count(distinct (source, billing_period_start)),
            sum(effective_cost_in),
            sum(effective_cost_out),
            count(*) filter (difference is distinct from 0)
        from marts.fct_cost_reconciliation
        group by currency
        order by currency
        """
    ).fetchall()
    return [Reconciliation(*row) for row in rows]


def signs_of_trouble(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """At most three lines: what may be counted wrong without a number that shows it, the dearest first."""
    for mart in (CONFORMANCE, TELEMETRY_QUALITY):
        require_mart(connection, mart)
    rows = connection.execute(
        """
        with signs as (
            select
                source || ': ' || rule_id as sign,
                'marts.fct_focus_conformance' as mart,
                violating_count as affected_rows,
                touched_cost
            from marts.fct_focus_conformance
            where is_sign_of_trouble and violating_count > 0

            union all

            select
                folder || ': ' || issue as sign,
                'marts.fct_telemetry_quality' as mart,
                sum(affected_rows) as affected_rows,
                null as touched_cost
            from marts.fct_telemetry_quality
            where is_fault
            group by folder, issue
        )

        select sign, mart, cast(affected_rows as hugeint), touched_cost, count(*) over () as signs
        from signs
        order by touched_cost desc nulls last, affected_rows desc, sign
        limit 3
        """
    ).fetchall()
    lines = []
    for number, (sign, mart, affected, cost, signs) in enumerate(rows):
        amount = f", {money(cost)} of cost" if cost else ""
        others = f"; and {signs - len(rows)} more" if number == len(rows) - 1 and signs > len(rows) else ""
        what = f"{escape(sign.replace('_', ' '))}: {_counted(affected, 'row')}{amount}"
        lines.append(f"[yellow]Look at[/yellow] {what} ({mart}{others})")
    return lines


def reconciliation_line(found: Reconciliation) -> str:
    where = f"{_counted(found.sources, 'source')}, {_counted(found.billing_periods, 'billing period')}"
    cost_in, cost_out = f"{plain(found.cost_in)} {found.currency}", f"{plain(found.cost_out)} {found.currency}"
    if found.rows_that_differ == 0 and found.cost_in == found.cost_out:
        return f"EffectiveCost in {cost_in} = out {cost_out}, difference 0 ({where})"
    difference = plain(found.cost_in - found.cost_out)
    rows = _counted(found.rows_that_differ, "row")
    return f"EffectiveCost in {cost_in}, out {cost_out}, [red]difference {difference}[/red] in {rows} ({where})"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
