"""Every model keeps the project's rules, and every rule can fail."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp

from tests.python.conftest import parsed_project
from tools import configuration_page
from tools.compiled_project import environment
from tools.sql_rules import (
    MANIFEST_RULES,
    RULES,
    TEXT_RULES,
    columns_are_named,
    is_described,
    is_set_apart,
    is_short,
    mart_has_a_contract,
    money_is_no_float,
    no_average_of_ratios,
    no_clock,
    parse,
    render,
)

PROJECT = Path(__file__).resolve().parents[3]
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
PYTHON_MODELS = sorted((PROJECT / "models").rglob("*.py"))

Rule = Callable[[exp.Expression], Iterator[str]]


@pytest.fixture(scope="module", autouse=True)
def _in_the_project() -> Iterator[None]:
    """sqlfluff finds its configuration and the macros from the project's folder."""
    before = Path.cwd()
    os.chdir(PROJECT)
    yield
    os.chdir(before)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with environment(tmp_path_factory.mktemp("manifest")) as options:
        return parsed_project(*options).writable_manifest().to_dict(omit_none=False)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_a_model_keeps_the_rules(path: Path) -> None:
    query = parse(render(path))
    # a step on the way to a staging model adds to the columns that it takes; the staging model names them
    rules = [rule for rule in RULES if not (path.stem.startswith("base_") and rule is columns_are_named)]
    assert [finding for rule in rules for finding in rule(query)] == []
    assert [finding for rule in TEXT_RULES for finding in rule(path.read_text(encoding="utf-8"))] == []


def test_every_model_keeps_the_rules_of_the_manifest(manifest: dict[str, Any]) -> None:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(models) == len(MODELS) + len(PYTHON_MODELS)
    assert [f"{node['name']} {finding}" for node in models for rule in MANIFEST_RULES for finding in rule(node)] == []


def test_every_variable_is_on_the_configuration_page() -> None:
    page = configuration_page.PAGE.read_text(encoding="utf-8")
    missing = [name for name in configuration_page.variables() if f"| `{name}` |" not in page]
    assert missing == []


def test_a_variable_is_described_by_the_comment_above_it() -> None:
    comments = "  # Days, of\n  # two lines (docs/usage.md#bad-input)\n  days: 5\n  # A folder\n"
    project = f'name: p\nvars:\n{comments}  folder: ""\n\nmodels:\n'
    assert configuration_page.variable_rows(project)[2:] == [
        "| `days` | Days, of two lines ([more](usage.md#bad-input)) | `5` |",
        "| `folder` | A folder | empty |",
    ]


def test_no_variable_is_without_a_meaning() -> None:
    assert "|  |" not in configuration_page.PAGE.read_text(encoding="utf-8").split("<!-- /variables -->")[0]


def test_the_configuration_page_describes_the_seeds_of_today() -> None:
    assert configuration_page.PAGE.read_text(encoding="utf-8") == configuration_page.page(), "run make docs"


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        (money_is_no_float, "select cast(effective_cost as double) as effective_cost from charges"),
        (money_is_no_float, "select list_unit_price::float as price from charges"),
        (money_is_no_float, "select try_cast(amount / 2 as real) as half from charges"),
        (money_is_no_float, "with c as (select cast(billed_cost as double) as c from charges) select c from c"),
        (money_is_no_float, "select case when cost > 1 then cast(cost as double) end as cost from charges"),
        (no_clock, "select current_date as today from charges"),
        (no_clock, "select a from charges where charged_at < now()"),
        (no_clock, "select today() as day from charges"),
        (no_clock, "select current_timestamp as built_at from charges"),
        (no_clock, "select a from charges where date_day = current_localtimestamp()"),
        (no_average_of_ratios, "select avg(cost_per_unit) as cost_per_unit from facts"),
        (no_average_of_ratios, "select avg(coalesce(telemetry_coverage, 0)) over () as coverage from facts"),
        (no_average_of_ratios, "select avg(facts.hit_ratio) as hit_ratio from facts"),
        (columns_are_named, "select * from charges"),
        (columns_are_named, "with charges as (select a from t) select * from charges"),
        (columns_are_named, "with charges as (select a from t) select u.* from charges inner join u on true"),
        (columns_are_named, "select a from t union all select * from u"),
        (columns_are_named, "select * exclude (a) from charges"),
        (columns_are_named, "with rows as (select * from read_parquet('x.parquet')) select a from rows"),
        (columns_are_named, "with rows as (select * from read_csv(['x.csv'])) select a from rows"),
        (columns_are_named, "with rows as (select * from 'x.parquet') select a from rows"),
    ],
)
def test_a_rule_can_fail(rule: Rule, sql: str) -> None:
    assert list(rule(parse(sql)))


