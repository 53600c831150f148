"""The dashboard's files fit together, and fit what is published. `make superset-test` runs Superset itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import duckdb
import pytest

from tests.python.dashboards import reads
from tests.python.dashboards.reads import dataset_query

DATASETS = reads.assets("datasets")
CHARTS = reads.assets("charts")
(DASHBOARD,) = reads.assets("dashboards").values()
(DATABASE,) = reads.assets("databases").values()


@pytest.fixture(scope="module")
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    with reads.empty_marts() as connection:
        yield connection


@cache
def dataset_of(chart: str) -> str:
    return next(name for name, dataset in DATASETS.items() if dataset["uuid"] == CHARTS[chart]["dataset_uuid"])


def described(marts: duckdb.DuckDBPyConnection, dataset: str) -> dict[str, str]:
    return {row[0]: row[1] for row in marts.execute(f"describe {dataset_query(DATASETS[dataset])}").fetchall()}


@pytest.mark.parametrize("name", DATASETS)
def test_a_dataset_reads_what_the_contracts_promise_and_lists_what_it_gives(marts, name):
    given = described(marts, name)
    listed = {column["column_name"]: column["type"] for column in DATASETS[name]["columns"]}
    assert listed.items() <= given.items()
    if DATASETS[name]["sql"]:
        assert list(listed) == list(given)
    assert DATASETS[name]["database_uuid"] == DATABASE["uuid"]
    assert DATASETS[name]["main_dttm_col"] in {None, *listed}
    for metric in DATASETS[name]["metrics"]:
        marts.execute(f"select {metric['expression']} from ({dataset_query(DATASETS[name])})")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_asks_for_what_its_dataset_has(marts, name):
    dataset = DATASETS[dataset_of(name)]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    params = CHARTS[name]["params"]
    assert params["viz_type"] == CHARTS[name]["viz_type"]
    asked_columns, asked_metrics = asked(params)
    assert asked_columns or params["viz_type"] == "big_number_total", "a chart without a column"
    assert asked_columns <= columns
    for metric in asked_metrics:
        if isinstance(metric, str):
            assert metric in metrics
        else:
            marts.execute(f"select {metric['sqlExpression']} from ({dataset_query(dataset)})")
    for condition in (*params.get("adhoc_filters", ()), *params.get("adhoc_filters_b", ())):
        marts.execute(f"select 1 from ({dataset_query(dataset)}) where {condition['sqlExpression']}")
    shown = asked_columns | {metric if isinstance(metric, str) else metric["label"] for metric in asked_metrics}
    assert set(params.get("column_config", ())) <= shown
    assert {rule["column"] for rule in params.get("conditional_formatting", ())} <= shown


def asked(params: dict) -> tuple[set[str], list]:
    """The columns and metrics of a chart's form, whatever its kind calls them."""
    columns = {params[key] for key in ("x_axis",) if params.get(key)}
    for key in ("all_columns", "groupby", "groupby_b"):
        value = params.get(key) or ()
        columns.update([value] if isinstance(value, str) else value)
    columns.update(json.loads(order)[0] for order in params.get("order_by_cols", ()))
    metrics = [*params.get("metrics", ()), *params.get("metrics_b", ())]
    return columns, [*metrics, params["metric"]] if params.get("metric") else metrics


@pytest.mark.parametrize("name", CHARTS)
def test_the_saved_query_of_a_chart_is_that_of_its_form(name):
    """Superset's API answers from the saved query, its page from the form: both have to say the same."""
    asked_columns, asked_metrics = asked(CHARTS[name]["params"])
    queries = json.loads(CHARTS[name]["query_context"])["queries"]
    columns = {
        column if isinstance(column, str) else column["sqlExpression"]
        for query in queries
        for column in query["columns"]
    }
    assert columns == asked_columns
    assert [metric for query in queries for metric in query.get("metrics", ())] == asked_metrics
    conditions = [condition["sqlExpression"] for condition in CHARTS[name]["params"]["adhoc_filters"]]
    assert queries[0]["extras"]["where"] == " AND ".join(f"({condition})" for condition in conditions)
    assert all(query["filters"] == [] for query in queries)


@pytest.mark.parametrize("name", CHARTS)
def test_a_series_is_not_called_like_a_column(name):
    """Superset shows columns by their verbose names: a series of the same name is taken for the column."""
    dataset = DATASETS[dataset_of(name)]
    verbose = {item["verbose_name"] for item in (*dataset["columns"], *dataset["metrics"])}
    series = {metric["label"] for metric in asked(CHARTS[name]["params"])[1] if isinstance(metric, dict)}
    assert "x_axis" not in CHARTS[name]["params"] or not series & verbose


def test_the_dashboard_shows_every_chart_once():
    placed = [
        item["meta"] for item in DASHBOARD["position"].values() if isinstance(item, dict) and item["type"] == "CHART"
    ]
    assert sorted(cell["uuid"] for cell in placed) == sorted(chart["uuid"] for chart in CHARTS.values())
    assert {cell["uuid"]: cell["sliceName"] for cell in placed} == {
        chart["uuid"]: chart["slice_name"] for chart in CHARTS.values()
    }
    for item in DASHBOARD["position"].values():
        if isinstance(item, dict) and item["type"] == "ROW":
            assert sum(DASHBOARD["position"][child]["meta"]["width"] for child in item["children"]) == 12


def test_a_filter_reaches_only_charts_that_have_its_column():
    cells = [
        item["meta"] for item in DASHBOARD["position"].values() if isinstance(item, dict) and item["type"] == "CHART"
    ]
    uuids = {cell["chartId"]: cell["uuid"] for cell in cells}
    names = {chart["uuid"]: name for name, chart in CHARTS.items()}
    for a_filter in DASHBOARD["metadata"]["native_filter_configuration"]:
        (target,) = a_filter["targets"]
        column = target["column"]["name"]
        source = next(dataset for dataset in DATASETS.values() if dataset["uuid"] == target["datasetUuid"])
        assert column in {listed["column_name"] for listed in source["columns"]}
        assert a_filter["sortMetric"] in {metric["metric_name"] for metric in source["metrics"]}
        excluded = set(a_filter["scope"]["excluded"])
        assert excluded < set(uuids)
        for chart in set(uuids) - excluded:
            dataset = DATASETS[dataset_of(names[uuids[chart]])]
            assert column in {listed["column_name"] for listed in dataset["columns"]}


def test_colours_are_named_for_series_that_charts_draw():
    drawn = {
        metric["label"]
        for chart in CHARTS.values()
        for metric in asked(chart["params"])[1]
        if isinstance(metric, dict) and "x_axis" in chart["params"]
    }
    drawn |= {name.removesuffix("__yhat_lower").removesuffix("__yhat_upper") for name in drawn}
    assert set(DASHBOARD["metadata"]["label_colors"]) <= drawn


def test_the_files_hold_no_path_of_a_machine_and_change_nothing():
    assert DATABASE["sqlalchemy_uri"] == "duckdb:///data/published/unit_economics.duckdb"
    assert not any(DATABASE[key] for key in ("allow_dml", "allow_ctas", "allow_cvas", "allow_csv_upload"))
