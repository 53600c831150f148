"""The doctor against data roots of a few lines: each thing that is missing is named, for the marts that need it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from ai_unit_economics.cli import main
from ai_unit_economics.doctor.inputs import Inputs, look, read_seeds
from ai_unit_economics.doctor.seed_checks import problems_of_seeds
from ai_unit_economics.doctor.verdicts import MARTS, Verdict, verdict

PROJECT = Path(__file__).resolve().parents[3]
BILL = "ChargePeriodStart,ChargePeriodEnd,EffectiveCost,BillingCurrency\n2026-07-01,2026-07-02,1,USD\n"
SAMPLES = "ts,metric,labels,value\n" + "".join(
    f"2026-07-01,{metric},{{}},1\n"
    for metric in ("vllm:prompt_tokens_total", "vllm:generation_tokens_total", "vllm:prompt_tokens_cached_total")
)
REQUESTS = "ts,deployment_id,customer_id,user_id,input_tokens,output_tokens\n2026-07-01,chat,c1,u1,1,1\n"
DEPLOYMENTS = "deployment_id,workload,environment,kind,release,valid_from,valid_to\n"
SEEDS = {
    "deployments": DEPLOYMENTS + "chat,chat,production,inference,1,2026-01-01,\n",
    "cost_rules": "priority,source,column_name,tag_key,operator,value,treatment,target\n"
    "10,,Tags,d,exists,,direct,$value\n",
    "series_rules": "priority,label,operator,value,deployment_id,role\n10,pod,exists,,$value,aggregated\n",
    "capacity_pools": "pool_id,idle_treatment\nh100,share\n",
}
OWNERS = (
    "priority,match_type,match_key,match_value,owner,share,valid_from,valid_to,notes\n10,deployment,,chat,a,0.5,,,\n"
)


class Place:
    """A data root and a project whose seeds in config are only those that are given."""

    def __init__(self, folder: Path) -> None:
        self.data, self.project = folder / "data", folder / "project"
        shutil.copytree(PROJECT / "seeds" / "reference", self.project / "seeds" / "reference")
        shutil.copytree(
            PROJECT / "seeds" / "config", self.project / "seeds" / "config", ignore=shutil.ignore_patterns("*.csv")
        )
        for name in ("macros", "tests/generic"):
            shutil.copytree(PROJECT / name, self.project / name)
        for name, text in SEEDS.items():
            self.seed(name, text)

    def write(self, path: str, text: str, encoding: str = "utf-8") -> None:
        file = self.data / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding=encoding)

    def seed(self, name: str, text: str, encoding: str = "utf-8") -> None:
        file = self.project / "seeds" / "config" / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding=encoding)

    def look(self) -> Inputs:
        with duckdb.connect() as connection:
            return look(str(self.data), self.project, connection)

    def verdict(self, mart: str) -> Verdict:
        return verdict(mart, self.look())

    def run(self, *options: str) -> Result:
        where = ["--data", str(self.data), "--project", str(self.project), "--database", str(self.data / "none.duckdb")]
        return CliRunner().invoke(main, ["doctor", *where, *options])


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def whole(place: Place) -> Place:
    place.write("focus/aws/july.csv", BILL)
    place.write("telemetry/prometheus/july.csv", SAMPLES)
    place.write("telemetry/requests/july.csv", REQUESTS)
    place.write("customers.csv", "customer_id,customer_tier\nc1,pro\n")
    return place


def test_every_mart_has_its_needs() -> None:
    """A new mart without a line here would be left out of what the doctor says."""
    marts = {path.stem for path in (PROJECT / "models" / "marts").rglob("*.sql")}
    assert set(MARTS) ^ marts == set(), "MARTS in src/ai_unit_economics/doctor/verdicts.py says what each mart needs"


def test_a_root_that_is_not_there_fails_and_says_where_to_begin(place: Place) -> None:
    result = place.run()
    assert result.exit_code == 1
    assert "put FOCUS exports under focus/<source>/" in result.output
    assert "Nothing can be built" in result.output


def test_a_folder_that_is_not_there_is_named(place: Place) -> None:
    assert "there is no folder" in place.look().problems[0]
    place.data.mkdir()
    assert place.look().problems == []


def test_a_csv_that_is_cut_within_its_last_line_is_read(whole: Place) -> None:
    half = '2026-07-01,vllm:prompt_tokens_total,"{""pod"":""a'
    whole.write("telemetry/prometheus/july.csv", SAMPLES + half)
    inputs = whole.look()
    assert inputs.problems == []
    assert inputs.meanings >= {"input_tokens", "output_tokens"}


def test_seeds_may_lie_in_a_folder_of_their_own(whole: Place, tmp_path: Path) -> None:
    own = tmp_path / "seeds"
    own.mkdir()
    for file in (whole.project / "seeds" / "config").glob("*.csv"):
        shutil.move(file, own)
    assert "has no deployments.csv" in whole.run().output
    assert "stops the build" not in whole.run("--seeds", str(own)).output
    (own / "cost_rule.csv").write_text("priority\n", encoding="utf-8")
    assert "cost_rule.csv is no seed" in whole.run("--seeds", str(own)).output


def test_files_that_are_not_read_are_told_apart_from_none(whole: Place) -> None:
    whole.write("customers.csv", "name,tier\nc1,pro\n")
    assert whole.verdict("dim_customers").missing == ("customers cannot be read: see above",)
    whole.write("telemetry/requests/july.csv", "a,b\n1,2\n")
    assert (
        "no file under telemetry/requests/ has a shape that is read: see above"
        in whole.verdict("fct_metering_audit").missing
    )


def test_whole_data_fills_the_unit_economics(whole: Place) -> None:
    result = whole.run()
    assert result.exit_code == 0, result.output
    assert whole.verdict("fct_unit_economics_daily") == Verdict("fct_unit_economics_daily", "full", ())


def test_no_line_is_wider_than_a_terminal(whole: Place) -> None:
    whole.write("telemetry/requests/odd.jsonl", json.dumps({"a_rather_long_key_" * 9: 1}) + "\n")
    for result in (whole.run(), whole.run("--data", "/nowhere")):
        assert max(map(len, result.output.splitlines())) <= 80


def test_what_is_missing_is_said_once_a_mart(place: Place) -> None:
    place.write("focus/aws/july.csv", BILL)
    place.write("telemetry/prometheus/july.csv", SAMPLES)
    inputs = place.look()
    assert "telemetry/requests/" in "".join(verdict("fct_unit_costs_daily", inputs).missing)
    for mart in MARTS:
        missing = verdict(mart, inputs).missing
        assert len(set(missing)) == len(missing), f"{mart} names a reason twice"


def test_a_bill_alone_fills_the_cost_marts_and_no_other(place: Place) -> None:
    place.write("focus/aws/july.csv", BILL)
    assert place.verdict("fct_cost_reconciliation").state == "full"
    daily = place.verdict("fct_unit_economics_daily")
    assert daily.state == "empty"
    assert any("nothing counts usage" in reason for reason in daily.missing)
    assert place.run().exit_code == 0


def test_an_export_without_a_cost_stops_the_costs_but_not_the_usage(whole: Place) -> None:
    whole.write("focus/aws/august.csv", "ChargePeriodStart,ListCost\n2026-08-01,1\n")
    assert "august.csv: it has neither an EffectiveCost nor a BilledCost column" in whole.look().stops_costs[0]
    assert whole.verdict("fct_cost_reconciliation").state == "empty"
    assert whole.verdict("fct_usage_daily").state == "full"
    result = whole.run()
    assert result.exit_code == 1
    assert "The build would stop: 1 to mend" in result.output


def test_a_file_that_is_no_parquet_is_named(whole: Place) -> None:
    whole.write("focus/aws/august.parquet", "no parquet")
    assert "focus/aws/august.parquet: its name says Parquet and its content does not" in whole.look().stops_costs[0]


def test_a_snapshot_pattern_has_to_match(whole: Place) -> None:
    whole.seed("focus_sources", "source,delivery,snapshot_pattern\naws,snapshot,(.*)/(\\d{12})/\n")
    assert "focus/aws/july.csv: the snapshot_pattern of source aws" in whole.look().stops_costs[0]


@pytest.mark.parametrize("folder", ["focus/aws", "focus/aws/focus-1-2"])
def test_the_pattern_of_the_guide_matches_what_its_sync_brings(whole: Place, folder: str) -> None:
    guide = (PROJECT / "docs" / "connect" / "aws.md").read_text(encoding="utf-8")
    row = re.search(r"^(aws,snapshot,.+)$", guide, re.MULTILINE).group(1)
    (whole.data / "focus/aws/july.csv").unlink()
    whole.write(f"{folder}/data/BILLING_PERIOD=2026-11/2026-11-20T00:00:00.000Z-1a2b/focus-1-2-00001.csv", BILL)
    whole.seed("focus_sources", f"source,delivery,snapshot_pattern\n{row}\n")
    inputs = whole.look()
    assert (inputs.stops_costs, inputs.sources) == ([], {"aws": 1})


def test_a_snapshot_pattern_that_is_no_regular_expression_is_named_once(whole: Place) -> None:
    whole.write("focus/aws/august.csv", BILL)
    whole.seed("focus_sources", "source,delivery,snapshot_pattern\naws,snapshot,(bad[\n")
    (said,) = whole.look().stops_costs
    assert said.startswith("focus_sources.csv, row aws")
    assert "snapshot_pattern" in said


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_seed_that_is_not_utf8_stops_the_build_and_is_the_only_thing_said(whole: Place, encoding: str) -> None:
    """As Excel writes it. What it says is understood all the same: nothing else is missing."""
    row = "café,chat,production,inference,1,2026-01-01,\n"
    whole.seed("deployments", SEEDS["deployments"] + row, encoding)
    whole.seed("cost_rules", SEEDS["cost_rules"] + "20,,Tags,d,equals,x,direct,café\n")
    inputs = whole.look()
    assert inputs.stops_costs == []
    assert inputs.stops_usage == ["deployments.csv, a seed, is not UTF-8: save it as UTF-8"]
    assert whole.verdict("fct_cost_reconciliation").missing == ("the build stops before costs: see above",)
    assert whole.verdict("fct_usage_daily").missing == ("the build stops before usage: see above",)
    assert "This stops the build" in whole.run().output


def test_a_folder_with_the_name_of_a_seed_is_none(whole: Place, tmp_path: Path) -> None:
    own = tmp_path / "seeds"
    shutil.move(whole.project / "seeds" / "config", own)
    (own / "old.csv").mkdir()
    output = whole.run("--seeds", str(own)).output
    assert "Which marts this fills" in output
    assert "old.csv" not in output


@pytest.mark.parametrize("column", ["deployment_id", "workload", "environment", "kind", "release", "valid_from"])
def test_a_column_that_is_left_out_of_a_seed_is_empty(whole: Place, column: str) -> None:
    header, row = (line.split(",") for line in SEEDS["deployments"].splitlines())
    at = header.index(column)
    for cells in (header, row):
        del cells[at]
    whole.seed("deployments", "".join(",".join(cells) + "\n" for cells in (header, row)))
    assert whole.run().exit_code == (0 if column == "release" else 1)
    assert all("deployments.csv" in line or "is not in seeds" in line for line in whole.look().stops_usage)
    whole.seed("focus_sources", "delivery\nsnapshot\n")
    assert "focus_sources.csv: a row with source (empty) has no source" in whole.look().stops_costs


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("customers.csv", "customer_id,customer_tier\nc1,café\n"),
        ("telemetry/requests/g/a.csv", REQUESTS.replace("u1", "café")),
        ("telemetry/prometheus/july.csv", SAMPLES.replace("{}", "café")),
        ("focus/aws/august.csv", BILL.replace("USD", "é")),
    ],
)
def test_a_table_in_the_encoding_of_a_spreadsheet_is_read(whole: Place, path: str, text: str) -> None:
    whole.write(path, text, "latin-1")
    inputs = whole.look()
    assert (inputs.problems, inputs.stops_costs, inputs.stops_usage) == ([], [], [])
    (entry,) = [entry for entry in inputs.entries if entry.file.relative_path == path]
    assert "its encoding is " in entry.head.note


def test_a_file_of_a_kind_that_is_not_read_stops_nothing(whole: Place) -> None:
    whole.write("telemetry/requests/notes.doc", "bring milk\n")
    assert whole.look().stops_usage == []
    assert whole.look().problems == ["telemetry/requests/notes.doc: it has no shape that is read; it has 'bring milk'"]


def test_customers_that_cannot_be_read_are_not_told_to_lack_a_column(whole: Place) -> None:
    whole.write("customers.csv", "")
    assert whole.verdict("dim_customers").missing == ("customers cannot be read: see above",)


def test_a_source_without_a_rule_is_named(whole: Place) -> None:
    whole.seed("cost_rules", SEEDS["cost_rules"].replace("10,,", "10,azure,"))
    assert whole.verdict("fct_unit_economics_daily").missing == (
        "cost_rules.csv has no rule for source aws: most of it stays unallocated",
    )


@pytest.mark.parametrize(
    ("seed", "row", "said"),
    [
        ("cost_rules", "20,,Tags,d,equals,x,direct,chta\n", "cost_rules.csv, row 20 (chta): target of a direct rule"),
        ("cost_rules", "20,,Tags,d,equals,x,pool,b200\n", "cost_rules.csv, row 20 (b200): target of a pool rule"),
        ("cost_rules", "20,,Tags,d,equals,x,shared,tax\n", "cost_rules.csv, row 20 (tax): target of a shared rule"),
        (
            "cost_rules",
            "20,,Tags,d,rgex,x,direct,chat\n",
            "cost_rules.csv, row 20 (rgex): operator must be equals, like",
        ),
        ("cost_rules", "x,,Tags,d,exists,,direct,chat\n", "cost_rules.csv, line 3: priority 'x' is no whole number"),
        ("series_rules", "20,pod,equals,x,chta,\n", "series_rules.csv, row priority 20: its deployment_id is not in"),
        ("deployments", "b,chat,production,inference,1,01.07.2026,\n", "line 3: valid_from '01.07.2026' is no date"),
        ("deployments", "b,chat,production,server,1,2026-07-01,\n", "deployments.csv, row b: kind must be inference"),
        ("capacity_pools", "h100,share\n", "capacity_pools.csv, row h100: its period overlaps that of the next row"),
    ],
)
def test_what_a_seed_may_not_hold_is_said_before_the_build(whole: Place, seed: str, row: str, said: str) -> None:
    inputs = whole.look()
    assert (inputs.stops_costs, inputs.stops_usage) == ([], [])
    whole.seed(seed, SEEDS[seed] + row)
    inputs = whole.look()
    assert [line for line in inputs.stops_costs + inputs.stops_usage if said in line], inputs
    result = whole.run()
    assert (result.exit_code, "This stops the build" in result.output) == (1, True)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            "10,deployment,,chat,b,0.6,,,\n",
            "row 10 a: the shares of its priority sum to more than 1 on the day on which",
        ),
        ("10,deployment,,chat,a,0.1,,,\n", "row 10 a: its period overlaps that of the next row"),
        ("20,deployment,,chta,b,1,,,\n", "row 20 (chta): match_value is neither a deployment_id of"),
        ("20,label,wrkload,chat,b,1,,,\n", "row 20 (wrkload): match_key must be a label of the ledger"),
        ("20,label,workload,chta,b,1,,,\n", "row 20 (chta): no deployment of seeds/config/deployments.csv has this"),
        ("20,tags,team,chat,b,1,,,\n", "row 20 (tags): match_type must be deployment, tag, customer or label"),
        ("20,tag,,chat,b,1,,,\n", "row 20: match_key must name the key in Tags"),
        ("20,customer,,c1,(unowned),1,,,\n", "row 20 ((unowned)): owner must be a name"),
        ("20,customer,,c1,b,1.5,,,\n", "row 20 b: share must be above 0 and at most 1"),
        ("10,customer,,c1,b,0.1,,,\n", "the rows of one priority must be about one match"),
        (
            "20,customer,,c1,b,1,,2026-08-01,\n20,customer,,c1,b,1,2026-08-05,,\n",
            "row 20 b: there is a gap between its end and the next row of its priority",
        ),
    ],
)
def test_who_pays_is_checked_before_the_build(whole: Place, rows: str, said: str) -> None:
    whole.seed("cost_owners", OWNERS)
    assert whole.look().stops_costs == []
    whole.seed("cost_owners", OWNERS + rows)
    inputs = whole.look()
    assert [line for line in inputs.stops_costs + inputs.stops_usage if said in line], inputs.stops_costs


def test_a_match_may_be_handed_over_and_a_share_left_open(whole: Place) -> None:
    whole.seed("cost_owners", OWNERS + "20,customer,,c1,b,1,,2026-08-01,\n20,customer,,c1,c,0.2,2026-08-01,,\n")
    assert whole.look().stops_costs == []


def test_every_check_of_the_projects_own_seeds_can_be_run() -> None:
    """A check that needs what the doctor does not have would be found by a user: their rows break no rule."""
    inputs = Inputs("")
    read_seeds(inputs, PROJECT, PROJECT / "seeds" / "config")
    for catalogue in (PROJECT / "seeds" / "reference").glob("*.csv"):
        inputs.seed_columns.setdefault(catalogue.stem, [])
    assert list(problems_of_seeds(PROJECT, inputs.seeds, inputs.seed_columns)) == []


def test_a_seed_with_a_misspelt_driver_is_named(whole: Place) -> None:
    whole.seed("shared_pools", "pool_id,method,driver,step\nplatform,direct,direct_costs,\n")
    assert any("row platform: driver must be direct_cost, tokens" in line for line in whole.look().stops_costs)


def test_a_seed_that_a_spreadsheet_divided_by_semicolons_is_the_only_thing_said(whole: Place) -> None:
    whole.seed("deployments", SEEDS["deployments"].replace(",", ";"))
    inputs = whole.look()
    assert inputs.stops_usage == ["deployments.csv is divided by ';': save it with commas"]
    assert inputs.stops_costs == []


def test_a_column_that_a_seed_does_not_have_is_named(whole: Place) -> None:
    whole.seed("capacity_pools", "pool_id,idle_treatmnt\nh100,share\n")
    (said,) = whole.look().stops_costs
    assert said.startswith("capacity_pools.csv has a column idle_treatmnt; the columns of this seed are pool_id, ")


def test_a_wrong_folder_is_named_with_what_may_be_meant(whole: Place) -> None:
    whole.write("prometheus/july.csv", SAMPLES)
    whole.write("prometheus/august.csv", SAMPLES)
    whole.write("billing/aws/july.csv", BILL)
    assert whole.look().problems == [
        "billing/aws/: 1 file in a folder that is not read; these are read: focus, telemetry/prometheus, "
        "telemetry/requests, telemetry/provider_usage, telemetry/training, telemetry/product, customers",
        "prometheus/: 2 files in a folder that is not read; is telemetry/prometheus/ meant?",
    ]


def test_semicolons_and_code_pages_are_said(whole: Place) -> None:
    whole.write("telemetry/requests/july.csv", REQUESTS.replace(",", ";"))
    assert whole.look().notes == ["telemetry/requests/july.csv: read as utf-8, its cells divided by ;"]
    assert "may be meant otherwise" in whole.run().output


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ("", ["exchange_rates.csv: no rate from EUR to USD on or before 2026-07-01, which source azure needs; add it"]),
        (
            "2026-07-02,EUR,USD,1.1\n",
            ["exchange_rates.csv: no rate from EUR to USD on or before 2026-07-01, which source azure needs; add it"],
        ),
        ("2026-06-30,EUR,USD,1.1\n", []),
    ],
)
def test_an_exchange_rate_that_a_bill_needs_is_missed_before_the_build(whole: Place, rates: str, said: list) -> None:
    whole.write("focus/azure/july.csv", BILL.replace("USD", "EUR"))
    whole.seed("exchange_rates", "rate_date,from_currency,to_currency,rate\n" + rates)
    assert whole.look().stops_costs == said


def test_days_that_begin_in_local_time_are_said(whole: Place) -> None:
    whole.write("focus/azure/july.csv", BILL.replace("2026-07-01", "2026-06-30 22:00").replace("-02,", "-01 22:00,"))
    assert whole.look().notes == [
        "focus/azure: its days begin at 22:00, which looks like local time; FOCUS has UTC, and so is it read"
    ]


def test_programs_get_the_same_as_json(whole: Place) -> None:
    found = json.loads(whole.run("--format", "json").output)
    assert (found["would_stop"], found["stops"], found["data"]) == (False, [], str(whole.data))
    assert found["marts"]["fct_unit_economics_daily"] == {"state": "full", "missing": []}
    whole.seed("capacity_pools", SEEDS["capacity_pools"] + "h100,share\n")
    result = whole.run("--format", "json")
    found = json.loads(result.output)
    assert (result.exit_code, found["would_stop"], len(found["stops"])) == (1, True, 1)


def test_figures_of_other_data_are_not_shown(whole: Place, tmp_path: Path) -> None:
    database = tmp_path / "built.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("""
            create schema marts;
            create table marts.fct_deployment_costs_daily as
            select 'USD' as currency, '(unallocated)' as deployment_id, 3.5 as effective_cost;
            create schema landing;
        """)
        connection.execute(
            "create table landing.landed_files as select '/elsewhere/focus/aws/a.csv' as source_file, "
            "'focus/aws/a.csv' as relative_path"
        )
    output = " ".join(whole.run("--database", str(database)).output.split())
    assert "built from other data, /elsewhere; its figures are not shown" in output
    assert "unallocated" not in output
    with duckdb.connect(str(database)) as connection:
        connection.execute("update landing.landed_files set source_file = ?", [f"{whole.data}/focus/aws/a.csv"])
    output = " ".join(whole.run("--database", str(database)).output.split())
    assert "built from this data" in output
    assert "3.50 of 3.50 USD is unallocated" in output


def test_a_rule_that_finds_an_unknown_name_is_told_apart_from_none(whole: Place, tmp_path: Path) -> None:
    """10 are unallocated: no rule matches 9 of charges and 2 of credits, and a rule finds chta for 3. In August there
    are other rules, and chta is a deployment: its 7 of 1 August have a place."""
    database = tmp_path / "built.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("""
            create schema marts;
            create table marts.fct_deployment_costs_daily as
            select 'USD' as currency, '(unallocated)' as deployment_id, 10.0 as effective_cost;
            create schema intermediate;
            create table intermediate.int_costs__charge_matches as
            select * replace (valid_from::date as valid_from, valid_to::date as valid_to) from (values
                (1, 'unallocated', null, null, '2026-08-01'), (1, 'unallocated', null, '2026-08-01', null),
                (2, 'unallocated', 'chta', null, '2026-08-01'), (2, 'direct', null, '2026-08-01', null),
                (3, 'unallocated', null, null, '2026-08-01'), (3, 'unallocated', null, '2026-08-01', null)
            ) as matches (attribute_key, treatment, unknown_target, valid_from, valid_to);
            create table intermediate.int_costs__charge_attributes as
            from (values (1, 'Usage'), (2, 'Usage'), (3, 'Credit')) as attributes (attribute_key, charge_category);
            create table intermediate.int_costs__charges_daily as
            from (values (1, date '2026-07-31', 'USD', 4.0), (1, date '2026-08-01', 'USD', 5.0),
                (2, date '2026-07-31', 'USD', 3.0), (2, date '2026-08-01', 'USD', 7.0),
                (3, date '2026-07-31', 'USD', -2.0)
            ) as charges (attribute_key, date_day, billing_currency, effective_cost);
        """)
    output = " ".join(whole.run("--database", str(database)).output.split())
    assert "3.00 USD of it: a rule matches and finds chta, which is in no seed" in output
    assert "12.00 USD are charges and −2.00 are credits" in output


def test_servers_that_count_no_tokens_are_told_apart_from_none(whole: Place) -> None:
    whole.write("telemetry/prometheus/july.csv", "ts,metric,labels,value\n2026-07-01,up,{},1\n")
    assert "seen: up" in whole.verdict("fct_deployment_efficiency_daily").missing[0]
    shutil.rmtree(whole.data / "telemetry" / "prometheus")
    assert "no server counters" in whole.verdict("fct_deployment_efficiency_daily").missing[0]


def test_input_without_a_counter_of_cached_tokens_is_said(whole: Place) -> None:
    whole.write("telemetry/prometheus/july.csv", SAMPLES.replace("vllm:prompt_tokens_cached_total", "up"))
    assert "cached input tokens" in whole.verdict("fct_unit_economics_daily").missing[0]


@pytest.mark.parametrize(
    "text",
    [
        '{"metric":{"__name__":"vllm:prompt_tokens_total","pod":"a"},"values":[1],"timestamps":[1]}\n',
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"vllm:prompt_tokens_total"}}]}}',
        '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"vllm.prompt_tokens","sum":{"aggregationTemporality":2,'
        '"dataPoints":[{"timeUnixNano":"1780000000000000000","asInt":"1"}]}}]}]}]}\n',
    ],
)
def test_metrics_are_found_in_json(whole: Place, text: str) -> None:
    whole.write("telemetry/prometheus/july.csv", text)
    (whole.data / "telemetry/prometheus/july.csv").rename(whole.data / "telemetry/prometheus/july.json")
    assert "input_tokens" in whole.look().meanings


def test_metrics_are_found_in_a_dump(whole: Place) -> None:
    (whole.data / "telemetry/prometheus/july.csv").unlink()
    whole.write("telemetry/prometheus/july.txt", '{__name__="vllm:prompt_tokens_total", pod="a"} 1 1782864000000\n')
    whole.write("telemetry/prometheus/open.txt", 'vllm:generation_tokens_total{pod="a"} 1 1782864000\n')
    assert {"input_tokens", "output_tokens"} <= whole.look().meanings


def test_request_rows_without_customers_lose_tiers_alone(whole: Place) -> None:
    whole.write("telemetry/requests/july.csv", REQUESTS.replace("customer_id", "note"))
    daily = whole.verdict("fct_unit_economics_daily")
    assert (daily.state, len(daily.missing)) == ("partial", 1)
    assert "no customer_id" in daily.missing[0]


def test_margin_needs_prices(whole: Place) -> None:
    assert whole.verdict("fct_unit_margin").missing == ("no prices charged: fill price_book.csv",)
    whole.seed("price_book", "customer_tier,workload,unit,price_per_unit,currency\npro,chat,token,1,USD\n")
    assert whole.verdict("fct_unit_margin").state == "full"


def test_a_release_needs_a_second_configuration(whole: Place) -> None:
    assert "no change to judge" in whole.verdict("fct_release_impact").missing[0]
    first = SEEDS["deployments"].replace("2026-01-01,", "2026-01-01,2026-07-01")
    whole.seed("deployments", first + "chat,chat,production,inference,2,2026-07-01,\n")
    assert whole.verdict("fct_release_impact").state == "full"


def test_an_amount_is_no_usage(whole: Place) -> None:
    whole.write(
        "telemetry/provider_usage/costs.json", '{"has_more":false,"data":[{"start_time":1,"amount":1,"line_item":"x"}]}'
    )
    assert [line for line in whole.look().problems if "costs belong in focus" in line]


def test_what_the_last_build_left_open_is_said(whole: Place, tmp_path: Path) -> None:
    database = tmp_path / "built.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("""
            create schema marts;
            create table marts.fct_deployment_costs_daily as
            select * from (values ('USD', '(unallocated)', 3.5), ('USD', 'chat', 6.5))
                as t (currency, deployment_id, effective_cost)
        """)
    assert "3.50 of 10.00 USD is unallocated" in whole.run("--database", str(database)).output