@pytest.mark.parametrize(
    ("rule", "sql"),
    [
        (money_is_no_float, "select cast(effective_cost as decimal(38, 18)) as effective_cost from charges"),
        (money_is_no_float, "select cast(tokens as double) / seconds as rate from usage"),
        (money_is_no_float, "select cast(cost_rank as double) as cost_rank from costs"),
        (money_is_no_float, "select count(*) filter (where cast(cost as double) > 1e-6 * rows) as dear from charges"),
        (no_clock, "select max(date_day) as last_day from charges"),
        (no_average_of_ratios, "select avg(tokens) as tokens, sum(cost) / sum(units) as cost_per_unit from facts"),
        (columns_are_named, "with rows as (select * from charges) select count(*) as charges from rows"),
        (columns_are_named, "with charges as (select a from t) select b, charges.* from charges"),
    ],
)
def test_a_rule_lets_pass_what_is_right(rule: Rule, sql: str) -> None:
    assert list(rule(parse(sql))) == []


@pytest.mark.parametrize(
    "sql",
    [
        "with charges as (\n    select a from t\n\n)\n\nselect a from charges",
        "with charges as (\n\n    select a from t\n)\n\nselect a from charges",
        "with\n\ncharges as (\n\n    select a from t\n\n)\n\nselect a from charges",
        "-- What it is\nselect a from charges",
    ],
)
def test_the_rule_of_layout_can_fail(sql: str) -> None:
    assert len(list(is_set_apart(sql))) == 1


def test_the_rule_of_layout_lets_pass_what_is_right() -> None:
    comments = "-- what it is. Then this\n-- And that\n"
    sql = "with charges as (\n\n    select a from t\n\n)\n\nselect a from charges\n"
    assert list(is_set_apart(comments + sql)) == []


def model(**changes: Any) -> dict[str, Any]:
    return {
        "fqn": ["ai_unit_economics", "marts", "costs", "fct_costs"],
        "description": "One row per day.",
        "config": {"contract": {"enforced": True}, "meta": {}},
        "raw_code": "select 1",
        "columns": {"effective_cost": {"name": "effective_cost", "description": "What it cost."}},
        **changes,
    }


def test_a_rule_of_the_manifest_can_fail() -> None:
    assert list(is_described(model(description=" ")))
    assert list(mart_has_a_contract(model(config={"contract": {"enforced": False}})))
    assert list(mart_has_a_contract(model(columns={"cost": {"name": "cost", "description": ""}})))
    intermediate = model(fqn=["ai_unit_economics", "intermediate", "x"], config={"contract": {"enforced": False}})
    assert list(mart_has_a_contract(intermediate)) == []
    assert [finding for rule in MANIFEST_RULES for finding in rule(model())] == []


def test_a_long_model_says_why() -> None:
    short, long = "select\n" * 150, "select\n" * 151
    why, blank = {"meta": {"why_long": "Each column of FOCUS is named."}}, {"meta": {"why_long": " "}}
    assert list(is_short(model(raw_code=long)))
    assert list(is_short(model(raw_code=long, config=blank)))
    assert list(is_short(model(raw_code=long, config=why))) == []
    assert list(is_short(model(raw_code=short))) == []
    assert list(is_short(model(raw_code=short, config=why)))
