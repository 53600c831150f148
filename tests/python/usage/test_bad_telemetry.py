"""Broken exports: what can be counted is counted, what cannot is seen, and a file without any use stops the build."""

from __future__ import annotations

import json

import pytest

SELECTION = "+int_usage__server_usage_daily"
LABELS = {"__name__": "vllm:prompt_tokens_total", "pod": "chat-large-1", "job": "vllm"}
MINUTE = 60_000
START = 1_780_000_000_000  # 2026-05-28T20:26:40Z


def line(values: list, labels: dict[str, str] = LABELS, start: int = START) -> str:
    return json.dumps(
        {"metric": labels, "values": values, "timestamps": [start + MINUTE * n for n in range(len(values))]}
    )


def units(warehouse) -> dict[str, int]:
    """The sample's chat-large caches prompts: without its counter of cached tokens the prompt is known as a whole."""
    return dict(warehouse.query("select unit, sum(units) from intermediate.int_usage__server_usage_daily group by all"))


def test_half_a_line_at_the_end_loses_nothing_else(warehouse) -> None:
    whole, half = line([100, 130, 170]), line([5, 6], {**LABELS, "pod": "chat-large-2"})
    warehouse.write("telemetry/prometheus/export.jsonl", f"{whole}\n{half[: len(half) // 2]}")
    warehouse.build(SELECTION)
    assert units(warehouse) == {"prompt_token": 70}
    assert warehouse.query("select metric, samples from staging.stg_prometheus__series order by metric") == [
        ("(unreadable)", 1),
        ("vllm_prompt_tokens", 3),
    ]


def table(pod: str, samples: int, *lines: str, header: str = "ts,metric,labels,value") -> str:
    """The long form as CSV, a counter that rises by 10 a second; labels are JSON within quotes."""
    counter = f'vllm:prompt_tokens_total,"{{""pod"":""{pod}""}}"'
    times = (f"2026-10-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z" for n in range(samples))
    rows = [f"{time},{counter},{n * 10}" for n, time in enumerate(times)]
    return "\n".join([header, *rows, *lines])


@pytest.mark.slow
@pytest.mark.parametrize("samples", [5, 40_000])  # DuckDB guesses a dialect from the first 20,000
def test_half_a_line_at_the_end_of_a_csv_loses_nothing_else(warehouse, samples: int) -> None:
    half = '2026-10-01T23:06:00Z,vllm:prompt_tokens_total,"{""pod"":""chat'
    warehouse.write("telemetry/prometheus/labels.csv", table("chat-large-1", samples, half))
    # a header of its own, that it is read by itself
    name = table("chat-large-2", samples, half[:30], header="time,metric,labels,value")
    warehouse.write("telemetry/prometheus/name.csv", name)
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"prompt_token": 2 * 10 * (samples - 1)}
    assert warehouse.query("""
        select parse_filename(source_file), issue, affected_rows from marts.fct_telemetry_quality order by all
    """) == [("labels.csv", "unreadable_row", 1), ("name.csv", "unreadable_row", 1)]


@pytest.mark.slow
def test_quotes_and_newlines_within_the_cells_of_a_csv(warehouse) -> None:
    # as Spark escapes a quote, and a label that is written on two lines
    spark = table("chat-large-1", 5).replace('""', '\\"')
    newline = table("chat-large-2", 5, header="time,metric,labels,value").replace('{""', '{\n""')
    warehouse.write("telemetry/prometheus/spark.csv", spark)
    warehouse.write("telemetry/prometheus/newline.csv", newline)
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"prompt_token": 40 + 40}
    assert warehouse.query("select * from marts.fct_telemetry_quality") == []


def test_a_counted_metric_whose_labels_cannot_be_read_is_shown(warehouse) -> None:
    broken = "2026-10-01T00:01:00Z,vllm:prompt_tokens_total,pod=chat-large-9,5"
    unasked = "2026-10-01T00:00:00Z,go_goroutines,none,7"
    header = "ts,metric,labels,value,replica"
    for name, head, replica in [("alone", header[:-8], ""), ("replica", header, ",a")]:
        head, *rows = table(f"chat-{name}-1", 5, broken, unasked, header=head).splitlines()
        text = "\n".join([head, *(row + replica for row in rows)])
        warehouse.write(f"telemetry/prometheus/{name}.csv", text.replace(f"chat-{name}-1", f"chat-large-{len(name)}"))
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"prompt_token": 40 + 40}
    assert warehouse.query("""
        select parse_filename(source_file), issue, affected_rows from marts.fct_telemetry_quality order by all
    """) == [("alone.csv", "unreadable_row", 1), ("replica.csv", "unreadable_row", 1)]


