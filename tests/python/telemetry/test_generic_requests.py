"""The contract's request table in each of its formats: one request, the same row."""

from __future__ import annotations

import json

import pytest

COLUMNS = (
    *("ts", "request_id", "deployment_id", "customer_id", "user_id", "session_id", "geography"),
    *("input_tokens", "cached_input_tokens", "output_tokens", "status"),
)
# The example of docs/connect/requests.md: 812 input tokens, 640 of them cached
VALUES = ("2026-11-24T13:05:11Z", "r-1", "chat-large", "acme", "u-7", "s-3", "EU", 812, 640, 233, "ok")
ROW = ("chat-large", "acme", "u-7", "s-3", "EU", 812, 640, 233, "ok", "2026-11-24 13:05:11")
# Two hours ahead of UTC: the same moment is on the day before
EAST = "2026-11-24T01:00:00+02:00"
# Cut within a cell, within quotes, and within a number: 23 output tokens would be a wrong count
HALVES = (
    "2026-11-24T13:05:12Z,r-9,chat-la",
    '2026-11-24T13:05:12Z,r-9,"chat-la',
    "2026-11-24T13:05:12Z,r-9,chat-large,acme,u-7,s-3,EU,812,640,23",
)
UNREADABLE = (None,) * len(ROW)


def csv_row(customer: str = "acme") -> str:
    return ",".join(str(customer if value == "acme" else value) for value in VALUES)


def csv(*lines: str) -> str:
    """The example, and further lines."""
    return "\n".join([",".join(COLUMNS), csv_row(), *lines])


@pytest.fixture(scope="module")
def warehouse(module_warehouse):
    row = json.dumps(dict(zip(COLUMNS, VALUES, strict=True)))
    # as published by Azure, but as JSON: keys differ from the contract's, and one of them by its case alone
    azure = json.dumps({"TIMESTAMP": "2026-11-24 18:17:03.9799600", "ContextTokens": 4808, "GeneratedTokens": 10})
    other = json.dumps({"timestamp": "2026-11-24T18:17:04Z", "input_tokens": 180, "output_tokens": 25})
    module_warehouse.write("telemetry/requests/rows.jsonl", f"{row}\n{azure}\n{other}\n{row[:60]}")
    module_warehouse.write("telemetry/requests/rows.csv", csv())
    zones = [f"{ts},r-2,chat-large" + "," * 8 for ts in (EAST, "2026-11-23 18:00:00-05", "2026-11-24 01:00:00 +0200")]
    module_warehouse.write("telemetry/requests/zones.csv", csv(*zones))
    for number, half in enumerate(HALVES):
        module_warehouse.write(f"telemetry/requests/half_{number}.csv", csv(half))
    # so many that DuckDB has guessed the dialect before it comes to the last line
    module_warehouse.write("telemetry/requests/long.csv", csv(*[csv_row()] * 59_999, HALVES[0]))
    module_warehouse.write("telemetry/requests/newline.csv", csv(csv_row(customer='"ac\nme"'), HALVES[1]))
    module_warehouse.write("telemetry/requests/semicolons.csv", csv(HALVES[1]).replace(",", ";"))
    module_warehouse.variables = {"privacy": {"user_id": "keep", "session_id": "keep"}}
    module_warehouse.build("+int_quality__telemetry_files")
    return module_warehouse


def rows(warehouse, file: str) -> list[tuple]:
    return warehouse.query(f"""
        select deployment_id, customer_id, user_id, session_id, geography, input_tokens, cached_input_tokens,
            output_tokens, status, strftime(requested_at, '%Y-%m-%d %H:%M:%S')
        from staging.stg_requests__requests where source_file like '%/{file}' order by source_row
    """)


def test_csv(warehouse) -> None:
    assert rows(warehouse, "rows.csv") == [ROW]


def test_json_lines(warehouse) -> None:
    unknown = (None,) * 5
    assert rows(warehouse, "rows.jsonl") == [
        ROW,
        (*unknown, 4808, None, 10, None, "2026-11-24 18:17:03"),
        (*unknown, 180, None, 25, None, "2026-11-24 18:17:04"),
        UNREADABLE,
    ]


def test_a_time_with_an_offset_is_that_moment(warehouse) -> None:
    assert [row[-1] for row in rows(warehouse, "zones.csv")] == ["2026-11-24 13:05:11"] + ["2026-11-23 23:00:00"] * 3


def test_half_a_line_at_the_end_of_a_csv_loses_nothing_else(warehouse) -> None:
    for number in range(len(HALVES)):
        assert rows(warehouse, f"half_{number}.csv") == [ROW, UNREADABLE]
    assert rows(warehouse, "newline.csv") == [ROW, (ROW[0], "ac\nme", *ROW[2:]), UNREADABLE]
    assert rows(warehouse, "semicolons.csv") == [ROW, UNREADABLE]
    assert warehouse.query("""
        select count(*), sum(output_tokens), count(*) filter (where requested_at is null)
        from staging.stg_requests__requests where source_file like '%/long.csv'
    """) == [(60_001, 60_000 * 233, 1)]
    unreadable = [(f"half_{number}.csv", 1) for number in range(len(HALVES))]
    unreadable += [(f"{name}.csv", 1) for name in ("long", "newline", "semicolons")]
    assert (
        warehouse.query("""
        select parse_filename(source_file), affected_rows from intermediate.int_quality__telemetry_files
        where issue = 'unreadable_row' and source_file like '%.csv' order by all
    """)
        == unreadable
    )
