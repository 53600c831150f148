"""The explanation of a workload in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ai_unit_economics.explain.content import BEARERS, Bearer, Explanation, share
from ai_unit_economics.figures import UNKNOWN, change_of, count, money, percent, signed, unit_cost, why_unknown

# So many rows of a list are shown; what is left is one line, so that the list adds up.
SHOWN = 8

METHODS = {
    "cost_rule": "the rule names the deployment",
    "pool:accelerator_time": "by accelerator time held",
    "pool:cpu_time": "by CPU time held",
    "pool:memory_time": "by memory held",
    "pool:storage_time": "by storage held",
    "pool:idle_policy": "idle capacity, spread over who held the pool",
    "pool:unobserved_policy": "capacity that nobody watched, spread over who held the pool",
    "shared:direct_cost": "shared by direct cost",
    "shared:tokens": "shared by tokens",
    "shared:requests": "shared by requests",
    "shared:accelerator_hours": "shared by accelerator-hours",
    "shared:even": "shared in equal parts",
    "shared:fixed": "shared by fixed weights",
}


def print_explanation(found: Explanation, console: Console) -> None:
    say(
        console,
        f"\n[bold]{escape(found.workload)} in {escape(found.environment)}, {found.month_text}[/bold]{_state(found)}",
    )
    _print_cost(found, console)
    _print_units(found, console)
    _print_move(found, console)
    _print_bearers(found, console)
    _print_findings(found, console)
    _print_charges(found, console)


def say(console: Console, text: str) -> None:
    console.print(text, highlight=False)


def _state(found: Explanation) -> str:
    state = []
    if not found.is_billed_whole:
        state.append("the month is not billed as a whole yet")
    if not found.is_counted_whole:
        state.append("telemetry does not cover all of it")
    if found.is_closed:
        state.append("closed: it says what was signed")
    return f" ({'; '.join(state)})" if state else ""


def _print_cost(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]What it cost[/bold]")
    if not found.origins and not found.cost:
        arrived = "the bill of the month is there, and" if found.is_billed_whole else "so far"
        say(console, f"  {arrived} no charge falls to it: look at (unallocated) in fct_deployment_costs_daily")
        return
    before = ""
    if found.cost_before is not None:
        change = change_of(found.cost_before, found.cost)
        known = f"{money(found.cost_before)} the month before"
        before = f", {known}" if change is None else f", {signed(change)} on the month before"
    of_bill = f", {percent(found.share_of_bill)} of the whole bill" if found.share_of_bill is not None else ""
    say(console, f"  {money(found.cost)} {found.currency}{of_bill}{before}")
    table = _table("origin", found.currency, "share")
    for part in found.origins:
        table.add_row(part.name, money(part.cost), percent(share(part.cost, found.cost)))
    table.add_section()
    for part in found.deployments:
        table.add_row(escape(part.name), money(part.cost), percent(share(part.cost, found.cost)))
    console.print(table)


def _print_units(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]Per unit[/bold]")
    if not found.units:
        say(
            console,
            "  nobody looked: there is no unit of it in the month. Add its telemetry (ai-unit-economics doctor)",
        )
        return
    table = _table("per", "units", found.currency, "change")
    for unit in found.units:
        why = f"\n[dim]{why_unknown(unit.null_reason)}[/dim]" if unit.null_reason else ""
        table.add_row(unit.text + why, count(unit.units), unit_cost(unit.cost_per_unit), signed(unit.change))
    console.print(table)


def _print_move(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]Why it moved[/bold]")
    if found.move is None:
        say(console, "  not known: no two whole periods with a cost per unit follow each other here")
    else:
        moved = found.move
        say(console, f"  {moved.period}, {found.currency} per {moved.text}")
        table = _table("part", "change")
        table.add_row("before", unit_cost(moved.before))
        for part in moved.parts:
            sign = "+" if part.cost > 0 else ""
            table.add_row(part.name, sign + unit_cost(part.cost, moved.before))
        table.add_row("after", unit_cost(moved.after, moved.before))
        console.print(table)
    for change in found.changes:
        say(console, f"  changed {escape(change)}")


def _print_bearers(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]Who bears it[/bold]")
    if not found.bearers:
        say(console, "  not known: no usage of it names a customer")
        return
    for dimension in dict.fromkeys(row.dimension for row in found.bearers):
        rows = [row for row in found.bearers if row.dimension == dimension]
        table = _table(BEARERS[dimension], found.currency, "share", "units", "per unit")
        for row in _shown(rows):
            why = f"\n[dim]{why_unknown(row.null_reason)}[/dim]" if row.null_reason else ""
            table.add_row(
                escape(row.cohort) + why,
                money(row.cost),
                percent(share(row.cost, found.cost)),
                count(row.units),
                unit_cost(row.cost_per_unit),
            )
        _add_rest(table, rows, found.cost)
        console.print(table)
    say(console, f"  [dim]units are those of a cost per {found.main_unit}[/dim]")
    if any(row.cohort == "(unattributed)" for row in found.bearers):
        say(console, "  [dim](unattributed): usage that names no customer[/dim]")


def _print_findings(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]What to decide[/bold], of today's findings")
    for finding in found.findings[:SHOWN]:
        say(
            console, f"  {finding.amount_text}: {escape(finding.sentence)}\n  [dim]→ {escape(finding.what_to_do)}[/dim]"
        )
    if len(found.findings) > SHOWN:
        say(console, f"  and {len(found.findings) - SHOWN} more in marts.fct_findings")
    if not found.findings:
        say(console, "  nothing was found")


def _print_charges(found: Explanation, console: Console) -> None:
    say(console, "\n[bold]Back to charges and rules[/bold]")
    if not found.charges:
        say(console, "  no charge of the month came to it")
        return
    for currency in dict.fromkeys(charge.currency for charge in found.charges):
        rows = [charge for charge in found.charges if charge.currency == currency]
        total = sum((charge.cost for charge in rows), Decimal(0))
        table = _table("charge, and how it came here", "rule", currency)
        for row in _shown(rows):
            how = METHODS.get(row.method or "", row.method or "no method")
            table.add_row(
                f"{escape(row.charge)}\n[dim]{escape(row.source)}; {how}[/dim]", row.rule or UNKNOWN, money(row.cost)
            )
        if len(rows) > SHOWN:
            rest = sum((charge.cost for charge in rows[SHOWN:]), Decimal(0))
            table.add_row(f"{len(rows) - SHOWN} more", "", money(rest))
        table.add_row("all of them", "", money(total))
        console.print(table)
        # in another currency the two cannot be compared
        elsewhere = found.cost - total
        if {charge.currency for charge in found.charges} == {found.currency} and money(elsewhere) != money(0):
            where = "is in no charge of the month: a closed month or its adjustments"
            say(console, f"  {money(elsewhere)} {currency} {where}")
    say(
        console,
        "  [dim]rule: the priority of a row of the seed cost_rules. The rows: marts.fct_focus_allocated_costs[/dim]",
    )


def _shown(rows: Sequence) -> Sequence:
    return rows[:SHOWN]


def _add_rest(table: Table, rows: Sequence[Bearer], whole: Decimal) -> None:
    if len(rows) > SHOWN:
        rest = sum((row.cost for row in rows[SHOWN:]), Decimal(0))
        table.add_row(f"{len(rows) - SHOWN} more", money(rest), percent(share(rest, whole)))


def _table(name: str, *figures: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(name, overflow="fold")
    for figure in figures:
        table.add_column(figure, justify="right", no_wrap=True)
    return table
