"""Recipes are tests: every block, command, seed row, file and link of the README and of docs/ is run or read.

A block of a kind that no test here knows fails, so that a new recipe cannot slip by. Shell blocks run as they are
written; `shell.py` says which programs are stood in for, and why. test_walks.py follows the connect pages to a number.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
import yaml
from click.testing import CliRunner
from dbt.cli.main import cli as dbt
from dbt.config.selectors import SelectorConfig

from ai_unit_economics.cli import main
from ai_unit_economics.doctor.inputs import Inputs, look
from ai_unit_economics.doctor.seed_checks import declared_seeds
from ai_unit_economics.sample.__main__ import main as sample
from tests.python.recipes.pages import PROJECT, Block, Span, anchors, blocks, links, pages, spans, text_of
from tests.python.recipes.shell import Call, Shell
from tools.configuration_page import variables
from tools.lineage_check import Lineage

PAGES = pages()
CONNECT = "docs/connect/README.md"
SEED_COLUMNS = {seed.name: list(seed.types) for seed in declared_seeds(PROJECT)}
TEST_DATABASE = PROJECT / "data" / "test" / "unit_economics.duckdb"
# A page's names that the reader gives, where another page is the one that begins with them.
NAMES_OF_READERS = {
    "ACME_EXPORTS": "exports",
    "BUCKET": "acme-focus-exports",
    "PROMETHEUS": "http://prometheus:9090",
    "UNIT_ECONOMICS_DATA": "exports",
}
# What stands in a fenced block and is neither a command nor a file: drawings and formulas. By page and how the block
# begins, the code that has its names; a formula has none.
DRAWINGS = {
    ("docs/airflow.md", "wait_for_exports"): ("dags/*.py",),
    ("docs/architecture.md", "focus/"): ("models/**/*.yml", "src/ai_unit_economics/landing/*.py"),
    ("docs/closing.md", "books/"): ("src/ai_unit_economics/books/*.py",),
    ("docs/publishing.md", "data/published/"): ("src/ai_unit_economics/publishing.py",),
    ("docs/release-gates.md", "log cost ="): (),
}
# What a command shows, and the test that compares it. Under SEEN it is test_walks.py.
SEEN = "What you should see"
OUTPUTS = {
    ("docs/release-gates.md", "gate: target"): "tests/python/decisions/test_target_gate.py",
    ("docs/first-hour.md", "This stops the build"): "tests/python/doctor/test_first_hour.py",
}
KINDS = {"sh", "sql", "yaml", "csv", "python", "json", "text", "console", "mermaid"}


def of_kind(*kinds: str) -> list[Block]:
    return [block for page in PAGES for block in blocks(page, *kinds)]


def prelude() -> list[str]:
    """What the connect pages begin with: the blocks of their first page up to the first build."""
    found = []
    for block in blocks(CONNECT, "sh"):
        if block.heading == "The first build":
            return found
        found.append(block.text)
    raise AssertionError(f"{CONNECT} has no heading 'The first build'")


def run_page(page: str, folder: Path, answers: list[dict[str, Any]] | None = None) -> Shell:
    shell = Shell(folder, dict(NAMES_OF_READERS))
    shell.answer([*(answers or ()), *ANSWERS])
    first = prelude() if page.startswith("docs/connect/") and page != CONNECT else []
    shell.run(*first, *(block.text for block in blocks(page, "sh")))
    return shell


# What a command that looks at something sees.
ANSWERS = [
    {"words": ["bq", "ls"], "says": "  gcp_billing_immutable_012345_6789AB_CDEF01_EU\n"},
    {"words": ["curl", "/metrics"], "says": 'vllm:prompt_tokens_total{engine="0",model_name="qwen3-32b"} 1.0\n'},
]


def known_by(block: Block, table: dict[tuple[str, str], Any]) -> Any:
    for (page, beginning), value in table.items():
        if page == block.page and block.text.startswith(beginning):
            return value
    return None


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_kind_that_is_checked(page: str) -> None:
    for block in blocks(page):
        assert block.kind in KINDS, f"{block}: say what the block is: {', '.join(sorted(KINDS))}"
        if block.kind == "console" and block.heading != SEEN:
            test = known_by(block, OUTPUTS)
            assert test, f"{block}: an output needs a test that compares it, and its line in OUTPUTS"
            assert page in text_of(test), f"{test} does not read {page}"


@pytest.mark.parametrize("block", of_kind("text"), ids=str)
def test_a_drawing_has_the_names_of_the_code(block: Block) -> None:
    globs = known_by(block, DRAWINGS)
    assert globs is not None, f"{block}: a drawing or a formula has its line in DRAWINGS; an output is ```console"
    files = [path for pattern in globs for path in PROJECT.glob(pattern)]
    code = "\n".join([*(path.read_text(encoding="utf-8") for path in files), *(str(path) for path in files)])
    for name in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b|\b[a-z_]+\.(?:parquet|json|duckdb)\b", block.text):
        assert not globs or name.partition(".")[0] in code, f"{block}: {name} is not in {', '.join(globs)}"


# commands


@pytest.mark.parametrize("page", sorted({block.page for block in of_kind("sh")}))
def test_commands_run_as_they_are_written(page: str, tmp_path: Path, names: Names) -> None:
    shell = run_page(page, tmp_path)
    for call in shell.calls():
        check_call(call, names)
    inputs = seeds_of(shell)
    if inputs:
        assert inputs.stops_usage + inputs.stops_costs == []


def seeds_of(shell: Shell) -> Inputs | None:
    if not (shell.seeds / "deployments.csv").is_file():
        return None
    with duckdb.connect() as connection:
        return look(str(shell.data), PROJECT, connection, shell.seeds)


def commands_within_lines(page: str) -> Iterator[tuple[Span, list[str]]]:
    """Commands in text and tables: `make doctor`; the rest of a line after one, such as `dbt build …`, as well."""
    for span in spans(page):
        words = re.sub(r"^(\w+=\S+ )+", "", span.text).rstrip("… ")
        if re.match(r"(make|ai-unit-economics|dbt|pytest|python -m|mf) [a-z-]", words):
            yield span, shlex.split(words.replace("…", ""), comments=True)


@pytest.mark.parametrize("page", PAGES)
def test_commands_within_lines_exist(page: str, names: Names, tmp_path: Path) -> None:
    for span, words in commands_within_lines(page):
        try:
            check_call(Call(tuple(words), "", tmp_path), names)
        except AssertionError as wrong:
            # within a line a command is named, at times without what it is for
            if not re.search("Missing|requires an argument", str(wrong)):
                raise AssertionError(f"{span}: {wrong}") from None


class Names:
    """What commands may name: of models, metrics and dimensions those of the compiled project."""

    def __init__(self, compiled: dict[str, Any]) -> None:
        self.nodes = {node["name"] for node in compiled["nodes"].values()}
        self.folders = {part for node in compiled["nodes"].values() for part in node["fqn"]}
        self.tags = {tag for node in compiled["nodes"].values() for tag in node["tags"]}
        self.metrics = {metric["name"] for metric in compiled["metrics"].values()}
        self.queries = {query["name"] for query in compiled["saved_queries"].values()}
        self.dimensions = {"metric_time"}
        for model in compiled["semantic_models"].values():
            entities = [entity["name"] for entity in model["entities"]]
            entities += [model["primary_entity"]] if model.get("primary_entity") else []
            for dimension in model["dimensions"]:
                self.dimensions |= {f"{entity}__{dimension['name']}" for entity in entities}


@pytest.fixture(scope="module")
def names(compiled: dict[str, Any]) -> Names:
    return Names(compiled)


def check_call(call: Call, names: Names) -> None:
    program, *words = call.words
    for word in words:
        if word.startswith(('{"', '[{"', "[\n")):
            json.loads(word)
        if word.startswith("file://") and word.endswith(".json"):
            json.loads((call.folder / word.removeprefix("file://")).read_text(encoding="utf-8"))
    check = CHECKS.get(program)
    if check:
        check(words, call, names)


def check_make(words: list[str], call: Call, names: Names) -> None:
    text = text_of("Makefile")
    for word in words:
        name, is_variable, _ = word.partition("=")
        if is_variable:
            assert re.search(rf"^{name} \?=", text, re.MULTILINE), f"the Makefile has no variable {name}"
        else:
            assert re.search(rf"^(.* )?{name}( .*)?:", text, re.MULTILINE), f"there is no make {name}"


def check_click(command: click.Command, name: str, words: list[str], parent: click.Context | None = None) -> None:
    """Reads words as the command would, and does not run it. Files that a reader has need not be there."""
    try:
        context = command.make_context(name, list(words), parent=parent)
    except click.exceptions.Exit:
        return  # --help
    except click.UsageError as wrong:
        said = wrong.format_message()
        assert "does not exist" in said, f"{name} {' '.join(words)}: {said}"
        return
    if isinstance(command, click.Group):
        rest = [*getattr(context, "_protected_args", []), *context.args]
        try:
            found, sub, rest = command.resolve_command(context, rest)
        except click.UsageError as wrong:
            raise AssertionError(f"{name}: {wrong.format_message()}") from None
        check_click(sub, found, rest, context)


def check_dbt(words: list[str], call: Call, names: Names) -> None:
    check_click(dbt, "dbt", words)
    for selected in selections(words):
        method, _, value = selected.rpartition(":")
        if method == "tag":
            assert value in names.tags, f"nothing has the tag {value}"
        elif not method and value not in ("my_model", "*"):
            parts = value.removesuffix(".*").split(".")
            known = names.nodes | names.folders
            assert set(parts) <= known or (PROJECT / value).exists(), f"dbt has no {value}"


def selections(words: list[str]) -> Iterator[str]:
    is_selection = False
    for word in words:
        if word.startswith("-"):
            is_selection = word in ("-s", "--select", "--exclude")
        elif is_selection:
            yield from (part.strip("+@0123456789") for part in word.split(","))


def check_mf(words: list[str], call: Call, names: Names) -> None:
    for option, value in itertools.pairwise(words):
        if option == "--metrics":
            assert set(value.split(",")) <= names.metrics
        if option == "--saved-query":
            assert value in names.queries
        if option in ("--group-by", "--order"):
            for part in value.lstrip("-").split(","):
                plain = re.sub(r"^metric_time__(day|week|month|quarter|year)$", "metric_time", part)
                assert plain in names.dimensions | names.metrics, f"there is no dimension {part}"
        if option == "--where":
            assert set(re.findall(r"Dimension\('(\w+)'\)", value)) <= names.dimensions


def check_python(words: list[str], call: Call, names: Names) -> None:
    if words[0] == "-m":
        module = words[1]
        if module == "ai_unit_economics.sample":
            check_click(sample, module, words[2:])
            return
        path = module.replace(".", "/")
        found = [PROJECT / f"{path}.py", PROJECT / path, PROJECT / "src" / path, PROJECT / "src" / f"{path}.py"]
        assert any(place.exists() for place in found), f"there is no module {module}"
        return
    program = call.stdin if words[0] == "-" else words[1] if words[0] == "-c" else ""
    compile(program, "page", "exec")


def check_pytest(words: list[str], call: Call, names: Names) -> None:
    for word in words:
        if word.startswith("tests/"):
            assert (PROJECT / word).exists(), f"there is no {word}"


CHECKS: dict[str, Callable[[list[str], Call, Names], None]] = {
    "make": check_make,
    "ai-unit-economics": lambda words, call, names: check_click(main, "ai-unit-economics", words),
    "dbt": check_dbt,
    "mf": check_mf,
    "python": check_python,
    "pytest": check_pytest,
}


# seed rows and other tables


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def problems_of(seed: str, text: str, folder: Path) -> list[str]:
    """What the doctor says of a seed's file among the sample's others."""
    own = folder / "seeds"
    own.mkdir(exist_ok=True)
    for path in (PROJECT / "seeds" / "config").glob("*.csv"):
        (own / path.name).write_bytes(path.read_bytes())
    (own / f"{seed}.csv").write_text(text, encoding="utf-8")
    with duckdb.connect() as connection:
        inputs = look(str(folder), PROJECT, connection, own)
    return [problem for problem in inputs.stops_costs + inputs.stops_usage if problem.startswith(f"{seed}.csv")]


def seed_of(header: list[str]) -> str | None:
    return next((name for name, columns in SEED_COLUMNS.items() if set(header) <= set(columns)), None)


@pytest.mark.parametrize("block", of_kind("csv"), ids=str)
def test_tables_are_read_by_what_they_are_for(block: Block, tmp_path: Path) -> None:
    header, *rows = rows_of(block.text)
    assert rows, f"{block}: a table has rows"
    assert {len(row) for row in rows} == {len(header)}, f"{block}: a row has other cells than the header"
    seed = seed_of(header)
    if seed:
        assert problems_of(seed, block.text, tmp_path) == []
    elif "asset_id" in header:
        (tmp_path / "owned_assets.csv").write_text(block.text, encoding="utf-8")
        options = ["--out", str(tmp_path / "charges.csv"), "--until", "2026-08-01"]
        result = CliRunner().invoke(main, ["owned-hardware", str(tmp_path / "owned_assets.csv"), *options])
        assert result.exit_code == 0, result.output
    else:
        folder = "telemetry/product" if "workload" in header else "telemetry/requests"
        file = tmp_path / "data" / folder / "rows.csv"
        file.parent.mkdir(parents=True)
        file.write_text(block.text, encoding="utf-8")
        with duckdb.connect() as connection:
            inputs = look(str(tmp_path / "data"), PROJECT, connection)
        assert (inputs.shaped[folder], inputs.problems) == (1, [])


def seed_rows(page: str) -> Iterator[tuple[Span, str]]:
    """Rows of seeds within lines, and the seed that the paragraph or the heading above it names."""
    for span in spans(page):
        if span.text.count(",") < 3 or re.search(r"[ (]", re.sub(r'"[^"]*"', "", span.text)):
            continue
        named = [name for name in SEED_COLUMNS if re.search(rf"\b{name}\b", span.around)]
        if re.match(r"\d+,", span.text) or (named and "," in span.text and "=" not in span.text):
            yield span, nearest(span, named)


def nearest(span: Span, named: list[str]) -> str:
    assert named, f"{span}: the paragraph does not say in which seed the row stands"
    place = span.around.index(span.text)
    return min(named, key=lambda name: abs(span.around.rindex(name) - place))


ROWS_WITHIN_LINES = [(span, seed) for page in PAGES for span, seed in seed_rows(page)]


@pytest.mark.parametrize(("span", "seed"), ROWS_WITHIN_LINES, ids=str)
def test_seed_rows_within_lines_are_rows_of_their_seed(span: Span, seed: str, tmp_path: Path) -> None:
    """A row's cells stand under the columns that the pages' files of the seed begin with, else under all of them."""
    (cells,) = rows_of(span.text)
    headers = [header for header in headers_of(seed) if len(header) == len(cells)]
    assert headers, f"{span}: {seed} has no header with {len(cells)} columns on any page: {headers_of(seed)}"
    assert problems_of(seed, f"{','.join(headers[0])}\n{span.text}\n", tmp_path) == []


def headers_of(seed: str) -> list[list[str]]:
    """Headers of a seed as pages have them: those are what a reader's file begins with."""
    found = [SEED_COLUMNS[seed]]
    for page in PAGES:
        for block in blocks(page, "sh", "csv"):
            for line in block.text.splitlines():
                words = re.split(r"[\s']+", line)
                found += [cells for word in words if len(cells := word.split(",")) > 1 and seed_of(cells) == seed]
    return found


