"""A sound file of every shape that is landed, in a few rows of which one text can be any text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from ai_unit_economics.landing import tables
from ai_unit_economics.landing.tables import Table

PLAIN = "plain"
ROWS = 6
TOKENS = "vllm:prompt_tokens_total"
SECONDS = 1791158400  # 2026-10-05


@dataclass(frozen=True)
class Shape:
    """Attributes:
    folder: where it lies beneath the root.
    ending: of its name.
    table: the landed table that its rows go to.
    rows: how many a sound file has.
    content: the file with a text in every row, and with a name that nobody knows as a column, a label or a key.
    """

    folder: str
    ending: str
    table: Table
    rows: int
    content: Callable[[str, str], bytes]

    @property
    def is_bill(self) -> bool:
        return self.folder == "focus"

    @property
    def is_text(self) -> bool:
        return self.ending != ".parquet"


def as_csv(header: list[str], rows: list[list[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8", errors="surrogatepass")


def as_lines(header: list[str], rows: list[list[object]]) -> bytes:
    return b"".join(json.dumps(dict(zip(header, row, strict=True))).encode() + b"\n" for row in rows)


def as_parquet(header: list[str], rows: list[list[object]]) -> bytes:
    buffer = io.BytesIO()
    columns = [pa.array([str(row[number]) for row in rows]) for number in range(len(header))]
    pq.write_table(pa.table(columns, names=header), buffer)
    return buffer.getvalue()


def day(number: int) -> str:
    return f"2026-10-0{1 + number}T00:00:00Z"


def bill(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["EffectiveCost", "BilledCost", "ChargePeriodStart", "ChargePeriodEnd", "BillingCurrency", "ResourceId"]
    rows = [[n + 0.5, n + 0.5, day(n), day(n + 1), "USD", text, json.dumps({"team": text}), n] for n in range(ROWS)]
    return [*header, "Tags", name], rows


def requests(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["ts", "deployment_id", "customer_id", "request_id", "input_tokens", "output_tokens", name]
    return header, [[day(n), "chat", text, f"r{n}", 100 + n, 10 + n, n] for n in range(ROWS)]


def product(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["ts", "workload", "user_id", "session_id", name]
    return header, [[day(n), "assistant", text, f"s{n}", n] for n in range(ROWS)]


def customers(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    return ["customer_id", "customer_tier", "geography", name], [[f"c{n}", text, "nl", n] for n in range(ROWS)]


def training(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["run_id", "ts", "step", "tokens_seen", "deployment_id", name]
    return header, [["run", day(n), n, 1000 * n, text, n] for n in range(ROWS)]


def provider(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["provider", "model", "starts_at", "ends_at", "input_tokens", "output_tokens", "project_id", name]
    return header, [["openai", "m", day(n), day(n + 1), 100 + n, 10 + n, text, n] for n in range(ROWS)]


def wandb(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["_step", "_timestamp", "train/num_tokens", "run_id", name]
    return header, [[n, SECONDS + n, 1000 * n, text, n] for n in range(ROWS)]


def labels_json(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    header = ["ts", "metric", "labels", "value"]
    return header, [[day(n), TOKENS, json.dumps({"pod": text, name: "x"}), 100 * n] for n in range(ROWS)]


def labels_wide(text: str, name: str) -> tuple[list[str], list[list[object]]]:
    return ["ts", "metric", "pod", name, "value"], [[day(n), TOKENS, text, "x", 100 * n] for n in range(ROWS)]


def labels_map(text: str, name: str) -> bytes:
    buffer = io.BytesIO()
    maps = pa.array([[("pod", text), (name, "x")]] * ROWS, pa.map_(pa.string(), pa.string()))
    columns = [pa.array([day(n) for n in range(ROWS)]), pa.array([TOKENS] * ROWS), maps]
    values = pa.array([100.0 * n for n in range(ROWS)])
    pq.write_table(pa.table([*columns, values], names=["ts", "metric", "labels", "value"]), buffer)
    return buffer.getvalue()


def victoria(text: str, name: str) -> bytes:
    metric = {"__name__": TOKENS, "pod": text, name: "x"}
    values = [100 * n for n in range(ROWS)]
    return (
        json.dumps({"metric": metric, "values": values, "timestamps": [(SECONDS + n) * 1000 for n in range(ROWS)]})
        + "\n"
    ).encode()


def matrix(text: str, name: str) -> dict[str, object]:
    values = [[SECONDS + n, str(100 * n)] for n in range(ROWS)]
    series = {"metric": {"__name__": TOKENS, "pod": text, name: "x"}, "values": values}
    return {"status": "success", "data": {"resultType": "matrix", "result": [series]}}


def otlp(text: str, name: str) -> bytes:
    def attribute(key: str, value: str) -> dict[str, object]:
        return {"key": key, "value": {"stringValue": value}}

    def point(n: int) -> dict[str, object]:
        attributes = [attribute("pod", text), attribute(name, "x")]
        return {"timeUnixNano": str((SECONDS + n) * 10**9), "asInt": str(100 * n), "attributes": attributes}

    metric = {"name": TOKENS, "sum": {"aggregationTemporality": 2, "dataPoints": [point(n) for n in range(ROWS)]}}
    resource = {"resource": {"attributes": []}, "scopeMetrics": [{"metrics": [metric]}]}
    return (json.dumps({"resourceMetrics": [resource]}) + "\n").encode()


def dump(text: str, name: str) -> bytes:
    def quoted(value: str) -> str:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'

    labels = f"__name__={quoted(TOKENS)}, pod={quoted(text)}, {quoted(name)}={quoted('x')}"
    return "".join(f"{{{labels}}} {100 * n} {(SECONDS + n) * 1000}\n" for n in range(ROWS)).encode()


def openai(text: str, name: str) -> bytes:
    def bucket(n: int) -> dict[str, object]:
        result = {"object": "organization.usage.completions.result", "input_tokens": 100 + n, "output_tokens": 10 + n}
        result |= {"num_model_requests": 1, "model": "m", "project_id": text, name: n}
        return {"start_time": SECONDS + 86400 * n, "end_time": SECONDS + 86400 * (n + 1), "results": [result]}

    return json.dumps(
        {"object": "page", "data": [bucket(n) for n in range(ROWS)], "has_more": False}, indent=1
    ).encode()


def spans(text: str, name: str) -> bytes:
    def attribute(key: str, value: object) -> dict[str, object]:
        return {"key": key, "value": {"intValue" if isinstance(value, int) else "stringValue": str(value)}}

    def span(n: int) -> dict[str, object]:
        given = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 100 + n, "customer_id": text, name: "x"}
        return {
            "traceId": f"t{n}",
            "spanId": f"s{n}",
            "name": "chat",
            "startTimeUnixNano": str((SECONDS + n) * 10**9),
            "attributes": [attribute(key, value) for key, value in given.items()],
        }

    scopes = [{"scope": {"name": "x"}, "spans": [span(n) for n in range(ROWS)]}]
    return (json.dumps({"resourceSpans": [{"resource": {"attributes": []}, "scopeSpans": scopes}]}) + "\n").encode()


SAMPLES = tables.PROMETHEUS_SAMPLES
SHAPES: dict[str, Shape] = {
    "FOCUS CSV": Shape("focus", ".csv", tables.FOCUS_CHARGES, ROWS, lambda *a: as_csv(*bill(*a))),
    "FOCUS JSON lines": Shape("focus", ".jsonl", tables.FOCUS_CHARGES, ROWS, lambda *a: as_lines(*bill(*a))),
    "FOCUS Parquet": Shape("focus", ".parquet", tables.FOCUS_CHARGES, ROWS, lambda *a: as_parquet(*bill(*a))),
    "requests CSV": Shape("telemetry/requests", ".csv", tables.REQUESTS, ROWS, lambda *a: as_csv(*requests(*a))),
    "requests JSON": Shape("telemetry/requests", ".jsonl", tables.REQUESTS, ROWS, lambda *a: as_lines(*requests(*a))),
    "requests Parquet": Shape(
        "telemetry/requests", ".parquet", tables.REQUESTS, ROWS, lambda *a: as_parquet(*requests(*a))
    ),
    "OTel spans": Shape("telemetry/requests", ".jsonl", tables.REQUESTS, ROWS, spans),
    "samples, labels as JSON": Shape(
        "telemetry/prometheus", ".csv", SAMPLES, ROWS, lambda *a: as_csv(*labels_json(*a))
    ),
    "samples, labels as columns": Shape(
        "telemetry/prometheus", ".csv", SAMPLES, ROWS, lambda *a: as_csv(*labels_wide(*a))
    ),
    "samples Parquet, labels as columns": Shape(
        "telemetry/prometheus", ".parquet", SAMPLES, ROWS, lambda *a: as_parquet(*labels_wide(*a))
    ),
    "samples Parquet, labels as a map": Shape("telemetry/prometheus", ".parquet", SAMPLES, ROWS, labels_map),
    "VictoriaMetrics": Shape("telemetry/prometheus", ".jsonl", SAMPLES, ROWS, victoria),
    "Prometheus API": Shape(
        "telemetry/prometheus", ".json", SAMPLES, ROWS, lambda *a: json.dumps(matrix(*a), indent=1).encode()
    ),
    "Prometheus API, a line": Shape(
        "telemetry/prometheus", ".json", SAMPLES, ROWS, lambda *a: json.dumps(matrix(*a)).encode() + b"\n"
    ),
    "OTLP metrics": Shape("telemetry/prometheus", ".jsonl", SAMPLES, ROWS, otlp),
    "promtool dump": Shape("telemetry/prometheus", ".txt", SAMPLES, ROWS, dump),
    "provider table": Shape(
        "telemetry/provider_usage", ".csv", tables.PROVIDER_USAGE, ROWS, lambda *a: as_csv(*provider(*a))
    ),
    "OpenAI usage": Shape("telemetry/provider_usage", ".json", tables.PROVIDER_USAGE, ROWS, openai),
    "training table": Shape(
        "telemetry/training", ".csv", tables.TRAINING_PROGRESS, ROWS, lambda *a: as_csv(*training(*a))
    ),
    "W&B history": Shape(
        "telemetry/training", ".jsonl", tables.TRAINING_PROGRESS, ROWS, lambda *a: as_lines(*wandb(*a))
    ),
    "product activity": Shape(
        "telemetry/product", ".csv", tables.PRODUCT_ACTIVITY, ROWS, lambda *a: as_csv(*product(*a))
    ),
    "customers": Shape("customers", ".csv", tables.CUSTOMERS, ROWS, lambda *a: as_csv(*customers(*a))),
}
