"""Reading a bucket: the same rows as from a folder, and no more bytes than they need.

A stand-in for S3 (moto, on loopback) counts what DuckDB asks it for. `make object-store-test` installs what this needs:
moto, and the `httpfs` extension as a wheel, which there is for DuckDB 1.5.5 and not for 2.0.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.files import RootError
from ai_unit_economics.landing.load import load, view
from ai_unit_economics.landing.privacy import SALT
from ai_unit_economics.landing.register import entry_row, goes_into, known_heads, register
from ai_unit_economics.landing.samples import summary_by
from ai_unit_economics.sample.demand import Window
from ai_unit_economics.sample.writer import generate
from ai_unit_economics.sql import identifier, sql
from tests.python.conftest import PROJECT

moto_server = pytest.importorskip("moto.server", reason="no moto: make object-store-test installs it")
extension = pytest.importorskip("duckdb_extension_httpfs", reason="no httpfs as a wheel: make object-store-test")
HTTPFS = Path(extension.__file__).parent / "extensions" / f"v{duckdb.__version__}" / "httpfs.duckdb_extension"
if not HTTPFS.exists():
    pytest.skip(f"the wheel has no httpfs for DuckDB {duckdb.__version__}", allow_module_level=True)

BUCKET = "exports"
DAYS = 3
ROWS = 20_000
SERIES = 10
# DuckDB takes the end of a Parquet file at once.
FOOTER = 16_384
MATERIAL = (tables.FOCUS_CHARGES, tables.PROMETHEUS_SERIES, tables.REQUESTS)


@dataclass
class Store:
    """A bucket, and what it was asked for since the last look."""

    port: int = 0
    client: Any = None
    # answers requests for objects no more after so many, with this status
    answers: int | None = None
    refusal: str = "503 Service Unavailable"
    lists: int = 0
    heads: Counter[str] = field(default_factory=Counter)
    gets: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)

    def forget(self) -> None:
        self.lists = 0
        for counter in (self.heads, self.gets, self.sent):
            counter.clear()

    def watch(self, application: Callable) -> Callable:
        def watched(environment: dict, start: Callable) -> object:
            method, name = environment["REQUEST_METHOD"], environment["PATH_INFO"].removeprefix(f"/{BUCKET}/")
            is_list = "list-type" in environment.get("QUERY_STRING", "")
            if self.answers is not None and method in ("GET", "HEAD") and not is_list:
                self.answers -= 1
                if self.answers < 0:
                    start(self.refusal, [("content-length", "0")])
                    return [b""]

            def counted(status: str, headers: list, *rest: object) -> object:
                length = int({key.lower(): value for key, value in headers}.get("content-length", 0))
                if method == "HEAD":
                    self.heads[name] += 1
                elif method == "GET" and is_list:
                    self.lists += 1
                elif method == "GET":
                    self.gets[name] += 1
                    self.sent[name] += length
                return start(status, headers, *rest)

            return application(environment, counted)

        return watched

    def secret(self) -> str:
        return (
            f"type s3, key_id 'a', secret 'b', region 'us-east-1', endpoint '127.0.0.1:{self.port}', "
            "url_style 'path', use_ssl false"
        )

    def put(self, folder: Path, prefix: str = "") -> None:
        """Uploads the files of a folder."""
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.client.upload_file(str(file), BUCKET, str(PurePosixPath(prefix) / file.relative_to(folder).as_posix()))

    def session(self) -> duckdb.DuckDBPyConnection:
        session = duckdb.connect(config={"memory_limit": "400MB", "allow_unsigned_extensions": "true"})
        session.execute(f"load '{HTTPFS}'")
        session.execute(f"create secret ({self.secret()})")
        session.execute("set TimeZone = 'UTC'")
        return session


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bills of three days under folders in Hive's way, wide ones; samples a file a day; requests as CSV."""
    root = tmp_path_factory.mktemp("exports")
    for number in range(DAYS):
        day = dt.datetime(2026, 7, 1 + number)
        later = day + dt.timedelta(days=1)
        charges = {
            "BilledCost": [round(row * 0.01, 2) for row in range(ROWS)],
            "EffectiveCost": [round(row * 0.01, 2) for row in range(ROWS)],
            "BillingCurrency": ["USD"] * ROWS,
            "ChargeCategory": ["Usage"] * ROWS,
            "ChargePeriodStart": [day] * ROWS,
            "ChargePeriodEnd": [later] * ROWS,
            "BillingPeriodStart": [dt.datetime(2026, 7, 1)] * ROWS,
            "BillingPeriodEnd": [dt.datetime(2026, 8, 1)] * ROWS,
            "ResourceId": [f"node-{row}" for row in range(ROWS)],
        }
        # what a provider writes besides, and nobody asks for
        for column in range(12):
            charges[f"x_note_{column}"] = [f"{column * row * 2654435761 % 10**12}" for row in range(ROWS)]
        bill = root / "focus" / "acme" / f"day={day:%Y-%m-%d}" / "bill.parquet"
        bill.parent.mkdir(parents=True)
        pq.write_table(pa.table(charges), bill)
        samples = SERIES * 2880
        file = root / "telemetry" / "prometheus" / f"day={day:%Y-%m-%d}" / "samples.parquet"
        file.parent.mkdir(parents=True)
        times = [day + dt.timedelta(seconds=30 * (row % 2880)) for row in range(samples)]
        labels = [[("pod", f"pod-{row // 2880}"), ("job", "vllm")] for row in range(samples)]
        columns = {
            "ts": times,
            "metric": ["vllm:prompt_tokens_total"] * samples,
            "value": [float(row % 2880 * 7) for row in range(samples)],
        }
        columns["labels"] = pa.array(labels, pa.map_(pa.string(), pa.string()))
        pq.write_table(pa.table(columns), file)
        requests = root / "telemetry" / "requests" / "gateway" / f"{day:%Y-%m-%d}.csv"
        requests.parent.mkdir(parents=True, exist_ok=True)
        lines = [f"{number}-{row},{day:%Y-%m-%d}T08:00:00Z,chat-large,acme,{row},7,success" for row in range(100)]
        head = "request_id,ts,deployment_id,customer_id,input_tokens,output_tokens,status"
        requests.write_text("\n".join([head, *lines]) + "\n")
    return root


