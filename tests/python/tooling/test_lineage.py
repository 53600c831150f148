"""Where every number of every mart comes from; and the check on projects that get it wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tools.lineage import Column, flows_of_query
from tools.lineage_check import Lineage, findings
from tools.lineage_page import named_sets

DECLARED = {
    "origins": {
        "bill": {"stg_charges": ["effective_cost"]},
        "usage": {"stg_requests": ["*", "tokens"]},
        "price": {"stg_prices": ["price"]},
    },
    "read_from": {"stg_charges.effective_cost": ["effective_cost"]},
    "python_models": {"int_outlooks": {"expected": ["int_costs.cost"]}},
    "classes": {
        "cost": {"must": ["bill"], "may": ["usage"], "columns": ["cost"]},
        "count": {"must": ["usage"], "may": [], "columns": ["tokens"]},
        "margin": {"touches": ["bill", "price"], "may": ["usage"], "columns": ["margin"]},
    },
}
STAGING = {
    "stg_charges": "select effective_cost, day from read_csv('charges.csv')",
    "stg_requests": "select tokens, tier, day from read_csv('requests.csv')",
    "stg_prices": "select price, tier from read_csv('prices.csv')",
    "int_costs": """
        with usage as (select day, tier, tokens, sum(tokens) over (partition by day) as day_tokens from stg_requests)
        select c.day, u.tier, u.tokens, c.effective_cost * u.tokens / u.day_tokens as cost
        from stg_charges as c inner join usage as u on c.day = u.day
    """,
}
RIGHT = "select day, tier, sum(cost) as cost, sum(tokens) as tokens from int_costs group by day, tier"


def project(
    mart: str, numbers: str = "cost tokens", python: bool = False, staging: dict[str, str] | None = None
) -> Lineage:
    """A project of a few models with one mart."""
    models = {**(staging or STAGING), "fct": mart}
    nodes = {name: node(name, sql, ["staging"], list(flows_of_query(sql))) for name, sql in models.items()}
    nodes["fct"] |= {"fqn": ["p", "marts", "fct"], "columns": columns(numbers.split())}
    if python:
        nodes["int_outlooks"] = node("int_outlooks", "", [], ["expected"]) | {"language": "python"}
    order = ["stg_charges", "stg_requests", "stg_prices", "int_costs", *(["int_outlooks"] if python else [])]
    nodes["fct"]["depends_on"] = {"nodes": order}
    nodes["int_costs"]["depends_on"] = {"nodes": order[:3]}
    return Lineage({"nodes": nodes}, DECLARED)


def node(name: str, sql: str, folders: list[str], names: list[str]) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "model",
        "language": "sql",
        "config": {"materialized": "table"},
        "fqn": ["p", *folders, name],
        "schema": "main",
        "database": "db",
        "compiled_code": sql,
        "columns": columns(names),
    }


def columns(names: list[str]) -> dict[str, Any]:
    return {name: {"name": name, "data_type": "bigint"} for name in names}


def test_every_number_of_every_mart_is_made_of_what_it_should_be(lineage: Lineage) -> None:
    assert list(findings(lineage)) == []


def test_a_right_project_has_no_findings() -> None:
    assert list(findings(project(RIGHT))) == ["lineage.yml names margin, which no mart has"]


@pytest.mark.parametrize(
    ("mart", "finding"),
    [
        (  # the count where the cost should be
            "select tokens as cost, tokens from int_costs",
            "fct.cost (cost) is not made of bill in every branch: fct.cost < int_costs.tokens < stg_requests.tokens",
        ),
        (  # one branch of a union, of a case, of a coalesce
            "select cost, tokens from int_costs union all select tokens, tokens from stg_requests",
            "fct.cost (cost) is not made of bill in every branch: fct.cost < stg_requests.tokens",
        ),
        (
            "select case when tier = 'pro' then cost else tokens end as cost, tokens from int_costs",
            "fct.cost (cost) is not made of bill in every branch: fct.cost < int_costs.tokens < stg_requests.tokens",
        ),
        (
            "select coalesce(cost, tokens) as cost, tokens from int_costs",
            "fct.cost (cost) is not made of bill in every branch: fct.cost < int_costs.tokens < stg_requests.tokens",
        ),
        (  # money in a count
            "select cost, tokens * cost as tokens from int_costs",
            "fct.tokens (count) ends at stg_charges.effective_cost, which is bill: "
            "fct.tokens < int_costs.cost < stg_charges.effective_cost",
        ),
        (  # a list price instead of the bill
            "select price * tokens as cost, tokens from stg_requests inner join stg_prices using (tier)",
            "fct.cost (cost) ends at stg_prices.price, which is price: fct.cost < stg_prices.price",
        ),
        (  # a column of a source that nobody declared
            "select cost * day as cost, tokens from int_costs",
            "fct.cost (cost) ends at read_csv.day, which has no kind in lineage.yml: "
            "fct.cost < int_costs.day < stg_charges.day < read_csv.day",
        ),
        (  # a constant
            "select 1 as cost, tokens from int_costs",
            "fct.cost (cost) is not made of bill in every branch: fct.cost",
        ),
        (  # the cost chooses rows and is no part of the number
            "select case when cost > 1 then tokens end as cost, tokens from int_costs",
            "fct.cost (cost) is not made of bill in every branch: fct.cost < int_costs.tokens < stg_requests.tokens",
        ),
    ],
)
def test_a_number_made_of_something_else_is_found(mart: str, finding: str) -> None:
    assert finding in list(findings(project(mart)))


def test_a_number_in_no_class_is_found() -> None:
    mart = "select cost, tokens, cost as surcharge from int_costs"
    assert "fct.surcharge is in no class of lineage.yml; it is made of bill, usage" in list(
        findings(project(mart, "cost tokens surcharge"))
    )


def test_the_field_that_money_is_read_from_is_asked_for() -> None:
    staging = "select list_cost as effective_cost, day from read_csv('charges.csv')"
    found = list(findings(project(RIGHT, staging={**STAGING, "stg_charges": staging})))
    assert (
        "stg_charges.effective_cost is read from ['list_cost'], and lineage.yml says from ['effective_cost']" in found
    )


def test_both_sides_of_a_difference_are_asked_for() -> None:
    right = "select cost, tokens, tokens * price - cost as margin from int_costs inner join stg_prices using (tier)"
    wrong = "select cost, tokens, tokens - cost as margin from int_costs"
    numbers = "cost tokens margin"
    assert list(findings(project(right, numbers))) == []
    assert list(findings(project(wrong, numbers))) == [
        "fct.margin (margin) is not made of price; it is made of bill, usage"
    ]


def test_a_path_goes_through_a_python_model() -> None:
    lineage = project("select expected as cost from int_outlooks", "cost", python=True)
    assert lineage.holds(Column("fct", "cost")) == {"bill", "usage"}


def test_a_model_that_cannot_be_parsed_is_named_where_a_path_ends() -> None:
    lineage = project(RIGHT)
    manifest = {"nodes": {node["name"]: dict(node) for node in lineage.models.values()}}
    manifest["nodes"]["int_costs"]["compiled_code"] = "select from where"
    found = list(findings(Lineage(manifest, DECLARED)))
    assert any("(int_costs cannot be followed: " in finding for finding in found)


def test_an_incremental_model_that_reads_itself_is_followed() -> None:
    again = f"{STAGING['stg_charges']} union all select effective_cost, day from db.main.stg_charges"
    lineage = project(RIGHT, staging={**STAGING, "stg_charges": again})
    assert lineage.graph.unread == {}
    assert list(findings(lineage)) == list(findings(project(RIGHT)))


@pytest.mark.parametrize(
    ("sql", "sources"),
    [
        ("select a + b as x from t", {"t.a", "t.b"}),
        ("select case when a > 1 then b end as x from t", {"t.b"}),
        ("select if(a > 1, b, 0) as x from t", {"t.b"}),
        ("select sum(a) filter (where b > 1) as x from t", {"t.a"}),
        ("select sum(a) over (partition by b order by c) as x from t", {"t.a"}),
        ("select count(*) as x from t", {"t.*"}),
        ("select count(a) as x from t", {"t.a"}),
        ("select sum(case when a > 1 then 1 else 0 end) as x from t", {"t.*"}),
        ("select arg_max(a, b) as x from t", {"t.a"}),
        ("select arg_min_null(a, b) as x from t", {"t.a"}),
        ("select nullif(a, b) as x from t", {"t.a"}),
        ("select a > b as x from t", set()),
        ("select coalesce(a, 0) as x from t", {"t.a"}),
        ("with u as (select a as x from t union all select b from v) select x from u", {"t.a", "v.b"}),
        ("with u as (select a as x, 1 as y from t union all by name select 2 as y, b as x from v) select x from u",
         {"t.a", "v.b"}),
        ("select (select max(v.b) from v) as x from t", {"v.b"}),
        ("with u as (unpivot t on a, b into name unit value x) select x from u", {"t.a", "t.b"}),
        ("with u as (select a from t inner join v on t.k = v.k) select count(*) as x from u", {"t.*"}),
        ("select a as x from read_csv('f.csv')", {"read_csv.a"}),
    ],
)  # fmt: skip
def test_values_flow_and_conditions_do_not(sql: str, sources: set[str]) -> None:
    assert {str(column) for column in flows_of_query(sql)["x"].leaves()} == sources


def test_a_set_of_tables_is_told_by_the_sets_before_it() -> None:
    used = {frozenset("abc"), frozenset("abcde"), frozenset("xyz"), frozenset("abcxyz"), frozenset("a")}
    assert list(named_sets(used).values()) == [
        ("E1", ["`a`", "`b`", "`c`"]),
        ("E2", ["`x`", "`y`", "`z`"]),
        ("E3", ["E1", "`d`", "`e`"]),
        ("E4", ["E1", "E2"]),
    ]