def test_stale_negative_and_not_a_number_are_no_values(warehouse) -> None:
    # 100 -> 130, a stale marker, 150 after it; -7 and NaN are impossible: 50 in all, and no reset
    warehouse.write("telemetry/prometheus/export.jsonl", line([100, 130, None, -7, 150]))
    warehouse.write(
        "telemetry/prometheus/more.csv",
        "ts,metric,labels,value\n"
        '2026-05-28T20:40:00Z,vllm:prompt_tokens_total,"{""pod"":""chat-large-1"",""job"":""vllm""}",NaN\n',
    )
    warehouse.build(SELECTION)
    assert units(warehouse) == {"prompt_token": 50}
    assert warehouse.query("""
        select sum(samples), sum(uncountable_samples), sum(negative_samples) from staging.stg_prometheus__series
    """) == [(6, 3, 1)]


TIMES = {
    "go": "2026-10-01 00:00:{} +0000 UTC",
    "rfc": "Thu, 01 Oct 2026 00:00:{} GMT",
    "us": "10/01/2026 00:00:{}",
    "dots": "01.10.2026 00:00:{}",
    "old": "1926-10-01T00:00:{}Z",
}


def test_times_and_values_that_cannot_be_read_are_named_with_one_of_them(warehouse) -> None:
    """Three samples of a pod each; of one whose values are grouped by commas the time is kept, and stale are two."""
    header = "ts,metric,labels,value"
    for name, form in TIMES.items():
        rows = [f'"{form.format(f"{n:02}")}",vllm:prompt_tokens_total,"{{""pod"":""{name}-1""}}",{n}' for n in range(3)]
        warehouse.write(f"telemetry/prometheus/{name}.csv", "\n".join([header, *rows]))
    values = ['"1,439"', '"2,439"', "NaN", "", "null", "7"]
    rows = [
        f'2026-10-01T00:00:{n:02}Z,vllm:prompt_tokens_total,"{{""pod"":""v-1""}}",{value}'
        for n, value in enumerate(values)
    ]
    warehouse.write("telemetry/prometheus/values.csv", "\n".join([header, *rows]))
    warehouse.build("+fct_telemetry_quality")
    assert warehouse.query("""
        select
            parse_filename(source_file), issue, split_part(split_part(detail, ' are n', 1), 'such as ', 2),
            affected_rows, is_fault
        from marts.fct_telemetry_quality where issue != 'no_deployment' order by all
    """) == sorted(
        [
            *((f"{name}.csv", "unreadable_row", form.format("00"), 3, True) for name, form in TIMES.items()),
            ("values.csv", "no_value", "", 3, False),
            ("values.csv", "unreadable_value", "1,439", 2, True),
        ]
    )


@pytest.mark.parametrize(
    ("more", "fewer"),
    [({"zone": "z"}, {}), ({}, {"engine": "0"})],
    ids=["a label that comes and goes", "a label that goes and comes"],
)
@pytest.mark.parametrize(("hours", "unsure"), [((24, 96), 1), ((66, 78), 2)], ids=["three days", "a night"])
def test_a_label_for_some_time_does_not_count_twice(warehouse, more, fewer, hours, unsure: int) -> None:
    """A counter rises by 10 a minute for six days, 14,400 a day, and is seen once more at their end. For some hours its
    series is another one. On the day on which that begins its first value may be old, which the marts know."""
    start = 1_780_012_800_000  # 2026-05-29T00:00:00Z
    stretches = [
        (LABELS | fewer, 0, hours[0] * 60),
        (LABELS | more, hours[0] * 60, hours[1] * 60),
        (LABELS | fewer, hours[1] * 60, 6 * 24 * 60 + 1),
    ]
    lines = [line([5000 + 10 * n for n in range(a, b)], labels, start + a * MINUTE) for labels, a, b in stretches]
    warehouse.write("telemetry/prometheus/labels.jsonl", "\n".join(lines) + "\n")
    warehouse.build(SELECTION)
    found = warehouse.query("""
        select cast(units as bigint) from intermediate.int_usage__server_usage_daily
        where unit = 'prompt_token' order by date_day
    """)
    assert [units for day, (units,) in enumerate(found) if day != unsure] == [14400] * 5 + [0]