@pytest.fixture(scope="module")
def store(exports: Path) -> Iterator[Store]:
    boto3 = pytest.importorskip("boto3")
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    store = Store()
    application = moto_server.DomainDispatcherApplication(moto_server.create_backend_app)
    server = make_server("127.0.0.1", 0, store.watch(application), threaded=True)
    store.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    store.client = boto3.client(
        *("s3", "us-east-1"),
        endpoint_url=f"http://127.0.0.1:{store.port}",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )
    store.client.create_bucket(Bucket=BUCKET)
    store.put(exports)
    yield store
    server.shutdown()
    thread.join()


def landed(root: str, session: duckdb.DuckDBPyConnection, known) -> list:
    """Every landed table of the exports, as a build makes them; gives the register."""
    entries = register(root, session, known)
    assert {entry.file.relative_path: entry.problem for entry in entries if entry.problem} == {}
    for table in MATERIAL:
        summarise = summary_by(known) if table is tables.PROMETHEUS_SERIES else None
        own = [entry for entry in entries if goes_into(entry, table)]
        load(session, identifier(table.name), table, own, known, summarise=summarise)
    samples = [entry for entry in entries if goes_into(entry, tables.PROMETHEUS_SAMPLES)]
    view(session, identifier("prometheus_samples"), tables.PROMETHEUS_SAMPLES, samples, known)
    return entries


