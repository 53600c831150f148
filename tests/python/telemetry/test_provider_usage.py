"""Each provider's usage report, from a small file of its documented form, to totals that were added up by hand."""

import os
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "telemetry" / "provider_usage"
# Written one after the other: the newest of two reports of a bucket is the one that counts.
FILES = [
    "openai_completions_1.json",
    "openai_completions_2.json",
    "openai_completions_later.json",
    "openai_embeddings.json",
    "openai_hourly.json",
    "openai_costs.json",
    "anthropic_messages.json",
    "bedrock_get_metric_data.json",
    "bedrock_get_metric_statistics.json",
    "bedrock_local_time.json",
    "bedrock_invocations_1.jsonl",
    "bedrock_invocations_2.jsonl",
    "azure_metrics.json",
    "table.csv",
]


@pytest.fixture(scope="module")
def warehouse(module_warehouse):
    for age, name in enumerate(FILES):
        file = module_warehouse.copy(FIXTURES / name, f"telemetry/provider_usage/{name}")
        os.utime(file, (1795600000 + age, 1795600000 + age))
    module_warehouse.build("+int_usage__provider_usage_daily", "+int_quality__telemetry_files")
    return module_warehouse


def units(warehouse, provider):
    found = warehouse.query(f"""
        select day(date_day), deployment_id, unit, units from intermediate.int_usage__provider_usage_daily
        where provider = '{provider}'
    """)
    days: dict[tuple[int, str], dict[str, int]] = {}
    for day, deployment_id, unit, count in found:
        days.setdefault((day, deployment_id), {})[unit] = count
    return days


def test_openai(warehouse):
    # Day 23: 1000 with 300 cached, and 200 of another project. Day 24 as fetched later: 900 = 600 + 200 + 100 written,
    # and 5000 embedded by 7 requests. The hourly report of half of day 24 says a part of it again.
    assert units(warehouse, "openai") == {
        (23, "(unattributed)"): {
            "prompt_token": 1200,
            "input_token": 900,
            "cached_input_token": 300,
            "output_token": 70,
            "request": 5,
        },
        (24, "(unattributed)"): {
            "prompt_token": 5900,
            "input_token": 5600,
            "cached_input_token": 200,
            "cache_write_token": 100,
            "output_token": 30,
            "request": 12,
        },
    }


def test_anthropic(warehouse):
    # Two context windows are two rows: 1500 + 700 uncached, 200 read, 500 + 1000 written. It counts no requests.
    assert units(warehouse, "anthropic") == {
        (24, "(unattributed)"): {
            "prompt_token": 3900,
            "input_token": 2200,
            "cached_input_token": 200,
            "cache_write_token": 1500,
            "output_token": 590,
        }
    }


def test_bedrock(warehouse):
    # Day 20: one bucket from 01:00+01:00, which is midnight, for 24 hours.
    # Days 21 and 22: GetMetricStatistics. Day 23: invocations i1 (in both files), i2, i3; i4 failed.
    # Day 24: GetMetricData. Input counts nothing of the cache: 30 + 70 + 1, 300 read, 25 written; 350, 900 read.
    assert units(warehouse, "aws.bedrock") == {
        (20, "(unattributed)"): {"output_token": 2400},
        (21, "(unattributed)"): {"output_token": 12},
        (22, "(unattributed)"): {"output_token": 11},
        (23, "(unattributed)"): {
            "prompt_token": 426,
            "input_token": 101,
            "cached_input_token": 300,
            "cache_write_token": 25,
            "output_token": 12,
            "request": 3,
        },
        (24, "(unattributed)"): {
            "prompt_token": 1250,
            "input_token": 350,
            "cached_input_token": 900,
            "output_token": 100,
            "request": 3,
        },
    }
    assert warehouse.query("""
        select distinct model from staging.stg_provider_usage__usage
        where provider = 'aws.bedrock' and model is not null order by all
    """) == [("anthropic.claude-sonnet-4-5",), ("us.anthropic.claude-haiku-4-5",)]


def test_azure(warehouse):
    # What was cached is not told, so that uncached input is unknown; two requests were throttled.
    # The deployment is what the rule on the label `deployment` says.
    assert units(warehouse, "azure.openai") == {
        (24, "prod-mini"): {"prompt_token": 1500, "output_token": 100, "request": 5}
    }


def test_a_table_whose_bucket_crosses_midnight(warehouse):
    # Noon to noon: 1001, 801 uncached, 200 cached, 11 out, 3 requests; halves rounded down, the rest to the later day.
    # The row of day 25 has a negative input, which is unknown and no zero.
    assert units(warehouse, "gcp.vertex_ai") == {
        (23, "(unattributed)"): {
            "prompt_token": 500,
            "input_token": 400,
            "cached_input_token": 100,
            "output_token": 5,
            "request": 1,
        },
        (24, "(unattributed)"): {
            "prompt_token": 501,
            "input_token": 401,
            "cached_input_token": 100,
            "output_token": 6,
            "request": 2,
        },
        (25, "(unattributed)"): {"cached_input_token": 0, "output_token": 7, "request": 1},
    }


def test_what_could_not_be_read_is_named(warehouse):
    assert warehouse.query("""
        select parse_filename(source_file), issue, affected_rows
        from intermediate.int_quality__telemetry_files order by all
    """) == [
        ("bedrock_invocations_1.jsonl", "unreadable_row", 1),
        ("openai_completions_1.json", "superseded_count", 1),
        ("openai_costs.json", "file_not_read", 0),
        ("openai_hourly.json", "superseded_report", 12),
        ("table.csv", "unreadable_row", 1),
        ("table.csv", "unusable_count", 1),
    ]


def test_shapes(warehouse):
    assert warehouse.query("""
        select parse_filename(source_file), coalesce(shape, problem), format from staging.stg_telemetry__files
        where source_file like '%openai%' or source_file like '%metric%' order by all
    """) == [
        ("azure_metrics.json", "azure_monitor", "json_document"),
        ("bedrock_get_metric_data.json", "cloudwatch", "json_document"),
        ("bedrock_get_metric_statistics.json", "cloudwatch", "json_document"),
        ("openai_completions_1.json", "openai_usage", "json_document"),
        ("openai_completions_2.json", "openai_usage", "json_document"),
        ("openai_completions_later.json", "openai_usage", "json_lines"),
        ("openai_costs.json", "openai_costs: amounts and not usage; costs belong in focus", "json_lines"),
        ("openai_embeddings.json", "openai_usage", "json_lines"),
        ("openai_hourly.json", "openai_usage", "json_lines"),
    ]
