"""Samples of counters: labels and names of files hold whatever people write."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_unit_economics.landing import tables

TOKENS = "vllm:prompt_tokens_total"
# DuckDB 2.0's hash of these two is the same.
ALIKE = (
    {"pod": "pod-103", "job": "job-b", "engine": "0", "prometheus_replica": "a"},
    {"pod": "pod-108", "job": "job-a", "engine": "0", "prometheus_replica": "a"},
)
HOSTILE = st.one_of(
    st.sampled_from(
        ["it's", "'; drop table x; --", '"', "{value}", "$1", "\\", "a\nb", "a,b", "[1]", "*", "' || 1 || '"]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8),
)


def long_form(rows: list[tuple[str, dict[str, str], int]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["ts", "metric", "labels", "value"])
    writer.writerows([ts, TOKENS, json.dumps(labels), value] for ts, labels, value in rows)
    return text.getvalue()


def written(root, name: str, text: str) -> None:
    folder = root / "telemetry" / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8", newline="")


def series_of(landed) -> list[tuple[dict[str, str], float, float]]:
    rows = landed.session.execute(
        "select labels_json, lowest_value, highest_value from prometheus_series where problem is null"
    ).fetchall()
    return [(json.loads(labels), lowest, highest) for labels, lowest, highest in rows]


def test_series_whose_labels_have_one_hash_are_two(land, tmp_path):
    """Of one pod the counter stands at 10, of the other at 700: no series goes from 10 to 700."""
    first, second = ALIKE
    written(tmp_path, "a.csv", long_form([("2026-03-04T00:00:00Z", first, 10), ("2026-03-04T00:00:15Z", second, 700)]))
    assert sorted(series_of(land(tmp_path)), key=lambda row: row[1]) == [(first, 10, 10), (second, 700, 700)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(HOSTILE, HOSTILE, min_size=1, max_size=3), HOSTILE)
def test_labels_and_names_of_files_stay_what_they_are(land, tmp_path_factory, labels, name):
    root = tmp_path_factory.mktemp("data")
    name = name.replace("/", "_").replace("\0", "_").lstrip(".") or "a"
    written(root, f"{name}.csv", long_form([("2026-03-04T00:00:00Z", labels, 10)]))
    landed = land(root)
    assert landed.problems == {}
    assert series_of(landed) == [(labels, 10, 10)]
    assert list(landed.rows(tables.PROMETHEUS_SAMPLES)) == [f"telemetry/prometheus/{name}.csv"]
