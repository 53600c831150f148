"""A password in an address is never read, stored or shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_unit_economics.addresses import SecretInAddressError, redacted, without_secret
from ai_unit_economics.cli import main
from ai_unit_economics.landing.files import RootError, list_files
from tests.python.conftest import PROJECT, Warehouse

CANARY = "hunter2canary"
SECRETS = [
    f"s3://AKIA123:{CANARY}@acme-exports/june",
    f"s3://AKIA123:{CANARY}/with/slashes+{CANARY}@acme-exports",
    f"https://ann:{CANARY}@prometheus.example:9090",
    f"https://store.example/exports?sv=2026&sig={CANARY}&se=1",
    f"s3://acme?s3_access_key_id=AKIA&s3_secret_access_key={CANARY}",
    f"https://prometheus.example/?access_token={CANARY}",
]
PLAIN = [
    "data/sample",
    "/mnt/a:b@c/exports",
    "s3://acme-exports/june",
    "abfss://exports@acme.dfs.core.windows.net/june",
    "http://prometheus:9090",
    "https://store.example/exports?versionId=3",
]


@pytest.mark.parametrize("address", SECRETS)
def test_a_password_is_found_and_not_shown(address):
    assert CANARY not in redacted(f"cannot read '{address}': 403")
    with pytest.raises(SecretInAddressError, match="a secret of DuckDB") as raised:
        without_secret(address, "UNIT_ECONOMICS_DATA")
    assert CANARY not in str(raised.value)
    with pytest.raises(RootError) as raised:
        list_files(address, None)
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize("address", PLAIN)
def test_other_addresses_stay_as_they_are(address):
    assert without_secret(address, "UNIT_ECONOMICS_DATA") == address


@pytest.mark.parametrize("address", SECRETS)
def test_no_command_shows_it(address, tmp_path):
    project, database = ["--project", str(PROJECT)], ["--database", str(tmp_path / "wh.duckdb")]
    for command in (
        ["doctor", "--data", address, *project, *database],
        ["doctor", "--format", "json", "--data", address, *project, *database],
        ["land", "--data", address, "--out", str(tmp_path / "out"), *project],
        ["new-exports", "--data", address, *database],
        ["fetch-prometheus", "--url", address, "--data", str(tmp_path), *project],
        ["fetch-prometheus", "--url", "http://x", "--header", CANARY, "--data", str(tmp_path), *project],
        ["close", "2026-07", "--books", address, *database],
        ["reopen", "2026-07", "--books", address],
    ):
        result = CliRunner().invoke(main, command)
        assert result.exit_code == 1, command
        assert CANARY not in result.output, command
        assert isinstance(result.exception, SystemExit), command
    assert not any(CANARY.encode() in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_dbt_neither_logs_nor_stores_it(tmp_path, monkeypatch):
    warehouse = Warehouse(tmp_path)
    for address in SECRETS[:1]:
        warehouse.data = address
        assert not warehouse.build("+landed_files", check=False)
        assert "UNIT_ECONOMICS_DATA is an address with a password in it" in warehouse.output
        assert CANARY not in warehouse.output
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE", str(warehouse.database))
    files = [file for file in Path(tmp_path).rglob("*") if file.is_file()]
    assert not any(CANARY.encode() in file.read_bytes() for file in files)
