"""A reader of a connect page gets to a first number: from an empty folder, by the page's own commands and rows.

Programs that need an account bring files of the provider's shape (`exports.py`). All pages together are one walk, as of
a reader who has them all, with one build; each page's doctor is asked alone. `WALKS=1` walks each page alone through
`make doctor` and `make build`, from an empty folder, and compares all that the page shows: minutes a page.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from ai_unit_economics.cli import main
from ai_unit_economics.summary import Reconciliation, reconciliation_line
from tests.python.conftest import Warehouse
from tests.python.recipes.exports import MAKERS, answers_for, metrics
from tests.python.recipes.pages import PROJECT, blocks
from tests.python.recipes.shell import Shell
from tests.python.recipes.test_recipes import ANSWERS, CONNECT, SEEN, prelude

PAGES = tuple(MAKERS)
MINUTES = 15


@dataclass(frozen=True)
class First:
    """A page's first numbers, by hand.

    Attributes:
        source: the folder below focus/.
        cost: EffectiveCost of all charges.
        places: what of it went where: deployments, and lines that say why not.
        per_million: by deployment what a million output tokens cost, where tokens are known.
    """

    source: str
    cost: str
    places: dict[str, str]
    per_million: dict[str, str]


FIRST = {
    # 2 days of 10, 1, 0.5 and 3: gateway and support are shared and fall on what is direct
    "aws": First("aws", "29", {"chat": "20", "(shared)": "3", "(unallocated)": "6"}, {}),
    # the newer run has both days: 2 of 12, 2, 2, 0.25 and 4; of 6.25 a day 4 are for half a million output tokens
    "azure": First("azure", "40.5", {"chat": "24", "translator": "12.5", "(unallocated)": "4"}, {"translator": "8"}),
    # 2 days of 14 and 2, of which 1 is taken back
    "google": First("google", "31", {"chat": "27", "(unallocated)": "4"}, {}),
    # 2 days of 16 and 1, of which 0.5 are given back
    "oracle": First("oracle", "33", {"chat": "31", "(unallocated)": "2"}, {}),
    "snowflake": First("snowflake", "20", {"analyst": "12", "(unallocated)": "8"}, {}),
    # 120 DBU at 0.07 and at 0.08 are 8.40 and 9.60; the endpoint has 100 of 120
    "databricks": First("databricks", "18", {"search": "15", "(unallocated)": "3"}, {}),
    # nobody looked who holds the pool
    "coreweave": First("coreweave", "37500", {"(unobserved)": "36000", "(shared)": "1500"}, {}),
    "vercel": First("vercel", "13", {"website": "10", "(unallocated)": "3"}, {}),
    # 2 + 0.1 + 4, of which 4 are for half a million output tokens
    "openai": First("openai", "6.1", {"assistant": "6.1"}, {"assistant": "8"}),
    # 300 + 15 + 300 cents, the last for a fifth of a million
    "anthropic": First("anthropic", "6.15", {"reviewer": "6.15"}, {"reviewer": "15"}),
    # of two running totals the last; 24 requests of 1000 and 250 tokens, an output token weighed as 2.5 of input:
    # 0.096 / (24,000 + 2.5 * 6,000) * 2.5
    "litellm": First("litellm", "0.096", {"helpdesk": "0.096"}, {"helpdesk": "6.1538"}),
    "other-bills": First("datacenter", "10110", {"(unobserved)": "10110"}, {}),
}


def page_of(name: str) -> str:
    return f"docs/connect/{name}.md"


def commands(page: str) -> list[str]:
    return [block.text for block in blocks(page, "sh")]


def walk(folder: Path, *names: str) -> Shell:
    shell = Shell(folder)
    bills = [name for name in names if name in MAKERS]
    samples = metrics(folder / "samples", shell.data) if "metrics" in names else []
    shell.answer([*answers_for(bills, folder / "delivered"), *samples, COSTS, *ANSWERS])
    shell.really(".venv/bin/python")
    shell.run(*prelude(), *(command for name in names for command in commands(page_of(name))))
    return shell


# Reads files and asks nobody: it runs for real.
COSTS = {
    "words": ["ai-unit-economics", "provider-costs"],
    "really": [sys.executable, "-m", "ai_unit_economics.cli"],
    "path": str(PROJECT / "src"),
}


def shown(page: str) -> list[str]:
    """The lines that a page shows of what a reader sees; a line of `…` stands for others."""
    found = [block for block in blocks(page, "console") if block.heading == SEEN]
    assert len(found) == 1, f"{page} ends with what a reader should see"
    return [line.rstrip() for line in found[0].text.splitlines() if line.strip() not in ("", "…")]


def of_doctor(lines: list[str]) -> list[str]:
    return lines[1 : lines.index("$ make build")]


def doctor(shell: Shell) -> str:
    where = ["--data", str(shell.data), "--seeds", str(shell.seeds), "--project", str(PROJECT)]
    result = CliRunner().invoke(main, ["doctor", *where, "--database", str(shell.folder / "none.duckdb")])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("name", PAGES)
def test_the_doctor_sees_what_the_page_says(name: str, tmp_path: Path) -> None:
    shell = walk(tmp_path, name)
    assert [call.words[1] for call in shell.calls("make")][-2:] == ["doctor", "build"]
    output = {line.rstrip() for line in doctor(shell).splitlines()}
    assert "This is not read" not in output
    assert set(of_doctor(shown(page_of(name)))) - output == set()


@pytest.fixture(scope="module")
def all_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """One reader who follows every page, and one build of what first numbers need."""
    folder = tmp_path_factory.mktemp("walks")
    shell = walk(folder / "walk", *PAGES, "metrics")
    own_machines(shell)
    warehouse = Warehouse(folder / "build")
    warehouse.data.rmdir()
    warehouse.data.symlink_to(shell.data)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("UNIT_ECONOMICS_SEEDS", str(shell.seeds))
        warehouse.build(
            *("+fct_deployment_costs_daily", "+fct_cost_reconciliation"),
            *("+fct_unit_economics_daily", "+fct_usage_daily"),
        )
        yield warehouse


def own_machines(shell: Shell) -> None:
    """docs/focus.md, "Machines of your own": its table, its command, its rule. The pool is that of other-bills.md."""
    assets, rules, _ = blocks("docs/focus.md", "csv")
    (command,) = (block.text for block in blocks("docs/focus.md", "sh") if "owned-hardware" in block.text)
    (shell.checkout / "owned_assets.csv").write_text(assets.text, encoding="utf-8")
    words = shlex.split(command, comments=True)[1:]
    options = ["--until", "2026-08-01", "--out", str(shell.data / "focus" / "owned-hardware" / "charges.csv")]
    result = CliRunner().invoke(main, [words[0], str(shell.checkout / words[1]), *options])
    assert result.exit_code == 0, result.output
    with (shell.seeds / "cost_rules.csv").open("a", encoding="utf-8") as file:
        file.write(rules.text.split("\n", 1)[1])


@pytest.mark.slow
def test_machines_of_your_own_are_found_by_their_rule(all_pages: Warehouse) -> None:
    # July: 31 days of 225,000 / 1,096, of 10.2 * 24 * 0.11, and 450; nobody looked who holds them
    found = all_pages.query("""
        select deployment_id, round(sum(effective_cost), 6)
        from marts.fct_deployment_costs_daily
        where source = 'owned-hardware'
        group by all
    """)
    assert found == [("(unobserved)", Decimal("7648.819095"))]


@pytest.mark.slow
def test_pods_are_found_by_the_rules_of_the_metrics_page(all_pages: Warehouse) -> None:
    # two steps of 100, 200 and 300: a StatefulSet's pod, a Deployment's, and one that is staging by its namespace
    found = all_pages.query("""
        select deployment_id, units
        from marts.fct_usage_daily
        where unit = 'output_token' and deployment_id like 'chat%' and units > 0
        order by deployment_id
    """)
    assert found == [("chat", 400), ("chat-large", 200), ("chat-staging", 600)]


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_the_first_number_is_right(name: str, all_pages: Warehouse) -> None:
    first = FIRST[name]
    places = all_pages.query(f"""
        select if(cost_origin = 'shared', '(shared)', deployment_id) as place, sum(effective_cost)
        from marts.fct_deployment_costs_daily
        where source = '{first.source}'
        group by all
    """)
    assert dict(places) == {place: Decimal(cost) for place, cost in first.places.items()}
    assert sum(map(Decimal, first.places.values())) == Decimal(first.cost)
    for deployment, cost in first.per_million.items():
        found = all_pages.query(f"""
            select round(sum(usage_cost) / sum(units) * 1000000, 4)
            from marts.fct_unit_economics_daily
            where cohort_dimension = 'deployment' and cohort = '{deployment}' and unit = 'output_token' and units > 0
        """)
        assert found == [(float(cost),)]


@pytest.mark.slow
def test_the_query_for_rules_lists_tags_and_services(all_pages: Warehouse, tmp_path: Path) -> None:
    (query,) = (block.text for block in blocks(CONNECT, "sh") if "<<'SQL'" in block.text)
    shell = Shell(tmp_path, {"UNIT_ECONOMICS_DATABASE": str(all_pages.database)})
    shell.really(".venv/bin/python")
    shell.run(query)
    for name in ("user:deployment", "pool", "H100 instance", "Own GPU node"):
        assert name in shell.output


@pytest.mark.parametrize("name", PAGES)
def test_the_page_shows_that_number(name: str) -> None:
    first = FIRST[name]
    lines = shown(page_of(name))
    cost = Decimal(first.cost)
    line = reconciliation_line(Reconciliation("USD", 1, 1, cost, cost, 0))
    assert line in " ".join(lines)


@pytest.mark.skipif(not os.environ.get("WALKS"), reason="WALKS=1 walks each page alone: minutes a page")
@pytest.mark.parametrize("name", PAGES)
def test_a_page_alone_leads_to_its_number(name: str, tmp_path: Path) -> None:
    began = time.monotonic()
    shell = walk(tmp_path, name)
    environment = {
        **os.environ,
        "UNIT_ECONOMICS_DATA": str(shell.data),
        "UNIT_ECONOMICS_SEEDS": str(shell.seeds),
        "UNIT_ECONOMICS_DATABASE": str(tmp_path / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "COLUMNS": "80",
    }
    output = doctor(shell)
    for command in (
        ("dbt", "build", "--profiles-dir", "profiles", "--exclude-resource-type", "unit_test"),
        ("ai-unit-economics", "summary"),
    ):
        result = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout[-4000:]
    minutes = (time.monotonic() - began) / 60
    said = [line.rstrip() for line in (output + result.stdout).splitlines()]
    print(f"{name}: {minutes:.1f} minutes\n{result.stdout}")
    assert [line for line in shown(page_of(name)) if not line.startswith("$ ") and line not in said] == []
    assert minutes < MINUTES
