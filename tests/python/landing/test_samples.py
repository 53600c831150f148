"""Samples of counters: labels and names of files hold whatever people write."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai_unit_economics.landing import samples, tables
from ai_unit_economics.sql import sql

PROJECT = Path(__file__).resolve().parents[3]
TOKENS = "vllm:prompt_tokens_total"
# DuckDB 2.0's hash of these two is the same.
ALIKE = (
    {"pod": "pod-103", "job": "job-b", "engine": "0", "prometheus_replica": "a"},
    {"pod": "pod-108", "job": "job-a", "engine": "0", "prometheus_replica": "a"},
)
HOSTILE = st.one_of(
    st.sampled_from(
        ["it's", "'; drop table x; --", '"', "{value}", "$1", "\\", "a\nb", "a,b", "[1]", "*", "' || 1 || '"]
    ),
    st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8),
)


def long_form(rows: list[tuple[str, dict[str, str], int]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["ts", "metric", "labels", "value"])
    writer.writerows([ts, TOKENS, json.dumps(labels), value] for ts, labels, value in rows)
    return text.getvalue()


def written(root, name: str, text: str) -> None:
    folder = root / "telemetry" / "prometheus"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8", newline="")


def series_of(landed) -> list[tuple[dict[str, str], float, float]]:
    rows = landed.session.execute(
        "select labels_json, lowest_value, highest_value from prometheus_series where problem is null"
    ).fetchall()
    return [(json.loads(labels), lowest, highest) for labels, lowest, highest in rows]


def test_series_whose_labels_have_one_hash_are_two(land, tmp_path):
    """Of one pod the counter stands at 10, of the other at 700: no series goes from 10 to 700."""
    first, second = ALIKE
    written(tmp_path, "a.csv", long_form([("2026-03-04T00:00:00Z", first, 10), ("2026-03-04T00:00:15Z", second, 700)]))
    assert sorted(series_of(land(tmp_path)), key=lambda row: row[1]) == [(first, 10, 10), (second, 700, 700)]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(HOSTILE, HOSTILE, min_size=1, max_size=3), HOSTILE)
def test_labels_and_names_of_files_stay_what_they_are(land, tmp_path_factory, labels, name):
    root = tmp_path_factory.mktemp("data")
    name = name.replace("/", "_").replace("\0", "_").lstrip(".") or "a"
    written(root, f"{name}.csv", long_form([("2026-03-04T00:00:00Z", labels, 10)]))
    landed = land(root)
    assert landed.problems == {}
    assert series_of(landed) == [(labels, 10, 10)]
    assert list(landed.rows(tables.PROMETHEUS_SAMPLES)) == [f"telemetry/prometheus/{name}.csv"]


# Names of servers, gateways, libraries and clouds, as their sources or docs have them, and what people call their own.
USAGE = (
    *("xinference:input_tokens_total_counter", "xinference:generate_tokens_total", "xinference:model_request_total"),
    *("ollama_tokens_generated_total", "ollama_prompt_tokens_total", "llm_tokens_used", "tokens_processed_total"),
    *("token_counter_total", "genai_prompt_token_count_total", "deepspeed_mii_generated_tokens_count"),
    *("bedrock_input_token_count_sum", "traceloop_llm_tokens_usage_sum", "gen_ai_client_token_usage_sum"),
    *("llm_openai_chat_completions_tokens_total", "mosec_tokens_out_total", "aibrix:prompt_token_total"),
    *("vllm:tokens_total_by_user", "sglang:input_tokens_counter", "fastdeploy:prompt_token_num", "llm_token_sum"),
    *("kong_ai_llm_tokens_total", "maxserve_num_output_tokens_total", "llm_usage_prompt_tokens_total"),
    *("claude_code.token.usage", "azure_processedprompttokens_total", "crusoe_inference_request_count"),
    *("inference_model_request_total", "gateway_request_model_success_total"),
)
NO_USAGE = (
    *(
        "vllm:time_to_first_token_seconds_sum",
        "vllm:inter_token_latency_seconds_count",
        "llamacpp:prompt_tokens_seconds",
    ),
    *("vllm:request_prompt_tokens_bucket", "vllm:prompt_tokens_created", "vllm:num_requests_running"),
    *("vllm:avg_generation_throughput_toks_per_s", "vllm:lora_requests_info", "xinference:generate_tokens_per_s"),
    *("sglang:token_usage", "sglang:swa_token_usage", "sglang:num_used_tokens", "sglang:max_total_num_tokens"),
    *(
        "sglang:kv_available_tokens",
        "sglang:kv_evictable_tokens",
        "tgi_batch_current_max_tokens",
        "llamacpp:n_tokens_max",
    ),
    *(
        "tgi_request_mean_time_per_token_duration_sum",
        "te_request_tokenization_duration_sum",
        "nv_inference_request_failure",
    ),
    *("litellm_remaining_tokens", "litellm_api_key_max_budget_tokens", "xinference:model_request_errors_total"),
    *("http_requests_total", "istio_requests_total", "promhttp_metric_handler_requests_total", "go_goroutines"),
    *("serviceaccount_valid_tokens_total", "vault_token_creation", "oauth_tokens_issued_total", "token_bucket_size"),
    *("kube_pod_container_resource_requests", "apiserver_request_total", "grafana_access_tokens_total"),
    *("dynamo_frontend_model_max_num_batched_tokens", "xinference:model_request_limit", "rtp_llm_input_token_length"),
)


def looks_like_usage(name: str, usage: str, no_usage: str) -> bool:
    query = sql(
        "select regexp_matches(name, {usage}) and not regexp_matches(name, {no_usage}) from (select {normal} as name)",
        usage=usage,
        no_usage=no_usage,
        normal=samples.normal_name(sql("{name}", name=name)),
    )
    with duckdb.connect() as connection:
        return connection.execute(query.text).fetchall()[0][0]


@pytest.mark.parametrize(
    ("name", "is_usage"), [*((name, True) for name in USAGE), *((name, False) for name in NO_USAGE)]
)
def test_names_that_look_like_usage(name, is_usage):
    assert looks_like_usage(name, samples.LOOKS_LIKE_USAGE, samples.LOOKS_LIKE_NO_USAGE) is is_usage


def test_models_and_landing_look_for_the_same_names():
    macros = jinja2.Environment(autoescape=False, extensions=["jinja2.ext.do"])
    macros.globals["return"] = lambda value: value
    module = macros.from_string((PROJECT / "macros" / "telemetry" / "usage_names.sql").read_text()).module
    assert module.usage_names().strip() == samples.LOOKS_LIKE_USAGE
    assert module.other_names().strip() == samples.LOOKS_LIKE_NO_USAGE
