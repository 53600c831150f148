"""What exporters say of nodes and pods, in plain Python, written from the pages in docs and not from the SQL.

It gives the seconds that the allocation divides: accelerators, CPU and memory by deployment and node.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

SECOND = 10**6  # thousandths times milliseconds
HOST_REQUESTS = {"cpu_requested", "memory_requested"}

Seen = list[tuple[Mapping, int]]


def measured(world: Mapping[str, Sequence]) -> dict[str, list[dict]]:
    """The tables of seconds that the allocation reads, from series and their integrals."""
    tables: dict[str, list[dict]] = {
        "int_usage__accelerator_seconds_daily": [],
        "int_usage__host_requests_daily": [],
        "int_usage__host_capacity_daily": [],
    }
    for day in sorted({row["date_day"] for row in world["int_usage__gauge_integrals_daily"]}):
        seen = series_seen(world, day)
        for (deployment, node), seconds in accelerator_seconds(world, seen, day).items():
            tables["int_usage__accelerator_seconds_daily"].append(
                {"date_day": day, "deployment_id": deployment, "resource_id": node, "accelerator_seconds": seconds}
            )
        for (deployment, node, kind), held in host_requests(world, seen, day).items():
            tables["int_usage__host_requests_daily"].append(
                {"date_day": day, "deployment_id": deployment, "resource_id": node, "resource_kind": kind}
                | {"reserved_seconds": held // SECOND}
            )
        for (node, kind), held in host_capacity(world, seen, day).items():
            tables["int_usage__host_capacity_daily"].append(
                {"date_day": day, "resource_id": node, "resource_kind": kind, "capacity_seconds": -(-held // SECOND)}
            )
    return tables


def series_seen(world: Mapping[str, Sequence], day: dt.date) -> Seen:
    series = {row["series_id"]: row for row in world["int_usage__series_deployments"]}
    return [
        (series[row["series_id"]], row["held_value"])
        for row in world["int_usage__gauge_integrals_daily"]
        if row["date_day"] == day
    ]


def node_of(series: Mapping) -> str | None:
    return series["labels"].get("node") or series["labels"].get("hostname")


def days_to_ask(world: Mapping[str, Sequence], day: dt.date) -> list[dt.date]:
    """A node stays what it is on a day on which nobody says it: as it last was, or else as it will be next."""
    days = {row["date_day"] for row in world["int_usage__gauge_integrals_daily"]}
    return [*sorted((d for d in days if d <= day), reverse=True), *sorted(d for d in days if d > day)]


def labels_of(world: Mapping[str, Sequence], day: dt.date, node: str | None) -> Mapping[str, str]:
    """The node's labels that held longest."""
    for asked in days_to_ask(world, day) if node is not None else []:
        found = [
            (held, series["series_id"], series["labels"])
            for series, held in series_seen(world, asked)
            if series["semantic"] == "node_labels" and node_of(series) == node
        ]
        if found:
            return max(found, key=lambda row: row[:2])[2]
    return {}


def billed(world: Mapping[str, Sequence], day: dt.date, node: str | None) -> str:
    """The last part of provider_id, or the node's own name."""
    for asked in days_to_ask(world, day) if node is not None else []:
        ids = [
            series["labels"]["provider_id"].rpartition("/")[2]
            for series, _ in series_seen(world, asked)
            if series["semantic"] == "node_resource" and node_of(series) == node
        ]
        if ids:
            return max(ids).lower()
    return (node or "(unknown)").lower()


def waits(world: Mapping[str, Sequence], series: Mapping) -> bool:
    """Where an exporter names the nodes of some pods, a pod without one is on none yet."""
    kinds = {"accelerators_requested"} if series["semantic"] == "accelerators_requested" else HOST_REQUESTS
    named = any(
        node_of(other) is not None for other in world["int_usage__series_deployments"] if other["semantic"] in kinds
    )
    return named and node_of(series) is None