def test_a_series_without_a_deployment_is_shown(warehouse) -> None:
    warehouse.write("telemetry/prometheus/export.jsonl", line([1, 5], {**LABELS, "pod": "who-knows-1"}))
    warehouse.build(SELECTION)
    assert warehouse.query("select deployment_id, unit, units from intermediate.int_usage__server_usage_daily") == [
        ("(unattributed)", "input_token", 4)
    ]


def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_count(warehouse) -> None:
    warehouse.write("telemetry/prometheus/good.jsonl", line([100, 130]))
    warehouse.write("telemetry/prometheus/cut.parquet", b"PAR1 and no more")
    warehouse.write("telemetry/prometheus/notes.jsonl", "this is no JSON\nnor is this\n")
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"prompt_token": 30}
    found = warehouse.query("""
        select parse_filename(source_file) as file, issue, detail from marts.fct_telemetry_quality order by all
    """)
    assert [(file, issue) for file, issue, _ in found] == [
        ("cut.parquet", "file_not_read"),
        ("notes.jsonl", "file_not_read"),
    ]
    assert all(detail for *_, detail in found)


def test_tokens_under_an_unknown_name_are_a_finding_with_their_count(warehouse) -> None:
    """100 and 30 more; a gauge of another kind of thing is no usage."""
    labels = {**LABELS, "__name__": "lmdeploy:prompt_tokens_total"}
    gauge = {**LABELS, "__name__": "lmdeploy:running_requests"}
    warehouse.write("telemetry/prometheus/a.jsonl", f"{line([100, 110, 130], labels)}\n{line([1, 2, 3], gauge)}")
    warehouse.build("+int_quality__prometheus_series")
    [(series, issue, detail)] = warehouse.query("""
        select series, issue, detail from intermediate.int_quality__prometheus_series
    """)
    assert (series, issue) == ("lmdeploy_prompt_tokens", "unknown_usage")
    assert "at least 30;" in detail


REPEATED = (
    *("vllm:request_prompt_tokens_sum", "vllm:request_prompt_tokens_count", "vllm:request_generation_tokens_sum"),
    *("vllm:request_params_max_tokens_sum", "vllm:request_max_num_generation_tokens_sum"),
    *("vllm:iteration_tokens_total_sum", "vllm:prompt_tokens_by_source_total", "vllm:prompt_tokens_recomputed_total"),
    *("vllm:request_prefill_kv_computed_tokens_sum", "vllm:spec_decode_num_accepted_tokens_per_pos_total"),
    "vllm:request_time_per_output_token_seconds_sum",
)


def test_what_repeats_a_count_is_no_fault_beside_it_and_one_alone(warehouse) -> None:
    """All that vLLM exports of tokens: 30 and 7 count. A pod whose histograms alone are scraped lacks its counters."""
    counted = {"vllm:prompt_tokens_total": [100, 110, 130], "vllm:generation_tokens_total": [10, 12, 17]}
    counted["vllm:request_decode_time_seconds_sum"] = [1, 2, 3]
    lines = [line(values, {**LABELS, "__name__": name}) for name, values in counted.items()]
    lines += [line([5, 15, 30], {**LABELS, "__name__": name}) for name in REPEATED]
    lines.append(line([5, 15, 30], {**LABELS, "__name__": "sglang:prompt_tokens_histogram_sum"}))
    warehouse.write("telemetry/prometheus/a.jsonl", "\n".join(lines))
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"prompt_token": 30, "output_token": 7}
    found = warehouse.query("select series, issue, is_fault from marts.fct_telemetry_quality order by all")
    named = {name.replace(":", "_").removesuffix("_total") for name in REPEATED if not name.endswith("_count")}
    assert found == [
        ("sglang_prompt_tokens_histogram_sum", "refused_metric", True),
        *((name, "counted_already", False) for name in sorted(named)),
    ]


