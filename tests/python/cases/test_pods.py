"""`pods`: a pod of a StatefulSet moves to another node and pool, and two clusters have a pod of the same name."""

from decimal import Decimal

import pytest


@pytest.fixture(scope="module")
def costs(company, shared_cases) -> dict[tuple[str, int], tuple[Decimal, Decimal]]:
    warehouse = company(shared_cases / "pods" / "seeds")
    for folder in ("focus", "telemetry"):
        warehouse.copy(shared_cases / "pods" / "data" / folder, folder)
    warehouse.build("+fct_deployment_costs_daily")
    rows = warehouse.query("""
        select deployment_id, day(date_day), sum(effective_cost),
            sum(effective_cost) filter (where cost_origin = 'usage')
        from marts.fct_deployment_costs_daily
        group by all
    """)
    return {(deployment, day): (cost, used) for deployment, day, cost, used in rows}


def test_a_pod_that_moves_at_noon_pays_for_both_nodes(costs) -> None:
    """On the 5th s1 holds half a day of n1 (48 for 2 GPUs) and half a day of n2 (480).

    On n1 s1 used 12 hours and s2 24, on n2 s1 12 and s3 24; idle follows use: s1 16 + 160, s2 32, s3 320. Scrapes are
    two minutes apart, so that it is known to the minute where the pod was.
    """
    day = {deployment: cost for (deployment, number), (cost, _) in costs.items() if number == 5}
    assert float(day["s1"]) == pytest.approx(176, abs=0.5)
    assert float(day["s2"]) == pytest.approx(32, abs=0.1)
    assert float(day["s3"]) == pytest.approx(320, abs=0.5)
    assert day["s1"] + day["s2"] + day["s3"] == 528


def test_days_before_and_after_the_move(costs) -> None:
    """On the 4th s1 and s2 share n1, s3 has n2 alone; on the 6th s1 and s3 share n2, and s2 has n1 alone."""
    assert {deployment: costs[deployment, 4][0] for deployment in ("s1", "s2", "s3")} == {"s1": 24, "s2": 24, "s3": 480}
    assert {deployment: costs[deployment, 6][0] for deployment in ("s1", "s2", "s3")} == {
        "s1": 240,
        "s2": 48,
        "s3": 240,
    }


@pytest.mark.parametrize("day", [4, 5, 6])
def test_clusters_whose_pods_share_a_name_pay_each_for_its_own(costs, day: int) -> None:
    """llm/vllm-0 of c1 holds n5 (72 a day), that of c2 n6 (168)."""
    assert costs["chat-us", day][0] == 72
    assert costs["chat-eu", day][0] == 168
