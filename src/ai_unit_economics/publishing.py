"""Write, audit, publish: readers see the marts of one build that passed, or those of the one before it.

    published/
      unit_economics.duckdb -> latest/unit_economics.duckdb
      latest -> versions/20260901T040312Z-1f0c9a2b
      versions/20260901T040312Z-1f0c9a2b/
        unit_economics.duckdb, parquet/<mart>.parquet, manifest.json

A version is written in a folder that nobody looks into and is renamed when it is complete. `latest` is one link,
replaced by one rename: the database and the Parquet files change together. Who has the old files open goes on reading.
`.next` names a version from before it has its name until readers are sent to it: the next run does for a killed one.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
import duckdb

from ai_unit_economics import __version__
from ai_unit_economics.opening import main_environment
from ai_unit_economics.private_files import folder_for_readers
from ai_unit_economics.sql import Sql, file_names, identifier, joined, sql
from ai_unit_economics.summary import latest_complete_day
from ai_unit_economics.writing import alone_in, flush

DATABASE_NAME = "unit_economics.duckdb"
NEXT = ".next"
ROLLED_BACK = ".rolled_back"
# The oldest DuckDB whose drivers read what is published; without it a file is for the writer's own version on.
STORAGE_VERSION = "v1.5.0"
RECONCILIATION = "fct_cost_reconciliation"
UNIT_ECONOMICS = "fct_unit_economics_daily"


class NotPublishedError(Exception):
    """Nothing was changed for readers; the text says why and what to do."""


class BuildIsRunningError(NotPublishedError):
    """Another process writes to the database; it will be done."""


@dataclass(frozen=True)
class Build:
    invocation_id: str
    finished_at: datetime
    marts: tuple[tuple[str, str], ...]
    # Names of tests, of the last time that gates were asked since; both are empty where they were not
    gates_passed: tuple[str, ...] = ()
    gates_broken: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    name: str
    invocation_id: str
    built_at: str
    published_at: str
    # Counts the versions of a folder; those of before it was written have none
    number: int = 0
    # Readers were sent from it to an older one: it is not gone back to unless somebody names it
    is_rolled_back: bool = False


def publish(database: Path, folder: Path, keep: int = 10) -> tuple[Version, bool]:
    """Publishes the last build; False where that build is there already, so that a retry changes nothing."""
    with _sole_publisher(folder), opened(database) as connection:
        build = last_build(connection)
        _finish(folder)
        before = versions(folder)
        for version in before:
            if version.invocation_id == build.invocation_id:
                return version, False
        published_at = datetime.now(UTC)
        name = f"{published_at:%Y%m%dT%H%M%S}Z-{build.invocation_id[:8]}"
        number = before[0].number + 1 if before else 1
        version = Version(name, build.invocation_id, _text(build.finished_at), _text(published_at), number)
        draft = folder / "versions" / f".{name}"
        draft.mkdir(parents=True)
        try:
            tables = _write(connection, build, version, draft)
            _audit(connection, draft, tables)
            environment = main_environment(connection)
            day, is_complete = latest_complete_day(connection, environment) or (None, False)
            manifest = _manifest(build, version, tables, day if is_complete else None)
            (draft / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
            _flush(draft)
            _link(folder / NEXT, Path("versions") / name)
            draft.rename(draft.with_name(name))
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            (folder / NEXT).unlink(missing_ok=True)
            raise
        _finish(folder)
        _remove_old(folder, keep)
        return version, True


def last_build(connection: duckdb.DuckDBPyConnection) -> Build:
    """The build that the database holds, if it is one to publish: whole, finished, everything passed.

    The newest row is the one that was inserted last: a clock that stepped back does not put a killed build behind the
    one before it.
    """
    try:
        rows = connection.execute(
            "select invocation_id, command, is_whole, finished_at, changed_data, problems, marts, "
            "gates_passed, gates_broken from builds.invocations order by rowid desc"
        ).fetchall()
    except duckdb.CatalogException:
        rows = []
    gates: tuple[tuple[str, ...], ...] = ()
    for invocation_id, command, is_whole, finished_at, changed_data, problems, marts, *asked in rows:
        when = f"the last `dbt {command}`"
        if finished_at is None:
            raise NotPublishedError(f"{when} did not come to its end: run dbt build again (a running one: wait)")
        if problems:
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            raise NotPublishedError(f"{when} did not pass ({problems[0]}{more}): mend it and run dbt build again")
        if not gates and any(asked):
            gates = tuple(tuple(sorted(names or ())) for names in asked)
        if not changed_data:
            continue
        if not is_whole:
            raise NotPublishedError(f"{when} was a part of a build: run dbt build without a selection")
        names = tuple((schema, name) for schema, _, name in (mart.rpartition(".") for mart in sorted(marts)))
        return Build(invocation_id, finished_at, names, *gates)
    raise NotPublishedError("the database knows of no build: run dbt build (or make build) first")


@dataclass(frozen=True)
class Copy:
    """A mart with what tells its content: the number of its rows and the sum of their hashes."""

    schema: str
    name: str
    rows: int
    content: int
    columns: dict[str, str]


def _write(connection: duckdb.DuckDBPyConnection, build: Build, version: Version, draft: Path) -> list[Copy]:
    (draft / "parquet").mkdir()
    attached = sql(
        "attach {path} as draft (storage_version {version})", path=str(draft / DATABASE_NAME), version=STORAGE_VERSION
    )
    connection.execute(attached.text)
    copies = []
    try:
        for schema, name in build.marts:
            source, target = identifier(schema, name), identifier("draft", schema, name)
            connection.execute(sql("create schema if not exists {name}", name=identifier("draft", schema)).text)
            connection.execute(sql("create table {target} as from {source}", target=target, source=source).text)
            for comment in _comments(connection, schema, name, target):
                connection.execute(comment)
            columns = dict(_columns(connection, source))
            parquet = draft / "parquet" / f"{name}.parquet"
            copied = sql(
                "copy (select {columns} from {source}) to {parquet} (format parquet, compression zstd)",
                columns=_parquet_columns(columns),
                source=source,
                parquet=str(parquet),
            )
            connection.execute(copied.text)
            copies.append(Copy(schema, name, *_content(connection, source), columns))
        connection.execute(
            "create table draft.marts.publication as select ?::varchar as version, ?::varchar as invocation_id, "
            "?::timestamp as built_at, ?::timestamp as published_at",
            [version.name, version.invocation_id, version.built_at.rstrip("Z"), version.published_at.rstrip("Z")],
        )
        connection.execute("comment on table draft.marts.publication is 'One row: the version that is being read.'")
        copied = sql(
            "copy draft.marts.publication to {parquet} (format parquet)",
            parquet=str(draft / "parquet" / "publication.parquet"),
        )
        connection.execute(copied.text)
        connection.execute("checkpoint draft")
    finally:
        connection.execute("detach draft")
    return copies


def _audit(connection: duckdb.DuckDBPyConnection, draft: Path, copies: Sequence[Copy]) -> None:
    """What was written is opened as a reader would, and held against what was built."""
    names = {copy.name for copy in copies}
    for name in (UNIT_ECONOMICS, RECONCILIATION):
        if name not in names:
            raise NotPublishedError(f"the build made no {name}: run dbt build without a selection")
    if (draft / f"{DATABASE_NAME}.wal").exists():
        raise NotPublishedError("the copy could not be closed cleanly: is the disk full?")
    connection.execute(sql("attach {path} as draft (read_only)", path=str(draft / DATABASE_NAME)).text)
    try:
        for copy in copies:
            parquet = sql(
                "(select {columns} from read_parquet({file}))",
                columns=joined(
                    sql("cast({name} as {kind}) as {name}", name=identifier(column), kind=sql(kind))
                    for column, kind in copy.columns.items()
                ),
                file=file_names([str(draft / "parquet" / f"{copy.name}.parquet")]),
            )
            for source in (identifier("draft", copy.schema, copy.name), parquet):
                if _content(connection, source) != (copy.rows, copy.content):
                    raise NotPublishedError(f"the copy of {copy.name} is not what was built: is the disk full?")
        query = sql(
            "select count(*) from {mart} where difference is distinct from 0",
            mart=identifier("draft", "marts", RECONCILIATION),
        )
        unbalanced = connection.execute(query.text).fetchone()[0]
        if unbalanced:
            raise NotPublishedError(f"{RECONCILIATION} has {unbalanced} rows whose difference is not 0")
        if not next(copy.rows for copy in copies if copy.name == UNIT_ECONOMICS):
            raise NotPublishedError(f"{UNIT_ECONOMICS} is empty: is UNIT_ECONOMICS_DATA the right folder?")
    finally:
        connection.execute("detach draft")


def _content(connection: duckdb.DuckDBPyConnection, source: Sql) -> tuple[int, int]:
    query = sql("select count(*), coalesce(sum(hash(t)), 0) from {source} as t", source=source)
    rows, content = connection.execute(query.text).fetchone()
    return rows, int(content)


def _columns(connection: duckdb.DuckDBPyConnection, source: Sql) -> Iterator[tuple[str, str]]:
    for name, kind, *_ in connection.execute(sql("describe select * from {source}", source=source).text).fetchall():
        yield name, kind


def _parquet_columns(columns: dict[str, str]) -> Sql:
    """Parquet knows no 128-bit integer: DuckDB would write a rounded DOUBLE."""
    wide = ("HUGEINT", "UHUGEINT")
    return joined(
        sql("cast({name} as decimal(38, 0)) as {name}", name=identifier(name)) if kind in wide else identifier(name)
        for name, kind in columns.items()
    )


def _comments(connection: duckdb.DuckDBPyConnection, schema: str, name: str, target: Sql) -> Iterator[str]:
    """Statements that give a copy the comments of the table or view that it was made from."""
    relations = """
        select comment from duckdb_tables()
        where database_name = current_database() and schema_name = $schema and table_name = $name
        union all
        select comment from duckdb_views()
        where database_name = current_database() and schema_name = $schema and view_name = $name
    """
    columns = """
        select column_name, comment from duckdb_columns()
        where database_name = current_database() and schema_name = $schema and table_name = $name
    """
    place = {"schema": schema, "name": name}
    for (comment,) in connection.execute(relations, place).fetchall():
        if comment:
            yield sql("comment on table {target} is {comment}", target=target, comment=comment).text
    for column, comment in connection.execute(columns, place).fetchall():
        if comment:
            path = sql("{target}.{column}", target=target, column=identifier(column))
            yield sql("comment on column {path} is {comment}", path=path, comment=comment).text


def _manifest(build: Build, version: Version, copies: Sequence[Copy], complete_day: date | None) -> dict:
    asked = build.gates_passed or build.gates_broken
    return {
        "version": version.name,
        "invocation_id": version.invocation_id,
        "built_at": version.built_at,
        "published_at": version.published_at,
        "number": version.number,
        "project_version": __version__,
        "storage_version": STORAGE_VERSION,
        "latest_complete_day": complete_day and complete_day.isoformat(),
        "gates": ("broken" if build.gates_broken else "passed") if asked else "not_asked",
        "gates_broken": build.gates_broken,
        "marts": {copy.name: {"rows": copy.rows, "columns": copy.columns} for copy in copies},
    }


def versions(folder: Path) -> list[Version]:
    """The complete versions, newest first: by their number, since a clock may have stepped back between two."""
    found = []
    for manifest in (folder / "versions").glob("[!.]*/manifest.json"):
        content = json.loads(manifest.read_text())
        found.append(
            Version(
                content["version"],
                content["invocation_id"],
                content["built_at"],
                content["published_at"],
                content.get("number", 0),
                manifest.with_name(ROLLED_BACK).exists(),
            )
        )
    return sorted(found, key=lambda version: (version.number, version.published_at), reverse=True)


def latest(folder: Path) -> str | None:
    link = folder / "latest"
    return link.readlink().name if link.is_symlink() else None


def roll_back(folder: Path, name: str | None = None) -> str:
    """Makes an older version the latest: the one before it, or any by name. Forward is the same command."""
    with _sole_publisher(folder):
        found = versions(folder)
        names = [version.name for version in found]
        current = latest(folder)
        if name is None:
            older = found[names.index(current) + 1 :] if current in names else []
            older = [version.name for version in older if not version.is_rolled_back]
            if not older:
                raise NotPublishedError(f"{folder} has no version before {current or 'the first'}")
            name = older[0]
        if name not in names:
            raise NotPublishedError(f"{folder} has no version {name}; it has {', '.join(names) or 'none'}")
        (folder / NEXT).unlink(missing_ok=True)
        _point(folder, name)
        (folder / "versions" / name / ROLLED_BACK).unlink(missing_ok=True)
        if current in names and names.index(current) < names.index(name):
            (folder / "versions" / current / ROLLED_BACK).touch()
        return name


def is_unfinished(folder: Path) -> bool:
    """Whether a publisher was killed when its version was whole, and readers were not sent to it."""
    return (folder / NEXT / "manifest.json").is_file()


def _finish(folder: Path) -> None:
    if is_unfinished(folder):
        _point(folder, (folder / NEXT).readlink().name)
    (folder / NEXT).unlink(missing_ok=True)


def _point(folder: Path, name: str) -> None:
    _link(folder / "latest", Path("versions") / name)
    _link(folder / DATABASE_NAME, Path("latest") / DATABASE_NAME)
    flush(folder)


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    draft = link.with_name(f".{link.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    os.replace(draft, link)  # noqa: PTH105 - the one call that readers must never see half of


def _remove_old(folder: Path, keep: int) -> None:
    """On POSIX a reader who has a removed file open goes on reading it. What was rolled back goes first."""
    for version in sorted(versions(folder), key=lambda version: version.is_rolled_back)[max(keep, 1) :]:
        if version.name != latest(folder):
            shutil.rmtree(folder / "versions" / version.name)


@contextmanager
def _sole_publisher(folder: Path) -> Iterator[None]:
    folder_for_readers(folder / "versions")
    busy = NotPublishedError(f"another process publishes into {folder}: try again when it is done")
    with alone_in(folder, busy, "versions/.*"):
        yield


@contextmanager
def opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database that dbt build wrote, for reading."""
    if not database.is_file():
        raise NotPublishedError(f"{database}: no such database; run make build, or set UNIT_ECONOMICS_DATABASE")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        try:
            connection.execute(sql("attach {path} as built (read_only)", path=str(database)).text)
        except duckdb.IOException as error:
            reason = str(error).splitlines()[0]
            if "Could not set lock" in reason:
                raise BuildIsRunningError(f"another process writes to {database}, wait for it ({reason})") from None
            raise NotPublishedError(f"{database} cannot be read ({reason})") from None
        connection.execute("use built.main")
        yield connection