def seen(root: str, session: duckdb.DuckDBPyConnection, known, before: list[tuple]) -> list[tuple]:
    """What a build that may fail leaves of the register: rows, by which the next one knows its files."""
    entries = register(root, session, known, known_heads(before))
    for table in MATERIAL:
        summarise = summary_by(known) if table is tables.PROMETHEUS_SERIES else None
        own = [entry for entry in entries if goes_into(entry, table)]
        load(session, identifier(table.name), table, own, known, summarise=summarise)
    return [entry_row(entry) for entry in entries]


def content(session: duckdb.DuckDBPyConnection, table: str, root: str) -> list[tuple]:
    """What a landed table holds, whatever its place and the time of the copy: a hash of each column over all rows."""
    columns = [name for name, *_ in session.execute(f"describe {table}").fetchall() if name != "file_version"]
    hashes = ", ".join(
        f"""bit_xor(hash(replace(source_file, '{root}/', ''), {identifier(name).text}::varchar)) as c{number}"""
        if name != "source_file"
        else f"bit_xor(hash(replace(source_file, '{root}/', ''))) as c{number}"
        for number, name in enumerate(columns)
    )
    return session.execute(f"select count(*), {hashes} from {table}").fetchall()


def test_a_bucket_lands_as_a_folder_does(store: Store, exports: Path, known) -> None:
    local, remote = duckdb.connect(), store.session()
    local.execute("set TimeZone = 'UTC'")
    landed(str(exports), local, known)
    landed(f"s3://{BUCKET}", remote, known)
    for table in (*(one.name for one in MATERIAL), "prometheus_samples"):
        there = content(remote, table, f"s3://{BUCKET}")
        assert there == content(local, table, str(exports)), table
        assert there[0][0] > 0, table


def test_a_first_run_reads_what_it_needs(store: Store, exports: Path, known) -> None:
    """One listing; of a wide bill the columns that are known; a text twice, for its first lines say what it is."""
    session = store.session()
    store.forget()
    landed(f"s3://{BUCKET}", session, known)
    whole = {str(path.relative_to(exports)): path.stat().st_size for path in exports.rglob("*") if path.is_file()}
    assert store.lists == 1
    assert set(store.gets) == set(whole)
    assert max(store.gets.values()) <= 2
    assert max(store.heads.values()) <= 4
    most = {"bill.parquet": 0.2, "samples.parquet": 1, ".csv": 2}
    assert [
        name
        for name, size in whole.items()
        if store.sent[name] > size * next(share for ending, share in most.items() if name.endswith(ending))
    ] == []


def test_nothing_new_is_one_listing(store: Store, known) -> None:
    session = store.session()
    entries = landed(f"s3://{BUCKET}", session, known)
    heads = known_heads([entry_row(entry) for entry in entries])
    store.forget()
    again = register(f"s3://{BUCKET}", session, known, heads)
    assert [entry.version for entry in again] == [entry.version for entry in entries]
    assert (store.lists, store.heads.total(), store.gets.total()) == (1, 0, 0)


def test_a_day_reads_its_own_object(store: Store, known) -> None:
    """Of the view over samples, in a run that knows all files; of others DuckDB may read the footer."""
    entries = landed(f"s3://{BUCKET}", store.session(), known)
    session = store.session()
    view(
        session,
        identifier("prometheus_samples"),
        tables.PROMETHEUS_SAMPLES,
        [entry for entry in entries if goes_into(entry, tables.PROMETHEUS_SAMPLES)],
        known,
    )
    store.forget()
    file = f"s3://{BUCKET}/telemetry/prometheus/day=2026-07-02/samples.parquet"
    query = sql("select count(value), count(labels) from prometheus_samples where source_file in ({file})", file=file)
    assert session.execute(query.text).fetchall() == [(SERIES * 2880, SERIES * 2880)]
    own = store.sent.pop("telemetry/prometheus/day=2026-07-02/samples.parquet")
    assert own > FOOTER
    assert max(store.sent.values(), default=0) <= FOOTER


