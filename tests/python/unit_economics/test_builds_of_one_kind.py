"""Whole builds of a company that only buys tokens, and of one that only trains: no error, and marts that make sense.

Every expected number is worked out in the comment beside the input that it follows from.
"""

from __future__ import annotations

import json
from decimal import Decimal

import duckdb
import pytest

pytestmark = pytest.mark.slow
BILL = (
    "EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,"
    "ChargePeriodStart,ChargePeriodEnd,ChargeCategory,"
)
AUGUST = "USD,2026-08-01T00:00:00Z,2026-09-01T00:00:00Z,2026-08-01T00:00:00Z,2026-08-02T00:00:00Z,Usage,"


def configure(warehouse, **seeds: list[str]) -> None:
    """The seeds as they ship, with these rows in place of the sample's."""
    warehouse.dbt("seed")
    tables = warehouse.query("select table_name from information_schema.tables where table_schema = 'config'")
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute("use config")
        for (table,) in tables:
            connection.execute(f"delete from {table}")
        for seed, rows in seeds.items():
            for row in rows:
                connection.execute(f"insert into {seed} by name select {row}")


def build(warehouse) -> None:
    left_out = ("--exclude-resource-type", "seed", "--exclude-resource-type", "unit_test")
    warehouse.dbt("build", *left_out)


def daily(warehouse, workload: str, dimension: str = "all") -> dict[tuple[str, str], tuple]:
    rows = warehouse.query(f"""
        select cohort, unit, units, effective_cost, cost_per_unit, null_reason
        from marts.fct_unit_economics_daily
        where workload = '{workload}' and cohort_dimension = '{dimension}' and period_start = '2026-08-01'
    """)
    return {(cohort, unit): tuple(rest) for cohort, unit, *rest in rows}


def deployment(name: str, kind: str, workload: str) -> str:
    return (
        f"'{name}' as deployment_id, '{workload}' as workload, 'production' as environment, '{kind}' as kind,"
        " date '2026-01-01' as valid_from"
    )


def meter(source: str, value: str, unit: str, deployment_id: str) -> str:
    return (
        f"'{source}' as source, 'SkuMeter' as column_name, 'equals' as operator, '{value}' as value,"
        f" '{unit}' as unit, '{deployment_id}' as deployment_id"
    )


def rule(priority: int, source: str, value: str, target: str) -> str:
    return (
        f"{priority} as priority, '{source}' as source, 'SkuMeter' as column_name, 'like' as operator,"
        f" '{value}' as value, 'direct' as treatment, '{target}' as target"
    )


@pytest.fixture(scope="module")
def hosted_only(module_warehouse):
    """Bedrock behind a gateway, a model whose provider reports usage, and one of which there is only the bill."""
    warehouse = module_warehouse
    configure(
        warehouse,
        deployments=[
            deployment("claude", "hosted", "assistant"),
            deployment("gpt", "hosted", "writer"),
            deployment("mistral", "hosted", "classifier"),
        ],
        cost_rules=[
            rule(1, "aws", "USE1-Claude%", "claude"),
            rule(2, "azure", "gpt%", "gpt"),
            rule(3, "azure", "mistral%", "mistral"),
        ],
        sku_meters=[
            meter("aws", "USE1-Claude-input-tokens", "input_token", "claude"),
            meter("aws", "USE1-Claude-cache-read-input-token-count", "cached_input_token", "claude"),
            meter("aws", "USE1-Claude-cache-write-input-token-count", "cache_write_token", "claude"),
            meter("aws", "USE1-Claude-output-tokens", "output_token", "claude"),
            meter("azure", "gpt Inp Tokens", "input_token", "gpt"),
            meter("azure", "gpt Cached Inp Tokens", "cached_input_token", "gpt"),
            meter("azure", "gpt Outp Tokens", "output_token", "gpt"),
            meter("azure", "mistral Inp Tokens", "input_token", "mistral"),
            meter("azure", "mistral Outp Tokens", "output_token", "mistral"),
        ],
        series_rules=[
            "1 as priority, 'model' as label, 'like' as operator, 'gpt-4.1%' as value, 'gpt' as deployment_id",
        ],
        focus_sources=[
            "'aws' as source, 'overwrite' as delivery",
            "'azure' as source, 'overwrite' as delivery",
        ],
        price_book=[
            "'gold' as customer_tier, 'assistant' as workload, 'output_token' as unit, 32 as price_per_unit,"
            " 'USD' as currency, date '2026-01-01' as valid_from",
            "'free' as customer_tier, 'assistant' as workload, 'output_token' as unit, 32 as price_per_unit,"
            " 'USD' as currency, date '2026-01-01' as valid_from",
        ],
        hosted_alternatives=["'assistant' as workload, 'openai' as provider, 'gpt-5.1' as model"],
    )
    bedrock = [
        ("6.50", "USE1-Claude-input-tokens", "2000", "1K tokens"),
        ("0.40", "USE1-Claude-cache-read-input-token-count", "1000", "1K tokens"),
        ("1.50", "USE1-Claude-cache-write-input-token-count", "500", "1K tokens"),
        ("7.60", "USE1-Claude-output-tokens", "500", "1K tokens"),
    ]
    azure = [
        ("5.00", "gpt Inp Tokens", "2", "1000000 Tokens"),
        ("1.25", "gpt Cached Inp Tokens", "1", "1M"),
        ("6.25", "gpt Outp Tokens", "0.5", "1M Tokens"),
        ("0.60", "mistral Inp Tokens", "3000", "1K"),
        ("0.90", "mistral Outp Tokens", "1000000", "Tokens"),
    ]
    for source, lines in (("aws", bedrock), ("azure", azure)):
        rows = [f"{cost},{AUGUST}{meter},{quantity},{unit}" for cost, meter, quantity, unit in lines]
        header = f"{BILL}SkuMeter,ConsumedQuantity,ConsumedUnit"
        warehouse.write(f"focus/{source}/august.csv", "\n".join([header, *rows]) + "\n")
    # The gateway saw 2.5 million tokens of uncached input, what was written to the cache among it.
    warehouse.write(
        "telemetry/requests/day.csv",
        "ts,request_id,deployment_id,customer_id,user_id,session_id,input_tokens,cached_input_tokens,output_tokens,status\n"
        "2026-08-01 10:00:00,r1,claude,acme,u1,s1,2875000,1000000,400000,200\n"
        "2026-08-01 11:00:00,r2,claude,hobby,u2,s2,625000,0,100000,200\n",
    )
    warehouse.write("customers.csv", "customer_id,customer_tier,geography\nacme,gold,eu\nhobby,free,us\n")
    usage = {"input_tokens": 3_000_000, "input_cached_tokens": 1_000_000, "output_tokens": 500_000}
    result = usage | {
        "object": "organization.usage.completions.result",
        "num_model_requests": 40,
        "model": "gpt-4.1-2025-04-14",
    }
    bucket = {"object": "bucket", "start_time": 1785542400, "end_time": 1785628800, "results": [result]}
    warehouse.write(
        "telemetry/provider_usage/openai.json", json.dumps({"object": "page", "has_more": False, "data": [bucket]})
    )
    build(warehouse)
    return warehouse


