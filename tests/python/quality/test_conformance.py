"""The raw exports against the rules, with and without Great Expectations."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.conformance.data_docs import _stand_alone_page
from ai_unit_economics.conformance.raw import ExportError, RawSource, find_exports

PROJECT = Path(__file__).resolve().parents[3]

GOOD = (
    "BilledCost,EffectiveCost,ContractedCost,ListCost,BillingCurrency,BillingAccountId,InvoiceIssuerName,ProviderName,"
    "ServiceCategory,ServiceName,ChargeCategory,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd\n"
    "1,1,1,1,USD,1,I,P,Compute,S,Usage,2026-09-01T00:00Z,2026-10-01T00:00Z,2026-09-01T00:00Z,2026-09-02T00:00Z\n"
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


def findings(root: Path, scratch: Path, source: str) -> dict[str, dict]:
    exports = [export for export in find_exports(str(root), PROJECT) if export.source == source]
    raw = RawSource(PROJECT, source, exports, scratch, "500MB")
    try:
        return raw.findings()
    finally:
        raw.close()


def violated(found: dict[str, dict]) -> set[str]:
    return {rule_id for rule_id, finding in found.items() if finding["status"] == "violated"}


def test_raw_rows_are_held_against_the_rules_of_the_models(tmp_path):
    write(tmp_path, "focus/acme/a.csv", GOOD)
    assert violated(findings(tmp_path, tmp_path, "acme")) == set()
    bad = GOOD.splitlines()[1].replace("USD", "Token").replace("Compute", "AI")
    write(tmp_path, "focus/acme/b/c.csv", GOOD + bad + "\n")
    found = findings(tmp_path, tmp_path, "acme")
    assert violated(found) == {"billing_currency_known", "service_category_allowed"}
    assert (found["billing_currency_known"]["checked_count"], found["billing_currency_known"]["violating_count"]) == (
        3,
        1,
    )
    assert found["billing_currency_known"]["example_source_file"].endswith("focus/acme/b/c.csv")
    assert found["billing_currency_known"]["example_row"] == 2


@pytest.mark.parametrize(
    ("change", "rule_id"),
    [
        (("1,1,1,1,USD", "1,one,1,1,USD"), "numbers_readable"),
        (("2026-09-02T00:00Z", "soon"), "times_readable"),
        (("1,1,1,1,USD", ",,1,1,USD"), "no_cost"),
        (("USD", "NULL"), "billing_currency_assumed"),
    ],
)
def test_what_staging_stops_at_or_changes_is_found_before(tmp_path, change, rule_id):
    write(tmp_path, "focus/acme/a.csv", GOOD.replace(*change))
    assert rule_id in violated(findings(tmp_path, tmp_path, "acme"))


def test_of_snapshots_only_the_newest_is_read(tmp_path):
    write(tmp_path, "focus/azure/exports/x/20260901-20260930/name/202609150412/guid/part.csv", GOOD)
    write(tmp_path, "focus/azure/exports/x/20260901-20260930/name/202609160412/guid/part.csv", GOOD)
    assert [export.relative_path.split("/")[-3] for export in find_exports(str(tmp_path), PROJECT)] == ["202609160412"]


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    write(tmp_path, "focus/acme/broken.parquet", "PAR1 and no more")
    with pytest.raises(
        ExportError, match=r"^focus/acme/broken\.parquet: cannot be read \(.*\); export the file again$"
    ):
        findings(tmp_path, tmp_path, "acme")


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