def test_fastdeploys_counters_count(warehouse) -> None:
    """A prompt of 30, of which 20 were in the cache, 7 tokens of output and 2 requests."""
    values = {
        "fastdeploy:prompt_tokens_total": [100, 110, 130],
        "fastdeploy:prefix_cache_token_num_total": [50, 60, 70],
        "fastdeploy:prefix_gpu_cache_token_num_total": [50, 60, 70],
        "fastdeploy:generation_tokens_total": [10, 12, 17],
        "fastdeploy:request_generation_tokens_sum": [10, 12, 17],
        "fastdeploy:request_success_total": [1, 2, 3],
    }
    warehouse.write(
        "telemetry/prometheus/a.jsonl",
        "\n".join(line(counts, {**LABELS, "__name__": name}) for name, counts in values.items()),
    )
    warehouse.build("+fct_telemetry_quality", SELECTION)
    assert units(warehouse) == {"input_token": 10, "cached_input_token": 20, "output_token": 7, "request": 2}
    assert warehouse.query("select distinct issue, is_fault from marts.fct_telemetry_quality") == [
        ("counted_already", False)
    ]


def test_no_telemetry_gives_empty_models(warehouse) -> None:
    warehouse.write("focus/x/readme.md", "nothing to see")
    warehouse.build(
        *("+int_usage__server_usage_daily", "+int_usage__telemetry_coverage_daily"),
        *("+int_usage__accelerator_seconds_daily", "+int_usage__gateway_usage_daily"),
    )
    assert units(warehouse) == {}
    assert warehouse.query("select count(*) from intermediate.int_usage__telemetry_coverage_daily") == [(0,)]


def test_every_fault_is_in_the_quality_mart_with_file_and_series(warehouse, shared_data) -> None:
    warehouse.copy(
        shared_data / "prometheus_shape_samples" / "prom_query_range.json", "telemetry/prometheus/range.json"
    )
    warehouse.copy(
        shared_data / "prometheus_shape_samples" / "prom_query_matrix_raw.json", "telemetry/prometheus/raw.json"
    )
    # a gauge under a counter's name: 100, 90, 120, 80 of 120 falls to more than half
    gauge = line([100, 90, 120, 80], {**LABELS, "pod": "chat-large-2"})
    # minutes that come back: the samples of the second line lie between those of the first, with higher values
    backwards = [
        line([100, 130], {**LABELS, "pod": "chat-large-3"}),
        line([160, 190], {**LABELS, "pod": "chat-large-3"}, START + 30_000),
    ]
    stranger = line([1, 5], {**LABELS, "pod": "who-knows-1"})
    negative = line([3, -1, None, 7], {**LABELS, "pod": "chat-large-4"})
    twin = line([3, 7], {**LABELS, "__name__": "ray_vllm_prompt_tokens"})
    triton = line([3, 7], {**LABELS, "__name__": "nv_trt_llm_inflight_batcher_metrics"})
    whole = "\n".join([gauge, *backwards, stranger, negative, twin, triton])
    warehouse.write("telemetry/prometheus/export.jsonl", f"{whole}\n{stranger[:30]}")
    warehouse.write("telemetry/prometheus/notes.txt", "bring milk\n")
    warehouse.write("telemetry/prometheus/empty.jsonl", "")
    warehouse.build("+fct_telemetry_quality")
    found = warehouse.query("""
        select parse_filename(source_file) as file, issue, regexp_extract(series, '(pod=[^,}]*|^[a-z_]+$)'),
            affected_rows, is_fault
        from marts.fct_telemetry_quality where file not in ('range.json', 'raw.json') order by all
    """)
    assert found == [
        ("empty.jsonl", "file_not_read", None, 0, True),
        ("export.jsonl", "falls_above_zero", "pod=chat-large-2", 2, True),
        ("export.jsonl", "falls_above_zero", "pod=chat-large-3", 1, True),
        ("export.jsonl", "meter_broken", "pod=chat-large-2", 4, True),
        ("export.jsonl", "negative_value", "pod=chat-large-4", 1, True),
        ("export.jsonl", "no_deployment", "pod=who-knows-1", 2, True),
        ("export.jsonl", "no_value", "pod=chat-large-4", 1, False),
        ("export.jsonl", "refused_metric", "nv_trt_llm_inflight_batcher_metrics", 2, True),
        ("export.jsonl", "refused_metric", "ray_vllm_prompt_tokens", 2, True),
        ("export.jsonl", "unreadable_row", "", 1, True),
        ("notes.txt", "file_not_read", None, 0, True),
    ]
    assert warehouse.query("""
        select distinct parse_filename(source_file) from marts.fct_telemetry_quality where issue = 'resampled'
    """) == [("range.json",)]


