"""What is in a data root, and what it is taken for."""

import os

import pytest

from ai_unit_economics.doctor.inputs import plain_root


def test_every_file_is_listed_with_its_folder_source_and_format(warehouse, tmp_path):
    warehouse.write("focus/aws/data/BILLING_PERIOD=2026-09/part-0.snappy.parquet", "not opened")
    warehouse.write("focus/aws/metadata/manifest.json", "{}")
    warehouse.write("telemetry/prometheus/eu-1/dump.txt.gz", "not opened")
    warehouse.write("telemetry/requests/a b [1]*'.jsonl", "{}")
    warehouse.write("customers.csv.gz", "not opened")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "june.CSV").write_text("x")
    (warehouse.data / "focus" / "linked").symlink_to(elsewhere)

    warehouse.build("stg_files__inputs")

    listed = warehouse.query("""
        select relative_path, folder, source, format, size_bytes from staging.stg_files__inputs order by all
    """)
    assert listed == [
        ("customers.csv.gz", "customers", None, "csv", 10),
        ("focus/aws/data/BILLING_PERIOD=2026-09/part-0.snappy.parquet", "focus", "aws", "parquet", 10),
        ("focus/aws/metadata/manifest.json", "focus", "aws", "json", 2),
        ("focus/linked/june.CSV", "focus", "linked", "csv", 1),
        ("telemetry/prometheus/eu-1/dump.txt.gz", "telemetry/prometheus", "eu-1", "text", 10),
        ("telemetry/requests/a b [1]*'.jsonl", "telemetry/requests", None, "json", 2),
    ]


def test_a_missing_root_is_empty(warehouse):
    warehouse.data.rmdir()
    warehouse.build("stg_files__inputs")
    assert warehouse.query("select count(*) from staging.stg_files__inputs") == [(0,)]


@pytest.mark.parametrize(
    "spelled", ["{}/./data", "{}//data/", "{}/other/../data/.", "./{relative}/data", "{relative}/data"]
)
def test_a_root_may_be_spelled_in_many_ways(warehouse, spelled):
    """DuckDB writes `./exports` as `exports`: a root that is cut off by its length as it was given loses every file."""
    warehouse.write("focus/aws/b.csv", "x")
    folder = str(warehouse.folder)
    warehouse.data = spelled.format(folder, relative=os.path.relpath(folder))
    warehouse.build("stg_files__inputs")
    listed = warehouse.query("select source_file, relative_path, folder, source from staging.stg_files__inputs")
    assert listed == [(f"{plain_root(warehouse.data)}/focus/aws/b.csv", "focus/aws/b.csv", "focus", "aws")]


def test_a_root_may_have_quotes_and_braces_in_its_name(warehouse):
    warehouse.data = warehouse.folder / "it's {ours}"
    warehouse.write("focus/aws/b.csv", "x")
    warehouse.build("stg_files__inputs")
    assert warehouse.query("select relative_path from staging.stg_files__inputs") == [("focus/aws/b.csv",)]


@pytest.mark.parametrize("name", ["exports [prod]", "export*", "what?"])
def test_a_root_that_is_a_pattern_is_refused(warehouse, name):
    warehouse.data = warehouse.folder / name
    warehouse.write("focus/aws/b.csv", "x")
    assert not warehouse.build("stg_files__inputs", check=False)
    assert f"UNIT_ECONOMICS_DATA: {warehouse.data} has a " in warehouse.output
    with pytest.raises(ValueError, match="stands for other letters"):
        plain_root(str(warehouse.data))


def test_an_empty_variable_is_none(warehouse):
    """As in a file of variables that are to be filled in; it must not mean the root of the machine."""
    warehouse.data = ""
    warehouse.dbt("compile", "--select", "stg_files__inputs")
    (compiled,) = (warehouse.folder / "target" / "compiled").rglob("stg_files__inputs.sql")
    text = compiled.read_text(encoding="utf-8")
    assert "'data/sample/**'" in text
    assert "'/**'" not in text