@pytest.mark.parametrize("refusal", ["503 Service Unavailable", "403 Forbidden"])
@pytest.mark.parametrize("answers", [0, 9, 20, 30])
def test_after_a_store_that_failed_half_way_the_next_run_is_whole(
    store: Store, exports: Path, known, answers: int, refusal: str
) -> None:
    """A file that was not answered for is no bad file: the next run reads it, and nothing is there twice."""
    local, remote, root = duckdb.connect(), store.session(), f"s3://{BUCKET}"
    local.execute("set TimeZone = 'UTC'")
    landed(str(exports), local, known)
    remote.execute("set http_retries = 0")
    rows: list = []
    said = ""
    store.answers, store.refusal = answers, refusal
    try:
        rows = seen(root, remote, known, [])
    except (RootError, duckdb.Error) as error:
        said = str(error)
    finally:
        store.answers = None
    assert not said or f"/{BUCKET}/" in said
    rows = seen(root, remote, known, rows)
    assert {row["relative_path"]: row["problem"] for row in rows if row["problem"]} == {}
    for table in (one.name for one in MATERIAL):
        assert content(remote, table, root) == content(local, table, str(exports)), table


# What tells of the build itself
OF_ONE_BUILD = ("fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")


def marts_of(root: str, folder: Path, home: Path) -> Path:
    """The database of a whole build of `root`, by a user whose home has the extension and the secret."""
    folder.mkdir()
    database = folder / "unit_economics.duckdb"
    environment = {
        **os.environ,
        "HOME": str(home),
        "UNIT_ECONOMICS_DATA": root,
        "UNIT_ECONOMICS_SEEDS": "",
        "UNIT_ECONOMICS_BOOKS": "",
        SALT: "the same ids in both builds",
        "UNIT_ECONOMICS_DATABASE": str(database),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder),
    }
    command = [
        *(sys.executable, "-m", "dbt.cli.main", "--quiet", "build", "--profiles-dir", "profiles"),
        *("--exclude-resource-type", "unit_test"),
    ]
    ended = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return database


def test_the_marts_of_a_bucket_are_those_of_a_folder(store: Store, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    generate(exports, Window(dt.date(2026, 7, 1), 3, 0.02, 1))
    store.put(exports, "marts")
    home = tmp_path / "home"
    with duckdb.connect() as session:
        [platform] = session.execute("pragma platform").fetchone()
        place = home / ".duckdb" / "extensions" / f"v{duckdb.__version__}" / platform
        place.mkdir(parents=True)
        shutil.copy(HTTPFS, place)
        session.execute(f"set home_directory = '{home}'")
        session.execute(f"set secret_directory = '{home}/.duckdb/stored_secrets'")
        session.execute("load httpfs")
        session.execute(f"create persistent secret exports ({store.secret()})")
    roots = {"folder": str(exports), "bucket": f"s3://{BUCKET}/marts"}
    databases = {name: marts_of(root, tmp_path / name, home) for name, root in roots.items()}
    with duckdb.connect() as session:
        session.execute("set TimeZone = 'UTC'")
        for name, database in databases.items():
            session.execute(f"attach '{database}' as {name} (read_only)")
        marts = session.execute(
            "select table_name from information_schema.tables where table_catalog = 'folder' and table_schema = 'marts'"
        ).fetchall()
        compared = 0
        for [mart] in marts:
            if mart in OF_ONE_BUILD:
                continue
            folder, bucket = (
                f"select replace(cast(columns(*) as varchar), '{roots[name]}', '') from {name}.marts.{mart}"
                for name in ("folder", "bucket")
            )
            for query in (f"{folder} except all {bucket}", f"{bucket} except all {folder}"):
                assert session.execute(query).fetchall() == [], mart
            compared += session.execute(f"select count(*) from folder.marts.{mart}").fetchone()[0]
        assert len(marts) > 30
        assert compared > 1000