def day_of_minutes(pod: str, hours: range, offset: str = "") -> str:
    """The long form as CSV, a sample a minute in these hours since midnight of 5 October."""
    rows = []
    for minute in range(60 * hours.start, 60 * hours.stop):
        day, rest = divmod(minute, 1440)
        labels = f'"{{""pod"":""{pod}""}}"'
        rows.append(
            f"2026-10-{5 + day:02}T{rest // 60:02}:{rest % 60:02}:07{offset},vllm:prompt_tokens_total,{labels},{minute}"
        )
    return "\n".join(["ts,metric,labels,value", *rows]) + "\n"


@pytest.mark.slow
def test_local_times_without_an_offset_are_named(warehouse) -> None:
    """A day of UTC as clocks of UTC+2 and UTC-5 write it; the same with its offset; and what is cut with the day."""
    warehouse.write("telemetry/prometheus/berlin/a.csv", day_of_minutes("chat-large-1", range(2, 26)))
    warehouse.write("telemetry/prometheus/lima/a.csv", day_of_minutes("chat-large-2", range(19, 43)))
    warehouse.write("telemetry/prometheus/cut/a.csv", day_of_minutes("chat-large-3", range(2, 24)))
    warehouse.write("telemetry/prometheus/zoned/a.csv", day_of_minutes("chat-large-4", range(2, 26), "+02:00"))
    warehouse.write("telemetry/prometheus/utc/a.csv", day_of_minutes("chat-large-5", range(24)))
    day = [f"2026-10-05 {hour:02}:30:00,chat-large" for hour in range(3, 24)]
    day += [f"2026-10-06 {hour:02}:30:00,chat-large" for hour in range(3)]
    warehouse.write("telemetry/requests/a.csv", "\n".join(["ts,deployment_id", *day]) + "\n")
    warehouse.write("telemetry/requests/utc/a.csv", "ts,deployment_id\n2026-10-05 13:00:00,chat-large\n")
    warehouse.build("+fct_telemetry_quality")
    assert warehouse.query("""
        select split_part(source_file, '/telemetry/', 2), affected_rows, regexp_extract(detail, '[0-9]+ whole hours')
        from marts.fct_telemetry_quality where issue = 'times_without_offset' order by all
    """) == [
        ("prometheus/berlin/a.csv", 1440, "2 whole hours"),
        ("prometheus/cut/a.csv", 1320, "2 whole hours"),
        ("prometheus/lima/a.csv", 1440, "19 whole hours"),
        ("requests/a.csv", 24, "3 whole hours"),
    ]


@pytest.mark.slow
def test_times_of_the_future_and_of_the_last_century_are_named(warehouse) -> None:
    """A clock of 2098 is read and named, as is one of 1999, which is no time."""
    rows = ["2098-10-05T10:00:00Z,chat-large", "1999-10-05T10:00:00Z,chat-large", "2026-10-05T10:00:00Z,chat-large"]
    warehouse.write("telemetry/requests/a.csv", "\n".join(["ts,deployment_id", *rows]) + "\n")
    warehouse.write("telemetry/product/a.csv", "ts,workload,user_id\n2097-01-01T00:00:00Z,assistant,ann\n")
    samples = '2096-01-01T00:00:00Z,vllm:prompt_tokens_total,"{""pod"":""chat-large-1""}",5'
    warehouse.write("telemetry/prometheus/a.csv", f"ts,metric,labels,value\n{samples}\n")
    warehouse.build("+fct_telemetry_quality")
    assert warehouse.query("""
        select folder, issue, affected_rows from marts.fct_telemetry_quality
        where issue in ('time_in_future', 'unreadable_row') order by all
    """) == [
        ("telemetry/product", "time_in_future", 1),
        ("telemetry/prometheus", "time_in_future", 1),
        ("telemetry/requests", "time_in_future", 1),
        ("telemetry/requests", "unreadable_row", 1),
    ]
