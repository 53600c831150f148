"""A request that was delivered twice counts once, in whatever order its files come and go."""

from __future__ import annotations

import json
import random

import pytest

SELECTION = ("+int_usage__customer_requests_daily", "+int_quality__telemetry_files")


def line(number: int, tokens: int, day: int = 1, time: str = "10:00") -> str:
    return json.dumps(
        {
            "deployment_id": "chat-large",
            "request_id": f"r{number}",
            "ts": f"2026-03-{day:02}T{time}:00Z",
            "input_tokens": tokens,
        }
    )


def put(warehouse, name: str, *lines: str) -> None:
    warehouse.write(f"telemetry/requests/{name}.jsonl", "\n".join(lines) + "\n")


def counted(warehouse) -> dict[str, tuple[int, int]]:
    rows = warehouse.query("""
        select cast(date_day as varchar), sum(requests), sum(uncached_input_tokens)
        from intermediate.int_usage__customer_requests_daily group by all
    """)
    return {day: (int(requests), int(tokens)) for day, requests, tokens in rows}


def in_doubt(warehouse) -> dict[str, int]:
    rows = warehouse.query("""
        select cast(date_day as varchar), sum(requests_in_doubt)
        from intermediate.int_usage__customer_requests_daily group by all having sum(requests_in_doubt) > 0
    """)
    return {day: int(requests) for day, requests in rows}


def repeats(warehouse) -> int:
    ((rows,),) = warehouse.query("""
        select coalesce(sum(affected_rows), 0) from intermediate.int_quality__telemetry_files
        where issue = 'repeated_request'
    """)
    return int(rows)


def test_files_that_overlap_count_each_request_once(warehouse):
    """a and b share requests 2 and 3: four requests of 1 + 2 + 4 + 8 tokens. Without a, b has its three for itself."""
    put(warehouse, "a", line(1, 1), line(2, 2), line(3, 4))
    warehouse.build(*SELECTION)
    assert (counted(warehouse), repeats(warehouse)) == ({"2026-03-01": (3, 7)}, 0)

    put(warehouse, "b", line(2, 2), line(3, 4), line(4, 8))
    warehouse.build(*SELECTION)
    assert (counted(warehouse), repeats(warehouse)) == ({"2026-03-01": (4, 15)}, 2)

    (warehouse.data / "telemetry/requests/a.jsonl").unlink()
    warehouse.build(*SELECTION)
    assert (counted(warehouse), repeats(warehouse)) == ({"2026-03-01": (3, 14)}, 0)


def test_a_process_that_counts_from_one_again_each_day_has_all_its_requests(warehouse):
    """Its days come one by one, and the second is delivered twice. A request before and after midnight is one."""
    put(warehouse, "a", line(1, 1), line(2, 2, time="12:00"), line(9, 4, time="23:45"))
    warehouse.build(*SELECTION)
    second = (line(9, 4, 2, "00:15"), line(1, 8, 2, "08:00"), line(2, 16, 2, "23:00"))
    put(warehouse, "b", *second)
    warehouse.build(*SELECTION)
    put(warehouse, "c", *second[1:], line(1, 32, 3, "00:30"))
    warehouse.build(*SELECTION)
    assert counted(warehouse) == {"2026-03-01": (3, 7), "2026-03-02": (2, 24), "2026-03-03": (1, 32)}
    assert repeats(warehouse) == 3
    assert in_doubt(warehouse) == {}


def test_an_id_that_comes_again_hours_later_counts_once_and_is_in_doubt(warehouse):
    """In whatever file the second row is, and in no doubt any more once it is gone."""
    put(warehouse, "a", line(1, 1), line(2, 2), line(3, 4))
    put(warehouse, "b", line(1, 8, time="10:59"), line(2, 16, time="11:01"))
    warehouse.build(*SELECTION)
    # of two rows of an id the fullest counts: 8 of request 1, 16 of request 2, 4 of request 3
    assert (counted(warehouse), in_doubt(warehouse)) == ({"2026-03-01": (3, 28)}, {"2026-03-01": 1})

    put(warehouse, "c", line(3, 32, time="15:00"))
    warehouse.build(*SELECTION)
    assert (counted(warehouse), in_doubt(warehouse)) == ({"2026-03-01": (3, 8 + 16 + 32)}, {"2026-03-01": 2})

    (warehouse.data / "telemetry/requests/b.jsonl").unlink()
    warehouse.build(*SELECTION)
    assert (counted(warehouse), in_doubt(warehouse)) == ({"2026-03-01": (3, 1 + 2 + 32)}, {"2026-03-01": 1})


