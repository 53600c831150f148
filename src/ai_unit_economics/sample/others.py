"""Smaller exports: training progress, the hosted provider's metering, product activity, customers."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pyarrow as pa

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.bills import bedrock_tokens
from ai_unit_economics.sample.demand import Customers, Requests, Window

LOG_EVERY_STEPS = 10


def training_runs(window: Window) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """One run a Saturday: the first attempt dies and the second goes on from a checkpoint, so that steps repeat."""
    opens, length = fleet.TRAINING_HOURS
    for day in window.dates:
        if day.weekday() != 5:
            continue
        run_id = f"sft-{day:%Gw%V}"
        starts = datetime(day.year, day.month, day.day, opens, 12)
        dies = round(fleet.TRAINING_STEPS * fleet.TRAINING_FAILS_AT)
        resumes = round(fleet.TRAINING_STEPS * fleet.TRAINING_RESUMES_AT)
        seconds = length * 3600 * 0.93 / (dies + fleet.TRAINING_STEPS - resumes)
        rows: list[dict[str, object]] = []
        executed = 0
        for attempt, (first, last) in enumerate(((0, dies), (resumes, fleet.TRAINING_STEPS)), start=1):
            for step in range(first + LOG_EVERY_STEPS, last + 1, LOG_EVERY_STEPS):
                executed += LOG_EVERY_STEPS
                moment = starts + timedelta(seconds=round(executed * seconds) + 600 * (attempt - 1))
                rows.append(
                    {
                        "run_id": run_id,
                        "attempt_id": f"{run_id}-{attempt}",
                        "ts": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                        "step": step,
                        "tokens_seen": step * fleet.TRAINING_TOKENS_PER_STEP,
                        "deployment_id": fleet.TRAINING_ID,
                    }
                )
        yield run_id, rows


def provider_usage(requests: Requests, window: Window) -> list[dict[str, object]]:
    """What Amazon Bedrock metered, a row a day: the same tokens as the bill's."""
    hours = bedrock_tokens(requests, window)
    rows = []
    for number, day in enumerate(window.dates):
        today = hours[number * 24 : number * 24 + 24]
        rows.append(
            {
                "provider": "aws.bedrock",
                "model": "anthropic.claude-sonnet-4-5",
                "deployment_id": "assistant-hosted",
                "starts_at": f"{day}T00:00:00Z",
                "ends_at": f"{day + timedelta(days=1)}T00:00:00Z",
                "input_tokens": sum(hour["input"] for hour in today),
                "cached_input_tokens": sum(hour["cache_read"] for hour in today),
                "cache_write_tokens": sum(hour["cache_write"] for hour in today),
                "output_tokens": sum(hour["output"] for hour in today),
                "requests": sum(hour["requests"] for hour in today),
            }
        )
    return rows


def customer_rows(customers: Customers) -> pa.Table:
    """One row a customer and validity period; a null bound is open."""
    columns = list(zip(*customers.periods, strict=True))
    return pa.table(
        {
            "customer_id": pa.array(columns[0]),
            "customer_tier": pa.array(columns[1]),
            "geography": pa.array(columns[2]),
            "valid_from": pa.array(columns[3], pa.date32()),
            "valid_to": pa.array(columns[4], pa.date32()),
        }
    )
