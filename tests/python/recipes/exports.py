"""What each provider would deliver to a reader of its page: files in its shape, of two days, with few rows.

23 and 24 November 2026. The amounts are worked out in test_walks.py. Shapes are those of tests/python/staging and
tests/python/telemetry, where each is tried in all its odd forms; here the pages' own rules have to find the charges.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import duckdb

from tests.python.recipes.pages import blocks

DAYS = (23, 24)
MIDNIGHT = {23: 1795392000, 24: 1795478400, 25: 1795564800}
Answers = list[dict[str, Any]]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def parquet(path: Path, select: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"set TimeZone = 'UTC'; copy ({select}) to '{path}' (format parquet)")


def values(rows: Iterable[tuple]) -> str:
    return ", ".join(str(tuple("" if cell is None else cell for cell in row)) for row in rows)


def aws(folder: Path) -> Answers:
    """Data Exports, overwritten: DOUBLE costs, milliseconds, tags as MAP, a manifest beside them."""
    rows = [
        (day, cost, service, deployment, shared)
        for day in DAYS
        for cost, service, deployment, shared in (
            (10, "Amazon Elastic Compute Cloud", "chat", ""),
            (1, "Amazon API Gateway", "", "platform"),
            (0.5, "AWS Support (Business)", "", ""),
            (3, "Amazon Simple Storage Service", "", ""),
        )
    ]
    month = "BILLING_PERIOD=2026-11"
    parquet(
        folder / "data" / month / "focus-1-2-00001.snappy.parquet",
        f"""
        select
            cast(cost as double) as BilledCost, cast(cost as double) as EffectiveCost, 'Usage' as ChargeCategory,
            'USD' as BillingCurrency, service as ServiceName, 'AWS' as ProviderName,
            map_from_entries(list_filter(
                [{{k: 'user:deployment', v: deployment}}, {{k: 'user:shared-service', v: shared}}],
                lambda tag: tag.v != ''
            )) as Tags,
            timestamp_ms '2026-11-01' as BillingPeriodStart, timestamp_ms '2026-12-01' as BillingPeriodEnd,
            cast(make_timestamp(2026, 11, day, 0, 0, 0) as timestamp_ms) as ChargePeriodStart,
            cast(make_timestamp(2026, 11, day + 1, 0, 0, 0) as timestamp_ms) as ChargePeriodEnd
        from (values {values(rows)}) as charges (day, cost, service, deployment, shared)
        """,
    )
    manifest = json.dumps({"dataFiles": ["focus-1-2-00001.snappy.parquet"]})
    write(folder / "metadata" / month / "focus-1-2-Manifest.json", manifest)
    return [{"words": ["aws", "sync", "exports/focus-1-2"], "files": str(folder)}]


def azure(folder: Path) -> Answers:
    """Two runs of a month side by side, each with all days so far: the newer one counts."""
    header = (
        "BilledCost,EffectiveCost,ChargeCategory,BillingCurrency,ResourceId,ServiceName,SkuMeter,ConsumedQuantity,"
        "ConsumedUnit,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ProviderName,Tags"
    )
    tags = '"{""deployment"": ""chat""}"'
    rows: list[str] = []
    for day in DAYS:
        times = f"2026-11-01T00:00Z,2026-12-01T00:00Z,2026-11-{day}T00:00Z,2026-11-{day + 1}T00:00Z,Microsoft"
        rows += [
            f"12,12,Usage,USD,/subscriptions/a/vm-1,Virtual Machines,D8 v5,24,Hours,{times},{tags}",
            f"2,2,Usage,USD,/subscriptions/a/s-1,Storage Accounts,LRS,1,GB,{times},",
            f"2,2,Usage,USD,/subscriptions/a/oai,Azure OpenAI,gpt 4.1 Inp glbl Tokens,1000,1K,{times},",
            f"0.25,0.25,Usage,USD,/subscriptions/a/oai,Azure OpenAI,gpt 4.1 cached Inp glbl Tokens,500,1K,{times},",
            f"4,4,Usage,USD,/subscriptions/a/oai,Azure OpenAI,gpt 4.1 Outp glbl Tokens,500,1K,{times},",
        ]
        run = folder / "20261101-20261130" / "focus-daily" / f"202611{day + 1}0412" / "0f5c"
        write(run / "part_0_0001.csv.gz", "\n".join([header, *rows]) + "\n")
        write(run / "manifest.json", json.dumps({"blobs": [{"blobName": "x/part_0_0001.csv.gz"}]}))
    return [{"words": ["azcopy", "sync"], "files": str(folder)}]


def google(folder: Path) -> Answers:
    """Rows of BigQuery, appended a day: DECIMAL costs, labels as a list of keys and values, a correction."""
    label = "[{'Key': 'deployment', 'Value': 'chat', 'x_Inherited': false}]"
    arrived = {23: [(23, 14, True), (23, 2, False)], 24: [(24, 14, True), (24, 2, False), (23, -1, True)]}
    for day, rows in arrived.items():
        charges = ", ".join(
            f"({cost}::decimal(38, 9), timestamptz '2026-11-{of} 00:00:00Z', {label if labelled else '[]'})"
            for of, cost, labelled in rows
        )
        parquet(
            folder / f"arrived=2026-11-{day}" / "000000000000.parquet",
            f"""
            select
                cost as BilledCost, cost as EffectiveCost, 'Usage' as ChargeCategory, 'Compute Engine' as ServiceName,
                day as ChargePeriodStart, day + interval 1 day as ChargePeriodEnd, 'i' as InvoiceId,
                timestamptz '2026-11-01 00:00:00Z' as BillingPeriodStart,
                timestamptz '2026-12-01 00:00:00Z' as BillingPeriodEnd, 'USD' as BillingCurrency,
                'Google Cloud' as ProviderName, timestamptz '2026-11-{day} 22:00:00Z' as x_ExportTime, labels as Tags
            from (values {charges}) as charges (cost, day, labels)
            """,
        )
    return [{"words": ["gcloud", "rsync"], "files": str(folder)}]


def oracle(folder: Path) -> Answers:
    """1.0-preview by other names, gzipped, every six hours, appended: an hour comes again as a correction."""
    header = (
        "BilledCost,EffectiveCost,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,"
        "ChargeCategory,ChargeSubcategory,Provider,Publisher,InvoiceIssuer,Region,ServiceName,UsageQuantity,UsageUnit,"
        "PricingCategory,Tags,oci_ReferenceNumber,oci_BackReferenceNumber"
    )
    names = "Oracle,Oracle,Oracle America,eu-frankfurt-1"
    tags = '"{""deployment"": ""chat""}"'
    for day in DAYS:
        hour = f"USD,2026-11-01T00:00Z,2026-12-01T00:00Z,2026-11-{day}T10:00+0000,2026-11-{day}T11:00+0000"
        first = [
            f"16,16,{hour},Usage,On-Demand,{names},COMPUTE,8,GPU Hours,On-Demand,{tags},{day}-1,",
            f"1,1,{hour},Usage,On-Demand,{names},BLOCK_STORAGE,1,GB Hours,On-Demand,,{day}-2,",
        ]
        later = [f"-0.5,-0.5,{hour},Adjustment,Refund,{names},COMPUTE,0,GPU Hours,,{tags},{day}-3,{day}-1"]
        for number, rows in enumerate((first, later)):
            path = folder / "FOCUS Reports" / "2026" / "11" / str(day) / f"000100000{number}.csv.gz"
            write(path, "\n".join([header, *rows]) + "\n")
    return [{"words": ["oci", "bulk-download"], "files": str(folder), "place": "--download-dir"}]


def snowflake(folder: Path) -> Answers:
    """A view unloaded as CSV: names in capitals, a blank before the zone, \\N for null."""
    midnight = " 00:00:00.000 +0000"
    rows = [
        f"{cost},{cost},USD,2026-11-01{midnight},2026-12-01{midnight},2026-11-{day}{midnight},"
        f'2026-11-{day + 1}{midnight},Usage,"{service}",Snowflake,\\N'
        for day in DAYS
        for cost, service in ((6, "Cortex AI"), (4, "Warehouse"))
    ]
    header = (
        "BILLEDCOST,EFFECTIVECOST,BILLINGCURRENCY,BILLINGPERIODSTART,BILLINGPERIODEND,CHARGEPERIODSTART,CHARGEPERIODEND,"
        "CHARGECATEGORY,SERVICENAME,SERVICEPROVIDERNAME,TAGS"
    )
    write(folder / "data_0_0_0.csv.gz", "\n".join([header, *rows]) + "\n")
    return [{"words": ["snow", "stage", "copy"], "files": str(folder)}]


def databricks(folder: Path) -> Answers:
    """What the page's own query answers on system tables, as CSV: the endpoint's name, tags, a price that changed."""
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'; create schema billing")
        usage = ", ".join(
            f"(timestamptz '2026-11-{day} 10:00Z', timestamptz '2026-11-{day} 11:00Z', date '2026-11-{day}', {dbu}, "
            f"'{endpoint}')"
            for day in DAYS
            for dbu, endpoint in ((100, "search-endpoint"), (20, "other"))
        )
        connection.execute(f"""
            create table billing.usage as
            select
                usage_start_time, usage_end_time, usage_date, cast(dbu as decimal(38, 18)) as usage_quantity,
                'DBU' as usage_unit, 'AWS' as cloud, 'ENTERPRISE_SERVERLESS_REAL_TIME_INFERENCE' as sku_name,
                'MODEL_SERVING' as billing_origin_product, {{'endpoint_name': endpoint}} as usage_metadata,
                map {{'team': 'ml'}} as custom_tags
            from (values {usage}) as usage (usage_start_time, usage_end_time, usage_date, dbu, endpoint)
        """)
        connection.execute("""
            create table billing.list_prices as
            select
                'ENTERPRISE_SERVERLESS_REAL_TIME_INFERENCE' as sku_name, 'AWS' as cloud, 'DBU' as usage_unit,
                'USD' as currency_code, {'effective_list': {'default': cast(price as decimal(38, 18))}} as pricing,
                price_start_time, price_end_time
            from (values
                (0.07, timestamptz '2026-01-01 00:00Z', timestamptz '2026-11-24 00:00Z'),
                (0.08, timestamptz '2026-11-24 00:00Z', null)
            ) as prices (price, price_start_time, price_end_time)
        """)
        query = page_query("docs/connect/databricks.md").replace("system.billing.", "billing.")
        file = folder / "answer.csv"
        file.parent.mkdir(parents=True)
        connection.execute(f"copy ({query}) to '{file}' (header)")
    return [{"words": ["dbsqlcli", "-e", "focus.sql"], "says": file.read_text(encoding="utf-8")}]


def page_query(page: str) -> str:
    (text,) = (block.text for block in blocks(page, "sh") if "<<'SQL'" in block.text)
    return text.split("<<'SQL'\n")[1].split("\nSQL\n")[0]


def vercel(folder: Path) -> Answers:
    """JSON lines with the columns that Vercel promises, and no billing period among them."""
    lines = [
        json.dumps(
            {
                "BilledCost": cost,
                "BillingCurrency": "USD",
                "ChargeCategory": "Usage",
                "ChargePeriodStart": f"2026-11-{day}T00:00:00.000Z",
                "ChargePeriodEnd": f"2026-11-{day + 1}T00:00:00.000Z",
                "ConsumedQuantity": 1000,
                "ConsumedUnit": "Requests",
                "EffectiveCost": cost,
                "PricingCategory": "Standard",
                "PricingCurrency": "USD",
                "PricingQuantity": 1000,
                "PricingUnit": "Requests",
                "ServiceName": service,
                "ServiceProviderName": "Vercel",
                "Tags": {"ProjectName": "website"},
            }
        )
        for day in DAYS
        for cost, service in ((5, "AI Gateway"), (1.5, "Fast Data Transfer"))
    ]
    file = write(folder / "charges.jsonl", "\n".join(lines) + "\n")
    return [{"words": ["curl", "api.vercel.com"], "files": str(file), "place": "--output"}]


def openai(folder: Path) -> Answers:
    """Answers of the Usage and the Costs API for 24 November: input includes what was cached, money is dollars."""
    usage = {
        "object": "organization.usage.completions.result",
        "input_tokens": 1_200_000,
        "input_cached_tokens": 200_000,
        "output_tokens": 500_000,
        "num_model_requests": 900,
        "model": "gpt-4.1-2025-04-14",
        "project_id": None,
    }
    costs = [
        {
            "object": "organization.costs.result",
            "amount": {"value": value, "currency": "usd"},
            "line_item": f"gpt-4.1-2025-04-14, {kind}",
            "project_id": None,
        }
        for kind, value in (("input", 2.0), ("cached input", 0.1), ("output", 4.0))
    ]
    answers = []
    for report, results in (("usage/completions", [usage]), ("costs", costs)):
        bucket = {"object": "bucket", "start_time": MIDNIGHT[24], "end_time": MIDNIGHT[25], "results": results}
        page = {"object": "page", "data": [bucket], "has_more": False, "next_page": None}
        file = write(folder / f"{report.replace('/', '_')}.json", json.dumps(page))
        words = ["curl", f"api.openai.com/v1/organization/{report}"]
        answers.append({"words": words, "files": str(file), "place": "--output"})
    return answers


def anthropic(folder: Path) -> Answers:
    """The usage and the cost report for 24 November: input without what was read from the cache, money is cents."""
    usage = {
        "uncached_input_tokens": 1_000_000,
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_read_input_tokens": 500_000,
        "output_tokens": 200_000,
        "server_tool_use": {"web_search_requests": 0},
        "model": "claude-sonnet-4-5-20250929",
        "service_tier": "standard",
    }
    costs = [
        {
            "amount": cents,
            "currency": "USD",
            "cost_type": "tokens",
            "description": f"Claude Sonnet 4.5 Usage - {kind}",
            "model": "claude-sonnet-4-5-20250929",
        }
        for kind, cents in (("Input Tokens", "300.0"), ("Input Tokens, Cache Read", "15.0"), ("Output Tokens", "300.0"))
    ]
    answers = []
    for report, results in (("usage_report/messages", [usage]), ("cost_report", costs)):
        bucket = {"starting_at": "2026-11-24T00:00:00Z", "ending_at": "2026-11-25T00:00:00Z", "results": results}
        page = {"data": [bucket], "has_more": False, "next_page": None}
        file = write(folder / f"{report.replace('/', '_')}.json", json.dumps(page))
        words = ["curl", f"api.anthropic.com/v1/organizations/{report}"]
        answers.append({"words": words, "files": str(file), "place": "--output"})
    return answers


def litellm(folder: Path) -> Answers:
    """Spend logs of 24 November, a request each hour, and hourly files of FOCUS with the totals of the day so far."""
    header = (
        "request_id,call_type,api_key,spend,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,model,model_id,"
        "model_group,custom_llm_provider,user,end_user,session_id,metadata,cache_hit,status"
    )
    metadata = '"{""usage_object"": {""prompt_tokens"": 1000, ""completion_tokens"": 250}}"'
    rows = [
        f"r{hour},acompletion,k,0.004,1250,1000,250,2026-11-24 {hour:02}:30:00.000,2026-11-24 {hour:02}:30:02.000,"
        f"gpt-4.1,m1,helpdesk,openai,u{hour % 3},{'acme' if hour % 4 else ''},s{hour},{metadata},False,success"
        for hour in range(24)
    ]
    spend = write(folder / "spend.csv", "\n".join([header, *rows]) + "\n")
    for hour, (cost, requests) in {"11": ("0.048", 12), "23": ("0.096", 24)}.items():
        parquet(
            folder / "focus" / "date=2026-11-24" / f"hour={hour}" / f"usage_{hour}.parquet",
            f"""
            select
                cast({cost} as decimal(18, 6)) as BilledCost, cast({cost} as decimal(18, 6)) as EffectiveCost,
                cast({requests} as decimal(18, 6)) as ConsumedQuantity, 'Requests' as ConsumedUnit,
                'USD' as BillingCurrency, 'openai' as ProviderName, 'k' as BillingAccountId,
                '{{"model": "gpt-4.1"}}' as Tags, 'Usage' as ChargeCategory,
                timestamptz '2026-11-24 00:00:00Z' as BillingPeriodStart,
                timestamptz '2026-11-25 00:00:00Z' as BillingPeriodEnd,
                timestamptz '2026-11-24 00:00:00Z' as ChargePeriodStart,
                timestamptz '2026-11-25 00:00:00Z' as ChargePeriodEnd
            """,
        )
    return [
        {"words": ["psql", "LiteLLM_SpendLogs"], "files": str(spend), "pattern": r"to '([^']+)'"},
        {"words": ["aws", "sync", "focus_exports"], "files": str(folder / "focus")},
    ]


def metrics(folder: Path, data: Path) -> Answers:
    """What fetch-prometheus brings of a minute: three pods of Kubernetes, by the names that their owners give them."""
    pods = {"chat-large-0": "inference", "chat-7d9f8b6c5d-x2x7k": "inference", "chat-5c6d7e8f90-abcde": "staging"}
    lines = ["ts,metric,labels,value"]
    for step in range(3):
        for number, (pod, namespace) in enumerate(pods.items(), start=1):
            labels = json.dumps({"pod": pod, "namespace": namespace, "model_name": "qwen3-32b", "engine": "0"})
            quoted = labels.replace('"', '""')
            for metric, tokens in (("prompt", 1000), ("generation", 100)):
                value = 5000 + step * number * tokens
                lines.append(f'2026-11-24T13:0{step}:00Z,vllm:{metric}_tokens_total,"{quoted}",{value}')
    file = write(folder / "13.csv", "\n".join(lines) + "\n")
    target = data / "telemetry" / "prometheus" / "prometheus" / "2026-11-24" / "13.csv"
    target.parent.mkdir(parents=True)
    return [{"words": ["fetch-prometheus"], "files": str(file), "target": str(target)}]


def nothing(folder: Path) -> Answers:
    """The page itself writes what is to be written."""
    return []


MAKERS: dict[str, Callable[[Path], Answers]] = {
    "aws": aws,
    "azure": azure,
    "google": google,
    "oracle": oracle,
    "snowflake": snowflake,
    "databricks": databricks,
    "coreweave": nothing,
    "vercel": vercel,
    "openai": openai,
    "anthropic": anthropic,
    "litellm": litellm,
    "other-bills": nothing,
}


def answers_for(pages: Iterable[str], folder: Path) -> Iterator[dict[str, Any]]:
    for page in pages:
        yield from MAKERS[page](folder / page)
