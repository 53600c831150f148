"""Puts the FinOps Foundation's FOCUS validator to the normalised charges; each failure has to be explained.

The charges of each source are written as FOCUS 1.2 and validated apart. The validator ends with exit code 0 whatever it
finds, so its totals are read. A failure is explained by a row of the table in docs/focus-conformance.md; one without a
row, and a row without a failure, fail the command.
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb

PROJECT = Path(__file__).resolve().parents[1]
PAGE = PROJECT / "docs" / "focus-conformance.md"
COLUMNS = PROJECT / "seeds" / "reference" / "focus_columns.csv"
VERSION = "1.2"
VERSIONS = ["1.0-preview", "1.0", "1.1", "1.2", "1.3", "1.4", "1.5-draft"]
RULE = r"[A-Za-z]+-[A-Z]-\d{3}-[A-Z]"
# A rule that only says that rules below it failed.
MADE_OF_OTHERS = re.compile(r"(AND|OR) failed - ")


@dataclass(frozen=True)
class Verdict:
    """What the validator said of one file."""

    total: int
    passed: int
    failed: int
    skipped: int
    failures: dict[str, tuple[str, str]]  # rule: violations, what it wants


def columns_of(version: str) -> list[str]:
    """The columns of a version of FOCUS, by name."""
    number = VERSIONS.index(version)
    with COLUMNS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        row["column_name"]
        for row in rows
        if VERSIONS.index(row["introduced"]) <= number
        and not (row["removed"] and VERSIONS.index(row["removed"]) <= number)
    ]


def read_verdict(output: str) -> Verdict:
    """Reads what the validator prints.

    Raises:
        ValueError: there is no verdict in it, or its parts do not add up.
    """
    totals = re.search(r"Total: (\d+) \| Pass: (\d+) \| Fail: (\d+) \| Skipped: (\d+)", output)
    if not totals:
        raise ValueError("the validator gave no totals")
    total, passed, failed, skipped = map(int, totals.groups())
    listed = re.findall(rf"^- ({RULE}): violations=(\S+); (.*)$", output.partition("--- Failures ---")[2], re.MULTILINE)
    if passed == 0 or passed + failed + skipped != total or len(listed) != failed:
        raise ValueError(f"{totals.group()} does not add up, and {len(listed)} failures are listed")
    leaves = {rule: (count, wanted) for rule, count, wanted in listed if not MADE_OF_OTHERS.search(wanted)}
    return Verdict(total, passed, failed, skipped, leaves)


def explained(page: str) -> dict[str, set[str]]:
    """By source, the rules that the table of the page explains."""
    rules: dict[str, set[str]] = {}
    for sources, names in re.findall(rf"^\| ([\w, -]+) \| ((?:`{RULE}`(?:, )?)+) \| .+ \|$", page, re.MULTILINE):
        for source in sources.split(", "):
            rules.setdefault(source, set()).update(re.findall(RULE, names))
    return rules


def complaints(source: str, verdict: Verdict, known: set[str]) -> list[str]:
    """A line for each failure that nothing explains, and for each explanation that nothing needs."""
    new = [
        f"{source}: {rule} fails in {count} rows and {PAGE.name} does not say why: {wanted}"
        for rule, (count, wanted) in sorted(verdict.failures.items())
        if rule not in known
    ]
    return new + [
        f"{source}: {rule} fails no more; take its row out of {PAGE.name}"
        for rule in sorted(known - set(verdict.failures))
    ]


def validate(validator: Path, file: Path) -> str:
    """What the validator prints. It logs into its working folder, and looks there for a file of its own package."""
    package = next(validator.parents[1].glob("lib/python*/site-packages/focus_validator/rules/currency_codes.csv"))
    rules = file.parent / "focus_validator" / "rules"
    rules.mkdir(parents=True, exist_ok=True)
    shutil.copy(package, rules)
    command = [str(validator), "--data-file", file.name, "--validate-version", VERSION, "--block-download"]
    run = subprocess.run(
        [*command, "--applicability-criteria", "ALL"], cwd=file.parent, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise click.ClickException(f"the validator stopped:\n{run.stderr[-2000:]}")
    return run.stdout


@click.command()
@click.option("--database", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--validator", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=True)
@click.option("--source", "only", multiple=True, help="A billing source; all if not given.")
def main(database: Path, validator: Path, only: tuple[str, ...]) -> None:
    """Validate the normalised charges of each source as FOCUS 1.2."""
    known = explained(PAGE.read_text(encoding="utf-8"))
    columns = ", ".join(f'"{name}"' for name in columns_of(VERSION))
    found: list[str] = []
    with duckdb.connect(str(database), read_only=True) as connection, tempfile.TemporaryDirectory() as folder:
        query = "select distinct x_Source from staging.stg_focus__cost_and_usage order by 1"
        names = connection.execute(query).fetchall()
        for source in [name for (name,) in names if not only or name in only]:
            file = Path(folder) / "charges.parquet"
            connection.execute(
                f"copy (select {columns} from staging.stg_focus__cost_and_usage where x_Source = $1)"
                f" to '{file}' (format parquet)",
                [source],
            )
            try:
                verdict = read_verdict(validate(validator.absolute(), file))
            except ValueError as error:
                raise click.ClickException(f"{source}: {error}") from None
            found += complaints(source, verdict, known.get(source, set()))
            click.echo(
                f"{source}: {verdict.total} rules, {verdict.passed} met, {verdict.skipped} skipped,"
                f" {verdict.failed} failed, {len(verdict.failures)} of them by themselves"
            )
    for line in found:
        click.echo(line, err=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
