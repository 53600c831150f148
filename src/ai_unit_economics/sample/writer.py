"""Puts everything on disk, in the folders and file formats of real exports."""

import gzip
import io
import json
import math
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from ai_unit_economics.sample import bills, fleet, others, telemetry
from ai_unit_economics.sample.capacity import plan
from ai_unit_economics.sample.demand import Window, make_customers, make_requests, to_ms
from ai_unit_economics.sample.requests import request_rows
from ai_unit_economics.sample.telemetry import Series

AWS_EXPORT = "ai-platform-focus"
AZURE_EXPORT = "ai-platform-focus-cost"
AZURE_FOLDER = "exports/batch"
ROWS_PER_FILE = 20_000
FOLDERS = ("focus", "telemetry")
MARKER = ".generated-sample"

_TIMES = {"BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"}
_NUMBERS = {
    "BilledCost", "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice",
    "EffectiveCost", "ListCost", "ListUnitPrice", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity",
}  # fmt: skip
_MAPS = {"SkuPriceDetails": pa.string(), "Tags": pa.string(), "x_Discounts": pa.float64()}


def _aws_type(column: str) -> pa.DataType:
    if column in _TIMES:
        return pa.timestamp("ms")
    if column in _NUMBERS:
        return pa.float64()
    if column in _MAPS:
        return pa.map_(pa.string(), _MAPS[column])
    return pa.string()


AWS_SCHEMA = pa.schema([(column, _aws_type(column)) for column in bills.AWS_COLUMNS])


def generate(out: Path, window: Window, progress: Callable[[str, int, int], None] = lambda *_: None) -> None:
    """Write the whole sample below `out`; what an earlier run left in its folders is removed first.

    `progress` is called with a phase's name, steps done and steps in all.
    """
    _clear(out)
    customers = make_customers(window)
    requests = {}
    for number, deployment in enumerate(fleet.DEPLOYMENTS):
        requests[deployment.deployment_id] = make_requests(deployment, customers, window)
        progress("demand", number + 1, len(fleet.DEPLOYMENTS))
    capacity = plan(requests, window)
    pq.write_table(others.customer_rows(customers), out / "customers.parquet", compression="zstd")

    folder = _folder(out / "telemetry/requests/gateway")
    for number, day in enumerate(window.dates):
        pq.write_table(request_rows(requests, customers, day), folder / f"{day}.parquet", compression="zstd")
        progress("requests", number + 1, window.days)

    def servers(provider: str, server: str) -> list[telemetry.Series]:
        return telemetry.merge(
            series
            for deployment in fleet.DEPLOYMENTS
            if deployment.rates and deployment.server == server
            if fleet.POOLS[deployment.rates[0].pool_id].provider == provider
            for series in telemetry.server_series(deployment, requests[deployment.deployment_id], capacity, window)
        )

    prometheus = out / "telemetry/prometheus"
    families = {
        "vllm": servers("aws", "vllm"),
        "tei": servers("aws", "tei"),
        "kube-state-metrics": telemetry.kube_state_metrics(capacity, "aws", window),
        "dcgm": telemetry.dcgm(capacity, window),
    }
    for name, series in families.items():
        folder = _folder(prometheus / name)
        for number, (day, slices) in enumerate(_days(series, window)):
            if slices:
                _write_long(folder / f"{day}.parquet", slices, labels_as_map=name == "dcgm")
            progress(name, number + 1, window.days)
    folder = _folder(prometheus / "azure-vm")
    batch = telemetry.merge([*servers("azure", "vllm"), *telemetry.kube_state_metrics(capacity, "azure", window)])
    for number, (day, slices) in enumerate(_days(batch, window)):
        _write_victoria_metrics(folder / f"{day}.jsonl.gz", slices)
        progress("azure-vm", number + 1, window.days)

    rows = bills.AwsBill(capacity, requests, window).build()
    for number, month in enumerate(bills.months(window)):
        _write_aws_month(
            out / "focus/aws" / AWS_EXPORT, month, [r for r in rows if r["BillingPeriodStart"] == to_ms(month)]
        )
        progress("aws bill", number + 1, len(bills.months(window)))
    _write_azure(out / "focus/azure" / AZURE_FOLDER, list(bills.azure_rows(capacity, window)), window)
    progress("azure bill", 1, 1)

    folder = _folder(out / "telemetry/training")
    for run_id, steps in others.training_runs(window):
        _write_json_lines(folder / f"{run_id}.jsonl", steps)
    folder = _folder(out / "telemetry/provider_usage/bedrock")
    _write_json_lines(folder / "usage.jsonl", others.provider_usage(requests["assistant-hosted"], window))


