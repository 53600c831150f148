"""Personal data is hashed or dropped before a row is stored, of every shape, and counts stay what they are."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat
import time
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pyarrow
import pytest
from click.testing import CliRunner

from ai_unit_economics.landing import models, tables
from ai_unit_economics.landing.exported import export, rows_of
from ai_unit_economics.landing.models import Place
from ai_unit_economics.landing.privacy import (
    KINDS,
    LONG_TEXT,
    SALT,
    Privacy,
    PrivacyError,
    hidden_from_rules,
    privacy_of,
    salt_file,
    treatments_of,
    without_emails,
)
from ai_unit_economics.landing.register import SHAPES, register
from ai_unit_economics.pseudonym import pseudonym_command
from ai_unit_economics.sql import sql
from tests.python.conftest import PROJECT
from tests.python.landing.conftest import seed

ALL = [kind.name for kind in KINDS]
HASHED, DROPPED, KEPT = (dict.fromkeys(ALL, treatment) for treatment in ("hash", "drop", "keep"))
SEEDS = ("metric_catalog", "column_aliases")
PERSONS = [f"canary{number}" for number in range(12)]
# What must not be found: it stands in every id, address and name of the files below.
CANARY = "canary"


def address(person: str) -> str:
    return f"{person}.smith@corp.example"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A file of every kind of rows, each with persons in all places that may hold one."""
    root = tmp_path / "data"
    bill = "BilledCost,EffectiveCost,ChargePeriodStart,ResourceName,SubAccountName,PrincipalId,Tags,ChargeDescription\n"
    for number, person in enumerate(PERSONS):
        tags = json.dumps({"owner": address(person), "team": "search"}).replace('"', '""')
        bill += (
            f"{number},{number},2026-06-01T00:00:00Z,vm of {person},account of {person},{person},"
            f'"{tags}",paid by {address(person)}\n'
        )
    write(root / "focus/acme/june.csv", bill)
    requests = "".join(
        json.dumps(
            {
                "ts": "2026-06-01T10:00:00Z",
                "deployment_id": "chat",
                "request_id": f"r{number}",
                "customer_id": f"customer of {person}",
                "user_id": f" {person} ",
                "session_id": f"session-{person}-{number % 2}",
                "run_id": f"run of {address(person)}",
            }
        )
        + "\n"
        for number, person in enumerate(PERSONS + PERSONS[:3])
    )
    write(root / "telemetry/requests/a.jsonl", requests)
    write(
        root / "telemetry/product/a.csv",
        "ts,workload,customer_id,user_id,session_id\n"
        + "".join(f"2026-06-01T10:00:00Z,chat,customer of {one},{one},session-{one}-0\n" for one in PERSONS),
    )
    write(
        root / "customers.csv", "customer_id,customer_tier\n" + "".join(f"customer of {one},pro\n" for one in PERSONS)
    )
    write(
        root / "telemetry/provider_usage/a.csv",
        "provider,model,user_id,bucket_start,bucket_end,input_tokens\n"
        + "".join(f"openai,gpt,{one},2026-06-01T00:00:00Z,2026-06-02T00:00:00Z,5\n" for one in PERSONS),
    )
    write(
        root / "telemetry/training/a.csv",
        "run_id,ts,step,tokens_seen\n"
        + "".join(f"run of {address(one)},2026-06-01T00:00:00Z,1,5\n" for one in PERSONS),
    )
    write(
        root / "telemetry/prometheus/json.csv",
        "ts,metric,labels,value\n"
        + "".join(
            '2026-06-01T00:00:{:02}Z,litellm_total_tokens_total,"{}",{}\n'.format(
                second, json.dumps({"user": one, "team": address(one), "model": "m"}).replace('"', '""'), second
            )
            for one in PERSONS
            for second in (0, 30)
        ),
    )
    write(
        root / "telemetry/prometheus/victoria.jsonl",
        "".join(
            json.dumps(
                {
                    "metric": {"__name__": "litellm_total_tokens_total", "end_user": one, "alias": address(one)},
                    "values": [1, 2],
                    "timestamps": [1780272000000, 1780272030000],
                }
            )
            + "\n"
            for one in PERSONS
        ),
    )
    write(root / "telemetry/requests/unknown.csv", f"{address(PERSONS[0])},1,2\n")
    return root