def test_a_hosted_model_costs_what_its_meters_bill(hosted_only):
    """Input 6.50 + 1.50 of cache writes over 2.5 million, cached 0.40 over 1 million, output 7.60 over 0.5 million."""
    assistant = daily(hosted_only, "assistant")
    assert assistant["all", "input_token"] == (2_500_000, Decimal("8"), Decimal("3.2"), None)
    assert assistant["all", "cached_input_token"] == (1_000_000, Decimal("0.4"), Decimal("0.4"), None)
    assert assistant["all", "output_token"] == (500_000, Decimal("7.6"), Decimal("15.2"), None)
    assert assistant["all", "token"][:2] == (4_000_000, Decimal("16"))
    assert assistant["all", "request"] == (2, Decimal("16"), Decimal("8"), None)
    assert assistant["all", "active_user"][:2] == (2, Decimal("16"))
    assert assistant["all", "session"][:2] == (2, Decimal("16"))


def test_tiers_pay_for_the_kinds_of_token_that_they_use(hosted_only):
    """gold: 1.875 × 3.2 + 1 × 0.40 + 0.4 × 15.2 = 12.48; free: 0.625 × 3.2 + 0.1 × 15.2 = 3.52; together 16."""
    tiers = daily(hosted_only, "assistant", "customer_tier")
    assert tiers["gold", "token"][:2] == (3_275_000, Decimal("12.48"))
    assert tiers["free", "token"][:2] == (725_000, Decimal("3.52"))


def test_a_tier_that_pays_less_than_it_costs_is_named(hosted_only):
    """At 32.00 a million output tokens gold pays 12.80 against 12.48, free 3.20 against 3.52."""
    margins = hosted_only.query("""
        select customer_tier, revenue, effective_cost, margin, is_sold_below_cost
        from marts.fct_tier_margin where grain = 'day' and workload = 'assistant' order by customer_tier
    """)
    assert margins == [
        ("free", Decimal("3.2"), Decimal("3.52"), Decimal("-0.32"), True),
        ("gold", Decimal("12.8"), Decimal("12.48"), Decimal("0.32"), False),
    ]


def test_the_same_tokens_at_another_providers_list_price(hosted_only):
    """gpt-5.1 at 1.25, 0.125 and 10.00: 2.5 × 1.25 + 1 × 0.125 + 0.5 × 10 = 8.25 against 16; no capacity to be full."""
    comparison = hosted_only.query("""
        select effective_cost, hosted_cost, price_source, utilization, break_even_utilization, is_cheaper_as_run
        from marts.fct_hosted_price_comparison where grain = 'day'
    """)
    assert comparison == [(Decimal("16"), Decimal("8.25"), "list", None, None, False)]


