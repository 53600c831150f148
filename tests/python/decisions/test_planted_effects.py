"""What is planted in the sample is found, on its day, with an interval that covers it; and nothing else is.

The sample's own demand and autoscaler at full scale, without files in between: tokens and hours of each day.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.capacity import hourly_load, wanted_pods
from ai_unit_economics.sample.demand import HOUR_MS, Window, make_customers, make_requests
from ai_unit_economics.statistics.release_gate import LOOKS, Estimate, Evidence, Series, gather, judge

START = date(2026, 7, 1)
END = date(2026, 10, 1)
WEEKS = (7, 14, 21, 28)
PLANTED = {
    "chat-large": [fleet.CHAT_LARGE_FP8],
    "chat-small": [fleet.CHAT_SMALL_H100],
    "code-assist": [fleet.CODE_REGRESSION],
    "docs-search": [],
}


@pytest.fixture(scope="module")
def served() -> dict[str, Series]:
    window = Window(start=START, days=(END - START).days, scale=1.0, seed=7)
    customers = make_customers(window)
    series = {}
    for deployment in fleet.DEPLOYMENTS:
        if deployment.deployment_id not in PLANTED:
            continue
        requests = make_requests(deployment, customers, window)
        day = (requests.ts - window.start_ms) // (24 * HOUR_MS)
        tokens = (requests.input_tokens + requests.output_tokens).astype(float) * requests.server_count
        load = hourly_load(deployment, requests, window)
        provisioned = wanted_pods(deployment, load, window).reshape(-1, 24).sum(axis=1).astype(float)
        measured = deployment.deployment_id in ("chat-large", "code-assist")  # by DCGM, before and after
        series[deployment.deployment_id] = Series(
            days=START.toordinal() + np.arange(window.days),
            units=np.bincount(day, tokens, window.days),
            cost=3.0 * provisioned,
            provisioned_hours=provisioned,
            busy_hours=load.reshape(-1, 24).sum(axis=1) if measured else np.zeros(window.days),
        )
    return series


def look_at(series: Series, changed_on: date, days_after: int, others: tuple[date, ...] = ()) -> Evidence:
    """As known so many days after a change, all looks so far counted."""
    first = changed_on.toordinal()
    seen = series.within(first - 84, first + days_after)
    return gather(seen, first, range(LOOKS[0], days_after + 1), [day.toordinal() for day in others])[-1]


def covers(estimate: Estimate, planted: float) -> bool:
    return estimate.lower <= planted <= estimate.upper


@pytest.mark.parametrize("days_after", [3, *WEEKS[:3]])
def test_the_regression_of_code_assist_fails_its_gate(served, days_after):
    evidence = look_at(served["code-assist"], fleet.CODE_REGRESSION, days_after)
    assert judge(evidence, 0.05).verdict == "fail"
    assert covers(evidence.busy.inverse(), fleet.CODE_REGRESSION_THROUGHPUT - 1)
    # pods follow load: at equal volume a token takes this much more of them
    assert covers(evidence.cost, 1 / fleet.CODE_REGRESSION_THROUGHPUT - 1)


@pytest.mark.parametrize("days_after", WEEKS)
def test_the_move_to_fp8_is_found(served, days_after):
    """Within a point, in the first week a point and a half. The newest look, which the mart shows, covers it."""
    others = (fleet.CHAT_LARGE_INNOCENT_RELEASE,)
    evidence = look_at(served["chat-large"], fleet.CHAT_LARGE_FP8, days_after, others)
    near = 0.015 if days_after == WEEKS[0] else 0.01
    assert evidence.busy.inverse().relative == pytest.approx(fleet.CHAT_LARGE_FP8_THROUGHPUT - 1, abs=near)
    assert days_after < WEEKS[-1] or covers(evidence.busy.inverse(), fleet.CHAT_LARGE_FP8_THROUGHPUT - 1)
    assert covers(evidence.provisioned.inverse(), 0.265)
    assert evidence.provisioned.inverse().lower > 0


@pytest.mark.parametrize("days_after", WEEKS)
def test_the_move_to_h100_is_found(served, days_after):
    evidence = look_at(served["chat-small"], fleet.CHAT_SMALL_H100, days_after)
    assert covers(evidence.provisioned.inverse(), 0.65)


@pytest.mark.parametrize(
    ("deployment_id", "changed_on"), [("code-assist", fleet.CODE_REGRESSION), ("chat-large", fleet.CHAT_LARGE_FP8)]
)
def test_it_is_found_on_its_day(served, deployment_id, changed_on):
    """Of the days around, the change is most certain on the one on which it was made."""
    first = changed_on.toordinal()
    seen = served[deployment_id].within(first - 20, first + 20)
    sure = {}
    for day in range(first - 10, first + 11):
        effect = gather(seen, day, [first + 20 - day])[-1].busy.effect
        sure[day] = abs(effect.log_effect) / effect.standard_error
    assert max(sure, key=sure.get) == first


def test_innocent_releases_do_not_fail(served):
    docs = look_at(served["docs-search"], fleet.DOCS_INNOCENT_RELEASE, 28)
    assert judge(docs, 0.05).verdict == "pass"
    chat = look_at(served["chat-large"], fleet.CHAT_LARGE_INNOCENT_RELEASE, 21)
    assert judge(chat, 0.05).verdict != "fail"
    assert covers(chat.busy, 0.0)


def test_nothing_is_found_where_nothing_is_planted(served):
    """A release on each day whose 28 days before and 7 or 14 after hold no planted change: none fails."""
    judged = 0
    for deployment_id, series in served.items():
        planted = [day.toordinal() for day in PLANTED[deployment_id]]
        for day in range(START.toordinal() + 28, END.toordinal() - 14):
            for days_after in WEEKS[:2]:
                if any(day - 28 < change < day + days_after for change in planted):
                    continue
                judged += 1
                verdict = judge(look_at(series, date.fromordinal(day), days_after), 0.05).verdict
                assert verdict != "fail", (deployment_id, date.fromordinal(day), days_after)
    assert judged > 150
