"""What the last build left open, from its database: only if it was built from the data that the doctor looks at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ai_unit_economics.doctor.inputs import Inputs
from ai_unit_economics.figures import money
from ai_unit_economics.landing.files import is_address, plain_root
from ai_unit_economics.sql import sql

# Names that a line has room for.
SHOWN = 3
# A charge has a match in each era of the rules: the one of its day counts.
CHARGES = sql("""
    intermediate.int_costs__charge_matches as matches
    inner join intermediate.int_costs__charges_daily as charges
        on
            matches.attribute_key = charges.attribute_key
            and charges.date_day >= coalesce(matches.valid_from, date '0001-01-01')
            and charges.date_day < coalesce(matches.valid_to, date '9999-12-31')
""")


@dataclass(frozen=True)
class LastBuild:
    """What is known of the database.

    Attributes:
        says: which database, and whether its figures are of this data.
        is_of_this_data: None where there is no database, or where it does not say what it was built from.
        lines: what is open; None where nothing can be said.
    """

    database: Path
    says: str
    is_of_this_data: bool | None = None
    lines: list[str] | None = None


def last_build_of(database: Path, inputs: Inputs) -> LastBuild:
    if not database.is_file():
        return LastBuild(database, f"{database}: nothing is built yet")
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            built = {
                f"{schema}.{name}"
                for schema, name in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            }
            root = root_of_build(connection) if "landing.landed_files" in built else None
            if root is not None and not is_same_root(root, inputs.root):
                says = f"{database}: built from other data, {root}; its figures are not shown"
                return LastBuild(database, says, is_of_this_data=False)
            lines = list(open_ends(connection, built))
    except duckdb.Error as error:
        return LastBuild(database, f"{database} cannot be read now: {str(error).splitlines()[0]}")
    says = f"{database}: built from this data" if root else f"{database}: it does not say from which data it was built"
    return LastBuild(database, says, is_of_this_data=True if root else None, lines=lines)


def root_of_build(connection: duckdb.DuckDBPyConnection) -> str | None:
    """What stands before the names of the files that were landed."""
    row = connection.execute(
        "select left(source_file, length(source_file) - length(relative_path)) from landing.landed_files "
        "where ends_with(source_file, relative_path) limit 1"
    ).fetchone()
    return row[0].rstrip("/") or "/" if row else None


def is_same_root(built: str, looked_at: str) -> bool:
    if is_address(built) or is_address(looked_at):
        return plain_root(built) == plain_root(looked_at)
    return os.path.realpath(built) == os.path.realpath(looked_at)


def open_ends(connection: duckdb.DuckDBPyConnection, built: set[str]) -> Iterator[str]:
    if "marts.fct_deployment_costs_daily" in built:
        yield from unallocated(connection)
    if {"intermediate.int_costs__charges_daily", "intermediate.int_costs__charge_matches"} <= built:
        yield from unknown_targets(connection)
    if "intermediate.int_costs__charge_attributes" in built:
        yield from unallocated_credits(connection)
    if "marts.fct_unit_economics_daily" in built:
        yield from nulls(connection)
    if "marts.fct_undeclared_usage" in built:
        yield from undeclared_usage(connection)


def unallocated(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The same number as in fct_cost_reconciliation and in the report."""
    rows = connection.execute(
        """
        select currency, sum(effective_cost) filter (deployment_id = '(unallocated)'), sum(effective_cost)
        from marts.fct_deployment_costs_daily group by currency order by currency
        """
    ).fetchall()
    for currency, amount, total in rows:
        if amount:
            yield f"{money(amount)} of {money(total)} {currency} is unallocated; rules in cost_rules.csv place it"


def unknown_targets(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Charges that a rule matched, and that are nobody's all the same: what the rule found is no deployment."""
    query = sql(
        """
        select matches.unknown_target, charges.billing_currency, sum(charges.effective_cost) as cost, count(*) over ()
        from {charges}
        where matches.treatment = 'unallocated' and matches.unknown_target is not null
        group by matches.unknown_target, charges.billing_currency
        order by cost desc, matches.unknown_target
        limit ?
        """,
        charges=CHARGES,
    )
    rows = connection.execute(query.text, [SHOWN]).fetchall()
    for number, (target, currency, cost, targets) in enumerate(rows, start=1):
        more = f"; and {targets - SHOWN} more names" if number == SHOWN and targets > SHOWN else ""
        yield (
            f"{money(cost)} {currency} of it: a rule matches and finds {target}, which is in no seed; add it to "
            f"deployments.csv or to its pools{more}"
        )


def unallocated_credits(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """A credit takes from a charge: the sum of both hides how much has no place."""
    query = sql(
        """
        select
            charges.billing_currency,
            sum(charges.effective_cost) filter (attributes.charge_category = 'Credit') as credits,
            sum(charges.effective_cost) filter (attributes.charge_category is distinct from 'Credit') as others
        from {charges}
        inner join intermediate.int_costs__charge_attributes as attributes
            on matches.attribute_key = attributes.attribute_key
        where matches.treatment = 'unallocated'
        group by charges.billing_currency
        having credits != 0
        order by charges.billing_currency
        """,
        charges=CHARGES,
    )
    for currency, credited, charged in connection.execute(query.text).fetchall():
        yield f"of what no rule places, {money(charged or 0)} {currency} are charges and {money(credited)} are credits"


def nulls(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rows = connection.execute(
        """
        select null_reason, count(distinct (workload, unit)), count(distinct period_start)
        from marts.fct_unit_economics_daily
        where cohort_dimension = 'all' and null_reason is not null group by null_reason order by null_reason
        """
    ).fetchall()
    for reason, series, days in rows:
        yield f"no cost per unit for {series} pairs of workload and unit on up to {days} days: null_reason {reason}"


def undeclared_usage(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    rows = connection.execute(
        """
        select
            count(*),
            sum(accelerator_seconds),
            sum(effective_cost),
            any_value(currency),
            list(coalesce(nullif(concat_ws('/', nullif(namespace, ''), nullif(pod, '')), ''), instance)
                order by effective_cost desc, accelerator_seconds desc, tokens desc, namespace, pod, instance)
        from marts.fct_undeclared_usage
        where accelerator_seconds > 0 or tokens > 0
        having count(*) > 0
        """
    ).fetchall()
    for number, seconds, cost, currency, names in rows:
        shown = ", ".join(names[:SHOWN]) + (" and others" if number > SHOWN else "")
        yield (
            f"{number} pods or processes are of no deployment ({shown}): {seconds / 3600:,.1f} accelerator-hours, "
            f"{money(cost)} {currency}; fct_undeclared_usage names them, series_rules.csv takes them"
        )