# YAML, SQL, Python, JSON


# dbt reads selectors by flags that its first command sets
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("block", of_kind("yaml"), ids=str)
def test_yaml_is_what_it_says(block: Block) -> None:
    (content,) = yaml.safe_load_all(block.text)
    assert isinstance(content, dict)
    known = yaml.safe_load(text_of("dbt_project.yml"))
    for name, value in content.get("vars", {}).items():
        for variable in value if isinstance(value, dict) else [name]:
            assert variable in known["vars"], f"{block}: there is no variable {variable}"
    for flag, value in (content.get("flags") or {}).items():
        assert known["flags"].get(flag) == value, f"{block}: dbt_project.yml has another {flag}"
    if "selectors" in content:
        SelectorConfig.selectors_from_dict(content)
    for profile in content.values():
        if isinstance(profile, dict) and "outputs" in profile:
            own = yaml.safe_load(text_of("profiles/profiles.yml"))["ai_unit_economics"]["outputs"]["duckdb"]
            for output in profile["outputs"].values():
                assert set(output) <= set(own), f"{block}: a setting that profiles/profiles.yml has not"
                assert output["settings"] == own["settings"]


@pytest.fixture(scope="module")
def marts(
    compiled: dict[str, Any], lineage: Lineage, tmp_path_factory: pytest.TempPathFactory
) -> duckdb.DuckDBPyConnection:
    """The database of `make test-build`, else empty tables of the same names, columns and types."""
    if TEST_DATABASE.is_file():
        return duckdb.connect(str(TEST_DATABASE), read_only=True)
    connection = duckdb.connect()
    for node in compiled["nodes"].values():
        if node["resource_type"] not in ("model", "seed") or node["config"].get("materialized") == "ephemeral":
            continue
        names = {name.lower(): column.get("data_type") for name, column in node["columns"].items()}
        names |= {name.lower(): names.get(name.lower()) for name in lineage.graph.columns.get(node["name"], [])}
        names |= {name: guessed_type(name) for name, kind in names.items() if not kind}
        columns = ", ".join(f'"{name}" {kind}' for name, kind in names.items())
        connection.execute(f'create schema if not exists "{node["schema"]}"')
        connection.execute(f'create table "{node["schema"]}"."{node["alias"]}" ({columns})')
    return connection