def told(number: int, status: str, input_tokens: int, output_tokens: int, time: str) -> str:
    return json.dumps(
        {
            "deployment_id": "chat-large",
            "request_id": f"r{number}",
            "ts": f"2026-03-01T{time}Z",
            "status": status,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
        }
    )


@pytest.mark.parametrize("later_file", ["a", "b"])
def test_of_rows_of_one_request_the_one_that_says_how_it_ended_counts(warehouse, later_file):
    """A retry of 1, a row at the start of 2, a stream of 3: three requests of 100 + 10, in whatever file they end."""
    begun = (told(1, "503", 0, 0, "10:00:00"), told(2, "pending", 0, 0, "10:01:00"), told(3, "ok", 100, 3, "10:02:00"))
    ended = (
        told(1, "200", 100, 10, "10:00:05"),
        told(2, "ok", 100, 10, "10:01:05"),
        told(3, "ok", 100, 10, "10:02:05"),
    )
    put(warehouse, "a", *begun)
    warehouse.build(*SELECTION)
    put(warehouse, later_file, *(begun if later_file == "a" else ()), *ended)
    warehouse.build(*SELECTION)
    assert warehouse.query("""
        select sum(requests), sum(failed_requests), sum(uncached_input_tokens), sum(output_tokens)
        from intermediate.int_usage__customer_requests_daily
    """) == [(3, 0, 300, 30)]
    assert repeats(warehouse) == 3
    # the first row of the stream alone has tokens, and others
    assert warehouse.query("""
        select affected_rows from intermediate.int_quality__telemetry_files where issue = 'differing_request'
    """) == [(1,)]


@pytest.mark.slow
def test_any_order_of_files_counts_the_same(warehouse):
    """Each of 60 requests on three days has its own power of two, and lies in one to three of five files.

    Ids are those of a process that begins anew each day.
    """
    rng = random.Random(7)
    files: dict[str, list[str]] = {name: [] for name in "abcde"}
    expected: dict[str, list[int]] = {}
    for number in range(60):
        day = 1 + number // 20
        expected.setdefault(f"2026-03-{day:02}", []).append(1 << number % 50)
        for name in rng.sample(sorted(files), rng.randint(1, 3)):
            files[name].append(line(number % 20, 1 << number % 50, day))
    names = rng.sample(sorted(files), 5)
    for chunk in (names[:2], names[2:4], names[4:]):
        for name in chunk:
            put(warehouse, name, *files[name])
        warehouse.build(*SELECTION)
    assert counted(warehouse) == {day: (len(tokens), sum(tokens)) for day, tokens in expected.items()}
    assert repeats(warehouse) == sum(map(len, files.values())) - 60


def test_looks_at_a_batch_are_one_request(warehouse):
    """A batch of 1,000 + 100 is looked at before its end and four times after it, another one of 500 + 7 once.

    A request has as many tokens. The creation of the batch and a tool are none.
    """

    def row(number: int, call: str, hour: int, input_tokens: int = 0, output_tokens: int = 0) -> str:
        return json.dumps(
            {
                "request_id": f"b{number}",
                "call_type": call,
                "startTime": f"2026-03-01T{hour:02}:00:00Z",
                "model_group": "chat-large",
                "status": "success",
                "prompt_tokens": input_tokens,
                "completion_tokens": output_tokens,
            }
        )

    put(
        warehouse,
        "a",
        row(0, "acreate_batch", 1),
        row(1, "aretrieve_batch", 2),
        *(row(hour, "aretrieve_batch", hour, 1000, 100) for hour in (3, 4, 5)),
        row(6, "call_mcp_tool", 6),
        row(7, "acompletion", 7, 1000, 100),
    )
    put(warehouse, "b", row(8, "aretrieve_batch", 8, 1000, 100), row(9, "retrieve_batch", 9, 500, 7))
    warehouse.build(*SELECTION)
    assert warehouse.query("""
        select sum(requests), sum(uncached_input_tokens), sum(output_tokens), sum(requests_in_doubt)
        from intermediate.int_usage__customer_requests_daily
    """) == [(3, 2500, 207, 0)]
