"""`ai-unit-economics conformance`: the raw FOCUS exports against the rules, before they are trusted."""

from __future__ import annotations

import importlib.util
import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import click
import duckdb


@click.command()
@click.option(
    "--data",
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATA") or "data/sample",
    show_default="UNIT_ECONOMICS_DATA, else data/sample",
    help="The data root; its folder focus is read.",
)
@click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATABASE") or "data/unit_economics.duckdb",
    show_default="UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="Where the results go, into schema quality.",
)
@click.option(
    "--docs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("target/data_docs"),
    show_default=True,
    help="Folder of the Data Docs; it is written anew.",
)
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="The dbt project, whose rules are used.",
)
def conformance(data: str, database: Path, docs: Path, project: Path) -> None:
    """Check raw FOCUS exports with Great Expectations and write Data Docs; an error gives a non-zero exit code."""
    if importlib.util.find_spec("great_expectations") is None:
        raise click.ClickException(
            "Great Expectations is not installed; make conformance makes an environment for it"
            " (requirements-conformance.lock)"
        )
    from ai_unit_economics.conformance import data_docs, raw
    from ai_unit_economics.conformance.validation import Validator

    if not (project / "seeds/reference/focus_conformance_rules.csv").is_file():
        raise click.ClickException(f"{project.resolve()}: no rules here; run in the project's folder or give --project")
    run_at = datetime.now(UTC).replace(microsecond=0)
    results, profiles, files = [], {}, 0
    with tempfile.TemporaryDirectory(dir=os.environ.get("UNIT_ECONOMICS_TEMP")) as scratch:
        try:
            built = raw.build(project, data, Path(scratch))
        except raw.ExportError as error:
            raise click.ClickException(str(error)) from None
        with duckdb.connect(str(built), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            names = connection.execute("""
                select source, count(*) from staging.stg_focus__files where is_current group by source order by source
            """).fetchall()
            if not names:
                raise click.ClickException(f"{data}/focus: no FOCUS exports")
            if docs.exists() and any(docs.iterdir()):
                if not (docs / "index.html").is_file():
                    raise click.ClickException(f"{docs}: is not empty and holds no Data Docs; give another folder")
                shutil.rmtree(docs)
            validator = Validator(project, docs)
            for name, count in names:
                source = raw.RawSource(connection, name)
                results += validator.validate(source)
                profiles[name] = (source.file_profiles(), source.column_profiles())
                files += count
    validator.build_docs()
    data_docs.stand_alone(docs)
    data_docs.write_index(docs, results, profiles, f"{run_at:%Y-%m-%d %H:%M} UTC")
    _store(database, results, profiles, run_at)

    failed = [result for result in results if not result.success]
    for result in sorted(failed, key=lambda result: (result.severity, result.source, result.rule_id)):
        rows = "" if result.violating_rows is None else f" in {result.violating_rows} rows"
        click.echo(
            f"{result.severity}: source {result.source} breaks {result.rule_id}{rows}: {result.example}", err=True
        )
    errors = sum(result.severity == "error" for result in failed)
    click.echo(
        f"{len(results)} expectations on {files} files of {len(profiles)} sources: {errors} errors,"
        f" {len(failed) - errors} warnings; Data Docs in {docs / 'index.html'}"
    )
    if errors:
        raise SystemExit(1)


def _store(database: Path, results: list, profiles: dict, run_at: datetime) -> None:
    """The results of this run, in place of those of the last."""
    database.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(str(database))
    except duckdb.IOException as error:
        raise click.ClickException(f"{database} cannot be written: {str(error).splitlines()[0]}") from None
    with connection:
        connection.execute("begin")
        connection.execute("create schema if not exists quality")
        connection.execute("""
            create or replace table quality.gx_validation_results (
                source varchar, batch varchar, rule_id varchar, column_name varchar, severity varchar,
                expectation varchar, success boolean, element_count bigint, unexpected_count bigint,
                violating_rows bigint, example varchar, run_at timestamp
            )
        """)
        naive = run_at.replace(tzinfo=None)
        rows = [[*vars(result).values(), naive] for result in results]
        if rows:
            connection.executemany(
                "insert into quality.gx_validation_results values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows
            )
        connection.execute("""
            create or replace table quality.focus_column_profiles (
                source varchar, column_name varchar, row_count bigint, filled_count bigint,
                approximate_distinct_count bigint, least_value varchar, greatest_value varchar, run_at timestamp
            )
        """)
        rows = [[source, *column, naive] for source, (_, columns) in profiles.items() for column in columns]
        if rows:
            connection.executemany("insert into quality.focus_column_profiles values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("commit")