def land(root: Path, database: Path, treatments: dict[str, str], **seeds: Iterable[dict[str, str]]) -> None:
    """Lands all tables as dbt does."""
    with duckdb.connect(str(database)) as session:
        session.execute("set TimeZone = 'UTC'")
        given = {
            name: session.from_arrow(_arrow(rows))
            for name, rows in ({name: seed(name) for name in SEEDS} | seeds).items()
        }

        def place(name: str) -> Place:
            target = (database.stem, "main", f"landed_{name}")
            return Place(target, str(root), json.dumps(treatments), say=lambda _: None)

        models.files(**given).into(session, place("files"))
        files = session.table("landed_files")
        for table in tables.TABLES:
            if table not in (tables.FILES, tables.PROMETHEUS_SAMPLES):
                models.rows(table.name, files, **{name: given[name] for name in SEEDS}).into(session, place(table.name))
        models.samples(files, session.table("landed_prometheus_series")).into(session, place("prometheus_samples"))


def _arrow(rows: Iterable[dict[str, str]]) -> pyarrow.Table:
    return pyarrow.Table.from_pylist(list(rows))


def ask(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as session:
        return session.execute(query).fetchall()


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.suffix != ".salt")


@pytest.mark.parametrize("treatments", [HASHED, DROPPED], ids=["hash", "drop"])
def test_no_name_is_found_in_the_database(root, tmp_path, treatments):
    place = tmp_path / "built"
    place.mkdir()
    land(root, place / "wh.duckdb", treatments)
    # DuckDB compresses texts: each table is searched as rows, too
    for (name,) in ask(place / "wh.duckdb", "select table_name from duckdb_tables()"):
        found = ask(place / "wh.duckdb", f"select * from {name} as t where contains(cast(t as varchar), '{CANARY}')")
        assert not found, name
    samples = ask(
        place / "wh.duckdb", "select * from landed_prometheus_samples as t where contains(t::varchar, 'canary')"
    )
    assert not samples
    assert CANARY.encode() not in bytes_of(place)
    key = salt_file(place / "wh.duckdb").read_text().strip()
    assert key.encode() not in bytes_of(place)
    assert not ask(place / "wh.duckdb", f"select 1 from duckdb_views() where contains(sql, '{key}')")


def test_with_hashes_everything_counts_as_it_did(root, tmp_path):
    counts = {
        "landed_requests": "count(*), count(distinct user_id), count(distinct session_id), count(distinct run_id)",
        "landed_product_activity": "count(*), count(distinct user_id), count(distinct session_id)",
        "landed_provider_usage": "count(*), count(distinct user_id)",
        "landed_focus_charges": "count(*), count(distinct Tags), count(distinct ResourceName), sum(BilledCost::int)",
        "landed_prometheus_series": "count(*), sum(samples), count(distinct (labels, labels_json))",
        "landed_prometheus_samples": "count(*), sum(value), count(distinct (labels, labels_json))",
        "landed_customers join landed_requests using (customer_id)": "count(*)",
        "landed_product_activity join landed_requests using (user_id)": "count(*)",
        """landed_prometheus_samples as samples join landed_prometheus_series as series
            on samples.source_file = series.source_file and samples.metric = series.metric
            and samples.labels is not distinct from series.labels
            and samples.labels_json is not distinct from series.labels_json""": "count(*)",
    }
    for name, treatments in (("keep", KEPT), ("hash", HASHED)):
        land(root, tmp_path / f"{name}.duckdb", treatments)
    for relation, columns in counts.items():
        kept, hashed = (
            ask(tmp_path / f"{name}.duckdb", f"select {columns} from {relation}") for name in ("keep", "hash")
        )
        assert kept == hashed, relation
    owners = "select json_extract_string(Tags, '$.team'), count(*) from landed_focus_charges group by 1"
    assert ask(tmp_path / "hash.duckdb", owners) == [("search", 12)]


def test_a_hash_is_an_hmac_of_the_kind_and_the_value(root, tmp_path, monkeypatch):
    monkeypatch.setenv(SALT, "a salt of more than sixteen characters")
    land(root, tmp_path / "wh.duckdb", HASHED)
    digest = hmac.new(b"a salt of more than sixteen characters", b"user_id:canary3", hashlib.sha256).hexdigest()
    expected = f"user_{digest[:24]}"
    assert Privacy(HASHED, b"a salt of more than sixteen characters").pseudonym("user_id", "canary3") == expected
    assert ask(tmp_path / "wh.duckdb", f"select count(*) from landed_requests where user_id = '{expected}'") == [(1,)]
    assert not salt_file(tmp_path / "wh.duckdb").exists()


