"""The raw exports against the rules, with and without Great Expectations."""

import contextlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.conformance.data_docs import _stand_alone_page
from ai_unit_economics.conformance.raw import BUILT, ExportError, RawSource, build

PROJECT = Path(__file__).resolve().parents[3]

GOOD = (
    "BilledCost,EffectiveCost,ContractedCost,ListCost,BillingCurrency,BillingAccountId,InvoiceIssuerName,ProviderName,"
    "ServiceCategory,ServiceName,ChargeCategory,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd\n"
    "1,1,1,1,USD,1,I,P,Compute,S,Usage,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z\n"
)


def gx_python() -> str | None:
    """An interpreter that has Great Expectations: this one, that of make conformance, or the one that is named."""
    if importlib.util.find_spec("great_expectations"):
        return sys.executable
    named = os.environ.get("UNIT_ECONOMICS_CONFORMANCE_PYTHON", str(PROJECT / ".venv-conformance/bin/python"))
    return named if Path(named).is_file() else None


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@contextlib.contextmanager
def raw_source(warehouse, source: str) -> Iterator[RawSource]:
    """What `raw.build` builds, on the project that the tests parsed once."""
    warehouse.dbt("build", "--resource-type", "seed", "--resource-type", "model", "--select", BUILT)
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        yield RawSource(connection, source)


def violated(found: dict[str, dict]) -> set[str]:
    return {rule_id for rule_id, finding in found.items() if finding["status"] == "violated"}


@pytest.mark.slow
def test_raw_rows_are_held_against_the_rules_of_the_models(warehouse):
    warehouse.write("focus/acme/a.csv", GOOD)
    bad = GOOD.splitlines()[1].replace("USD", "Token").replace("Compute", "AI")
    warehouse.write("focus/acme/b/c.csv", GOOD + bad + "\n")
    warehouse.write("focus/other/a.csv", GOOD)
    with raw_source(warehouse, "acme") as source:
        found = source.findings()
        profiles = {profile["file"]: profile for profile in source.file_profiles()}
        columns = {name: profile for name, *profile in source.column_profiles()}
    assert violated(found) == {"billing_currency_known", "service_category_allowed"}
    finding = found["billing_currency_known"]
    assert (finding["checked_count"], finding["violating_count"], finding["example_row"]) == (3, 1, 2)
    assert finding["example_source_file"].endswith("focus/acme/b/c.csv")
    assert {file: profile["billing_currency_known"] for file, profile in profiles.items()} == {
        "focus/acme/a.csv": 0,
        "focus/acme/b/c.csv": 1,
    }
    assert columns["billing_currency"] == [3, 3, 2, "Token", "USD"]
    assert "region_name" not in columns
    with raw_source(warehouse, "other") as source:
        assert violated(source.findings()) == set()


@pytest.mark.slow
def test_what_staging_stops_at_or_changes_is_found_before(warehouse):
    wrong = {
        "unreadable_number": ("1,1,1,1,USD", "1,one,1,1,USD"),
        "unreadable_time": ("2026-09-02T00:00:00Z", "soon"),
        "no_cost": ("1,1,1,1,USD", ",,1,1,USD"),
        "billing_currency_assumed": ("USD", "NULL"),
    }
    for source, change in wrong.items():
        warehouse.write(f"focus/{source}/a.csv", GOOD.replace(*change))
    for source in wrong:
        with raw_source(warehouse, source) as rows:
            assert source in violated(rows.findings())


@pytest.mark.slow
def test_a_file_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path, "data/focus/acme/broken.parquet", "PAR1 and no more")
    write(tmp_path, "data/focus/other/broken.parquet", "PAR1 and no less")
    with pytest.raises(ExportError) as error:
        build(PROJECT, str(tmp_path / "data"), tmp_path)
    assert str(error.value).startswith("focus/acme/broken.parquet, focus/other/broken.parquet: it ")


def test_pages_keep_nothing_that_calls_elsewhere():
    page = _stand_alone_page(
        "<html><head><link rel='stylesheet' href='https://cdn/x.css'><script src='https://cdn/x.js'></script>"
        "<style>a { background: url('https://bucket/logo') }</style></head><body><script>$()</script>"
        '<img class="logo"\n src="https://bucket/logo.png"/><button onclick="hide()">b</button>'
        '<a class="x" href="https://vendor/newsletter">news</a><a href="index.html">home</a></body></html>'
    )
    assert "https" not in page
    assert "<script" not in page
    assert "onclick" not in page
    assert '<a href="index.html">home</a>' in page


def test_without_the_extra_the_command_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["conformance"])
    assert result.exit_code == 1
    assert "Great Expectations is not installed; make conformance makes an environment for it" in result.output


def run_conformance(tmp_path: Path) -> subprocess.CompletedProcess:
    python = gx_python()
    if python is None:
        pytest.skip("Great Expectations is not installed (make conformance), or set UNIT_ECONOMICS_CONFORMANCE_PYTHON")
    options = ["--data", str(tmp_path), "--database", str(tmp_path / "w.duckdb"), "--docs", str(tmp_path / "docs")]
    return subprocess.run(
        [python, "-m", "ai_unit_economics.cli", "conformance", *options, "--project", str(PROJECT)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PROJECT / "src")},
    )


def test_great_expectations_separates_errors_from_warnings(tmp_path):
    write(tmp_path, "focus/acme/a.csv", GOOD.replace("Compute", "AI"))
    run = run_conformance(tmp_path)
    assert run.returncode == 0, run.stderr
    assert "0 errors, 1 warnings" in run.stdout
    assert "warning: source acme breaks service_category_allowed in 1 rows: focus/acme/a.csv, row 1: AI" in run.stderr

    write(tmp_path, "focus/other/a.csv", GOOD.replace("USD", "Token"))
    run = run_conformance(tmp_path)
    assert run.returncode == 1
    assert "error: source other breaks billing_currency_known in 1 rows: focus/other/a.csv, row 1: Token" in run.stderr
    with duckdb.connect(str(tmp_path / "w.duckdb")) as connection:
        failed = connection.execute("""
            select source, rule_id, severity, violating_rows
            from quality.gx_validation_results where not success order by all
        """).fetchall()
        assert failed == [
            ("acme", "service_category_allowed", "warning", 1),
            ("other", "billing_currency_known", "error", 1),
        ]
        filled = connection.execute("""
            select row_count, filled_count, least_value from quality.focus_column_profiles
            where source = 'other' and column_name = 'billing_currency'
        """).fetchall()
        assert filled == [(1, 1, "Token")]

    pages = list((tmp_path / "docs").rglob("*.html"))
    assert len(pages) >= 9  # an index; suite and result of two batches for each of two sources
    for page in pages:
        html = page.read_text()
        assert not re.search(r"https?://|<script|<img|\bon[a-z]+=", html), page
    index = (tmp_path / "docs" / "index.html").read_text()
    assert "billing_currency_known" in index
    for link in re.findall(r"href='([^'#]+\.html)'", index):
        assert (tmp_path / "docs" / link.replace("%20", " ")).is_file()