def guessed_type(column: str) -> str:
    """Of a column without a contract: enough to add it up."""
    return "decimal(38, 18)" if column.endswith(("cost", "quantity", "price")) else "varchar"


@pytest.mark.parametrize("block", of_kind("sql"), ids=str)
def test_queries_run_on_the_marts(block: Block, marts: duckdb.DuckDBPyConnection) -> None:
    query = re.sub(r"\{\{ *ref\('ai_unit_economics', *'(\w+)'\) *\}\}", r"marts.\1", block.text)
    try:
        marts.execute(query)
    except duckdb.Error as wrong:
        raise AssertionError(f"{block}: {wrong}") from None


@pytest.mark.parametrize("block", of_kind("python"), ids=str)
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


@pytest.mark.parametrize("block", of_kind("json"), ids=str)
def test_json_is_json(block: Block) -> None:
    for line in block.text.splitlines() if block.text.startswith("{") and "\n{" in block.text else [block.text]:
        json.loads(line)


# names, files and links


@pytest.mark.parametrize("page", [page for page in PAGES if page.startswith("docs/connect/")])
def test_a_connect_page_begins_with_whom_it_is_for_and_what_comes_of_it(page: str) -> None:
    opening = text_of(page).split("\n\n")[1].replace("\n", " ")
    assert opening.startswith("This page is for "), f"{page} begins with whom it is for"
    assert re.search(r"\. After it ", opening), f"{page} says what a reader has after it"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for path, anchor in links(page):
        target = (PROJECT / page).parent / path if path else PROJECT / page
        assert target.exists(), f"{page} links to {path}, which is not there"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page}: {path or page} has no heading #{anchor}"


