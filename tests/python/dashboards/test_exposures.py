"""An exposure that lists what nobody reads, or leaves out what somebody reads, is worse than none."""

from __future__ import annotations

import pytest

from tests.python.dashboards import reads


@pytest.mark.parametrize(
    ("exposure", "read"),
    [
        ("superset_dashboard", reads.read_by_superset),
        ("html_report", lambda: reads.read_by_python("report/content.py", "report/__init__.py", "opening.py")),
        ("explain_command", lambda: reads.read_by_python("explain/content.py", "opening.py")),
        ("owner_statements", lambda: reads.read_by_python("statements/content.py")),
        ("prometheus_metrics", lambda: reads.read_by_python("metrics.py")),
        ("published_marts", lambda: set(reads.contracts())),
    ],
)
def test_an_exposure_lists_exactly_the_marts_that_its_consumer_reads(exposure, read):
    assert reads.exposures()[exposure] == read()


def test_every_exposure_is_held_against_a_consumer():
    held = {"superset_dashboard", "html_report", "explain_command", "owner_statements", "prometheus_metrics"}
    assert set(reads.exposures()) == {*held, "published_marts"}


@pytest.mark.parametrize("source", ["report/content.py", "report/__init__.py", "metrics.py"])
def test_what_a_consumer_does_without_is_not_merely_misspelt(source):
    """`marts.has(mart, columns)` leaves a section out: it may only ask for what a contract promises."""
    for mart, columns in reads.asked_for(source):
        assert mart in {*reads.contracts(), "publication"}
        assert columns <= set(reads.contracts().get(mart, ()))
