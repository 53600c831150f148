"""Metrics out of marts of a few rows, and through Prometheus' own tools where they are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.metrics import families, metrics_command, text, write
from ai_unit_economics.report.content import Marts

MONITORING = Path(__file__).resolve().parents[3] / "monitoring"
PROMTOOL = os.environ.get("PROMTOOL") or shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="no promtool (Debian: apt install prometheus; or PROMTOOL=)"
)


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "unit_economics.duckdb")) as connection:
        connection.execute("""
            create schema marts;
            create table marts.fct_unit_economics_daily as
            select
                day as period_start, day + 1 as period_end, complete as is_complete, 'production' as environment,
                'chat' as workload, dimension as cohort_dimension, cohort, unit, 1000000 as unit_scale, units,
                10::decimal(38, 18) as usage_cost, 0::decimal(38, 18) as unused_commitment_cost,
                2.5::decimal(38, 18) as idle_cost, 0::decimal(38, 18) as unobserved_cost,
                0::decimal(38, 18) as shared_cost, 12.5::decimal(38, 18) as effective_cost,
                cost::decimal(38, 18) as cost_per_unit, case when units = 0 then 'no_units' end as null_reason,
                1.0 as telemetry_coverage, 'USD' as currency
            from
                (values
                    (date '2026-09-01', true, 3000000, 4.166), (date '2026-09-02', true, 0, null),
                    (date '2026-09-03', false, 5000000, 2.5)
                ) as days(day, complete, units, cost),
                (values ('all', 'all'), ('deployment', 'chat "large"')) as cohorts(dimension, cohort),
                (values ('output_token'), ('token')) as kinds(unit);
            create table marts.fct_deployment_costs_daily as
            select 'aws' as source, period_start as date_day, 12.5::decimal(38, 18) as effective_cost
            from marts.fct_unit_economics_daily;
            create table marts.fct_cost_reconciliation as
            select
                'aws' as source, month::date as billing_period_start, 100::decimal(38, 18) as effective_cost_in,
                unallocated::decimal(38, 18) as unallocated_cost, difference::decimal(38, 18) as difference
            from (values ('2026-08-01', 50, 1), ('2026-09-01', 5, -1)) as months(month, unallocated, difference);
            create table marts.fct_target_status as
            select
                'chat-daily' as target_id, 'error' as severity, 'breached' as status, 'day' as grain,
                'production' as environment, 'chat' as workload, 'all' as cohort_dimension, 'all' as cohort,
                'output_token' as unit, 'USD' as currency, 1000000 as unit_scale,
                4::decimal(38, 18) as max_cost_per_unit,
                -0.0415 as headroom_ratio, date '2026-09-01' as period_start, date '2026-09-02' as period_end,
                true as is_complete, true as is_current;
            create table marts.publication as select timestamp '2026-09-04 03:00:00' as built_at;
        """)
        yield connection


def lines(connection: duckdb.DuckDBPyConnection, *, history: bool) -> list[str]:
    return text(families(Marts(connection), history=history), history=history).splitlines()


def test_the_newest_complete_day_is_shown_and_what_is_not_known_is_absent(marts: duckdb.DuckDBPyConnection) -> None:
    found = lines(marts, history=False)
    labels = 'environment="production",workload="chat",cohort_dimension="all",cohort="all",unit="output_token"'
    assert f"ai_unit_economics_units{{{labels}}} 0" in found
    # The second of September has no cost per unit, the third is not complete
    assert not [line for line in found if line.startswith("ai_unit_economics_cost_per_unit{")]
    # 2026-09-03T00:00Z
    end = 'ai_unit_economics_complete_through_timestamp_seconds{environment="production",workload="chat"} 1788393600'
    assert end in found


def test_units_that_nobody_counted_or_a_part_of_them_are_absent(marts: duckdb.DuckDBPyConnection) -> None:
    """One of two deployments has no meter: its 0, and the 0 or 7 of the other alone, are not the units of chat."""
    for units in (0, 7):
        marts.execute(
            "update marts.fct_unit_economics_daily set units = ?, null_reason = 'meter_missing' "
            "where unit = 'token' and period_start = '2026-09-02'",
            [units],
        )
        found = [line for line in lines(marts, history=False) if line.startswith("ai_unit_economics_units{")]
        assert ['unit="output_token"' in line for line in found] == [True, True]
        assert all(line.endswith("} 0") for line in found)
        of_tokens = [line for line in lines(marts, history=True) if "units{" in line and 'unit="token"' in line]
        assert [line.split()[-2] for line in of_tokens] == ["3000000", "3000000"]


def test_what_has_ended_is_in_no_sum_and_no_alert(marts: duckdb.DuckDBPyConnection) -> None:
    """chat-old served until the first; chat "large" goes on. The workload batch ended in July. All are in history."""
    marts.execute("""
        insert into marts.fct_unit_economics_daily
        select * replace ('chat-old' as cohort, 0.4 as telemetry_coverage)
        from marts.fct_unit_economics_daily where cohort_dimension = 'deployment' and period_start = '2026-09-01';
        insert into marts.fct_unit_economics_daily
        select * replace ('batch' as workload, period_start - 62 as period_start, period_end - 62 as period_end)
        from marts.fct_unit_economics_daily where cohort = 'all';
    """)
    newest, every = ("\n".join(lines(marts, history=history)) for history in (False, True))
    for ended in ('cohort="chat-old"', 'deployment="chat-old"', 'workload="batch"'):
        assert ended not in newest
    assert 'cohort="chat \\"large\\""' in newest
    assert newest.count("ai_unit_economics_complete_through_timestamp_seconds{") == 1
    assert 'cohort="chat-old"' in every
    assert 'workload="batch"' in every
    # a deployment that was seen too little on the newest complete day has not ended: its last complete day is shown
    marts.execute("""
        insert into marts.fct_unit_economics_daily
        select * replace (false as is_complete, date '2026-09-02' as period_start, date '2026-09-03' as period_end)
        from marts.fct_unit_economics_daily where cohort = 'chat-old'
    """)
    found = [line for line in lines(marts, history=False) if "chat-old" in line]
    assert any(line.startswith("ai_unit_economics_cost_per_unit{") and line.endswith(" 4.166") for line in found)
    assert any(line.startswith("ai_unit_economics_telemetry_coverage_ratio{") for line in found)


def test_a_target_without_data_says_so_and_users_alone_complete_no_day(marts: duckdb.DuckDBPyConnection) -> None:
    """Bills have come until 3 September. Of dark nobody saw anything but that no user came through the gateway; its
    target holds, has no data today and none ahead. A target of July has ended."""
    marts.execute("""
        insert into marts.fct_target_status
        select * exclude (day) replace ('dark-daily' as target_id, 'no_data' as status, null as headroom_ratio,
            false as is_current, day as period_start, day + 1 as period_end)
        from marts.fct_target_status, (values (date '2026-09-01'), ('2026-09-02'), ('2026-09-03')) as days(day);
        insert into marts.fct_target_status
        select * replace ('july' as target_id, false as is_current, date '2026-07-31' as period_start,
            date '2026-08-01' as period_end)
        from marts.fct_target_status where target_id = 'chat-daily';
        insert into marts.fct_unit_economics_daily
        select * replace ('dark' as workload, 'session' as unit, null as units, 'meter_missing' as null_reason)
        from marts.fct_unit_economics_daily where unit = 'token' and cohort = 'all';
    """)
    found = "\n".join(lines(marts, history=False))
    statuses = re.findall(r'target_status\{target_id="([a-z-]+)".*status="(\w+)"\} 1', found)
    assert statuses == [("chat-daily", "breached"), ("dark-daily", "no_data")]
    assert re.findall(r'complete_through_timestamp_seconds\{.*workload="(\w+)"', found) == ["chat"]


def test_history_is_stamped_with_the_end_of_the_day(marts: duckdb.DuckDBPyConnection) -> None:
    found = [line for line in lines(marts, history=True) if line.startswith("ai_unit_economics_cost_per_unit{")]
    assert len(found) == 4  # a day with a cost, two cohorts, two units
    assert all(line.endswith(" 4.166 1788307200") for line in found)  # 2026-09-02T00:00Z
    assert 'cohort="chat \\"large\\""' in found[-1]


def test_a_status_is_one_of_all_and_differences_do_not_cancel_out(marts: duckdb.DuckDBPyConnection) -> None:
    found = "\n".join(lines(marts, history=False))
    statuses = re.findall(r'target_status\{.*status="(\w+)"\} (\d)', found)
    assert dict(statuses) == {"met": "0", "at_risk": "0", "breached": "1", "no_data": "0"}
    assert 'ai_unit_economics_reconciliation_difference{source="aws"} 2.0' in found
    assert 'ai_unit_economics_unallocated_ratio{source="aws"} 0.05' in found  # of the newest period
    # a period that has cost nothing yet has no share, and not that of the period before
    marts.execute("insert into marts.fct_cost_reconciliation values ('aws', '2026-10-01', 0, 0, 0)")
    assert "ai_unit_economics_unallocated_ratio{" not in "\n".join(lines(marts, history=False))


def test_a_charge_for_a_year_moves_no_clock_and_an_ended_source_is_absent(marts: duckdb.DuckDBPyConnection) -> None:
    """aws and saas have come until 3 September, though saas bills the year; old ended in July."""
    marts.execute("""
        insert into marts.fct_deployment_costs_daily values ('saas', '2027-08-31', 1), ('old', '2026-07-01', 1);
        insert into marts.fct_unit_economics_daily by name
        select * replace (
            date '2027-08-31' as period_start, date '2027-09-01' as period_end, null as units, 0 as telemetry_coverage
        )
        from marts.fct_unit_economics_daily where cohort_dimension = 'deployment' and period_start = date '2026-09-01';
        alter table marts.fct_cost_reconciliation add column charges_until date default date '2026-09-03';
        insert into marts.fct_cost_reconciliation values
            ('saas', '2026-09-01', 0, 0, 0, '2026-09-03'), ('old', '2026-07-01', 0, 0, 0, '2026-07-02');
    """)
    found = lines(marts, history=False)
    # 2026-09-03T00:00Z
    assert [line for line in found if line.startswith("ai_unit_economics_charges_through")] == [
        f'ai_unit_economics_charges_through_timestamp_seconds{{source="{source}"}} 1788393600'
        for source in ("aws", "saas")
    ]
    coverage = [line for line in found if line.startswith("ai_unit_economics_telemetry_coverage_ratio")]
    assert [line.split()[-1] for line in coverage] == ["1.0"]


def test_rules_and_dashboard_ask_for_metrics_that_exist(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("update marts.fct_unit_economics_daily set cost_per_unit = 1")
    exist = {line.split()[2] for line in lines(marts, history=False) if line.startswith("# TYPE")}
    for file in ("prometheus/rules.yml", "grafana/unit_economics.json"):
        # A recorded series has a colon before its name
        asked = set(re.findall(r"(?<!:)\bai_unit_economics_\w+", (MONITORING / file).read_text()))
        assert asked - exist <= {"ai_unit_economics_alerts"}, file
        assert len(asked) >= 8


def test_a_database_without_marts_says_what_to_do(tmp_path: Path) -> None:
    database = tmp_path / "empty.duckdb"
    duckdb.connect(str(database)).close()
    done = CliRunner().invoke(metrics_command, ["--database", str(database), "--out", str(tmp_path / "metrics")])
    assert done.exit_code == 1
    assert "marts.fct_unit_economics_daily is not in it; run make build" in done.output


def promtool(*arguments: str, text: str | None = None) -> str:
    done = subprocess.run([PROMTOOL, *arguments], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_prometheus_reads_the_newest_values(marts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    newest, _ = write(marts, tmp_path)
    promtool("check", "metrics", text=newest.read_text())


@needs_promtool
def test_prometheus_loads_the_history(marts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    _, history = write(marts, tmp_path)
    promtool("tsdb", "create-blocks-from", "openmetrics", str(history), str(tmp_path / "tsdb"))
    (tmp_path / "tsdb" / "wal").mkdir()  # which a server would make
    dumped = promtool("tsdb", "dump", str(tmp_path / "tsdb"))
    samples = [line for line in dumped.splitlines() if 'ai_unit_economics_cost_per_unit"' in line]
    assert len(samples) == 4
    assert all(line.endswith(" 4.166 1788307200000") for line in samples)
    assert len(dumped.splitlines()) == len([line for line in history.read_text().splitlines() if line[0] != "#"])


@needs_promtool
def test_the_rules_do_what_their_tests_say() -> None:
    promtool("check", "rules", str(MONITORING / "prometheus" / "rules.yml"))
    promtool("test", "rules", str(MONITORING / "prometheus" / "rules_test.yml"))


@needs_promtool
def test_the_dashboards_expressions_parse(tmp_path: Path) -> None:
    dashboard = json.loads((MONITORING / "grafana" / "unit_economics.json").read_text())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    assert len(expressions) >= 10
    for variable, value in (("$__rate_interval", "5m"), ("$deployment_label", "pod"), ("$deployment", ".*")):
        expressions = [expression.replace(variable, value) for expression in expressions]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(expressions)]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))  # JSON is YAML
    promtool("check", "rules", str(file))
