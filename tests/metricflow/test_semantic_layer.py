"""What `mf query` answers equals what the facts hold. `make metricflow-test` runs this on the test sample.

MetricFlow divides as DOUBLE, so that ratios are compared to nine digits, and sums of money to a millionth.
"""

from __future__ import annotations

import csv
import os
import re
import shlex
import subprocess
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = Path(os.environ["UNIT_ECONOMICS_DATABASE"])
MF = os.environ.get("METRICFLOW", ".venv-metricflow/bin/mf")


def mf(*arguments: str) -> str:
    result = subprocess.run([MF, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def query(tmp_path: Path, *arguments: str) -> list[dict[str, str]]:
    answer = tmp_path / "answer.csv"
    mf("query", *arguments, "--csv", str(answer))
    with answer.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def facts(sql: str) -> list[tuple]:
    with duckdb.connect(str(DATABASE), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def day(text: str) -> date:
    return date.fromisoformat(text[:10])


def test_the_definitions_hold_against_the_warehouse():
    output = mf("validate-configs")
    assert "ERRORS: 0" in output
    assert "ERRORS: 1" not in output


def test_cost_per_million_output_tokens_by_week_and_tier_equals_the_fact(tmp_path):
    rows = query(
        tmp_path,
        *("--metrics", "cost_per_million_output_tokens,output_tokens,output_token_cost"),
        *("--group-by", "metric_time__week,cell__environment,cell__workload,cell__customer_tier"),
    )
    answers = {
        (
            day(row["metric_time__week"]),
            row["cell__environment"],
            row["cell__workload"],
            row["cell__customer_tier"],
        ): row
        for row in rows
    }
    expected = facts("""
        select period_start, environment, workload, cohort, units, effective_cost, cost_per_unit
        from marts.fct_unit_economics_weekly
        where unit = 'output_token' and cohort_dimension = 'customer_tier'
    """)
    assert len(answers) == len(expected) > 50
    compared = 0
    for *key, units, cost, cost_per_unit in expected:
        answer = answers[tuple(key)]
        assert int(float(answer["output_tokens"] or 0)) == units
        assert float(answer["output_token_cost"]) == pytest.approx(float(cost), abs=1e-6)
        # Where the fact gives no number for want of coverage or units, the reason is in the fact alone.
        if cost_per_unit is not None:
            compared += 1
            assert float(answer["cost_per_million_output_tokens"]) == pytest.approx(float(cost_per_unit), rel=1e-9)
    assert compared > 40


@pytest.mark.parametrize(
    ("metric", "unit", "dimension"),
    [
        ("cost_per_million_tokens", "token", "release"),
        ("cost_per_million_input_tokens", "input_token", "geography"),
        ("cost_per_million_cached_input_tokens", "cached_input_token", "deployment"),
        ("cost_per_request", "request", "accelerator"),
        ("cost_per_embedding", "embedding", "customer_tier"),
        ("cost_per_training_step", "training_step", "model"),
        ("cost_per_million_training_tokens", "training_token", "quantization"),
    ],
)
def test_any_unit_and_cohort_by_month_equals_the_fact(tmp_path, metric, unit, dimension):
    column = "cell__deployment_id" if dimension == "deployment" else f"cell__{dimension}"
    rows = query(
        tmp_path,
        *("--metrics", metric),
        *("--group-by", f"metric_time__month,cell__environment,cell__workload,{column}"),
    )
    answers = {
        (day(row["metric_time__month"]), row["cell__environment"], row["cell__workload"], row[column]): row[metric]
        for row in rows
    }
    expected = facts(f"""
        select period_start, environment, workload, cohort, cost_per_unit
        from marts.fct_unit_economics_monthly
        where unit = '{unit}' and cohort_dimension = '{dimension}' and cost_per_unit is not null
    """)
    assert expected
    for *key, cost_per_unit in expected:
        assert float(answers[tuple(key)]) == pytest.approx(float(cost_per_unit), rel=1e-9)


def test_a_cohort_that_no_fact_holds_sums_to_one_that_it_does(tmp_path):
    """Tiers within geographies: their costs and units are those of the tiers."""
    rows = query(
        tmp_path,
        *("--metrics", "output_token_cost,output_tokens"),
        *("--group-by", "metric_time__month,cell__customer_tier,cell__geography"),
        *(
            "--where",
            "{{ Dimension('cell__workload') }} = 'chat' and {{ Dimension('cell__environment') }} = 'production'",
        ),
    )
    assert len({row["cell__geography"] for row in rows}) > 2
    sums: dict[tuple[date, str], list[Decimal]] = {}
    for row in rows:
        both = sums.setdefault((day(row["metric_time__month"]), row["cell__customer_tier"]), [Decimal(0), Decimal(0)])
        both[0] += Decimal(row["output_token_cost"])
        both[1] += Decimal(row["output_tokens"] or 0)
    expected = facts("""
        select period_start, cohort, effective_cost, units
        from marts.fct_unit_economics_monthly
        where
            unit = 'output_token' and cohort_dimension = 'customer_tier'
            and workload = 'chat' and environment = 'production'
    """)
    assert len(sums) == len(expected) > 4
    for month, tier, cost, units in expected:
        assert float(sums[month, tier][0]) == pytest.approx(float(cost), abs=1e-6)
        assert sums[month, tier][1] == units


def test_cumulative_metrics_sum_the_days_before(tmp_path):
    rows = query(
        tmp_path,
        *("--metrics", "cost_per_million_output_tokens_28_days,effective_cost_month_to_date"),
        *("--group-by", "metric_time__day"),
    )
    answers = {day(row["metric_time__day"]): row for row in rows}
    [(last, cost, units)] = facts("""
        with days as (select * from marts.fct_unit_costs_daily where unit = 'output_token'),
        last_day as (select max(date_day) as date_day from days)
        select any_value(last_day.date_day), sum(days.effective_cost), sum(days.units)
        from days, last_day
        where days.date_day > last_day.date_day - interval 28 day
    """)
    assert float(answers[last]["cost_per_million_output_tokens_28_days"]) == pytest.approx(
        float(cost) * 1_000_000 / float(units), rel=1e-9
    )
    months = facts("""
        select max(date_day), sum(effective_cost)
        from marts.fct_deployment_costs_daily group by date_trunc('month', date_day)
    """)
    assert len(months) > 1
    for last_day, cost_of_month in months:
        if last_day in answers:
            assert float(answers[last_day]["effective_cost_month_to_date"]) == pytest.approx(
                float(cost_of_month), abs=1e-6
            )


def test_levers_are_ratios_of_sums(tmp_path):
    rows = query(
        tmp_path,
        *("--metrics", "cached_input_share,accelerator_busy_share,tokens_per_accelerator_second"),
        *("--group-by", "metric_time__month,deployment_day__deployment_id"),
    )
    answers = {(day(row["metric_time__month"]), row["deployment_day__deployment_id"]): row for row in rows}
    expected = facts("""
        select
            cast(date_trunc('month', date_day) as date), deployment_id,
            sum(cached_input_tokens) / sum(input_tokens + cached_input_tokens),
            sum(busy_accelerator_seconds) / sum(case when busy_accelerator_seconds > 0 then accelerator_seconds end),
            sum(case when null_reason is null then tokens end)
                / sum(case when null_reason is null then accelerator_seconds end)
        from marts.fct_deployment_efficiency_daily group by all
    """)
    for month, deployment, *shares in expected:
        answer = answers[month, deployment]
        names = ("cached_input_share", "accelerator_busy_share", "tokens_per_accelerator_second")
        for name, share in zip(names, shares, strict=True):
            assert (float(answer[name]) if answer[name] else None) == (share if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    "name",
    [
        "output_token_cost_by_week_and_tier",
        "output_token_cost_by_day_and_release",
        "cost_by_month_and_origin",
        "levers_by_week_and_configuration",
    ],
)
def test_a_saved_query_answers(tmp_path, name):
    assert query(tmp_path, "--saved-query", name)


def queries_of_pages() -> list[str]:
    """Every `mf query` that the README and the page of questions show, as a shell reads it."""
    pages = "".join((PROJECT / page).read_text(encoding="utf-8") for page in ("README.md", "docs/questions.md"))
    joined = pages.replace("\\\n", " ")
    return re.findall(r"^(?:\S+ )*?\S*mf query (.+)$", joined, re.MULTILINE)


@pytest.mark.parametrize("shown", queries_of_pages())
def test_what_a_page_shows_is_answered(tmp_path, shown):
    rows = query(tmp_path, *shlex.split(shown))
    assert any(row["cost_per_million_output_tokens"] for row in rows)


def test_the_pages_show_a_query():
    assert len(queries_of_pages()) == 2
