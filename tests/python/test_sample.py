"""The generated sample: same seed same rows, real exports' shapes, and arithmetic that holds on paper."""

import csv
import hashlib
import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.__main__ import main
from ai_unit_economics.sample.demand import Window
from ai_unit_economics.sample.writer import generate

SEEDS = Path(__file__).parents[2] / "seeds" / "config"
START = date(2026, 7, 1)
DAYS = 14  # long enough for the HA pair, restarts, gaps, the reservation and its outage
SCALE = 0.05


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    generate(out, Window(START, DAYS, SCALE, 7))
    return out


@pytest.fixture(scope="module")
def aws(sample: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute(f"""
        create view aws as
        select * from read_parquet('{sample}/focus/aws/**/*.parquet', hive_partitioning = false)
    """)
    return con


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


# Determinism and safety ---------------------------------------------------------------------------------------------
def test_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    for name, number in (("one", 7), ("two", 7), ("three", 8)):
        generate(tmp_path / name, Window(START, 3, 0.01, number))
    one, two, three = (digests(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert one.keys() == three.keys()
    requests = "telemetry/requests/gateway/2026-07-01.parquet"
    assert one[requests] != three[requests]


def test_it_never_clears_a_folder_that_it_did_not_fill(tmp_path: Path) -> None:
    bill = tmp_path / "focus" / "mine" / "bill.csv"
    bill.parent.mkdir(parents=True)
    bill.write_text("BilledCost\n1\n")
    result = CliRunner().invoke(main, ["--out", str(tmp_path), "--days", "1", "--scale", "0.01", "--quiet"])
    assert result.exit_code == 1
    assert "choose another folder" in result.output
    assert bill.exists()


# FOCUS --------------------------------------------------------------------------------------------------------------
def test_aws_export_has_the_columns_and_types_of_focus_1_2(aws: duckdb.DuckDBPyConnection) -> None:
    types = {name: kind for name, kind, *_ in aws.execute("describe aws").fetchall()}
    assert len(types) == 60
    assert {name for name in types if name.startswith("x_")} == {"x_Discounts", "x_Operation", "x_ServiceCode"}
    for cost in ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ConsumedQuantity"):
        assert types[cost] == "DOUBLE"
    assert types["ChargePeriodStart"] == "TIMESTAMP"
    assert types["Tags"] == "MAP(VARCHAR, VARCHAR)"


def test_aws_manifest_lists_the_files_of_its_billing_period(sample: Path) -> None:
    export = sample / "focus/aws/ai-platform-focus"
    manifest = json.loads((export / "metadata/BILLING_PERIOD=2026-07/ai-platform-focus-Manifest.json").read_text())
    files = sorted(path.name for path in (export / "data/BILLING_PERIOD=2026-07").iterdir())
    assert sorted(name.rsplit("/", 1)[1] for name in manifest["dataFiles"]) == files


def test_azure_snapshots_are_told_apart_by_the_seeds_pattern(sample: Path) -> None:
    pattern = next(row["snapshot_pattern"] for row in seed("focus_sources") if row["source"] == "azure")
    runs: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for path in (sample / "focus/azure").rglob("*.csv.gz"):
        found = re.search(pattern, str(path))
        assert found
        rows = duckdb.sql(f"select * from read_csv('{path}', all_varchar = true)").fetchall()
        runs[found.groups()[-2:]] = set(rows)  # billing period and age; before them the export's folder
    (older, few), (newer, all_rows) = sorted(runs.items())
    assert older[0] == newer[0] == "20260701-20260731"
    assert older[1] < newer[1]
    assert few < all_rows


def test_reservation_used_and_unused_sum_to_its_price_every_day(aws: duckdb.DuckDBPyConnection) -> None:
    """3 nodes × 24 hours × $2.90 = $208.80 a day, whatever ran; 8 hours of one node unused = $23.20."""
    days = aws.execute(f"""
        select
            cast(ChargePeriodStart as date),
            sum(EffectiveCost),
            sum(EffectiveCost) filter (CommitmentDiscountStatus = 'Unused'),
            sum(BilledCost)
        from aws
        where CommitmentDiscountId = '{fleet.RESERVATION_ID}' and ChargeCategory = 'Usage'
        group by 1 order by 1
    """).fetchall()
    assert [day for day, *_ in days] == [fleet.RESERVATION_STARTS + timedelta(days=n) for n in range(5)]
    for day, effective, unused, billed in days:
        assert effective == pytest.approx(208.80, abs=1e-9)
        assert billed == 0
        assert unused == (pytest.approx(23.20, abs=1e-9) if day == date(2026, 7, 12) else None)


def test_upfront_purchase_is_cash_and_not_cost(aws: duckdb.DuckDBPyConnection) -> None:
    """3 × 8760 hours × $2.90 = $76,212, paid once for a year."""
    purchases = aws.execute(f"""
        select BilledCost, EffectiveCost, ChargePeriodStart, ChargePeriodEnd, CommitmentDiscountStatus
        from aws where CommitmentDiscountId = '{fleet.RESERVATION_ID}' and ChargeCategory = 'Purchase'
    """).fetchall()
    ((billed, effective, starts, ends, status),) = purchases
    assert (billed, effective, status) == (76_212.0, 0.0, None)
    assert (ends - starts).days == 365


def test_savings_plan_is_spent_or_wasted_every_hour(aws: duckdb.DuckDBPyConnection) -> None:
    hours = aws.execute(f"""
        select
            sum(EffectiveCost),
            sum(BilledCost) filter (ChargeCategory = 'Purchase'),
            sum(BilledCost) filter (ChargeCategory = 'Usage')
        from aws where CommitmentDiscountId = '{fleet.SAVINGS_PLAN_ID}' group by ChargePeriodStart
    """).fetchall()
    assert len(hours) == DAYS * 24
    assert all(row == (pytest.approx(3.20, abs=1e-8), 3.20, 0) for row in hours)
    ((unused,),) = aws.execute("""
        select count(*) from aws where CommitmentDiscountStatus = 'Unused' and CommitmentDiscountCategory = 'Spend'
    """).fetchall()
    assert unused > 0


def test_unused_rows_have_no_quantity_and_no_workload(aws: duckdb.DuckDBPyConnection) -> None:
    rows = aws.execute("""
        select distinct ConsumedQuantity, ConsumedUnit, ResourceId = CommitmentDiscountId, cardinality(Tags)
        from aws where CommitmentDiscountStatus = 'Unused'
    """).fetchall()
    assert rows == [(None, None, True, 0)]


def test_each_running_node_is_billed_one_hour_an_hour(aws: duckdb.DuckDBPyConnection) -> None:
    """A node that a savings plan covers in part has two rows; together they are the hour."""
    worst = aws.execute("""
        select max(abs(hours - 1)) from (
            select sum(ConsumedQuantity) as hours from aws
            where Tags['user:pool'] is not null and ConsumedUnit = 'Hours' group by ResourceId, ChargePeriodStart
        )
    """).fetchall()
    assert worst[0][0] < 1e-9


# Telemetry ----------------------------------------------------------------------------------------------------------
Samples = dict[tuple[str, str], list[tuple[int, float]]]


def series_of(sample: Path, where: str, family: str = "vllm") -> Samples:
    """Samples of each series in time order, in the order of the files."""
    rows = duckdb.sql(f"""
        select metric, labels, epoch_ms(ts), value
        from read_parquet('{sample}/telemetry/prometheus/{family}/*.parquet') where {where} order by 1, 2, 3
    """).fetchall()
    found: Samples = {}
    for metric, labels, ts, value in rows:
        found.setdefault((metric, labels), []).append((ts, value))
    return found


def increase(samples: list[tuple[int, float]]) -> float:
    """Reset-aware, counting the first value: every series of the sample is born inside the window."""
    total, before = 0.0, 0.0
    for _, value in samples:
        if not math.isnan(value):
            total += value - before if value >= before else value
            before = value
    return total


@pytest.mark.parametrize("deployment_id", ["chat-large", "code-assist"])
def test_counters_agree_with_the_gateway(sample: Path, deployment_id: str) -> None:
    """Server = gateway × (1 + 0.3 % retries − 0.2 % cache) + 1.0 % direct = 101.1 %, within chance and lost scrapes."""
    pods = f"(labels ->> 'pod') like '{deployment_id}-%'"
    for metric, column in (
        ("vllm:prompt_tokens_total", "input_tokens"),
        ("vllm:prompt_tokens_cached_total", "cached_input_tokens"),
        ("vllm:generation_tokens_total", "output_tokens"),
    ):
        where = f"metric = '{metric}' and {pods} and (labels ->> 'namespace') <> 'staging'"
        counted = sum(increase(samples) for samples in series_of(sample, where).values())
        ((logged,),) = duckdb.sql(f"""
            select sum({column}) from read_parquet('{sample}/telemetry/requests/gateway/*.parquet')
            where deployment_id = '{deployment_id}'
        """).fetchall()
        assert counted / logged == pytest.approx(1.011, abs=0.008), metric


def test_texts_and_calls_of_embeddings_are_counted_apart(sample: Path) -> None:
    """A call holds a text for every 512 tokens and one for the rest; the server sees 101.1 % of the gateway's calls."""
    ((calls, texts),) = duckdb.sql(f"""
        select count(*), sum(ceil(input_tokens / 512))
        from read_parquet('{sample}/telemetry/requests/gateway/*.parquet')
        where deployment_id = 'docs-search' and status = 'ok'
    """).fetchall()
    for metric, logged in (("te_request_success", calls), ("te_embed_success", texts)):
        counted = sum(increase(samples) for samples in series_of(sample, f"metric = '{metric}'", "tei").values())
        assert counted / logged == pytest.approx(1.011, abs=0.008), metric
    assert texts / calls > 50


def test_counters_fall_only_at_restarts(sample: Path) -> None:
    """chat-large's process dies on 2 July 10:17:20; nothing else of a Deployment's pod goes down."""
    falls = []
    where = "metric = 'vllm:prompt_tokens_total' and (labels ->> 'namespace') = 'chat'"
    for samples in series_of(sample, where).values():
        valid = [one for one in samples if not math.isnan(one[1])]
        falls += [later[0] for earlier, later in pairwise(valid) if later[1] < earlier[1]]
    when = sorted(f"{datetime.fromtimestamp(ts / 1000, UTC):%m-%d %H:%M}" for ts in falls)
    assert when[0] in ("07-02 10:18", "07-02 10:19")
    assert set(when[1:]) <= {"07-04 20:04", "07-04 20:05"}  # chat-small, seen by both replicas
    assert len(when) == 3


def test_scrapes_are_thirty_seconds_apart_but_for_the_planted_gaps(sample: Path) -> None:
    samples = series_of(sample, "metric = 'vllm:prompt_tokens_total' and (labels ->> 'pod') = 'code-assist-0'")
    ((_, points),) = samples.items()
    steps = [(later[0] - earlier[0]) / 1000 for earlier, later in pairwise(points)]
    regular = [step for step in steps if step < 31]
    assert all(abs(step - 30) < 0.02 for step in regular)
    assert [round(step / 60) for step in steps if step >= 31] == [45]  # over midnight from 2 to 3 July


def test_the_ha_pair_sees_the_same_work_at_other_times(sample: Path) -> None:
    where = "metric = 'vllm:generation_tokens_total' and (labels ->> 'pod') like 'chat-small-%' and ts < '2026-07-12'"
    seen: dict[str, float] = {"a": 0.0, "b": 0.0}
    times: dict[str, set[int]] = {"a": set(), "b": set()}
    for (_, labels), samples in series_of(sample, where).items():
        replica = re.search(r'"prometheus_replica":"(\w)"', labels)
        assert replica
        seen[replica[1]] += increase(samples)
        times[replica[1]] |= {ts for ts, _ in samples}
    assert seen["a"] == pytest.approx(seen["b"], rel=0.002)
    assert not times["a"] & times["b"]


def test_long_files_are_sorted_by_series_and_time(sample: Path) -> None:
    for family in ("vllm", "tei", "kube-state-metrics", "dcgm"):
        ((wrong,),) = duckdb.sql(f"""
            select count(*) from (
                select
                    ts <= lag(ts) over w and metric = lag(metric) over w and labels = lag(labels) over w as back,
                    count(*) over (partition by filename, metric, labels) as rows_of_series
                from read_parquet(
                    '{sample}/telemetry/prometheus/{family}/*.parquet', filename = true, file_row_number = true
                )
                window w as (partition by filename order by file_row_number)
            ) where back
        """).fetchall()
        ((series, runs),) = duckdb.sql(f"""
            select
                count(distinct (filename, metric, labels)),
                count(*) filter (metric is distinct from before_metric or labels is distinct from before_labels)
            from (
                select *, lag(metric) over w as before_metric, lag(labels) over w as before_labels
                from read_parquet(
                    '{sample}/telemetry/prometheus/{family}/*.parquet', filename = true, file_row_number = true
                )
                window w as (partition by filename order by file_row_number)
            )
        """).fetchall()
        assert wrong == 0
        assert series == runs


def test_victoria_metrics_lines_have_null_where_a_pod_went(sample: Path) -> None:
    """summarize-batch works from 20:00 to 04:00: its pod is gone at 04:00 on 2 July."""
    lines = duckdb.sql(f"""
        select metric, "values", timestamps from read_json(
            '{sample}/telemetry/prometheus/azure-vm/2026-07-02.jsonl.gz', format = 'newline_delimited',
            columns = {{metric: 'MAP(VARCHAR, VARCHAR)', "values": 'DOUBLE[]', timestamps: 'BIGINT[]'}}
        )
        where metric['__name__'] = 'vllm:prompt_tokens_total'
    """).fetchall()
    assert lines
    assert all(metric["deployment"] == "summarize-batch" for metric, *_ in lines)
    assert any(values[-1] is None for _, values, _ in lines)
    assert all(len(values) == len(times) for _, values, times in lines)


def test_every_pod_sits_on_a_node_that_is_billed_at_that_hour(sample: Path, aws: duckdb.DuckDBPyConnection) -> None:
    folder = f"{sample}/telemetry/prometheus/kube-state-metrics/*.parquet"
    ((hours, unbilled, crowded),) = aws.execute(f"""
        with pods as (
            select distinct date_trunc('hour', ts) as hour, (labels ->> 'node') as node, (labels ->> 'pod') as pod
            from read_parquet('{folder}')
            where metric = 'kube_pod_container_resource_requests' and not isnan(value)
        ),
        nodes as (
            select (labels ->> 'node') as node, max(split_part((labels ->> 'provider_id'), '/', 5)) as instance_id
            from read_parquet('{folder}') where metric = 'kube_node_info' group by 1
        ),
        billed as (
            select distinct ChargePeriodStart as hour, ResourceId as instance_id from aws
            where Tags['user:pool'] is not null and ConsumedUnit = 'Hours'
        )
        select
            count(*),
            count(*) filter (billed.hour is null),
            count(*) - count(distinct (pods.hour, pods.node))
        from pods left join nodes using (node) left join billed using (hour, instance_id)
    """).fetchall()
    assert hours > DAYS * 24 * 3
    assert (unbilled, crowded) == (0, 0)


def test_hosted_usage_is_the_same_in_bill_and_metering(sample: Path, aws: duckdb.DuckDBPyConnection) -> None:
    ((billed,),) = aws.execute(f"""
        select sum(ConsumedQuantity) from aws where SkuMeter = '{fleet.BEDROCK_METERS["output"][0]}'
    """).fetchall()
    lines = (sample / "telemetry/provider_usage/bedrock/usage.jsonl").read_text().splitlines()
    assert billed * 1000 == pytest.approx(sum(json.loads(line)["output_tokens"] for line in lines), abs=1e-6)


def test_training_repeats_the_steps_after_its_checkpoint(sample: Path) -> None:
    (path, *_) = sorted((sample / "telemetry/training").glob("*.jsonl"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    steps: dict[str, list[int]] = {}
    for row in rows:
        steps.setdefault(row["attempt_id"], []).append(row["step"])
    first, second = steps.values()
    assert max(first) == 560  # 40 % of 1,400
    assert min(second) == 500  # the first log line after the checkpoint at 35 %, step 490
    assert max(second) == 1400
    assert rows[-1]["tokens_seen"] == 1400 * 131_072


# The seeds describe the same fleet ----------------------------------------------------------------------------------
def test_token_rates_are_the_fleets() -> None:
    rates = {
        (
            row["model"],
            row["accelerator"],
            float(row["prefill_tokens_per_second"]),
            float(row["decode_tokens_per_second"]),
        )
        for row in seed("token_rates")
    }
    for deployment in fleet.DEPLOYMENTS:
        for one in deployment.rates:
            if deployment.output_tokens and one.valid_from != fleet.CODE_REGRESSION:
                accelerator = fleet.POOLS[one.pool_id].accelerator
                assert (deployment.model_name, accelerator, one.prefill, one.decode) in rates


def test_deployments_and_their_changes_are_the_fleets() -> None:
    rows = seed("deployments")
    ids = {deployment.deployment_id for deployment in fleet.DEPLOYMENTS} | {fleet.TRAINING_ID}
    assert {row["deployment_id"] for row in rows} == ids
    changes = {
        (row["deployment_id"], date.fromisoformat(row["valid_from"]))
        for row in rows
        if row["valid_from"] > "2026-01-01"
    }
    assert changes == {
        ("chat-large", fleet.CHAT_LARGE_INNOCENT_RELEASE),
        ("chat-large", fleet.CHAT_LARGE_FP8),
        ("chat-small", fleet.CHAT_SMALL_H100),
        ("code-assist", fleet.CODE_REGRESSION),
        ("docs-search", fleet.DOCS_INNOCENT_RELEASE),
        ("chat-large-staging", fleet.STAGING_FP8),
    }
    for pool in seed("capacity_pools"):
        assert fleet.POOLS[pool["pool_id"]].accelerator == pool["accelerator"]