def test_another_treatment_or_key_lands_everything_anew(root, tmp_path, monkeypatch):
    database = tmp_path / "wh.duckdb"
    land(root, database, KEPT)
    land(root, database, HASHED)
    users = "select distinct user_id from landed_requests where user_id is not null order by 1"
    first = ask(database, users)
    assert len(first) == 12
    assert all(user.startswith("user_") for (user,) in first)
    land(root, database, HASHED)
    assert ask(database, users) == first
    monkeypatch.setenv(SALT, "a salt of more than sixteen characters")
    land(root, database, HASHED)
    assert not set(ask(database, users)) & set(first)
    assert len(ask(database, users)) == 12
    land(root, database, DROPPED)
    assert not ask(database, users)


def test_a_table_that_is_built_alone_after_a_change_says_so(root, tmp_path):
    database = tmp_path / "wh.duckdb"
    land(root, database, HASHED)
    with duckdb.connect(str(database)) as session:
        alone = models.rows("customers", session.table("landed_files"))
        for treatments in (KEPT, KEPT | {"email": "drop"}):
            place = Place(("wh", "main", "landed_customers"), str(root), json.dumps(treatments))
            with pytest.raises(PrivacyError, match="without a selection"):
                alone.into(session, place)


def test_unknown_words_and_missing_keys_are_named(tmp_path, monkeypatch):
    with pytest.raises(PrivacyError, match=r"kind 'phone'.*user_id is 'mask'"):
        treatments_of({"phone": "hash", "user_id": "mask"})
    with pytest.raises(PrivacyError, match=f"set {SALT}"):
        privacy_of({}, None)
    monkeypatch.setenv(SALT, "short")
    with pytest.raises(PrivacyError, match=f"{SALT} is shorter than 16"):
        privacy_of({}, tmp_path / "wh.duckdb")
    assert privacy_of(KEPT, None).key is None


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = privacy_of({}, tmp_path / "wh.duckdb")
    file = salt_file(tmp_path / "wh.duckdb")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert privacy_of({}, tmp_path / "wh.duckdb") == first
    file.write_text("x")
    with pytest.raises(PrivacyError, match="is broken"):
        privacy_of({}, tmp_path / "wh.duckdb")


def test_rules_that_look_for_what_is_hidden_are_named_before_anything_is_stored(root, tmp_path):
    rule = {"priority": "10", "column_name": "Tags", "tag_key": "owner", "operator": "equals"}
    rules = [rule | {"value": address("bob")}]
    with pytest.raises(PrivacyError, match=r"cost_rules.csv, row 10 \(bob.smith.*pseudonym email"):
        land(root, tmp_path / "wh.duckdb", HASHED, cost_rules=rules)
    assert not ask(tmp_path / "wh.duckdb", "select table_name from duckdb_tables()")
    privacy = privacy_of({"customer_id": "hash"}, tmp_path / "wh.duckdb")
    seeds = {
        "cost_rules": [rule | {"value": r".*@corp\.example"}, rule | {"value": privacy.pseudonym("email", "a@b.co")}],
        "cost_owners": [
            {"priority": "1", "match_type": "customer", "match_value": "acme"},
            {"priority": "2", "match_type": "customer", "match_value": privacy.pseudonym("customer_id", "acme")},
        ],
        "series_rules": [{"priority": "3", "label": "user", "operator": "equals", "value": "batch"}],
        "sku_meters": [{"source": "cloudflare", "column_name": "SkuMeter", "value": "@cf/qwen/qwen2.5-coder"}],
    }
    assert [line.partition(":")[0] for line in hidden_from_rules(privacy, seeds)] == [
        r"cost_rules.csv, row 10 (.*@corp\.example)",
        "series_rules.csv, row 3 (batch)",
        "cost_owners.csv, row 1 (acme)",
    ]