# Folders of the repository, whose files a page may name; what a build, a reader or an environment makes is not there.
OF_THE_REPOSITORY = re.compile(
    r"^(analyses|benchmarks|bi|dags|docs|macros|models|monitoring|profiles|seeds|src|tests|tools)/[\w./*{},-]+$"
    r"|^[\w-]+\.(toml|lock|in)$|^(Makefile|CHANGELOG\.md|dbt_project\.yml|selectors\.yml)$"
)
FILES_OF_READERS = {"dbt_packages.yml", "packages.yml", "profiles.yml"}


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page: str) -> None:
    for span in spans(page):
        if OF_THE_REPOSITORY.match(span.text) and span.text not in FILES_OF_READERS:
            base = span.text.rstrip("/")
            found = list(PROJECT.glob(re.sub(r"\{[^}]*\}", "*", base)))
            assert found, f"{span}: it is not there"


@pytest.mark.parametrize("page", PAGES)
def test_models_and_variables_that_are_named_exist(page: str, compiled: dict[str, Any]) -> None:
    known = {node["name"] for node in compiled["nodes"].values()}
    columns = {name for node in compiled["nodes"].values() for name in node["columns"]}
    for span in spans(page):
        for name in re.findall(r"\b(?:fct|dim|int|stg|base)_[a-z_]+\b", span.text):
            is_family = name.endswith("_") or "*" in span.text or "…" in span.text or "<" in span.text
            assert is_family or name in known | columns, f"{span}: there is no {name}"
        for name in re.findall(r"\bUNIT_ECONOMICS_[A-Z_]+[A-Z]\b", span.text):
            assert name in ENVIRONMENT, f"{span}: nothing reads {name}"


def environment_variables() -> set[str]:
    texts = [text_of("Makefile"), *(path.read_text(encoding="utf-8") for path in sources())]
    return {name for text in texts for name in re.findall(r"\bUNIT_ECONOMICS_[A-Z_]+[A-Z]\b", text)} | set(variables())


def sources() -> Iterator[Path]:
    for folder in ("src", "macros", "profiles", "dags", "bi", "tests"):
        yield from (PROJECT / folder).rglob("*.py")
        yield from (PROJECT / folder).rglob("*.sql")
        yield from (PROJECT / folder).rglob("*.yml")


ENVIRONMENT = environment_variables()