def slices_of(world: Mapping[str, Sequence], seen: Seen, day: dt.date, series: Mapping) -> tuple[int, int] | None:
    """A series counts so many slices of an accelerator that has so many; None where nobody knows."""
    labels, node = series["labels"], node_of(series)
    on_node = labels_of(world, day, node)
    label = on_node.get("label_nvidia_com_gpu_product")
    models = {
        other["labels"]["modelName"]
        for other, _ in seen
        if node is not None and node_of(other) == node and "modelName" in other["labels"]
    }
    named, _, all_slices = (label or "").removesuffix("-SHARED").partition("-MIG-")
    row = next(
        (
            row
            for row in world["deployments"]
            if row["deployment_id"] == series["deployment_id"]
            and row["valid_from"] <= day
            and (row["valid_to"] is None or day < row["valid_to"])
        ),
        {},
    )
    product = labels.get("modelName") or named or (models.pop() if len(models) == 1 else row.get("accelerator"))
    resource = labels.get("resource", "nvidia_com_gpu")
    is_shared = resource.endswith("_shared") or "vgpu" in labels
    resource = resource.removesuffix("_shared")
    profile = None
    if series["semantic"] == "accelerator_activity":
        profile = labels.get("GPU_I_PROFILE")
        if profile and not all_slices:
            resource = "nvidia_com_mig_" + re.sub("[^a-z0-9]", "_", profile)
    elif resource.startswith("nvidia_com_mig_"):
        profile = resource.removeprefix("nvidia_com_mig_").replace("_", ".")
    elif resource == "nvidia_com_gpu":
        profile = all_slices if label else row.get("mig_profile")
    replicas = int(on_node.get(f"label_{resource}_replicas", 0)) or (None if is_shared else 1)
    if replicas is None:
        return None
    if profile in (None, "", "none"):
        return 1, replicas
    profile = re.sub(r"[+.](me|gfx)$", "", profile)
    for known in world["mig_profiles"]:
        words = set(re.findall("[a-z0-9]+", (product or "").lower()))
        if known["profile"] == profile and set(known["product"].split()) <= words:
            return known["compute_slices"], known["product_compute_slices"] * replicas
    return None


def accelerator_time(
    world: Mapping[str, Sequence], seen: Seen, day: dt.date, semantic: str
) -> Iterator[tuple[Mapping, int | None, bool]]:
    """Series with their whole accelerators times time, and whether they are of slices."""
    for series, held in seen:
        if series["semantic"] == semantic:
            share = slices_of(world, seen, day, series)
            if share is None:
                yield series, None, False
            else:
                yield series, held // series["unit_divisor"] * share[0] // share[1], share[0] < share[1]


def accelerator_seconds(world: Mapping[str, Sequence], seen: Seen, day: dt.date) -> dict[tuple[str, str], int]:
    """(deployment, billed node) -> the larger of reserved and busy by pod, rounded once, slices down."""
    reserved: dict[str, dict[tuple, int]] = defaultdict(dict)
    busy: dict[str, int] = defaultdict(int)
    sliced: set[str] = set()
    pods: dict[str, tuple[str | None, str | None]] = {}
    for series, held, is_slice in accelerator_time(world, seen, day, "accelerators_requested"):
        if waits(world, series):
            continue
        pod, container = series["labels"]["pod"], (series["labels"]["container"], series["labels"]["resource"])
        pods[pod] = (series["deployment_id"], node_of(series))
        reserved[pod][container] = max(reserved[pod].get(container, 0), held or 0)
        sliced |= {pod} if is_slice else set()
    activity = list(accelerator_time(world, seen, day, "accelerator_activity"))
    for series, held, is_slice in activity:
        pod, device = series["labels"]["pod"], series["labels"]["UUID"]
        pods.setdefault(pod, (series["deployment_id"], node_of(series)))
        of_device = [
            s["preference"] for s, _, _ in activity if (s["labels"]["pod"], s["labels"]["UUID"]) == (pod, device)
        ]
        if series["preference"] == min(of_device):
            busy[pod] += held or 0
            sliced |= {pod} if is_slice and held else set()
    charged: dict[tuple[str, str], int] = defaultdict(int)
    with_slices = set()
    for pod, (deployment, node) in pods.items():
        key = (deployment or "(unattributed)", billed(world, day, node))
        charged[key] += max(sum(reserved[pod].values()), busy[pod])
        with_slices |= {key} if pod in sliced else set()
    return {key: (held + (500 if key in with_slices else 500_000)) // SECOND for key, held in charged.items()}


def host_requests(world: Mapping[str, Sequence], seen: Seen, day: dt.date) -> dict[tuple[str, str, str], int]:
    """(deployment, billed node, kind) -> what containers reserved; the highest of those who report one."""
    held_by: dict[tuple, int] = defaultdict(int)
    for series, held in seen:
        kind, _, what = series["semantic"].partition("_")
        if what == "requested" and kind != "accelerators" and not waits(world, series):
            labels = series["labels"]
            key = (series["deployment_id"], node_of(series), kind, labels["pod"], labels["container"])
            held_by[key] = max(held_by[key], held // series["unit_divisor"])
    totals: dict[tuple[str, str, str], int] = defaultdict(int)
    for (deployment, node, kind, _, _), held in held_by.items():
        totals[deployment or "(unattributed)", billed(world, day, node), kind] += held
    return totals


def host_capacity(world: Mapping[str, Sequence], seen: Seen, day: dt.date) -> dict[tuple[str, str], int]:
    highest: dict[tuple[str, str], int] = defaultdict(int)
    for series, held in seen:
        kind, _, what = series["semantic"].partition("_")
        if what == "capacity":
            key = (node_of(series), kind)
            highest[key] = max(highest[key], held // series["unit_divisor"])
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for (node, kind), held in highest.items():
        totals[billed(world, day, node), kind] += held
    return totals
