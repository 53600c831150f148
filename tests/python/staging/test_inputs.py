"""What is in a data root, and what it is taken for."""


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
