"""What is in a data root, and what it is taken for."""

import gzip
import os

import pytest

from ai_unit_economics.landing.files import plain_root


def test_every_file_is_listed_with_its_folder_source_and_format(warehouse, tmp_path):
    """What a file is, its content says; what cannot be read is listed too, with the reason."""
    warehouse.write("focus/aws/data/BILLING_PERIOD=2026-09/part-0.snappy.parquet", "PAR1 cut")
    warehouse.write("focus/aws/metadata/manifest.json", '{"dataFiles": ["x/part-0.snappy.parquet"]}')
    warehouse.write("telemetry/prometheus/eu-1/dump.txt.gz", gzip.compress(b"vllm:up 1 1767225600000", mtime=0))
    warehouse.write("telemetry/requests/a b [1]*'.jsonl", '{"what": 1}')
    warehouse.write("customers.csv.gz", "customer_id,plan\na,b\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "june.CSV").write_text("x")
    (warehouse.data / "focus" / "linked").symlink_to(elsewhere)

    warehouse.build("+landed_files")

    listed = warehouse.query("""
        select relative_path, folder, source, format, packing, problem is not null
        from landing.landed_files order by all
    """)
    assert listed == [
        ("customers.csv.gz", "customers", None, "csv", "", False),
        ("focus/aws/data/BILLING_PERIOD=2026-09/part-0.snappy.parquet", "focus", "aws", "parquet", "", True),
        ("focus/aws/metadata/manifest.json", "focus", "aws", "json_lines", "", False),
        ("focus/linked/june.CSV", "focus", "linked", "csv", "", True),
        ("telemetry/prometheus/eu-1/dump.txt.gz", "telemetry/prometheus", None, "text", "gzip", False),
        ("telemetry/requests/a b [1]*'.jsonl", "telemetry/requests", None, "json_lines", "", True),
    ]


def test_a_missing_root_is_empty(warehouse):
    warehouse.data.rmdir()
    warehouse.build("+landed_files")
    assert warehouse.query("select count(*) from landing.landed_files") == [(0,)]


@pytest.mark.parametrize(
    "spelled", ["{}/./data", "{}//data/", "{}/other/../data/.", "./{relative}/data", "{relative}/data"]
)
def test_a_root_may_be_spelled_in_many_ways(warehouse, spelled):
    """DuckDB writes `./exports` as `exports`: a root that is cut off by its length as it was given loses every file."""
    warehouse.write("focus/aws/b.csv", "x")
    folder = str(warehouse.folder)
    warehouse.data = spelled.format(folder, relative=os.path.relpath(folder))
    warehouse.build("+landed_files")
    listed = warehouse.query("select source_file, relative_path, folder, source from landing.landed_files")
    assert listed == [(f"{plain_root(warehouse.data)}/focus/aws/b.csv", "focus/aws/b.csv", "focus", "aws")]


def test_a_root_may_have_quotes_and_braces_in_its_name(warehouse):
    warehouse.data = warehouse.folder / "it's {ours}"
    warehouse.write("focus/aws/b.csv", "x")
    warehouse.build("+landed_files")
    assert warehouse.query("select relative_path from landing.landed_files") == [("focus/aws/b.csv",)]


@pytest.mark.parametrize("name", ["exports [prod]", "export*", "what?"])
def test_a_root_and_a_file_may_be_named_like_a_pattern(warehouse, name):
    warehouse.write("focus/aws/b.csv", "the file of another root, which the pattern would find")
    for cost, root in ((1, "exports p"), (2, name)):
        warehouse.data = warehouse.folder / root
        warehouse.write("focus/aws/b[1]*.csv", f"EffectiveCost,ChargePeriodStart\n{cost},2026-08-01\n")
    warehouse.build("+stg_focus__charges")
    assert warehouse.query("select effective_cost from staging.stg_focus__charges") == [(2,)]


def test_an_empty_variable_is_none(warehouse):
    """As in a file of variables that are to be filled in; it must not mean the root of the machine."""
    warehouse.data = ""
    warehouse.build("+landed_files")
    elsewhere = "select source_file from landing.landed_files where not starts_with(source_file, 'data/sample/')"
    assert warehouse.query(elsewhere) == []
