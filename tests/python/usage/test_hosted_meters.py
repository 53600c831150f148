"""A hosted model that its provider, its gateway and its bill saw: which of them counts, and what then costs what."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

COLUMNS = (
    "BillingCurrency,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,BillingPeriodStart,BillingPeriodEnd,"
    "EffectiveCost,BilledCost,ConsumedQuantity,ConsumedUnit,ProviderName,Tags,SkuMeter"
)
# A gateway tells the output of the first, and tables of providers that of the others; all but the last under a name
# that nobody reads.
UNREAD = ("veiled", "dim", "plain")
SEEDS = {
    "deployments": (
        "deployment_id,workload,environment,kind,model,valid_from\nhost,host,production,hosted,m,2026-09-01\n"
        + "".join(f"{name},{name},production,hosted,m,2026-09-01\n" for name in UNREAD)
    ),
    "cost_rules": (
        "priority,source,column_name,tag_key,operator,value,treatment,target\n10,,Tags,deployment,exists,,direct,$value\n"
    ),
    "sku_meters": (
        "source,column_name,operator,value,unit,unit_multiplier,deployment_id\n"
        ",SkuMeter,equals,in,input_token,,host\n,SkuMeter,equals,out,output_token,,host\n"
    ),
}
WHOLE, HALF_REPORT, REPORT_ALONE, TWICE = 1, 2, 3, 4


def charge(day: int, meter: str, tokens: int) -> str:
    period = f"2026-09-0{day}T00:00:00Z,2026-09-0{day + 1}T00:00:00Z,2026-09-01T00:00:00Z,2026-10-01T00:00:00Z"
    return f'USD,Usage,{period},120,120,{tokens},Tokens,Acme,"{{""deployment"":""host""}}",{meter}'


def bucket(day: int, hour: int) -> str:
    return f"acme,m,host,2026-09-0{day}T{hour:02}:00:00Z,2026-09-0{day}T{hour:02}:59:59Z,5000,0,500,5"


def request(day: int, hour: int, number: int) -> str:
    return json.dumps(
        {
            "deployment_id": "host",
            "ts": f"2026-09-0{day}T{hour:02}:{10 * number:02}:00Z",
            "input_tokens": 1000,
            "cached_input_tokens": 0,
            "output_tokens": 100,
        }
    )


@pytest.fixture(scope="module")
def built(module_warehouse):
    """Four days of 120 requests, five an hour, of 1,000 input and 100 output tokens each, for 240.00 a day.

    The report of the 2nd and the 3rd ends at noon; the gateway misses two requests of the 2nd and all of the 3rd, and
    its rows of the 4th, which have no ids, are delivered twice.
    """
    bill = [charge(day, *sold) for day in range(1, 5) for sold in (("in", 120_000), ("out", 12_000))]
    of_host = charge(1, "flat", 0)
    bill += [of_host.replace('""host""', f'""{name}""').replace(",0,Tokens,", ",,,") for name in UNREAD]
    module_warehouse.write("focus/acme/september.csv", "\n".join([COLUMNS, *bill]))
    hours = {WHOLE: 24, HALF_REPORT: 12, REPORT_ALONE: 12, TWICE: 24}
    report = [bucket(day, hour) for day, last in hours.items() for hour in range(last)]
    header = "provider,model,deployment_id,starts_at,ends_at,input_tokens,cached_input_tokens,output_tokens,requests"
    module_warehouse.write("telemetry/provider_usage/report.csv", "\n".join([header, *report]))
    rows = {day: [request(day, hour, number) for hour in range(24) for number in range(5)] for day in (1, 2, 4)}
    log = [*rows[WHOLE], *rows[HALF_REPORT][2:], *rows[TWICE]]
    veiled = [row.replace('"host"', '"veiled"').replace('"output_tokens"', '"gen_tokens"') for row in rows[WHOLE]]
    module_warehouse.write("telemetry/requests/veiled.jsonl", "\n".join(veiled))
    for name, given in (("dim", "gen_tokens"), ("plain", "completion_tokens")):
        table = [header.replace("output_tokens", given), *(bucket(WHOLE, hour) for hour in range(24))]
        table = [row.replace(",host,", f",{name},").replace("acme", name) for row in table]
        module_warehouse.write(f"telemetry/provider_usage/{name}.csv", "\n".join(table))
    module_warehouse.write("telemetry/requests/log.jsonl", "\n".join(log))
    module_warehouse.write("telemetry/requests/again.jsonl", "\n".join(rows[TWICE]))
    seeds = module_warehouse.folder / "seeds"
    seeds.mkdir()
    for name, text in SEEDS.items():
        (seeds / f"{name}.csv").write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(seeds))
        module_warehouse.build("+fct_unit_economics_daily", "+fct_metering_audit", "+int_quality__telemetry_files")
    return module_warehouse


def costs(built, unit: str) -> list[tuple]:
    return built.query(f"""
        select day(period_start), units, round(cost_per_unit, 4), null_reason from marts.fct_unit_economics_daily
        where workload = 'host' and cohort_dimension = 'all' and unit = '{unit}' order by 1
    """)


def test_tokens_are_those_of_the_bill_each_day(built):
    """240.00 for 132,000 tokens is 1818.1818 a million, also where the report has half and the gateway 264,000."""
    assert costs(built, "token") == [(day, 132_000, Decimal("1818.1818"), None) for day in range(1, 5)]


def test_output_under_a_name_that_nobody_reads_is_missing_and_not_0(built):
    """120 requests of 1,000 and 100 tokens each, for 120.00."""
    found = built.query("""
        select workload, unit, units, null_reason from marts.fct_unit_economics_daily
        where workload in ('veiled', 'dim', 'plain') and cohort_dimension = 'all' and day(period_start) = 1
            and unit in ('input_token', 'output_token', 'token', 'request')
    """)
    tokens = ("input_token", "output_token", "token")
    assert {(name, unit): (units, reason) for name, unit, units, reason in found} == {
        **{(name, unit): (None, "meter_missing") for name in ("veiled", "dim") for unit in tokens},
        **{("plain", unit): (count, None) for unit, count in zip(tokens, (120_000, 12_000, 132_000), strict=True)},
        **{(name, "request"): (120, None) for name in UNREAD},
    }
    issues = built.query("""
        select parse_filename(source_file), split_part(detail, ': ', 2)
        from intermediate.int_quality__telemetry_files where issue = 'unread_tokens' order by 1
    """)
    assert issues == [("dim.csv", "gen_tokens"), ("veiled.jsonl", "gen_tokens")]


def test_requests_are_not_those_of_half_a_report(built):
    """240.00 for 120 requests; on the 2nd for the gateway's 118, on the 3rd for a number that nobody knows."""
    assert costs(built, "request") == [
        (WHOLE, 120, Decimal("2.0"), None),
        (HALF_REPORT, 118, Decimal("2.0339"), None),
        (REPORT_ALONE, None, None, "meter_missing"),
        (TWICE, 120, Decimal("2.0"), None),
    ]


def test_each_unit_stands_beside_the_meter_that_divides_its_cost(built):
    audited = built.query("""
        select day(date_day), unit, meter, reference_meter, units, reference_units from marts.fct_metering_audit
        where unit in ('input_token', 'request') and meter in ('gateway', 'provider') and day(date_day) in (2, 4)
        order by all
    """)
    assert audited == [
        (HALF_REPORT, "input_token", "gateway", "billed", 118_000, 120_000),
        (HALF_REPORT, "input_token", "provider", "billed", 60_000, 120_000),
        (HALF_REPORT, "request", "gateway", "gateway", 118, 118),
        (HALF_REPORT, "request", "provider", "gateway", 60, 118),
        (TWICE, "input_token", "gateway", "provider", 240_000, 120_000),
        (TWICE, "input_token", "provider", "provider", 120_000, 120_000),
        (TWICE, "request", "gateway", "provider", 240, 120),
        (TWICE, "request", "provider", "provider", 120, 120),
    ]
