"""Closing and reopening: what is written, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import fcntl
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest
from click.testing import CliRunner

from ai_unit_economics.books import closing
from ai_unit_economics.books.closing import close, reopen
from ai_unit_economics.books.models import Records, closed
from ai_unit_economics.books.records import closings_in_force, content_hash, read_records
from ai_unit_economics.cli import main
from ai_unit_economics.landing.models import Place
from ai_unit_economics.sql import file_names, sql
from tests.python.books.conftest import BUILD, World


def sign(world: World, period: str = "2026-07", **more: object):
    with world.connect() as connection:
        return close(connection, str(world.books), period, BUILD, "anna", **more)


def take_back(world: World, period: str = "2026-07", note: str = "wrong rate"):
    with duckdb.connect() as connection:
        return reopen(connection, str(world.books), period, "ben", note)


def test_a_closing_keeps_the_month_and_nothing_else(world: World) -> None:
    record = sign(world, note="all there")
    with duckdb.connect() as connection:
        assert read_records(connection, str(world.books)) == [record]
        ledger = pyarrow.parquet.read_table(world.books / record.tables["ledger"].file)
        assert ledger.column("deployment_id").to_pylist() == ["chat", "code"]
        periods = pyarrow.parquet.read_table(world.books / record.tables["unit_economics"].file)
        # The week from 29 June has days before all that is closed; that of 27 July ends in August
        assert sorted((row["grain"], str(row["period_start"])) for row in periods.to_pylist()) == [
            ("day", "2026-07-01"),
            ("month", "2026-07-01"),
            ("week", "2026-07-06"),
        ]
        assert "is_closed" not in periods.column_names
    assert (record.number, record.action, record.by, record.note) == (1, "closed", "anna", "all there")
    assert record.build["invocation_id"] == "build-1"
    assert record.findings == [
        {"name": "unallocated", "amount": "1.00", "currency": "USD", "share": "1.00%", "limit": "2.00%"}
    ]


def test_the_hash_is_that_of_the_rows_and_of_no_writer(world: World, tmp_path: Path) -> None:
    """By hand: names of the columns as JSON, then each row as JSON of texts, in order, a line each."""
    content = sign(world).tables["ledger"]
    lines = [
        '["date_day", "source", "deployment_id", "effective_cost"]',
        '["2026-07-01","aws","chat","1.500000000000000000"]',
        '["2026-07-31","aws","code","0.000000000000000001"]',
    ]
    assert content.hash == hashlib.sha256("\n".join(lines).encode()).hexdigest()

    table = pyarrow.parquet.read_table(world.books / content.file)
    other = tmp_path / "other.parquet"
    pyarrow.parquet.write_table(table.take([1, 0]), other, compression="none", row_group_size=1)
    with duckdb.connect() as connection:
        rows = sql("read_parquet({file})", file=file_names([str(other)]))
        assert content_hash(connection, rows) == (content.rows, content.hash)


def test_a_rebuilt_database_closes_the_next_month_and_signs_its_adjustments(world: World) -> None:
    first = sign(world)
    world.rebuild()
    world.run("""
        update intermediate.int_books__closable_months set is_final = true;
        insert into marts.fct_cost_adjustments values ('2026-08-01', '2026-07-01', -0.5, false)
    """)
    second = sign(world, "2026-08")
    assert second.previous == first.hash
    assert second.tables["adjustments"].rows == 1
    periods = pyarrow.parquet.read_table(world.books / second.tables["unit_economics"].file)
    assert sorted((row["grain"], str(row["period_start"])) for row in periods.to_pylist()) == [
        ("day", "2026-08-01"),
        ("week", "2026-07-27"),
    ]
    with duckdb.connect() as connection:
        assert closings_in_force(read_records(connection, str(world.books))) == [first, second]


def test_a_reopening_keeps_what_was_signed_and_says_why(world: World, refused) -> None:
    signed = sign(world)
    before = world.files()
    assert "needs a reason: give --note" in refused(take_back, world, note="  ")
    record = take_back(world)
    assert (record.number, record.action, record.note, record.previous) == (2, "reopened", "wrong rate", signed.hash)
    after = world.files()
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {"records/000002.json"}
    assert "2026-07 is not closed; closed are no months" in refused(take_back, world)
    world.rebuild()
    again = sign(world)
    assert again.tables["ledger"].file == "2026-07/000003/ledger.parquet"
    assert again.tables["ledger"].hash == signed.tables["ledger"].hash


def test_what_cannot_be_closed_is_said_in_one_line_and_changes_nothing(world: World, refused) -> None:
    assert "july is no month; write it as 2026-07" in refused(sign, world, "july")
    assert "2026-08 is not complete: aws (its charges end on 2026-08-02)" in refused(sign, world, "2026-08")
    assert "2025-01 has no charges in this build" in refused(sign, world, "2025-01")
    assert world.files() == {}

    sign(world)
    before = world.files()
    assert "the build read other books" in refused(sign, world, "2026-08")
    world.rebuild()
    assert "2026-07 is closed already: anna closed it on" in refused(sign, world)
    assert "2026-09 is out of order: after 2026-07 comes 2026-08" in refused(sign, world, "2026-09")
    world.run("update intermediate.int_books__methods set closed_months = 'recomputed'")
    assert "the build shows closed months as recomputed" in refused(sign, world, "2026-08")
    assert world.files() == before


def test_only_the_latest_month_is_reopened(world: World, refused) -> None:
    sign(world)
    world.rebuild()
    world.run("update intermediate.int_books__closable_months set is_final = true")
    sign(world, "2026-08")
    assert "2026-08 was closed after 2026-07 and holds its adjustments; reopen 2026-08 first" in refused(
        take_back, world
    )
    take_back(world, "2026-08")
    take_back(world, "2026-07")


def test_a_finding_beyond_its_limit_is_accepted_by_name(world: World, refused) -> None:
    """7 of 100 have no place, the limit is 2 %; 1 of 100 was within it."""
    assert "--accept unallocated: no such finding is beyond its limit; those that are: none" in refused(
        sign, world, accept=["unallocated"]
    )
    world.run("update intermediate.int_books__open_findings set amount = 7")
    assert refused(sign, world) == (
        "unallocated is 7.00 USD, 7.0% of the month, and the limit is 2.0%: "
        "mend it, or sign it with --accept unallocated"
    )
    assert world.files() == {}
    assert sign(world, accept=["unallocated"]).accepted == ["unallocated"]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda text: text.replace("anna", "otto"), "it was changed after it was signed"),
        (lambda text: "{}", "this is no record of the books"),
        (lambda text: text[:-20], "this is no record of the books"),
        (lambda text: text.replace('"format": 1', '"format": 2'), "a newer version of this project wrote it (format 2"),
    ],
)
def test_a_record_that_was_edited_is_named(world: World, refused, change, line: str) -> None:
    sign(world)
    record = world.books / "records" / "000001.json"
    text = record.read_text()
    record.chmod(0o644)
    record.write_text(change(text))
    before = world.files()
    assert line in (said := refused(take_back, world))
    assert str(record) in said
    assert world.files() == before


def test_a_record_that_is_missing_is_noticed(world: World, refused) -> None:
    sign(world)
    take_back(world)
    (world.books / "records" / "000001.json").unlink()
    assert "a record before it is missing or was replaced" in refused(take_back, world)


def test_two_closings_at_once_do_not_mix(world: World, refused) -> None:
    world.books.mkdir()
    with (world.books / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process writes into" in refused(sign, world)
    assert world.files() == {}
    sign(world)


def test_a_closing_that_dies_on_its_way_closed_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in ("_put_in_place", "_write_record"):
        with monkeypatch.context() as patched:
            patched.setattr(closing, step, lambda *_: (_ for _ in ()).throw(OSError("disk full")))
            with pytest.raises(OSError, match="disk full"):
                sign(world)
        with duckdb.connect() as connection:
            assert read_records(connection, str(world.books)) == []
    # What the second left behind has no record; the next closing takes its place
    assert sign(world).number == 1


def test_the_commands_say_what_they_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "last_build", lambda _: BUILD)
    options = ["--books", str(world.books), "--by", "anna"]
    done = CliRunner().invoke(main, ["close", "2026-07", "--database", str(world.database), *options])
    assert done.exit_code == 0, done.output
    record = json.loads((world.books / "records" / "000001.json").read_text())
    assert f"2 rows of the ledger, sha256 {record['tables']['ledger']['hash']}" in done.output
    again = CliRunner().invoke(main, ["close", "2026-08", "--database", str(world.database), *options])
    assert again.exit_code == 1
    assert again.output.startswith("Error: nothing closed: the build read other books than")
    assert again.output.count("\n") == 1
    back = CliRunner().invoke(main, ["reopen", "2026-07", "--note", "wrong", *options])
    assert back.exit_code == 0, back.output
    assert "reopened 2026-07" in back.output


def test_a_database_that_was_never_built_is_refused(tmp_path: Path, refused) -> None:
    with duckdb.connect() as connection:
        assert "the database has 0 tables int_books__records: run dbt build" in refused(
            close, connection, str(tmp_path), "2026-07", BUILD, "anna"
        )


def read_into(
    world: World, database: duckdb.DuckDBPyConnection, fresh: bool = False, named: bool = False
) -> list[tuple]:
    """What the model `int_books__records` does in a build."""
    place = Place(("memory", "main", "book"), "", books=str(world.books), books_are_named=named, fresh=fresh)
    Records().into(database, place)
    return database.execute("select number, action, is_in_force, recorded_by from book order by number").fetchall()


def test_a_build_reads_the_records(world: World) -> None:
    with duckdb.connect() as database:
        assert read_into(world, database) == []
        sign(world)
        assert read_into(world, database) == [(1, "closed", True, "anna")]
        take_back(world)
        assert read_into(world, database) == [(1, "closed", False, "anna"), (2, "reopened", False, "ben")]


def test_books_that_are_gone_stop_the_build(world: World, refused) -> None:
    """Without them closed months would be open, and nobody would know."""
    with duckdb.connect() as database:
        assert "there is no such folder: make it, if these books are new" in refused(
            read_into, world, database, named=True
        )
        sign(world)
        take_back(world)
        read_into(world, database)
        (world.books / "records" / "000002.json").unlink()
        assert "this database was built with 2 records of the books, and there are 1" in refused(
            read_into, world, database
        )
        world.books.rename(world.books.with_name("elsewhere"))
        assert "built with 2 records of the books, and there are 0" in refused(read_into, world, database)
        assert read_into(world, database, fresh=True) == []


def test_what_was_signed_is_read_as_it_was_signed_or_not_at_all(world: World, refused) -> None:
    content = sign(world).tables["ledger"]
    file = world.books / content.file
    with duckdb.connect() as database:
        read_into(world, database)
        like = database.sql(
            "select null::date as date_day, '' as source, '' as deployment_id, 0::decimal(38, 18) as effective_cost"
        )
        place = Place(("memory", "main", "ledger"), "", books=str(world.books))

        def read() -> list[tuple]:
            closed("ledger", records=database.table("book"), like=like).into(database, place)
            return database.execute("select deployment_id, effective_cost from ledger order by all").fetchall()

        assert read() == [("chat", Decimal("1.5")), ("code", Decimal("1e-18"))]
        table = pyarrow.parquet.read_table(file)
        file.chmod(0o644)
        pyarrow.parquet.write_table(table.slice(1), file)
        assert f"{file}: it was changed after 2026-07 was signed" in refused(read)
        file.write_bytes(b"")
        assert f"{file}: it cannot be read" in refused(read)
        file.unlink()
        assert f"{file}: it cannot be read" in refused(read)


def test_a_closing_of_before_owners_were_signed_is_named(
    world: World, refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = [table for table in closing.SIGNED if not table.name.startswith("owner_")]
    with monkeypatch.context() as older:
        older.setattr(closing, "SIGNED", kept)
        sign(world)
    with duckdb.connect() as database:
        read_into(world, database)
        place = Place(("memory", "main", "owned"), "", books=str(world.books))
        owned = closed("owner_adjustments", records=database.table("book"))
        assert (
            "2026-07 was closed by a version of this project that had no owner_adjustments yet: "
            "ai-unit-economics reopen 2026-07, and close it again"
        ) in refused(owned.into, database, place)
