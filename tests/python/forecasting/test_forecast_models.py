"""The dbt models over series of our own making: what is published stays, and what came is held against it."""

from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from tests.python.conftest import Warehouse
from tests.python.forecasting.series import START, grown

# From the series to what is read here. What else stands on forecasts reads seeds of its own, which are not loaded.
MODELS = "int_forecasting__series_daily+,+fct_forecast_accuracy"


def write_days(database: Path, days: int, factor: float = 1.0) -> None:
    """int_books__unit_economics of one workload that grows 2 % a week; everything is complete."""
    history = grown(days=140)
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema if not exists intermediate")
        connection.execute("drop table if exists intermediate.int_books__unit_economics")
        connection.execute(
            """
            create table intermediate.int_books__unit_economics (
                grain varchar, environment varchar, workload varchar, cohort_dimension varchar, cohort varchar,
                unit varchar, units bigint, effective_cost decimal(38, 18), null_reason varchar, is_complete boolean,
                period_start date, counted_cost decimal(38, 18) generated always as (effective_cost)
            )
            """
        )
        connection.executemany(
            "insert into intermediate.int_books__unit_economics values "
            "('day', 'production', 'chat', 'all', 'all', 'request', ?, cast(? as decimal(38, 18)), null, true, ?)",
            [
                (int(history.usage[day] * factor), f"{history.cost[day]:.6f}", START + timedelta(days=day))
                for day in range(days)
            ],
        )


@pytest.fixture
def forecasts(warehouse: Warehouse) -> Warehouse:
    warehouse.folder.mkdir(exist_ok=True)
    assert warehouse.dbt("seed", "--select", "units", "planned_changes")
    return warehouse


def test_published_forecasts_stay_and_are_held_against_what_came(forecasts: Warehouse) -> None:
    write_days(forecasts.database, 98)
    assert forecasts.dbt("run", "--select", MODELS)
    published = (
        "select * from intermediate.int_forecasting__published_forecasts where as_of_date = '2026-04-13' order by all"
    )
    first = forecasts.query(published)
    assert len(first) == 35 + 5
    accuracy = "select count(*) from marts.fct_forecast_accuracy where evaluation = 'published'"
    assert forecasts.query(accuracy) == [(0,)]

    # The same days restated, as of the same day: the forecast is another one, the published one is not.
    write_days(forecasts.database, 98, factor=1.2)
    assert forecasts.dbt("run", "--select", MODELS)
    assert forecasts.query(published) == first

    # A week later, rebuilt from scratch: two forecasts are known, and the first has seven days to answer for.
    write_days(forecasts.database, 105)
    assert forecasts.dbt("run", "--full-refresh", "--select", MODELS)
    assert forecasts.query(published) == first
    as_of = "select distinct as_of_date::varchar from intermediate.int_forecasting__published_forecasts order by 1"
    assert forecasts.query(as_of) == [("2026-04-13",), ("2026-04-20",)]
    history = grown(days=140)
    expected = {row[7]: float(row[9]) for row in first if row[6] == "day"}
    off = [abs(expected[START + timedelta(days=day)] - int(history.usage[day])) for day in range(98, 105)]
    ((points, wape),) = forecasts.query(
        "select points, wape from marts.fct_forecast_accuracy where evaluation = 'published' and grain = 'day' "
        "and measure = 'usage' and unit = 'request' and horizon = '1-7 days'"
    )
    assert points == 7
    assert wape == pytest.approx(sum(off) / sum(int(history.usage[day]) for day in range(98, 105)))
    assert wape < 0.1
    assert np.isfinite(wape)


def test_an_amount_a_day_is_of_one_workload(warehouse: Warehouse) -> None:
    """40 a day for all of production would be 40 for each workload of it, and 40 for chat one more in staging."""
    assert warehouse.dbt("seed", "--select", "planned_changes", "deployments")
    test = ("test", "--select", "planned_changes_rows_are_valid")
    assert warehouse.dbt(*test)
    for environment, workload, is_one in (
        ("production", "chat", True),
        ("production", None, False),
        (None, "chat", False),
    ):
        with duckdb.connect(str(warehouse.database)) as connection:
            connection.execute("delete from config.planned_changes")
            connection.execute(
                "insert into config.planned_changes (change_id, environment, workload, starts_on, cost_per_day) "
                "values ('nodes', ?, ?, '2026-12-01', 40)",
                [environment, workload],
            )
        assert warehouse.dbt(*test, check=False) == is_one
        assert is_one or "would be added to several workloads" in warehouse.output