def _flush(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.chmod(0o444)
            flush(file)
        else:
            file.chmod(0o755)
    folder.chmod(0o755)
    flush(folder)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z"


DATABASE_OPTION = click.option(
    "--database",
    type=click.Path(path_type=Path),
    default=lambda: os.environ.get("UNIT_ECONOMICS_DATABASE") or "data/unit_economics.duckdb",
    show_default="UNIT_ECONOMICS_DATABASE, else data/unit_economics.duckdb",
    help="The database that dbt build wrote; it is only read.",
)
FOLDER_OPTION = click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=lambda: os.environ.get("UNIT_ECONOMICS_PUBLISHED") or "data/published",
    show_default="UNIT_ECONOMICS_PUBLISHED, else data/published",
    help="Where readers look.",
)


@click.command("publish")
@DATABASE_OPTION
@FOLDER_OPTION
@click.option("--keep", type=click.IntRange(min=1), default=10, show_default=True, help="How many versions stay.")
def publish_command(database: Path, folder: Path, keep: int) -> None:
    """Publish the marts of the last build, if it passed: a DuckDB file and Parquet, swapped in one step."""
    try:
        version, is_new = publish(database, folder, keep)
    except (NotPublishedError, duckdb.Error) as error:
        raise click.ClickException(f"nothing published: {error}") from None
    current = latest(folder)
    if is_new:
        click.echo(f"published {version.name} in {folder}")
    elif version.name == current:
        click.echo(f"this build is published already: {version.name}")
    else:
        click.echo(
            f"this build was published as {version.name}, and readers were sent to {current}; "
            f"back to it: ai-unit-economics rollback {version.name}"
        )


@click.command("rollback")
@FOLDER_OPTION
@click.argument("version", required=False)
def rollback_command(folder: Path, version: str | None) -> None:
    """Send readers to the version before the latest that was not rolled back, or to VERSION."""
    try:
        click.echo(f"latest is now {roll_back(folder, version)}")
    except NotPublishedError as error:
        raise click.ClickException(f"nothing changed: {error}") from None


@click.command("versions")
@FOLDER_OPTION
def versions_command(folder: Path) -> None:
    """List what is published, newest first; the latest is marked."""
    current = latest(folder)
    for version in versions(folder):
        mark = "*" if version.name == current else " "
        end = "  rolled back" if version.is_rolled_back else ""
        click.echo(
            f"{mark} {version.name}  built {version.built_at[:16]}Z  published {version.published_at[:16]}Z{end}"
        )
