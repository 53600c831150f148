"""Reports of several accounts, regions and organisations add up; a bucket that was fetched twice counts once."""

import json
import os

import pytest

DAY = 86400
NOVEMBER_24 = 1795478400


def azure(account: str, prompt: int, output: int) -> dict:
    account_id = f"/subscriptions/s/resourceGroups/r/providers/Microsoft.CognitiveServices/accounts/{account}"

    def metric(name: str, total: int) -> dict:
        return {
            "id": f"{account_id}/providers/Microsoft.Insights/metrics/{name}",
            "name": {"value": name},
            "timeseries": [
                {
                    "metadatavalues": [{"name": {"value": "modeldeploymentname"}, "value": "gpt-4o"}],
                    "data": [{"timeStamp": "2026-11-24T00:00:00Z", "total": total}],
                }
            ],
        }

    return {
        "timespan": "2026-11-24T00:00:00Z/2026-11-25T00:00:00Z",
        "interval": "P1D",
        "value": [metric("ProcessedPromptTokens", prompt), metric("GeneratedTokens", output)],
        "resourceregion": "eastus",
    }


def statistics(metric: str, sums: dict[int, int]) -> dict:
    points = [{"Timestamp": f"2026-11-{day}T00:00:00Z", "Sum": total} for day, total in sums.items()]
    return {"Label": metric, "Datapoints": points}


def metric_data(day: int, values: dict[str, int]) -> dict:
    times = [f"2026-11-{day}T00:00:00Z"]
    return {"MetricDataResults": [{"Label": label, "Timestamps": times, "Values": [n]} for label, n in values.items()]}


def openai(seconds: int, *groups: dict) -> dict:
    result = {
        "object": "organization.usage.completions.result",
        "model": "gpt-4.1",
        "input_cached_tokens": 0,
        "output_tokens": 1,
        "num_model_requests": 1,
    }
    results = [result | group for group in groups]
    bucket = {"start_time": NOVEMBER_24, "end_time": NOVEMBER_24 + seconds, "results": results}
    return {"data": [bucket], "has_more": False}


# Written one after the other, so that the last is the newest.
FILES = {
    "prod.json": azure("aoai-prod", 1000, 100),
    "staging.json": azure("aoai-staging", 10, 1),
    "staging_again.json": azure("AOAI-Staging", 10, 1),
    # GetMetricStatistics answers one metric a call
    "model=m1/input.json": statistics("InputTokenCount", {20: 500, 21: 500, 22: 600}),
    "model=m1/output.json": statistics("OutputTokenCount", {20: 50, 21: 50, 22: 60}),
    "model=m1/cached.json": statistics("CacheReadInputTokenCount", {20: 7, 22: 8}),
    # a label may carry region and account
    "east.json": metric_data(
        23,
        {
            "m2 InputTokenCount 86400 us-east-1 111122223333": 700,
            "m2 OutputTokenCount 86400 us-east-1 111122223333": 70,
        },
    ),
    "west.json": metric_data(
        23,
        {
            "m2 InputTokenCount 86400 us-west-2 111122223333": 3,
            "m2 OutputTokenCount 86400 us-west-2 111122223333": 1,
        },
    ),
    "other_account.json": metric_data(
        23,
        {
            "m2 InputTokenCount 86400 us-east-1 444455556666": 20,
            "m2 OutputTokenCount 86400 us-east-1 444455556666": 2,
        },
    ),
    # or folders do
    "m3.json": metric_data(24, {"m3 InputTokenCount 86400": 100}),
    "region=us-east-1/m3.json": metric_data(24, {"m3 InputTokenCount 86400": 40}),
    "region=us-west-2/m3.json": metric_data(24, {"m3 InputTokenCount 86400": 2}),
    # or nothing does
    "m4_east.json": metric_data(25, {"m4 InputTokenCount 86400": 900, "m4 OutputTokenCount 86400": 5}),
    "m4_west.json": metric_data(25, {"m4 InputTokenCount 86400": 800, "m4 OutputTokenCount 86400": 5}),
    # two pages of one answer
    "page_1.json": metric_data(26, {"m5 InputTokenCount 86400": 30}),
    "page_2.json": metric_data(26, {"m5 OutputTokenCount 86400": 4}),
    "organization=a/first.json": openai(DAY, {"input_tokens": 100}),
    "organization=a/later.json": openai(DAY, {"input_tokens": 120}),
    "organization=b/hours.json": openai(3600, {"input_tokens": 7}),
    "organization=c/batch.json": openai(
        DAY,
        {"input_tokens": 10, "service_tier": "default", "batch": False},
        {"input_tokens": 10, "service_tier": "default", "batch": True},
    ),
    # a table of input and a table of output
    "input.csv": """provider,model,starts_at,ends_at,input_tokens,cached_input_tokens
        gcp.vertex_ai,g,2026-11-24,2026-11-25,5,1
    """.replace(" ", ""),
    "output.csv": """provider,model,starts_at,ends_at,output_tokens
        gcp.vertex_ai,g,2026-11-24,2026-11-25,6
    """.replace(" ", ""),
}


