"""docs/personal-data.md: a person whose rows leave the exports leaves the database, and its file."""

from __future__ import annotations

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.compacting import compact_command
from ai_unit_economics.landing.privacy import privacy_of
from tests.python.landing.test_privacy import DROPPED, HASHED, KEPT, PERSONS, ask, land, write
from tools.personal_data_page import PAGE, page

# DuckDB compresses texts, so that a name is told in its file where it is long and stands alone.
ROW = '{{"ts": "2026-06-01T10:00:00Z", "deployment_id": "chat", "request_id": "{}", "user_id": "{}"}}\n'


def test_the_page_lists_the_kinds():
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("treatments", [KEPT, HASHED], ids=["keep", "hash"])
def test_one_person_is_erased(tmp_path, treatments):
    root, database = tmp_path / "data", tmp_path / "wh.duckdb"
    file = root / "telemetry/requests/a.jsonl"
    write(file, "".join(ROW.format(number, one) for number, one in enumerate(PERSONS)))
    land(root, database, treatments)
    stands_for = PERSONS[3] if treatments is KEPT else privacy_of(HASHED, database).pseudonym("user_id", PERSONS[3])
    rows = f"select count(*) from landed_requests where user_id = '{stands_for}'"
    assert ask(database, rows) == [(1,)]
    write(file, "".join(ROW.format(number, one) for number, one in enumerate(PERSONS) if one != PERSONS[3]))
    land(root, database, treatments)
    assert ask(database, rows) == [(0,)]
    assert stands_for.encode() in database.read_bytes()
    result = CliRunner().invoke(compact_command, ["--database", str(database)])
    assert result.exit_code == 0, result.output
    assert stands_for.encode() not in database.read_bytes()
    assert ask(database, "select count(*) from landed_requests") == [(11,)]


def test_compacting_keeps_everything_but_what_was_deleted(tmp_path):
    database = tmp_path / "wh.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "create schema marts; create table marts.one as select 1 as id; comment on table marts.one is 'x'"
        )
        connection.execute("create view wh.main.of_it as select * from wh.marts.one")
    result = CliRunner().invoke(compact_command, ["--database", str(database)])
    assert result.exit_code == 0, result.output
    assert ask(database, "select id, (select comment from duckdb_tables()) from of_it") == [(1, "x")]
    assert [path.name for path in tmp_path.iterdir()] == ["wh.duckdb"]
    assert not database.stat().st_mode & 0o077


def test_a_database_that_is_not_there_or_in_use_stays_as_it_is(tmp_path):
    result = CliRunner().invoke(compact_command, ["--database", str(tmp_path / "wh.duckdb")])
    assert "nothing changed: " in result.output
    (tmp_path / "wh.duckdb").write_text("no database")
    result = CliRunner().invoke(compact_command, ["--database", str(tmp_path / "wh.duckdb")])
    assert result.exit_code == 1
    assert (tmp_path / "wh.duckdb").read_text() == "no database"


def test_what_was_kept_leaves_the_file_when_it_is_dropped(tmp_path):
    root, database = tmp_path / "data", tmp_path / "wh.duckdb"
    write(root / "telemetry/requests/a.jsonl", "".join(ROW.format(number, one) for number, one in enumerate(PERSONS)))
    land(root, database, KEPT)
    land(root, database, DROPPED)
    CliRunner().invoke(compact_command, ["--database", str(database)])
    assert b"canary" not in database.read_bytes()