@pytest.mark.parametrize("text", ["x" * 1_000_000 + "@", "%40" * 300_000, "a@" + "b." * 500_000])
def test_a_long_text_without_an_address_takes_no_long_time(text: str) -> None:
    """Python's own expressions looked at a name of a megabyte for hours, from each of its characters to its end."""
    before = time.process_time()
    assert without_emails(text) == text
    assert time.process_time() - before < 10


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("ann@example.com", "[e-mail]"),
        ("owner=ann.o'neill+x@mail.example.co.uk;b", "owner=[e-mail];b"),
        ("über@exämple.de and ann%40example.org", "[e-mail] and [e-mail]"),
        (r'{"o": "ann\u0040example.org."}', r'{"o": "[e-mail]."}'),
        ("@cf/qwen/qwen2.5-coder image@sha256:1234 a@b", "@cf/qwen/qwen2.5-coder image@sha256:1234 a@b"),
        ("arn:aws:sts::1:assumed-role/R/ann@example.com", "arn:aws:sts::1:assumed-role/R/[e-mail]"),
    ],
)
def test_addresses_are_found_in_any_text(text, rest):
    assert without_emails(text) == rest
    # a long text goes another way
    padding = "." * LONG_TEXT + " "
    assert without_emails(f"{padding}{text}") == f"{padding}{rest}"
    rows = sql("(select 'f' as source_file, {text} as run_id)", text=text)
    with duckdb.connect() as session:
        treated = Privacy(DROPPED, b"k" * 32).treated(rows, tables.REQUESTS)
        assert session.execute(sql("select run_id from {rows}", rows=treated).text).fetchall() == [(rest,)]


def test_an_account_of_a_service_is_no_person():
    rows = sql("(select 'sa@p.iam.gserviceaccount.com' as run_id)")
    with duckdb.connect() as session:
        treated = Privacy(DROPPED, b"k" * 32).treated(rows, tables.REQUESTS)
        assert session.execute(sql("select run_id from {rows}", rows=treated).text).fetchone()[0].startswith("sa@")


def test_every_column_that_is_named_is_one_of_a_landed_table():
    known = {name for table in tables.TABLES for name in table.names}
    assert {column for kind in KINDS for column in kind.columns} <= known
    assert {shape.table for shape in SHAPES} <= set(tables.TABLES)


def test_the_command_prints_what_stands_for_a_name(tmp_path):
    options = ["--project", str(PROJECT), "--database", str(tmp_path / "wh.duckdb")]
    nothing = CliRunner().invoke(pseudonym_command, ["user_id", "ann", *options])
    assert "nothing was hashed yet" in nothing.output
    privacy = privacy_of({}, tmp_path / "wh.duckdb")
    printed = CliRunner().invoke(pseudonym_command, ["user_id", "ann", *options])
    assert printed.output.strip() == privacy.pseudonym("user_id", "ann")
    kept = CliRunner().invoke(pseudonym_command, ["customer_id", "acme", *options])
    assert "{customer_id: keep}" in kept.output


@pytest.mark.parametrize("treatments", [HASHED, DROPPED], ids=["hash", "drop"])
def test_no_name_is_found_in_what_land_writes(root, tmp_path, known, treatments):
    out = tmp_path / "out"
    privacy = privacy_of(treatments, out)
    with duckdb.connect() as session:
        session.execute("set TimeZone = 'UTC'")
        entries = register(str(root), session, known, privacy_version=privacy.version)
        export(out, entries, known, privacy)
        for table in tables.TABLES:
            rows = rows_of(out, table)
            found = f"select * from ({rows.text}) as t where contains(t::varchar, '{CANARY}')"
            assert not session.execute(found).fetchall(), table.name
            written = session.execute(f"select count(*) from ({rows.text})").fetchone()[0]
            assert written or table.name.startswith("focus_"), table.name
    assert privacy.key not in bytes_of(tmp_path / "out")
    assert CANARY.encode() not in bytes_of(tmp_path / "out")


def test_what_was_landed_otherwise_is_not_taken(root, tmp_path, known):
    with duckdb.connect(str(tmp_path / "wh.duckdb")) as session:
        session.execute("set TimeZone = 'UTC'")
        export(tmp_path / "out", register(str(root), session, known), known)
        seeds = {name: session.from_arrow(_arrow(seed(name))) for name in SEEDS}
        target = ("wh", "main", "landed_files")
        place = Place(target, "", json.dumps(HASHED), landed_folder=str(tmp_path / "out"), say=lambda _: None)
        with pytest.raises(PrivacyError, match="run ai-unit-economics land again"):
            models.files(**seeds).into(session, place)