@pytest.fixture(scope="module")
def reports(module_warehouse):
    for age, (name, content) in enumerate(FILES.items()):
        text = content if isinstance(content, str) else json.dumps(content)
        file = module_warehouse.write(f"telemetry/provider_usage/{name}", text)
        os.utime(file, (1795600000 + age, 1795600000 + age))
    module_warehouse.build("+int_usage__provider_usage_daily", "+int_quality__telemetry_files")
    return module_warehouse


def units(reports, provider):
    days: dict[int, dict[str, int]] = {}
    for day, unit, count in reports.query(f"""
        select day(date_day), unit, units from intermediate.int_usage__provider_usage_daily
        where provider = '{provider}'
    """):
        days.setdefault(day, {})[unit] = count
    return days


def test_azure_accounts_with_a_deployment_of_the_same_name_add_up(reports):
    # 1000 + 10 and 100 + 1; an id is the same in capital letters, so that staging was fetched twice.
    assert units(reports, "azure.openai") == {24: {"prompt_token": 1010, "output_token": 101}}


def test_one_metric_a_file_is_joined_and_regions_and_accounts_add_up(reports):
    assert units(reports, "aws.bedrock") == {
        # Metrics of one model from three files; on day 21 nothing was cached.
        20: {"prompt_token": 507, "input_token": 500, "cached_input_token": 7, "output_token": 50},
        21: {"prompt_token": 500, "input_token": 500, "output_token": 50},
        22: {"prompt_token": 608, "input_token": 600, "cached_input_token": 8, "output_token": 60},
        # Two regions, and another account in one of them: 700 + 3 + 20.
        23: {"prompt_token": 723, "input_token": 723, "output_token": 73},
        # Folders for two regions, beside a file without: 100 + 40 + 2.
        24: {"prompt_token": 142, "input_token": 142},
        # Nothing tells the files apart: the newer one counts.
        25: {"prompt_token": 800, "input_token": 800, "output_token": 5},
        26: {"prompt_token": 30, "input_token": 30, "output_token": 4},
    }


def test_organisations_add_up_however_each_divides_its_day(reports):
    # 120, fetched again after 100; 7 of an organisation that reports by the hour; of a third one 10, and 10 by batch.
    assert units(reports, "openai") == {
        24: {"prompt_token": 147, "input_token": 147, "cached_input_token": 0, "output_token": 4, "request": 4}
    }


def test_tables_with_a_part_of_the_counts_each_are_joined(reports):
    # Of 5 input tokens 1 was cached.
    assert units(reports, "gcp.vertex_ai") == {
        24: {"prompt_token": 5, "input_token": 4, "cached_input_token": 1, "output_token": 6}
    }


def test_other_counts_that_do_not_count_are_named(reports):
    assert reports.query("""
        select parse_filename(source_file), issue, affected_rows
        from intermediate.int_quality__telemetry_files order by all
    """) == [("first.json", "superseded_count", 1), ("m4_east.json", "superseded_count", 1)]
