"""Prometheus samples: counters of vLLM and TEI, kube-state-metrics and DCGM, as scrapers would have stored them.

A `Series` is one scraper's view of one series: sorted times (ms) and values, NaN where a stale marker was written.
Counters hold what had happened by the time of a scrape. What a process counted after its last scrape is lost with it,
as it is in real life.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.capacity import Capacity, Pod, rates_on
from ai_unit_economics.sample.demand import ABORTED, HOUR_MS, Requests, Window, to_ms
from ai_unit_economics.sample.fleet import Deployment

STARTUP_MS = 45_000  # from scheduling to the first answered scrape
STOP, LENGTH, ABORT = 0, 1, 2
FINISHED_REASONS = ("stop", "length", "abort")


@dataclass
class Series:
    """Samples of one series in one file family."""

    metric: str
    labels: dict[str, str]
    ts: np.ndarray  # int64 ms, ascending
    values: np.ndarray  # float64

    @property
    def key(self) -> tuple[str, str]:
        return self.metric, ",".join(f"{name}={value}" for name, value in sorted(self.labels.items()))


@dataclass(frozen=True)
class Process:
    """A server process: a pod has several when its server restarts in place. [start, end) in ms."""

    pod: Pod
    since: int  # requests whose first token comes from here on are its own; those that come before `start` wait
    start: int
    end: int
    is_last: bool  # of its pod: what is still under way is finished before it ends
    next_start: int | None  # of the next process whose series go on under the same labels


@dataclass(frozen=True)
class Scraper:
    """A Prometheus replica: offset of its scrapes, the label it adds, and when it sees nothing."""

    replica: str | None
    offset_ms: int
    until_ms: int
    gaps: tuple[tuple[int, int], ...]


def merge(series: Iterable[Series]) -> list[Series]:
    """One entry a key, sorted by key; what comes in several pieces (StatefulSets) is put together in time order."""
    pieces: dict[tuple[str, str], list[Series]] = {}
    for one in series:
        pieces.setdefault(one.key, []).append(one)
    merged = []
    for key in sorted(pieces):
        parts = sorted(pieces[key], key=lambda part: int(part.ts[0]))
        if len(parts) == 1:
            merged.append(parts[0])
        else:
            ts = np.concatenate([part.ts for part in parts])
            values = np.concatenate([part.values for part in parts])
            merged.append(Series(parts[0].metric, parts[0].labels, ts, values))
    return merged


# ---------------------------------------------------------------------------------------------------------------------
# Inference servers
# ---------------------------------------------------------------------------------------------------------------------
def server_series(deployment: Deployment, requests: Requests, capacity: Capacity, window: Window) -> list[Series]:
    """Counters of every pod of a deployment, by every replica that scrapes it."""
    rng = window.rng("vllm", deployment.deployment_id)
    pods = [pod for pod in capacity.pods if pod.deployment_id == deployment.deployment_id]
    served = requests.take(np.repeat(np.arange(len(requests)), requests.server_count))
    pod_of = _route(served, pods, capacity.pod_counts[deployment.deployment_id], window, rng)
    order = np.lexsort((served.ts, pod_of))
    served, pod_of = served.take(order), pod_of[order]
    bounds = np.searchsorted(pod_of, np.arange(len(pods) + 1))
    draw = rng.random(len(served))
    reasons = np.where(served.status == ABORTED, ABORT, np.where(draw < 0.06, LENGTH, STOP))
    wait = rng.gamma(2.0, 60.0, len(served))

    scrapers = _scrapers(deployment, window)
    series: list[Series] = []
    processes = _processes(deployment, pods, window)
    for number, pod in enumerate(pods):
        mine = slice(bounds[number], bounds[number + 1])
        phase = int(rng.integers(0, fleet.SCRAPE_SECONDS * 1000))
        if deployment.stateful:
            phase = 1000 * (7 + 5 * pod.slot)
        events = _Events.of(served, mine, reasons, wait, deployment, window.dates[pod.start // 24])
        for process in processes[number]:
            for scraper in scrapers:
                series += _scrape(deployment, process, events, scraper, phase, rng)
    return merge(series)


def _route(
    served: Requests, pods: list[Pod], counts: np.ndarray, window: Window, rng: np.random.Generator
) -> np.ndarray:
    """The pod (index into `pods`) that serves each request: evenly over the pods of its hour."""
    hour = (served.ts - window.start_ms) // HOUR_MS
    table = np.full((max(int(counts.max(initial=0)), 1), window.hours), -1, np.int32)
    for number, pod in enumerate(pods):
        table[pod.slot, pod.start : pod.end] = number
    slot = (rng.random(len(served)) * counts[hour]).astype(np.int64)
    return table[slot, hour]


@dataclass(frozen=True)
class _Events:
    """What happens in one pod: times in ms, and how much."""

    first_token: np.ndarray
    halfway: np.ndarray
    finish: np.ndarray
    prompt: np.ndarray
    cached: np.ndarray
    output: np.ndarray
    reason: np.ndarray

    @staticmethod
    def of(
        served: Requests,
        mine: slice,
        reasons: np.ndarray,
        wait: np.ndarray,
        deployment: Deployment,
        day: date,
    ) -> "_Events":
        rates = rates_on(deployment, day)
        uncached = served.input_tokens[mine] - served.cached_tokens[mine]
        first = served.ts[mine] + wait[mine] + uncached / rates.prefill * 1000
        length = served.output_tokens[mine] / deployment.decode_speed * 1000
        return _Events(
            first,
            first + length / 2,
            first + length,
            served.input_tokens[mine],
            served.cached_tokens[mine],
            served.output_tokens[mine],
            reasons[mine],
        )


def _processes(deployment: Deployment, pods: list[Pod], window: Window) -> list[list[Process]]:
    """The processes of each pod, in the order of `pods`."""
    spans: list[list[tuple[int, int]]] = []
    for pod in pods:
        start, end = (window.start_ms + hour * HOUR_MS for hour in (pod.start, pod.end))
        edges = [start + STARTUP_MS]
        for restart in fleet.RESTARTS:
            at = to_ms(restart.at)
            if (restart.deployment_id, restart.slot) == (deployment.deployment_id, pod.slot) and start < at < end:
                edges += [at, at + restart.down_seconds * 1000]
        edges.append(end)
        spans.append(list(zip(edges[::2], edges[1::2], strict=True)))
    starts: dict[str, list[int]] = {}
    for pod, own in zip(pods, spans, strict=True):
        starts.setdefault(pod.name, []).extend(start for start, _ in own)
    processes = []
    for pod, own in zip(pods, spans, strict=True):
        since = [0, *(end for _, end in own)]
        processes.append(
            [
                Process(
                    pod,
                    since[number],
                    start,
                    end,
                    number == len(own) - 1,
                    min((other for other in starts[pod.name] if other >= end), default=None),
                )
                for number, (start, end) in enumerate(own)
            ]
        )
    return processes


def _scrapers(deployment: Deployment, window: Window) -> list[Scraper]:
    def gaps(replica: str | None) -> tuple[tuple[int, int], ...]:
        return tuple(
            (to_ms(gap.starts), to_ms(gap.ends))
            for gap in fleet.SCRAPE_GAPS
            if gap.deployment_id == deployment.deployment_id and gap.replica == replica
        )

    if deployment.deployment_id != "chat-small":
        return [Scraper(None, 0, window.end_ms, gaps(None))]
    replicas = [Scraper("a", 0, window.end_ms, gaps("a"))]
    if window.start < fleet.HA_ENDS:
        replicas.append(Scraper("b", 11_400, min(to_ms(fleet.HA_ENDS), window.end_ms), gaps("b")))
    return replicas


def _scrape(
    deployment: Deployment,
    process: Process,
    events: _Events,
    scraper: Scraper,
    phase: int,
    rng: np.random.Generator,
) -> Iterator[Series]:
    """Counters of one process as one replica sees them; zero at its start."""
    step = fleet.SCRAPE_SECONDS * 1000
    offset = phase + scraper.offset_ms
    first = -((offset - process.start) // step)  # first scrape at or after the start
    beyond = -((offset - min(process.end, scraper.until_ms)) // step)  # first one at or after the end
    if beyond <= first:
        return
    ts = offset + step * np.arange(first, beyond, dtype=np.int64) + rng.integers(0, 9, beyond - first)
    count = len(ts)
    kept = np.ones(count, bool)
    for starts, ends in scraper.gaps:
        kept &= (ts < starts) | (ts >= ends)
    stale_at = offset + step * beyond
    ended = process.end < scraper.until_ms and stale_at < scraper.until_ms
    if process.next_start is not None:
        ended &= process.next_start > stale_at
    ended &= not any(starts <= stale_at < ends for starts, ends in scraper.gaps)

    def counter(*parts: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        total = np.zeros(count)
        for when, amount in parts:
            # Work waits for the start. A pod that leaves drains in time to be scraped; a process that dies does not.
            latest = max(process.end - step - 1000, process.start) if process.is_last else np.inf
            clipped = np.clip(when, process.start, latest)
            index = np.ceil((clipped - offset) / step).astype(np.int64) - first
            index = np.maximum(index, 0)
            inside = index < count
            total += np.bincount(index[inside], amount[inside], count)
        return np.cumsum(total)

    # A request belongs to the process that runs when its first token comes.
    own = (events.first_token >= process.since) & ((events.first_token < process.end) | process.is_last)
    pod = process.pod
    instance = f"{pod.name}.{pod.deployment_id}:8000" if deployment.stateful else f"{pod.ip}:8000"
    labels = {
        "cluster": pod.cluster,
        "instance": instance,
        "job": deployment.server,
        "namespace": pod.namespace,
        "pod": pod.name,
        **deployment.extra_labels,
    }
    if deployment.server == "vllm":
        labels |= {"engine": "0", "model_name": deployment.model_name}
    if scraper.replica:
        labels["prometheus_replica"] = scraper.replica
    prompt, output, finish = events.prompt[own], events.output[own], events.finish[own]
    first_token, halfway, reason = events.first_token[own], events.halfway[own], events.reason[own]

    def series(metric: str, values: np.ndarray, **more: str) -> Series:
        times, kept_values = ts[kept], values[kept]
        if ended:
            times, kept_values = np.append(times, stale_at), np.append(kept_values, np.nan)
        return Series(metric, {**labels, **more}, times, kept_values)

    if not kept.any():
        return
    if deployment.server == "tei":
        answered = reason != ABORT
        yield series("te_request_input_length_sum", counter((first_token, prompt)))
        yield series("te_embed_success", counter((finish, answered * -(-prompt // fleet.PASSAGE_TOKENS))))
        yield series("te_request_success", counter((finish, answered * 1.0)), method="batch")
        return
    yield series("vllm:prompt_tokens_total", counter((first_token, prompt)))
    if deployment.prefix_caching:
        yield series("vllm:prompt_tokens_cached_total", counter((first_token, events.cached[own])))
    yield series("vllm:generation_tokens_total", counter((halfway, output // 2), (finish, output - output // 2)))
    if deployment.speculation:
        for name, tenths in zip(("draft", "accepted"), deployment.speculation, strict=True):
            tokens = output * tenths // 10
            arrived = counter((halfway, tokens // 2), (finish, tokens - tokens // 2))
            yield series(f"vllm:spec_decode_num_{name}_tokens_total", arrived)
    for number, name in enumerate(FINISHED_REASONS):
        yield series("vllm:request_success_total", counter((finish, (reason == number) * 1.0)), finished_reason=name)


# ---------------------------------------------------------------------------------------------------------------------
# Exporters
# ---------------------------------------------------------------------------------------------------------------------
def _ticks(start: int, end: int, step_seconds: int, offset: int, rng: np.random.Generator) -> np.ndarray:
    step = step_seconds * 1000
    first, beyond = -((offset - start) // step), -((offset - end) // step)
    return offset + step * np.arange(first, beyond, dtype=np.int64) + rng.integers(0, 9, max(beyond - first, 0))


def kube_state_metrics(capacity: Capacity, provider: str, window: Window) -> list[Series]:
    """What pods reserve, and which cloud instance a node is."""
    rng = window.rng("kube-state-metrics", provider)
    series = []
    for pod in capacity.pods:
        if fleet.POOLS[pod.pool_id].provider != provider:
            continue
        start, end = (window.start_ms + hour * HOUR_MS for hour in (pod.start, pod.end))
        ts = _ticks(start, end, fleet.EXPORTER_SECONDS, 17_250, rng)
        values = np.ones(len(ts))
        if end < window.end_ms:
            ts, values = np.append(ts, end + 17_250), np.append(values, np.nan)
        labels = {
            "cluster": pod.cluster,
            "container": "trainer" if pod.deployment_id == fleet.TRAINING_ID else "server",
            "instance": "10.16.0.9:8080",
            "job": "kube-state-metrics",
            "namespace": pod.namespace,
            "node": capacity.instance_of(pod).node_name,
            "pod": pod.name,
            "resource": "nvidia_com_gpu",
            "unit": "integer",
        }
        series.append(Series("kube_pod_container_resource_requests", labels, ts, values))
    for run in capacity.instances:
        if fleet.POOLS[run.pool_id].provider != provider:
            continue
        start, end = (window.start_ms + hour * HOUR_MS for hour in (run.start, run.end))
        ts = _ticks(start, end, fleet.NODE_INFO_SECONDS, 17_250, rng)
        labels = {
            "cluster": "weu-batch" if provider == "azure" else "use1-inference",
            "instance": "10.16.0.9:8080",
            "job": "kube-state-metrics",
            "node": run.node_name,
            "provider_id": run.provider_id,
        }
        series.append(Series("kube_node_info", labels, ts, np.ones(len(ts))))
    # The exporter itself runs on a node that is always there: a cluster without accelerators is seen to have none.
    ts = _ticks(window.start_ms, window.end_ms, fleet.NODE_INFO_SECONDS, 17_250, rng)
    cluster, provider_id = fleet.SYSTEM_NODES[provider]
    labels = {
        "cluster": cluster,
        "instance": "10.16.0.9:8080",
        "job": "kube-state-metrics",
        "node": f"{cluster}-system-0",
        "provider_id": provider_id,
    }
    series.append(Series("kube_node_info", labels, ts, np.ones(len(ts))))
    return merge(series)


def dcgm(capacity: Capacity, window: Window) -> list[Series]:
    """How busy the H100s are, a gauge from 0 to 1; only those that a pod holds are exported."""
    rng = window.rng("dcgm")
    series = []
    for pod in capacity.pods:
        if pod.pool_id != "aws-h100":
            continue
        run = capacity.instance_of(pod)
        start, end = (window.start_ms + hour * HOUR_MS for hour in (pod.start, pod.end))
        ts = _ticks(start, end, fleet.EXPORTER_SECONDS, 41_700, rng)
        hour = (ts - window.start_ms) // HOUR_MS
        if pod.deployment_id == fleet.TRAINING_ID:
            busy = np.full(len(ts), 0.93)
        else:
            load, counts = capacity.load[pod.deployment_id], capacity.pod_counts[pod.deployment_id]
            busy = load[hour] / counts[hour]
        values = np.round(np.clip(busy + rng.normal(0, 0.05, len(ts)), 0, 1), 4)
        labels = {
            "UUID": f"GPU-{run.instance_id[2:10]}-{run.instance_id[10:14]}-{run.instance_id[14:]}",
            "device": "nvidia0",
            "exported_container": "trainer" if pod.deployment_id == fleet.TRAINING_ID else "server",
            "exported_namespace": pod.namespace,
            "exported_pod": pod.name,
            "gpu": "0",
            "hostname": run.node_name,
            "job": "dcgm-exporter",
            "modelName": "NVIDIA H100 80GB HBM3",
            "namespace": "gpu-operator",
            "pod": f"dcgm-exporter-{run.instance_id[-5:]}",
        }
        series.append(Series("DCGM_FI_PROF_GR_ENGINE_ACTIVE", labels, ts, values))
    return merge(series)
