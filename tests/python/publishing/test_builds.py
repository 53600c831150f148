"""What the record of builds says of inputs, tables and ends (docs/builds.md)."""

from __future__ import annotations

import hashlib

MARTS = ("+landed_files", "fct_builds", "fct_build_nodes", "fct_build_inputs", "fct_input_freshness")
ACTIVITY = "workload,user_id,ts\nchat,ann,2026-08-01T00:00:00Z\n"
NEXT = "workload,user_id,ts\nchat,bob,2026-08-02T00:00:00Z\nchat,eve,2026-08-02T00:00:00Z\n"


def inputs(warehouse) -> list[tuple]:
    return warehouse.query(
        "select parse_filename(source_file), checksum, first_build.number, gone_build.number "
        "from marts.fct_build_inputs "
        "left join (select invocation_id, row_number() over (order by started_at, rowid) as number "
        "from builds.invocations) as first_build on first_invocation_id = first_build.invocation_id "
        "left join (select invocation_id, row_number() over (order by started_at, rowid) as number "
        "from builds.invocations) as gone_build on gone_invocation_id = gone_build.invocation_id "
        "order by first_build.number, 1"
    )


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_versions_of_inputs_come_and_go(warehouse) -> None:
    warehouse.write("telemetry/product/july.csv", ACTIVITY)
    lost = warehouse.write("telemetry/product/lost.csv", ACTIVITY.replace("ann", "kim"))
    warehouse.build(*MARTS)
    warehouse.build(*MARTS)
    warehouse.write("telemetry/product/july.csv", NEXT)
    lost.unlink()
    warehouse.build(*MARTS)
    assert inputs(warehouse) == [
        ("july.csv", sha256(ACTIVITY), 1, 3),
        ("lost.csv", sha256(ACTIVITY.replace("ann", "kim")), 1, 3),
        ("july.csv", sha256(NEXT), 3, None),
    ]
    builds = warehouse.query(
        "select command, status, new_inputs, gone_inputs, rows_in, is_whole from marts.fct_builds order by started_at"
    )
    assert builds == [
        ("build", "passed", 2, 0, None, False),
        ("build", "passed", 0, 0, None, False),
        ("build", "passed", 1, 2, None, False),
    ]
    [(files,)] = warehouse.query(
        "select table_rows from marts.fct_build_nodes where name = 'landed_files' order by table_rows limit 1"
    )
    assert files == 1
    freshness = warehouse.query("select folder, status, files, unreadable_files from marts.fct_input_freshness")
    assert freshness == [("telemetry/product", "too_few_deliveries", 1, 0)]


def test_a_name_of_a_file_is_only_a_name(warehouse) -> None:
    name = "it's'); drop table builds.invocations; --.csv"
    warehouse.write(f"telemetry/product/{name}", ACTIVITY)
    warehouse.build(*MARTS)
    assert [row[0] for row in inputs(warehouse)] == [name]
    assert warehouse.query("select count(*) from builds.invocations") == [(1,)]


def test_a_failed_node_is_named(warehouse) -> None:
    warehouse.write("focus/acme/june.csv", "this,is,no,bill\n1,2,3,4\n")
    assert not warehouse.build(*MARTS, "+landed_focus_charges", check=False)
    [(status, problems, new)] = warehouse.query(
        "select case when len(problems) > 0 then 'failed' end, array_to_string(problems, ', '), "
        "(select count(*) from builds.inputs) from builds.invocations"
    )
    assert (status, new) == ("failed", 1)
    assert "error: model.ai_unit_economics.landed_focus_charges" in problems
