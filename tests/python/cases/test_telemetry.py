"""`telemetry`: servers scraped once a minute on 2026-10-05, each for 10 that day; 1,000 a minute is 1,439,000.

All of them in one warehouse: each case has deployments, pods and nodes of its own.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

FILES = (
    "01-one-port-two-processes/oneport.csv.gz",
    "01-one-port-two-processes/oneport_created.csv.gz",
    "02-same-pod-scraped-twice/twice.csv.gz",
    "03-kserve-prefix/kserve.csv.gz",
    "05-completed-pods/ksm.csv.gz",
    "06-ksm-without-honorlabels/ksm_w3.csv.gz",
    "07-nhcb/d.json.gz",
    "16-gateways-not-known/a.jsonl",
    "16-gateways-not-known/gateways.csv.gz",
    "17-hits-above-prompt/preempt.csv.gz",
)
DIRECT = ("oneport", "oneport-created", "twice", "kserve", "dyn-nhcb", "preempt")
TRAINED = ("t-reset", "t-trl")
ON_NODES = ("serve5", "train5", "kl-serve", "kl-other", "c-serve", "c-train1", "c-train2", "pend-run", "pend-wait")
# Nodes of 8 accelerators, 240 a day; the pool keeps what is idle, so that it can be read.
NODES = {"i-5": "pool5", "i-kl": "pool-kl", "i-c": "pool-c", "i-pend": "pool-pend"}
DAY = "USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,2026-10-05T00:00:00Z,2026-10-06T00:00:00Z,Usage,Usage-Based"


@pytest.fixture(scope="module")
def built(company, shared_cases):
    declared = [f"{name},{name},production,inference,m,2026-01-01" for name in (*DIRECT, *ON_NODES)]
    declared += [f"{name},{name},production,training,m,2026-01-01" for name in TRAINED]
    warehouse = company(
        {
            "deployments": "\n".join(["deployment_id,workload,environment,kind,model,valid_from", *declared]) + "\n",
            "cost_rules": (
                "priority,source,column_name,tag_key,operator,value,treatment,target\n"
                "10,,Tags,deployment,exists,,direct,$value\n20,,Tags,pool,exists,,pool,$value\n"
            ),
            "series_rules": (
                "priority,label,operator,value,deployment_id,role\n"
                "10,deployment,exists,,$value,\n20,pod,regex,^(kl-[a-z]+)-,$value,\n"
            ),
            "capacity_pools": (
                "pool_id,idle_treatment,accelerator,consumed_unit,accelerators_per_consumed_unit\n"
                + "".join(f"{pool},separate,x,Hours,8\n" for pool in NODES.values())
            ),
        }
    )
    bill = [f'10,{DAY},,,"{{""deployment"":""{name}""}}"' for name in (*DIRECT, *TRAINED)] + [
        f'240,{DAY},24,Hours,"{{""pool"":""{pool}""}}"' for pool in NODES.values()
    ]
    resources = [*[""] * len((*DIRECT, *TRAINED)), *NODES]
    header = (
        "EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
        "ChargeCategory,ChargeFrequency,ConsumedQuantity,ConsumedUnit,Tags,ResourceId"
    )
    lines = [f"{line},{resource}" for line, resource in zip(bill, resources, strict=True)]
    warehouse.write("focus/cloud/october.csv", "\n".join([header, *lines]) + "\n")
    for file in FILES:
        warehouse.copy(shared_cases / "telemetry" / file, f"telemetry/prometheus/{file.split('/')[1]}")
    warehouse.copy(shared_cases / "telemetry" / "02-same-pod-scraped-twice/day.csv.gz", "telemetry/requests/day.csv.gz")
    for name in TRAINED:
        warehouse.copy(
            shared_cases / "telemetry" / "11-training" / f"{name}.jsonl",
            f"telemetry/training/deployment_id={name}/{name}.jsonl",
        )
    warehouse.build(
        *("+fct_unit_economics_daily", "+fct_telemetry_quality", "+fct_metering_audit", "+fct_training_costs"),
        *("+fct_deployment_costs_daily", "+fct_undeclared_usage"),
    )
    return warehouse


def units(warehouse, workload: str) -> dict[str, tuple]:
    rows = warehouse.query(f"""
        select unit, units, cost_per_unit, null_reason from marts.fct_unit_economics_daily
        where workload = '{workload}' and cohort_dimension = 'all' and period_start = '2026-10-05'
    """)
    return {unit: tuple(rest) for unit, *rest in rows}


def issues(warehouse, deployment: str) -> set[str]:
    rows = warehouse.query(f"select distinct issue from marts.fct_telemetry_quality where series like '%{deployment}%'")
    return {issue for (issue,) in rows}


def reserved(warehouse) -> dict[str, int]:
    return dict(
        warehouse.query("""
            select deployment_id, sum(reserved_accelerator_seconds)
            from intermediate.int_usage__accelerator_seconds_daily
            where date_day = '2026-10-05' group by deployment_id
        """)
    )


def test_two_processes_that_answer_in_turn_are_no_count(built) -> None:
    for unit in ("input_token", "output_token", "token"):
        assert units(built, "oneport")[unit] == (None, None, "meter_broken")
    assert "meter_broken" in issues(built, "oneport-0")


def test_creation_times_tell_processes_of_one_port_apart(built) -> None:
    """They counted 1,439 minutes of 1,000 and of 500, 2,158,500.

    Of the second the first sample is a minute late and the last two minutes early: of its 719,500 nobody saw 1,500.
    """
    counted, price, reason = units(built, "oneport-created")["input_token"]
    assert counted == 1_439_000 + 718_000
    assert counted == pytest.approx(2_158_500, rel=0.001)
    # of 10, input bears 10 x 10 parts and output 25 x 1: 8
    assert (round(price, 9), reason) == (round(Decimal(8_000_000) / counted, 9), None)


def test_a_pod_that_two_monitors_scrape_counts_once(built) -> None:
    counted = units(built, "twice")
    assert [counted[unit][0] for unit in ("input_token", "output_token", "request")] == [1_439_000, 143_900, 1_439]
    assert counted["request"] == (1_439, round(Decimal(10) / 1_439, 18), None)
    assert "counted_twice" in issues(built, "twice-0")


def test_the_gateway_of_a_pod_that_two_monitors_scrape_agrees(built) -> None:
    """It wrote 1,439 rows of 1,000 and 100; the server is not seen to count more, let alone twice as much."""
    rows = built.query("""
        select unit, units, reference_units, is_within_tolerance, likely_cause from marts.fct_metering_audit
        where deployment_id = 'twice' and meter = 'gateway' and unit in ('output_token', 'request') order by unit
    """)
    assert rows == [("output_token", 143_900, 143_900, True, None), ("request", 1_439, 1_439, True, None)]


def test_input_in_a_native_histogram_only_is_missing_and_not_0(built) -> None:
    """Without the prompt neither what input and output cost is known nor the sum of tokens. Requests are whole."""
    counted = units(built, "dyn-nhcb")
    for unit in ("input_token", "output_token", "token"):
        assert counted[unit][1:] == (None, "meter_missing"), unit
    assert counted["input_token"][0] is None
    assert counted["request"][0] == 2_878
    assert counted["request"][2] is None


def test_cache_hits_above_the_prompt_leave_the_prompt_and_no_parts_of_it(built) -> None:
    counted = units(built, "preempt")
    assert counted["cached_input_token"] == (None, None, "meter_broken")
    assert counted["input_token"] == (None, None, "meter_broken")
    assert counted["token"][0] == 1_439_000 + 143_900
    assert counted["token"][2] is None
    assert issues(built, "pr-0")


def test_a_pod_that_succeeded_holds_nothing(built) -> None:
    """train5 runs until 12:00: 4 accelerators for 43,200 seconds. serve5 holds 4 until the last scrape at 23:59."""
    assert reserved(built)["train5"] == 172_800
    assert reserved(built)["serve5"] == 4 * 86_340
    (cost,) = built.query("""
        select sum(effective_cost) from marts.fct_deployment_costs_daily
        where origin_pool = 'pool5' and deployment_id = '(idle)'
    """)
    # 691,200 - 172,800 - 345,360 of 691,200 accelerator-seconds of 240: 60 and the day's last minute
    assert float(cost[0]) == pytest.approx(240 * 173_040 / 691_200, abs=1e-9)


def test_an_exporter_whose_labels_are_not_honoured_speaks_of_exported_pods(built) -> None:
    held = reserved(built)
    assert held["kl-serve"] == 2 * 86_340
    assert held["kl-other"] == 4 * 86_340
    assert held["kl-serve"] + held["kl-other"] == 518_040
    assert "kube-state-metrics" not in held


def test_pods_that_follow_each_other_and_pods_on_no_node(built) -> None:
    """c-train1 ends at 12:00, where c-train2 begins; pend-wait is on no node and holds nothing of its 8."""
    held = reserved(built)
    assert held["c-train1"] == 4 * 43_200
    assert held["c-train2"] == 4 * 43_140
    assert held["pend-run"] == 4 * 86_340
    assert held.get("pend-wait", 0) == 0


def test_tokens_that_begin_anew_while_steps_go_on_are_all_counted(built) -> None:
    """Ten steps of 1,000 tokens, then the count begins anew with the eleventh: another 10,000."""
    assert built.query("""
        select useful_steps, useful_tokens from marts.fct_training_costs where grain = 'day' and workload = 't-reset'
    """) == [(20, 20_000)]
    assert units(built, "t-reset")["training_token"][0] == 20_000


def test_trls_own_name_of_its_tokens_is_read(built) -> None:
    """Twenty steps of 1,000 tokens under num_tokens."""
    assert built.query("""
        select useful_steps, useful_tokens from marts.fct_training_costs where grain = 'day' and workload = 't-trl'
    """) == [(20, 20_000)]


def test_vllm_under_kserves_prefix_is_counted(built) -> None:
    counted = units(built, "kserve")
    assert [counted[unit][0] for unit in ("input_token", "output_token", "request")] == [1_439_000, 143_900, 1_439]
    assert issues(built, "kserve-0") == set()


# By metric the least that it counted: 287 times five minutes of 100, of as many series. Claude Code's deltas are 10 and
# 5 of input, 20 of output and 3,000 from a cache, 3,035. Of a metric that nobody knows the first pass over a file keeps
# the highest and the lowest value of a series and no sample: of 10 and 5 it knows 10, and 3,030 is the least.
UNKNOWN = {
    "gen_ai_client_token_usage_token_sum": 3 * 28_700,
    "agentgateway_gen_ai_client_token_usage_sum": 3 * 28_700,
    "inference_objective_input_tokens_sum": 28_700,
    "lmdeploy_prompt_tokens": 28_700,
    "lmdeploy_generation_tokens": 28_700,
    "claude_code_token_usage": 10 + 20 + 3_000,
}


def test_usage_that_nobody_knows_is_named_with_how_much_it_counted(built) -> None:
    rows = built.query("""
        select series, detail from marts.fct_telemetry_quality where issue = 'unknown_usage' and is_fault
    """)
    assert {series: int(detail.split("at least ")[1].split(";")[0]) for series, detail in rows} == UNKNOWN