def _clear(out: Path) -> None:
    """Make room, but never in a folder that this program did not fill."""
    marker = out / MARKER
    found = [folder for folder in FOLDERS if (out / folder).exists()]
    if found and not marker.exists():
        raise FileExistsError(f"{out} holds {found[0]}/ that is not generated sample data: choose another folder")
    for folder in found:
        shutil.rmtree(out / folder)
    out.mkdir(parents=True, exist_ok=True)
    marker.write_text("Generated by ai_unit_economics.sample; the next run replaces it.\n")


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path


def _write_json_lines(path: Path, rows: Iterable[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


# ---------------------------------------------------------------------------------------------------------------------
# Prometheus
# ---------------------------------------------------------------------------------------------------------------------
def _days(series: list[Series], window: Window) -> Iterator[tuple[date, list[Series]]]:
    """The samples of each UTC day; series stay sorted by metric and labels."""
    for day in window.dates:
        starts, ends = to_ms(day), to_ms(day + timedelta(days=1))
        slices = []
        for one in series:
            if one.ts[0] < ends and one.ts[-1] >= starts:
                first, last = np.searchsorted(one.ts, [starts, ends])
                if last > first:
                    slices.append(Series(one.metric, one.labels, one.ts[first:last], one.values[first:last]))
        yield day, slices


def _write_long(path: Path, slices: list[Series], *, labels_as_map: bool) -> None:
    """Long form: ts, metric, labels, value; sorted by series and time. Labels are a MAP, or a JSON object as text."""
    counts = np.array([len(one.ts) for one in slices])
    series = np.repeat(np.arange(len(slices)), counts)
    names = sorted({one.metric for one in slices})
    metric = np.array([names.index(one.metric) for one in slices], np.int32)[series]
    named = [dict(sorted(one.labels.items())) for one in slices]
    if labels_as_map:
        maps = pa.array([list(one.items()) for one in named], pa.map_(pa.string(), pa.string()))
        labels = maps.take(pa.array(series))
    else:
        texts = pa.array([json.dumps(one, separators=(",", ":")) for one in named])
        labels = pa.DictionaryArray.from_arrays(pa.array(series.astype(np.int32)), texts).cast(pa.string())
    table = pa.table(
        {
            "ts": pa.array(np.concatenate([one.ts for one in slices]), pa.timestamp("ms")),
            "metric": pa.DictionaryArray.from_arrays(pa.array(metric), pa.array(names)).cast(pa.string()),
            "labels": labels,
            "value": pa.array(np.concatenate([one.values for one in slices])),
        }
    )
    pq.write_table(table, path, compression="zstd")


def _write_victoria_metrics(path: Path, slices: list[Series]) -> None:
    """`/api/v1/export`: a series a line, times in ms, stale markers as null."""
    lines = []
    for one in slices:
        metric = json.dumps({"__name__": one.metric, **one.labels}, separators=(",", ":"))
        values = ",".join("null" if math.isnan(value) else f"{value:.15g}" for value in one.values.tolist())
        times = ",".join(map(str, one.ts.tolist()))
        lines.append(f'{{"metric":{metric},"values":[{values}],"timestamps":[{times}]}}\n')
    _write_gzip(path, "".join(lines).encode())


def _write_gzip(path: Path, data: bytes) -> None:
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        file.write(data)


# ---------------------------------------------------------------------------------------------------------------------
# FOCUS
# ---------------------------------------------------------------------------------------------------------------------
def _write_aws_month(export: Path, month: date, rows: list[bills.Row]) -> None:
    """Parquet below `data/BILLING_PERIOD=YYYY-MM`, and the manifest that lists the files."""
    partition = f"BILLING_PERIOD={month:%Y-%m}"
    folder = _folder(export / "data" / partition)
    files = []
    for number, first in enumerate(range(0, len(rows), ROWS_PER_FILE), start=1):
        path = folder / f"{export.name}-{number:05d}.snappy.parquet"
        chunk = rows[first : first + ROWS_PER_FILE]
        table = pa.table([_aws_column(chunk, field) for field in AWS_SCHEMA], schema=AWS_SCHEMA)
        pq.write_table(table, path, compression="snappy")
        files.append(f"s3://billing-exports/focus/{export.name}/data/{partition}/{path.name}")
    manifest = {
        "executionId": str(uuid.uuid5(uuid.NAMESPACE_URL, partition)),
        "exportName": export.name,
        "billingPeriod": f"{month:%Y-%m}",
        "tableName": "FOCUS_1_2_AWS",
        "tableConfigurations": {"FOCUS_1_2_AWS": {"TIME_GRANULARITY": "HOURLY"}},
        "columns": [{"name": name} for name in bills.AWS_COLUMNS],
        "dataFiles": files,
    }
    path = _folder(export / "metadata" / partition) / f"{export.name}-Manifest.json"
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def _aws_column(rows: list[bills.Row], field: pa.Field) -> pa.Array:
    values = [row.get(field.name) for row in rows]
    if field.name in _MAPS:
        values = [None if value is None else list(value.items()) for value in values]
    return pa.array(values, field.type)


def _write_azure(folder: Path, rows: list[bills.Row], window: Window) -> None:
    """A full snapshot of a month a run. The first month has two: one from the middle of it, one after its end."""
    for number, month in enumerate(bills.months(window)):
        mine = [row for row in rows if row["BillingPeriodStart"] == month]
        if not mine:
            continue
        last = min(bills.next_month(month), window.end)
        if number == 0:
            middle = max(month, window.start) + (last - max(month, window.start)) // 2
            partial = [row for row in mine if row["ChargePeriodStart"] < middle]
            _write_azure_run(folder, month, datetime(middle.year, middle.month, middle.day, 4, 12), partial)
        ready = last + timedelta(days=2)
        _write_azure_run(folder, month, datetime(ready.year, ready.month, ready.day, 4, 7), mine)


def _write_azure_run(folder: Path, month: date, run: datetime, rows: list[bills.Row]) -> None:
    period = f"{month:%Y%m%d}-{bills.next_month(month) - timedelta(days=1):%Y%m%d}"
    run_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{AZURE_EXPORT}/{period}/{run:%Y%m%d%H%M}")
    path = _folder(folder / period / AZURE_EXPORT / f"{run:%Y%m%d%H%M}" / str(run_id))
    columns = {column: [_azure_text(row.get(column)) for row in rows] for column in bills.AZURE_COLUMNS}
    buffer = io.BytesIO()
    pyarrow.csv.write_csv(pa.table(columns, pa.schema([(name, pa.string()) for name in columns])), buffer)
    _write_gzip(path / "part_0_0001.csv.gz", buffer.getvalue())
    manifest = {
        "manifestVersion": "2024-04-01",
        "byteCount": (path / "part_0_0001.csv.gz").stat().st_size,
        "blobCount": 1,
        "dataRowCount": len(rows),
        "exportConfig": {"exportName": AZURE_EXPORT, "type": "FocusCost", "dataVersion": "1.0r2"},
        "runInfo": {
            "runId": str(run_id),
            "startDate": f"{month}T00:00:00",
            "endDate": f"{bills.next_month(month) - timedelta(days=1)}T00:00:00",
            "submittedTime": f"{run:%Y-%m-%dT%H:%M:%SZ}",
        },
        "blobs": [{"blobName": str((path / "part_0_0001.csv.gz").relative_to(folder)), "dataRowCount": len(rows)}],
    }
    (path / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


def _azure_text(value: object) -> str:
    """As text: dates with seconds and Z (1.0r2), tags as JSON, nothing as an empty field."""
    if value is None:
        return ""
    if isinstance(value, date):
        return f"{value}T00:00:00Z"
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return f"{value:.15g}" if isinstance(value, float) else str(value)
