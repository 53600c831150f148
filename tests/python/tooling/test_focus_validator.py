"""The validator's verdict is read, and nothing new passes: a failure needs its row in the documentation."""

from __future__ import annotations

import pytest

from tools.focus_validator import PAGE, columns_of, complaints, explained, read_verdict

OUTPUT = """
=== Validation Results ===
Total: 6 | Pass: 2 | Fail: 3 | Skipped: 1
✅ BilledCost-C-001-M: PASS

--- Failures ---
- SkuMeter-C-005-C: violations=204; SkuMeter SHOULD NOT be NULL.
  MustSatisfy: SkuMeter SHOULD NOT be null when SkuId is not null.
- SkuMeter-C-003-C: violations=1; SkuMeter-C-003-C: AND failed - failed child rules: [SkuMeter-C-005-C]
  MustSatisfy: SkuMeter nullability is defined as follows:
- InvoiceId-C-003-C: violations=0; InvoiceId-C-003-C: OR failed - all child rules failed: [model_rule_reference#1]
  MustSatisfy: InvoiceId nullability is defined as follows:
"""


def test_a_verdict_names_the_rules_that_fail_by_themselves():
    verdict = read_verdict(OUTPUT)
    assert (verdict.total, verdict.passed, verdict.failed, verdict.skipped) == (6, 2, 3, 1)
    assert verdict.failures == {"SkuMeter-C-005-C": ("204", "SkuMeter SHOULD NOT be NULL.")}


@pytest.mark.parametrize(
    "output",
    [
        "",
        OUTPUT.replace("Total: 6", "Total: 7"),
        OUTPUT.replace("Pass: 2", "Pass: 0").replace("Total: 6", "Total: 4"),
        OUTPUT.replace("- SkuMeter-C-005-C", "  SkuMeter-C-005-C"),
    ],
)
def test_output_that_does_not_add_up_is_no_verdict(output):
    with pytest.raises(ValueError, match=r"no totals|does not add up"):
        read_verdict(output)


def test_a_new_failure_and_a_needless_explanation_are_complaints():
    page = "| source | rules | why |\n|---|---|---|\n| aws, azure | `SkuMeter-C-005-C`, `SkuId-C-004-C` | because |\n"
    known = explained(page)
    rules = {"SkuMeter-C-005-C", "SkuId-C-004-C"}
    assert known == {"aws": rules, "azure": rules}
    verdict = read_verdict(OUTPUT)
    assert complaints("aws", verdict, {"SkuMeter-C-005-C"}) == []
    assert [line.split(";")[0] for line in complaints("aws", verdict, {"SkuId-C-004-C"})] == [
        "aws: SkuMeter-C-005-C fails in 204 rows and focus-conformance.md does not say why: SkuMeter SHOULD NOT be"
        " NULL.",
        "aws: SkuId-C-004-C fails no more",
    ]


def test_the_page_explains_failures_of_the_samples_sources():
    assert set(explained(PAGE.read_text(encoding="utf-8"))) == {"aws", "azure"}


@pytest.mark.parametrize(
    ("version", "count"), [("1.0-preview", 39), ("1.0", 43), ("1.1", 50), ("1.2", 57), ("1.4", 65)]
)
def test_a_version_has_as_many_columns_as_its_release_says(version, count):
    """As the specification's releases count them. Oracle's own three names of 1.0-preview are no columns of it."""
    oracle = {"Provider", "Publisher", "InvoiceIssuer"}
    assert len(set(columns_of(version)) - oracle) == count
