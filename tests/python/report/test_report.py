"""The report against marts of a few rows, worked out by hand, and in a real browser where there is one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.figures import plain
from ai_unit_economics.report import NothingToReportError, charts, content, render
from ai_unit_economics.report.charts import Fan, Trend
from tests.python.openings import FINDINGS, SPEND

TODAY = date(2026, 9, 28)
CONFIGURATION = ", ".join(f"'same' as {name}" for name in content.CONFIGURATION if name != "release")


def unit_economics(grain: str) -> str:
    """Three weeks of chat at 2, 4 and 3 a million; the last Sunday is not known."""
    days = f"""
        select
            day::date as period_start, (day + interval 1 {grain})::date as period_end, true as is_complete,
            'production' as environment, 'chat' as workload, dimension.name as cohort_dimension,
            dimension.cohort, unit.name as unit, 1000000 as unit_scale, 10000000 as units,
            [20, 40, 30][1 + datediff('day', date '2026-09-07', day) // 7]::decimal(38, 18) as effective_cost
        from range(timestamp '2026-09-07', timestamp '2026-09-28', interval 1 {grain}) as days(day),
            (values ('all', 'all'), ('deployment', 'chat-large')) as dimension(name, cohort),
            (values ('output_token'), ('token')) as unit(name)
    """
    unknown = "period_start = date '2026-09-27'"
    return f"""
        create table marts.fct_unit_economics_{"daily" if grain == "day" else "weekly"} as
        select
            *, case when {unknown} then null else (effective_cost / 10)::decimal(38, 18) end as cost_per_unit,
            case when {unknown} then 'coverage_below_minimum' end as null_reason,
            case when {unknown} then 0.5 else 1 end::double as telemetry_coverage, 'USD' as currency
        from ({days})
    """


@pytest.fixture
def marts(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "unit_economics.duckdb")) as connection:
        connection.execute(f"""
            create schema marts;
            {unit_economics("day")};
            {unit_economics("week")};
            create table marts.fct_deployment_costs_daily as
            select
                period_start as date_day, 'aws' as source, 'chat-large' as deployment_id, 'usage' as cost_origin,
                environment, workload, effective_cost, currency
            from marts.fct_unit_economics_daily where cohort_dimension = 'all' and unit = 'token'
            union all values
                (date '2026-09-26', 'aws', '(unallocated)', 'usage', null, null, 210.0::decimal(38, 18), 'USD'),
                (date '2026-09-25', 'azure<script>', '(idle)', 'idle', null, null, 210.0::decimal(38, 18), 'USD');
            create table marts.fct_cost_reconciliation as
            select
                'aws' as source, date '2026-09-01' as billing_period_start, 'USD' as currency,
                1050::decimal(38, 18) as effective_cost_in, 630::decimal(38, 18) as direct_cost,
                210::decimal(38, 18) as pool_cost, 0::decimal(38, 18) as shared_cost,
                0::decimal(38, 18) as excluded_cost,
                210::decimal(38, 18) as unallocated_cost, 1050::decimal(38, 18) as effective_cost_out,
                0::decimal(38, 18) as difference;
            create table marts.dim_deployments as
            select 'chat-large' as deployment_id, 'production' as environment, 'chat' as workload, *, {CONFIGURATION}
            from (values (date '2026-01-01', '1.0'), (date '2026-09-14', '1.1 & more')) as periods(valid_from, release);
        """)
        yield connection


def test_a_workload_shows_its_latest_complete_day_and_how_the_week_moved(marts: duckdb.DuckDBPyConnection) -> None:
    (chat,) = content.workloads(content.Marts(marts))
    assert (chat.name, chat.unit_text) == ("chat", "million output tokens")
    # The 27th is not known: the 26th is the latest
    assert (chat.latest["period_start"], chat.latest["cost_per_unit"]) == (date(2026, 9, 26), 3)
    # two whole weeks are known: all of the last one but the 27th
    assert chat.card == {"period": "week from 2026-09-21", "value": 3, "change": Decimal(3) / 4 - 1, "grain": "week"}
    assert [(mark.day, mark.letter, mark.text) for mark in chat.marks] == [
        (date(2026, 9, 14), "a", "chat-large: release 1.0 → 1.1 & more")
    ]


def test_the_facts_on_top(marts: duckdb.DuckDBPyConnection) -> None:
    facts = content.facts(content.Marts(marts), TODAY, None)
    # The source that is furthest behind decides
    assert facts.charges_through == date(2026, 9, 25)
    assert (facts.telemetry_through, facts.lowest_coverage) == (date(2026, 9, 27), 0.5)
    # 7 x (20 + 40 + 30) and 2 x 210: 210 / 1050
    assert facts.unallocated_share == Decimal("0.2")
    assert (facts.difference, facts.rows_that_differ) == (0, 0)


def test_a_charge_for_a_year_and_a_source_that_ended_move_no_day(marts: duckdb.DuckDBPyConnection) -> None:
    """saas bills a year ahead, as far as aws has come; old was last heard of on 1 August, more than a month before.
    chat counted units on the 27th, which no bill reaches; of yearly, which saas bills, nobody ever counted any."""
    marts.execute("""
        insert into marts.fct_deployment_costs_daily by name
        select day::date as date_day, 'saas' as source, 'yearly' as deployment_id, 'usage' as cost_origin,
            'production' as environment, 'yearly' as workload, 1 as effective_cost, 'USD' as currency
        from range(timestamp '2026-09-01', timestamp '2027-09-01', interval 1 day) as days(day)
        union all by name
        select date '2026-08-01' as date_day, 'old' as source, 'chat-large' as deployment_id, 'usage' as cost_origin,
            'production' as environment, 'chat' as workload, 1 as effective_cost, 'USD' as currency;
        insert into marts.fct_unit_economics_daily by name
        select day::date as period_start, (day + interval 1 day)::date as period_end, day < '2026-09-26' as is_complete,
            'production' as environment, 'yearly' as workload, cohorts.dimension as cohort_dimension, cohorts.cohort,
            'token' as unit, 1000000 as unit_scale, null::bigint as units, 1 as effective_cost,
            'meter_missing' as null_reason, 1 as telemetry_coverage, 'USD' as currency
        from range(timestamp '2026-09-01', timestamp '2027-09-01', interval 1 day) as days(day),
            (values ('all', 'all'), ('deployment', 'yearly')) as cohorts(dimension, cohort);
        create table rows_of_sources as
        select * exclude (source), from_source.*
        from marts.fct_cost_reconciliation, (values
            ('aws', date '2026-09-26'), ('azure', date '2026-09-27'), ('saas', date '2026-09-27'),
            ('old', date '2026-08-02')
        ) as from_source(source, charges_until);
        drop table marts.fct_cost_reconciliation;
        create table marts.fct_cost_reconciliation as from rows_of_sources;
    """)
    found = content.Marts(marts)
    facts = content.facts(found, TODAY, None)
    assert (facts.charges_through, facts.last_day) == (date(2026, 9, 25), date(2026, 9, 27))
    assert (facts.telemetry_through, facts.lowest_coverage) == (date(2026, 9, 27), 0.5)
    yearly = next(row for row in content.coverage(found, facts.since) if row["deployment"] == "yearly")
    assert (yearly["last_day"], yearly["days"]) == (date(2026, 9, 26), 26)
    assert [row["days"] for row in content.unknown(found, facts.since) if row["workload"] == "yearly"] == [26]
    assert {row["source"]: row["last_day"] for row in content.freshness(found)}["saas"] == date(2026, 9, 26)


def test_differences_that_cancel_out_are_told(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("""
        insert into marts.fct_cost_reconciliation
        select 'b', * exclude (source) replace (-0.000000000000000001 as difference) from marts.fct_cost_reconciliation
        union all
        select 'c', * exclude (source) replace (0.000000000000000001 as difference) from marts.fct_cost_reconciliation
    """)
    facts = content.facts(content.Marts(marts), TODAY, None)
    assert (plain(facts.difference), facts.rows_that_differ) == ("0.000000000000000002", 2)
    assert '<dd class="bad">0.000000000000000002</dd>' in render(marts)


@pytest.mark.parametrize(
    ("small", "steps_of_small"),
    [("0.001", [("smaller parts", Decimal("0.001"), "up")]), ("0.0000000000000003", [])],
    ids=["below 0.05 % of 4", "last digits"],
)
def test_the_waterfall_walks_from_before_to_after(
    marts: duckdb.DuckDBPyConnection, small: str, steps_of_small: list[tuple]
) -> None:
    changes = ["-1", "0.25", "-0.5", "0", "0", "0.249", "0", small, "0", "0", "0", "0"]
    parts = ", ".join(
        f"{value}::decimal(38, 18) as {name}" for name, value in zip(content.DRIVERS, changes, strict=True)
    )
    after = 4 + sum(map(Decimal, changes))
    marts.execute(f"""
        create table marts.fct_cost_per_unit_drivers as
        select
            'week' as grain, date '2026-09-21' as period_start, date '2026-09-28' as period_end,
            date '2026-09-14' as period_start_before, 'production' as environment, 'chat' as workload,
            'output_token' as unit, true as is_complete, 4::decimal(38, 18) as cost_per_unit_before,
            {after}::decimal(38, 18) as cost_per_unit, {after - 4}::decimal(38, 18) as cost_per_unit_change, {parts}
    """)
    found = content.Marts(marts)
    (move,) = content.drivers(found, content.workloads(found))
    steps = [(step["name"], step["value"], step["kind"]) for step in move["steps"]]
    assert steps == [
        ("before", 4, "level"),
        ("price of capacity", -1, "down"),
        ("throughput", Decimal("-0.5"), "down"),
        ("utilization", Decimal("0.25"), "up"),
        ("idle capacity", Decimal("0.249"), "up"),
        *steps_of_small,
        ("after", after, "level"),
    ]
    assert "Why it moved" in render(marts)


def test_sections_appear_with_their_marts(marts: duckdb.DuckDBPyConnection) -> None:
    page = render(marts)
    assert 'id="money"' in page
    for absent in ('id="drivers"', 'id="margins"', 'id="targets"', 'id="hosted"'):
        assert absent not in page
    marts.execute("""
        create table marts.fct_tier_margin as
        select
            'month' as grain, date '2026-09-01' as period_start, true as is_complete, 'production' as environment,
            workload, tier as customer_tier, revenue::decimal(38, 18) as revenue,
            10::decimal(38, 18) as counted_cost, margin::decimal(38, 18) as margin, rate::double as margin_rate,
            reason as null_reason
        from (values ('pro', 40, 30, 0.75, null), ('free', 0, -10, null, null), ('new', 0, null, null, 'no_price'))
            as tiers(tier, revenue, margin, rate, reason), (values ('chat'), ('(all)')) as workloads(workload)
    """)
    page = render(marts)
    assert "free, all workloads" in page
    assert "−10.00" in page
    assert "no price" in page


def test_what_is_not_known_is_neither_drawn_nor_counted(marts: duckdb.DuckDBPyConnection) -> None:
    page = render(marts)
    assert "coverage below minimum" in page
    (chat,) = content.workloads(content.Marts(marts))
    points = [point for line in re.findall(r'class="days[^"]*" points="([^"]*)"', chat.chart) for point in line.split()]
    assert len(points) == 20  # of 21 days


def test_a_week_that_nobody_counted_has_no_units(marts: duckdb.DuckDBPyConnection) -> None:
    """The first week counted 0 units because the meter is missing, the second one because there were none."""
    marts.execute("""
        update marts.fct_unit_economics_weekly set units = 0, cost_per_unit = null, null_reason = case
            period_start when '2026-09-07' then 'meter_missing' else 'no_units' end
        where period_start < '2026-09-21'
    """)
    (chat,) = content.workloads(content.Marts(marts))
    assert [week["units"] for week in chat.whole_weeks] == [None, 0, 10_000_000]
    assert re.search(r"2026-09-07</th><td class=\"n\">–</td>", render(marts))


def test_text_from_the_data_cannot_become_markup(marts: duckdb.DuckDBPyConnection) -> None:
    page = render(marts)
    assert "<script" not in page
    assert "azure&lt;script&gt;" in page
    assert "1.1 &amp; more" in page


class Strict(HTMLParser):
    """Tags that close what was opened, ids once, and nothing that a browser would fetch."""

    EMPTY = frozenset({"meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labelled: list[str] = []

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.look(dict(attributes))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.look(dict(attributes))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, (tag, self.getpos())

    def look(self, attributes: dict[str, str | None]) -> None:
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.labelled += [attributes["aria-labelledby"]] if "aria-labelledby" in attributes else []
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:")), attributes


def test_the_page_is_well_formed_and_loads_nothing(marts: duckdb.DuckDBPyConnection) -> None:
    page = render(marts)
    parser = Strict()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    assert set(parser.labelled) <= set(parser.ids)
    assert "url(" not in page
    assert "@import" not in page


def test_a_forecast_is_drawn_as_a_fan() -> None:
    start = date(2026, 9, 1)
    known = [(start + timedelta(days=n), 2.0, True) for n in range(5)]
    fan = [Fan(start + timedelta(days=5 + n), 2.0, (1.5, 2.5), (1.0, 3.0)) for n in range(5)]
    chart = charts.trend(Trend(days=known, fan=fan), "chat")
    assert chart.count("<polygon") == 2
    assert 'class="forecast"' in chart


def test_a_workload_has_the_days_ahead_of_its_forecast_mart(marts: duckdb.DuckDBPyConnection) -> None:
    """Days after the last one that the marts hold, Sunday 27 September; the week is of another grain."""
    marts.execute("""
        create table marts.fct_unit_economics_forecast as
        select
            grain, period_start::date as period_start, 'production' as environment, 'chat' as workload,
            'output_token' as unit, 3.0 as cost_per_unit, 2.5 as cost_per_unit_low_80, 3.5 as cost_per_unit_high_80,
            2.0 as cost_per_unit_low_95, 4.0 as cost_per_unit_high_95
        from (
            values ('day', '2026-09-27'), ('day', '2026-09-28'), ('day', '2026-09-29'), ('week', '2026-09-28')
        ) as ahead(grain, period_start)
    """)
    (chat,) = content.workloads(content.Marts(marts))
    assert [row["day"] for row in chat.fan] == [date(2026, 9, 28), date(2026, 9, 29)]
    assert 'class="fan outer"' in chat.chart


@pytest.mark.parametrize(
    ("high", "last"), [(0.0, 1.0), (0.0523, 0.06), (7.3, 8.0), (20.0, 20.0), (999.0, 1000.0), (1e-7, 1e-7)]
)
def test_axes_end_at_a_round_number_above_the_data(high: float, last: float) -> None:
    assert charts.ticks(high)[-1] == pytest.approx(last)


def test_a_bill_without_units_is_a_page_that_says_what_comes_next(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.fct_unit_economics_daily")
    page = render(marts, TODAY)
    assert "no workload with a cost per unit yet: <code>ai-unit-economics doctor</code> says what is missing" in page
    assert 'id="money"' in page
    for absent in ('id="trend"', 'id="coverage"', "Lowest coverage", "None", "N/A"):
        assert absent not in page


def test_the_tables_of_money_add_up_to_the_bill(marts: duckdb.DuckDBPyConnection) -> None:
    """7 x (20 + 40 + 30) = 630 of chat and 2 x 210 that nobody bears: 1,050, in the reconciliation as by workload."""
    found = content.Marts(marts)
    origins = content.origins(found, date(2026, 9, 1), date(2026, 10, 1))
    assert [(row["name"], row["total"]) for row in origins["rows"]] == [
        ("chat", 630),
        ("(idle)", 210),
        ("(unallocated)", 210),
    ]
    assert (origins["total"]["total"], origins["total"]["usage"], origins["total"]["idle"]) == (1050, 840, 210)
    assert list(origins["names"]) == ["usage", "idle"]  # no column of zeros
    reconciliation = content.reconciliation(found)
    assert reconciliation["total"]["effective_cost_in"] == 1050
    assert list(reconciliation["treatments"]) == ["direct_cost", "pool_cost", "unallocated_cost"]
    # until is exclusive: without the 26th and 27th, of which the 26th has 210 unallocated, and 2 x 30
    assert content.origins(found, date(2026, 9, 1), date(2026, 9, 26))["total"]["total"] == 1050 - 210 - 60


def test_a_tier_stands_above_its_workloads(marts: duckdb.DuckDBPyConnection) -> None:
    """The mart's own row over all workloads, the dearest loss first; what is not known comes last."""
    marts.execute("""
        create table marts.fct_tier_margin as
        select
            'month' as grain, date '2026-09-01' as period_start, true as is_complete, 'production' as environment,
            workload, tier as customer_tier, revenue::decimal(38, 18) as revenue, cost::decimal(38, 18) as counted_cost,
            margin::decimal(38, 18) as margin, rate::double as margin_rate, reason as null_reason
        from (values
            ('chat', 'pro', 40, 10, 30, 0.75, null), ('search', 'pro', 0, 4, null, null, 'no_price'),
            ('chat', 'free', 0, 10, -10, null, null), ('chat', 'new', 0, 10, null, null, 'no_price'),
            ('chat', 'lab', 5, 2, null, null, 'no_telemetry'), ('search', 'lab', 5, 2, 3, 0.6, null),
            ('(all)', 'pro', 40, 14, 26, 0.65, null), ('(all)', 'free', 0, 10, -10, null, null),
            ('(all)', 'new', 0, 10, null, null, 'no_price'), ('(all)', 'lab', 10, 4, null, null, 'no_telemetry')
        ) as tiers(workload, tier, revenue, cost, margin, rate, reason)
    """)
    tiers = content.margins(content.Marts(marts))["tiers"]
    assert [(t["customer_tier"], t["revenue"], t["counted_cost"], t["margin"], t["null_reason"]) for t in tiers] == [
        ("free", 0, 10, -10, None),
        ("pro", 40, 14, 26, None),
        ("new", 0, 10, None, "no_price"),
        # of chat only a part is known: neither 10 nor 4 is all that lab was charged and cost
        ("lab", None, None, None, "no_telemetry"),
    ]
    assert [(row["workload"], row["revenue"]) for row in tiers[3]["rows"]] == [("chat", None), ("search", 5)]
    assert tiers[1]["margin_rate"] == 0.65
    assert [row["workload"] for row in tiers[1]["rows"]] == ["chat", "search"]


def test_a_card_speaks_of_the_period_of_its_target(marts: duckdb.DuckDBPyConnection) -> None:
    """September cost 3.2, August 4: 20 % less, beside September's verdict. October runs and says nothing yet."""
    marts.execute("""
        create table marts.fct_target_status as
        select
            'chat-monthly' as target_id, 'production' as environment, 'chat' as workload, 'all' as cohort_dimension,
            'all' as cohort, 'output_token' as unit, 1000000 as unit_scale, 'month' as grain, 'warn' as severity,
            status, start as period_start, (start + interval 1 month)::date as period_end, is_complete,
            start = date '2026-10-01' as is_current, cost::decimal(38, 18) as cost_per_unit,
            3::decimal(38, 18) as max_cost_per_unit, 0::double as headroom_ratio
        from (values
            (date '2026-08-01', 'breached', true, 4), (date '2026-09-01', 'breached', true, 3.2),
            (date '2026-10-01', 'met', false, 2)
        ) as periods(start, status, is_complete, cost)
    """)
    (chat,) = content.workloads(content.Marts(marts))
    assert chat.card == {
        "period": "September 2026",
        "value": Decimal("3.2"),
        "change": Decimal("-0.2"),
        "grain": "month",
    }
    assert chat.target["status"] == "breached"


@pytest.mark.parametrize(
    ("replaced_by", "limit"), [("aa-new", Decimal(5)), (None, None)], ids=["replaced", "without another one"]
)
def test_a_target_that_has_ended_is_on_no_card(
    marts: duckdb.DuckDBPyConnection, replaced_by: str | None, limit: Decimal | None
) -> None:
    """zz-old allowed 1 in August; by name it would come last. The last whole week cost 3, a quarter less than 4."""
    marts.execute("""
        create table marts.fct_target_status as
        select
            target_id, 'production' as environment, 'chat' as workload, 'all' as cohort_dimension, 'all' as cohort,
            'output_token' as unit, 1000000 as unit_scale, 'month' as grain, 'warn' as severity, status,
            start as period_start, (start + interval 1 month)::date as period_end, true as is_complete, is_current,
            2::decimal(38, 18) as cost_per_unit, maximum::decimal(38, 18) as max_cost_per_unit,
            0::double as headroom_ratio
        from (values
            ('zz-old', date '2026-08-01', 'breached', false, 1), ('aa-new', date '2026-09-01', 'met', true, 5)
        ) as periods(target_id, start, status, is_current, maximum)
    """)
    if not replaced_by:
        marts.execute("delete from marts.fct_target_status where target_id = 'aa-new'")
    (chat,) = content.workloads(content.Marts(marts))
    assert (chat.target and chat.target["max_cost_per_unit"]) == limit
    assert chat.card["period"] == ("September 2026" if replaced_by else "week from 2026-09-21")


def test_a_card_has_no_change_from_a_credit(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute(
        "update marts.fct_unit_economics_weekly set cost_per_unit = -4 where period_start = date '2026-09-14'"
    )
    (chat,) = content.workloads(content.Marts(marts))
    assert (chat.card["value"], chat.card["change"]) == (3, None)


def test_a_workload_that_nobody_looked_at_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("""
        insert into marts.fct_unit_economics_daily by name
        select * replace ('batch' as workload, 0 as units, null as cost_per_unit, 'no_telemetry' as null_reason)
        from marts.fct_unit_economics_daily where unit = 'token' and cohort_dimension = 'all'
    """)
    assert "No cost per unit of batch: nobody looked, there is no telemetry of it." in render(marts)


def test_a_key_names_only_what_the_charts_show(marts: duckdb.DuckDBPyConnection) -> None:
    """chat has a change of configuration, neither target nor forecast. A change that rounds to none has no colour."""
    marts.execute("update marts.fct_unit_economics_weekly set cost_per_unit = 3 where period_start >= '2026-09-14'")
    page = render(marts)
    assert "</b>&nbsp; change of configuration" in page
    for absent in ("</i>target", "</i>forecast", "0.0 %</span>"):
        assert absent not in page
    assert "as much as the week before" in page


def test_data_older_than_two_days_is_flagged(marts: duckdb.DuckDBPyConnection) -> None:
    """The bill ends on the 25th, telemetry on the 27th. On the 28th the bill is 2 days old, on the 29th 3."""
    assert "Old data" not in render(marts, date(2026, 9, 28))
    page = render(marts, date(2026, 9, 29))
    assert "when this page was made, the bill ends on 2026-09-25, 3 days ago." in page
    assert "telemetry ends on 2026-09-27, 3 days ago" in render(marts, date(2026, 10, 1))


def test_the_page_opens_with_what_was_spent_and_what_to_decide(marts: duckdb.DuckDBPyConnection) -> None:
    assert 'id="opening"' not in render(marts)
    marts.execute(SPEND)
    page = render(marts)
    assert "What was spent in September 2026" in page
    assert "110.00 <small>USD, 10.0 % more than the month before</small>" in page
    assert "Nothing was found that deserves a decision." in page
    marts.execute(FINDINGS)
    page = render(marts)
    assert re.findall(r'class="amount">([\d.,]+) USD', page) == ["1,000.01", "800.00", "700.00", "600.00", "500.00"]
    assert "Saved 1,234.57 USD a month:" in page
    assert page.index("What to decide") < page.index("What a unit costs")
    assert "8 findings" in page
    assert "fct_findings where finding_rank = &#39;2&#39;" in page


def test_usage_without_a_bill_has_no_day_of_charges(marts: duckdb.DuckDBPyConnection) -> None:
    marts.execute("delete from marts.fct_deployment_costs_daily; delete from marts.fct_cost_reconciliation")
    page = render(marts)
    assert "<dt>Charges through</dt><dd>none</dd>" in page
    assert "None" not in page


def test_marts_that_are_absent_or_empty_are_told(marts: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    marts.execute("delete from marts.fct_unit_economics_daily; delete from marts.fct_deployment_costs_daily")
    with pytest.raises(NothingToReportError, match="the marts are empty"):
        render(marts)
    with duckdb.connect() as nothing, pytest.raises(NothingToReportError, match=r"marts\.fct_unit_economics_daily"):
        render(nothing)
    missing = CliRunner().invoke(main, ["report", "--database", str(tmp_path / "no.duckdb")])
    assert (missing.exit_code, "make publish" in missing.output) == (1, True)


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page is not looked at in a browser")
@pytest.mark.parametrize("width", [500, 1280])
def test_a_browser_shows_it_without_an_error_or_a_request(
    marts: duckdb.DuckDBPyConnection, tmp_path: Path, width: int
) -> None:
    page, log = tmp_path / "report.html", tmp_path / "network.json"
    page.write_text(render(marts))
    # Chromium's own services ask the network by themselves: only what the page asks for has the page as its source
    done = subprocess.run(
        [
            *(CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"),
            *(f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", f"--log-net-log={log}"),
            *("--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"),
            *(f"--screenshot={tmp_path / 'page.png'}", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    assert "CONSOLE" not in done.stderr
    assert (tmp_path / "page.png").stat().st_size > 10_000
    text = log.read_text()
    try:
        events = json.loads(text)["events"]
    except json.JSONDecodeError:  # cut short when the browser was closed
        events = json.loads(text[: text.rindex(",\n")] + "]}")["events"]
    asked = {event["params"]["url"] for event in events if "url" in event.get("params", {})}
    assert not [url for url in asked if url.startswith(("http:", "https:")) and "google" not in url], asked
