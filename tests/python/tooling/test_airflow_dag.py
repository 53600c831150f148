"""What can be known of the DAG without Airflow; `make airflow-test` runs it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import yaml

from ai_unit_economics import new_exports, publishing
from ai_unit_economics.cli import main

PROJECT = Path(__file__).resolve().parents[3]
DAG_FILE = PROJECT / "dags" / "unit_economics.py"
SOURCE = DAG_FILE.read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)


def calls(name: str) -> list[ast.Call]:
    return [node for node in ast.walk(TREE) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == name]


def arguments(call: ast.Call) -> dict[str, ast.expr]:
    return {keyword.arg: keyword.value for keyword in call.keywords}


def constant(name: str) -> object:
    assigned = {node.targets[0].id: node.value for node in TREE.body if isinstance(node, ast.Assign)}
    return ast.literal_eval(assigned[name])


def test_airflow_finds_a_dag_in_the_file() -> None:
    """It looks for these two words before it imports a file, and passes over one without them in silence."""
    assert "airflow" in SOURCE.lower()
    assert "dag" in SOURCE.lower()


def test_its_commands_and_their_options_exist() -> None:
    commands = [call.args for call in (*calls("run"), *calls("command")) if isinstance(call.args[0], ast.Constant)]
    assert {name.value for name, *_ in commands} == {"new-exports", "conformance", "publish"}
    known = {option for name, *_ in commands for known in main.commands[name.value].params for option in known.opts}
    texts = {str(node.value) for node in ast.walk(TREE) if isinstance(node, ast.Constant)}
    given = {text for text in texts if text.startswith("--")}
    assert given == {"--in", "--settled-for", "--exclude-resource-type"}
    assert given - {"--exclude-resource-type"} <= known


def test_it_names_the_profile_the_gates_and_the_exit_code_that_there_are() -> None:
    profiles = yaml.safe_load((PROJECT / "profiles" / "profiles.yml").read_text(encoding="utf-8"))
    profile = arguments(calls("ProfileConfig")[0])
    assert profile["target_name"].value in profiles[profile["profile_name"].value]["outputs"]
    selections = [arguments(call)["select"].value for call in calls("dbt_build") if "select" in arguments(call)]
    assert selections == ["tag:gate"]
    assert constant("NOTHING_NEW") == new_exports.NOTHING_NEW


def test_one_pool_is_named_wherever_a_pool_is_made() -> None:
    pool = constant("WRITER")
    for file in ("Makefile", "docs/airflow.md"):
        made = re.findall(r"pools set (\S+) (\d+)", (PROJECT / file).read_text(encoding="utf-8"))
        assert set(made) == {(pool, "1")}, file


def test_what_the_event_tells_is_in_the_manifest() -> None:
    build, version = publishing.Build("id", None, ()), publishing.Version("name", "id", "built", "published")
    assert set(constant("TOLD")) <= publishing._manifest(build, version, [], None).keys()