def test_the_providers_report_counts_where_there_is_no_gateway(hosted_only):
    """5.00 over 2 million, 1.25 over 1 million, 6.25 over half a million; 12.50 over the report's 40 requests."""
    writer = daily(hosted_only, "writer")
    assert writer["all", "input_token"] == (2_000_000, Decimal("5"), Decimal("2.5"), None)
    assert writer["all", "cached_input_token"] == (1_000_000, Decimal("1.25"), Decimal("1.25"), None)
    assert writer["all", "output_token"] == (500_000, Decimal("6.25"), Decimal("12.5"), None)
    assert writer["all", "request"] == (40, Decimal("12.5"), Decimal("0.3125"), None)
    # no request row names it: nobody looked who its users are
    assert writer["all", "active_user"] == (None, Decimal("12.5"), None, "meter_missing")


def test_the_bill_counts_where_nobody_else_does(hosted_only):
    """3000 of '1K' are 3 million tokens for 0.60, a million 'Tokens' cost 0.90; requests are not billed."""
    classifier = daily(hosted_only, "classifier")
    assert classifier["all", "input_token"] == (3_000_000, Decimal("0.6"), Decimal("0.2"), None)
    assert classifier["all", "output_token"] == (1_000_000, Decimal("0.9"), Decimal("0.9"), None)
    assert classifier["all", "request"] == (None, Decimal("1.5"), None, "meter_missing")


def test_every_cent_of_the_bill_is_found_again(hosted_only):
    assert hosted_only.query("select sum(effective_cost_in), sum(difference) from marts.fct_cost_reconciliation") == [
        (Decimal("30"), Decimal("0"))
    ]


def test_only_units_of_hosted_models_have_rows(hosted_only):
    units = hosted_only.query("select distinct unit from marts.fct_unit_economics_monthly order by unit")
    assert [unit for (unit,) in units] == [
        "active_user",
        "cached_input_token",
        "input_token",
        "output_token",
        "request",
        "session",
        "token",
    ]


@pytest.fixture(scope="module")
def training_only(module_warehouse, tmp_path_factory):
    warehouse = type(module_warehouse)(tmp_path_factory.mktemp("training"))
    configure(
        warehouse,
        deployments=[deployment("sft", "training", "fine-tuning")],
        cost_rules=[rule(1, "aws", "p5%", "sft")],
        focus_sources=["'aws' as source, 'overwrite' as delivery"],
    )
    warehouse.write("focus/aws/august.csv", f"{BILL}SkuMeter\n120.00,{AUGUST}p5.48xlarge\n")
    # 8 steps of 1000 tokens; then back to step 6, and 7 and 8 again, 9 and 10: 12 executed, 10 useful.
    steps = [(step, step * 1000) for step in (*range(1, 9), *range(7, 11))]
    warehouse.write(
        "telemetry/training/run.csv",
        "run_id,ts,step,tokens_seen,deployment_id\n"
        + "".join(
            f"r1,2026-08-01 {10 + hour:02}:00:00,{step},{tokens},sft\n" for hour, (step, tokens) in enumerate(steps)
        ),
    )
    build(warehouse)
    return warehouse


def test_training_pays_for_the_steps_that_a_restart_repeated(training_only):
    """120.00 over 10 useful steps and 10000 useful tokens: 12.00 a step and 12000.00 a million tokens."""
    tuning = daily(training_only, "fine-tuning")
    assert tuning["all", "training_step"] == (10, Decimal("120"), Decimal("12"), None)
    assert tuning["all", "training_token"] == (10_000, Decimal("120"), Decimal("12000"), None)
    assert sorted(unit for _, unit in tuning) == ["training_step", "training_token"]


def test_rework_is_shown_beside_the_cost_of_a_step(training_only):
    """2 of 12 executed steps were thrown away: 20.00 of 120.00; 10.00 an executed step."""
    costs = training_only.query("""
        select executed_steps, useful_steps, rework_steps, rework_cost, cost_per_useful_step, cost_per_executed_step
        from marts.fct_training_costs where grain = 'month'
    """)
    assert costs == [(12, 10, 2, Decimal("20"), Decimal("12"), Decimal("10"))]


def test_marts_about_serving_are_empty_and_not_wrong(training_only):
    assert training_only.query("select count(*) from marts.fct_unit_margin where margin is not null") == [(0,)]
    assert training_only.query("select sum(difference) from marts.fct_cost_reconciliation") == [(Decimal("0"),)]


def test_a_bill_that_no_rule_matches_yet_is_unallocated(warehouse):
    """The first build of everybody: all of it is shown, nothing is an error, and there is nothing to forecast."""
    configure(warehouse)
    warehouse.write("focus/acme/august.csv", f"{BILL}ServiceName\n7.50,{AUGUST}Compute\n")
    build(warehouse)
    assert warehouse.query("""
        select effective_cost_in, unallocated_cost, difference from marts.fct_cost_reconciliation
    """) == [(Decimal("7.5"), Decimal("7.5"), Decimal("0"))]
    assert warehouse.query("select count(*) from marts.fct_unit_economics_forecast") == [(0,)]
