"""From load to machines: pods by the hour, nodes under them, and the instances that the bill will show.

An autoscaler looks at the load of each hour (accelerator-seconds a second), wants `load / target_utilization` pods, and
carries the fraction over to the next hours, so that accelerator-time follows load. Nodes have one accelerator each;
a reserved node always runs, another one runs while it has pods and for an hour after.
"""

import heapq
import itertools
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.demand import HOUR_MS, Requests, Window, to_ms
from ai_unit_economics.sample.fleet import Deployment


@dataclass
class Pod:
    """One pod, [start, end) in hours since the window's start, on one node."""

    deployment_id: str
    namespace: str
    cluster: str
    pool_id: str
    slot: int
    start: int
    end: int
    name: str = ""
    node: int = -1
    ip: str = ""


@dataclass(frozen=True)
class Instance:
    """One run of a node: what the cloud bills by the hour."""

    pool_id: str
    index: int
    instance_id: str
    node_name: str
    provider_id: str
    start: int
    end: int


@dataclass
class Capacity:
    """Pods and instances of the whole window."""

    pods: list[Pod] = field(default_factory=list)
    instances: list[Instance] = field(default_factory=list)
    load: dict[str, np.ndarray] = field(default_factory=dict)  # deployment -> accelerator-seconds a second, per hour
    pod_counts: dict[str, np.ndarray] = field(default_factory=dict)

    def instance_of(self, pod: Pod) -> Instance:
        """The instance that a pod started on."""
        return next(
            run
            for run in self.instances
            if run.pool_id == pod.pool_id and run.index == pod.node and run.start <= pod.start < run.end
        )


def rates_on(deployment: Deployment, day: date) -> fleet.Rates:
    """The serving rates in force on a day."""
    return max((rates for rates in deployment.rates if rates.valid_from <= day), key=lambda rates: rates.valid_from)


def hourly_load(deployment: Deployment, requests: Requests, window: Window) -> np.ndarray:
    """Accelerator-seconds a second that the server needs, for each hour of the window."""
    hour = (requests.ts - window.start_ms) // HOUR_MS
    seen = requests.server_count.astype(np.float64)
    uncached = np.bincount(hour, (requests.input_tokens - requests.cached_tokens) * seen, window.hours)
    cached = np.bincount(hour, requests.cached_tokens * seen, window.hours)
    output = np.bincount(hour, requests.output_tokens * seen, window.hours)
    daily = [rates_on(deployment, day) for day in window.dates]
    prefill = np.repeat([rates.prefill for rates in daily], 24)
    decode = np.repeat([rates.decode for rates in daily], 24)
    weight = np.repeat([rates.cached_weight for rates in daily], 24)
    return ((uncached + weight * cached) / prefill + output / decode) / 3600


def is_open(deployment: Deployment, window: Window) -> np.ndarray:
    """Whether the deployment runs at all, for each hour of the window."""
    opens, length = deployment.hours
    hour = np.arange(window.hours)
    opened_on = (hour - opens) // 24  # day whose opening this hour belongs to
    running = (hour - opens) % 24 < length
    if deployment.weekdays_only:
        running &= (window.start.weekday() + opened_on) % 7 < 5
    return running


def wanted_pods(deployment: Deployment, load: np.ndarray, window: Window) -> np.ndarray:
    """Pods for each hour: at least one while open; fractions are carried, so that pod-hours follow load."""
    smooth = np.convolve(np.pad(load, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    desired = smooth / deployment.target_utilization
    pods = np.zeros(len(load), np.int64)
    running = is_open(deployment, window)
    owed = 0.5
    for hour, wish in enumerate(desired):
        if not running[hour]:
            continue
        extra = max(wish - 1.0, 0.0)
        owed += extra
        pods[hour] = 1 + int(owed)
        owed -= int(owed)
    return pods


def plan(requests: dict[str, Requests], window: Window) -> Capacity:
    """Pods and instances for the whole window."""
    capacity = Capacity()
    lives: list[Pod] = []
    for deployment in fleet.DEPLOYMENTS:
        if not deployment.rates:
            continue
        load = hourly_load(deployment, requests[deployment.deployment_id], window)
        counts = wanted_pods(deployment, load, window)
        capacity.load[deployment.deployment_id] = load
        capacity.pod_counts[deployment.deployment_id] = counts
        lives += _lives(deployment, counts, window)
    lives += _training_pods(window)
    _place(lives, capacity, window)
    return capacity


def _lives(deployment: Deployment, counts: np.ndarray, window: Window) -> list[Pod]:
    """Cut pod counts into pods: slot k lives while more than k pods are wanted, and ends at a rollout."""
    cuts = {(to_ms(day) - window.start_ms) // HOUR_MS for day in deployment.rollouts}
    pods = []
    for slot in range(int(counts.max(initial=0))):
        alive = np.concatenate([[False], counts > slot, [False]])
        edges = np.flatnonzero(alive[1:] != alive[:-1])
        for start, end in edges.reshape(-1, 2):
            inside = [int(start), *sorted(cut for cut in cuts if start < cut < end), int(end)]
            for first, last in itertools.pairwise(inside):
                day = window.dates[first // 24]
                pool_id = rates_on(deployment, day).pool_id
                pods.append(
                    Pod(
                        deployment.deployment_id,
                        deployment.namespace,
                        deployment.cluster,
                        pool_id,
                        slot,
                        first,
                        last,
                    )
                )
    return pods


def _training_pods(window: Window) -> list[Pod]:
    opens, length = fleet.TRAINING_HOURS
    pods = []
    for number, day in enumerate(window.dates):
        if day.weekday() == 5:
            for slot in range(max(1, round(fleet.TRAINING_PODS * max(window.scale, 1)))):
                start = number * 24 + opens
                pods.append(
                    Pod(fleet.TRAINING_ID, "training", "use1-inference", "aws-h100", slot, start, start + length)
                )
    return pods


def reserved_nodes(window: Window) -> int:
    return max(fleet.RESERVED_NODES, round(fleet.RESERVED_NODES * window.scale))


def _place(lives: list[Pod], capacity: Capacity, window: Window) -> None:
    """Give each pod the lowest free node of its pool; a pod on the node that fails moves to another one.

    What always runs comes first, so that it lands on reserved nodes, and what comes and goes shares the others.
    """
    always = {deployment.deployment_id for deployment in fleet.DEPLOYMENTS if deployment.hours == (0, 24)}

    def rank(pod: Pod) -> bool:
        return pod.slot > 0 or pod.deployment_id not in always

    down_from, down_to = ((to_ms(moment) - window.start_ms) // HOUR_MS for moment in fleet.NODE_OUTAGE)
    queue = [(rank(pod), pod.start, pod.deployment_id, pod.slot, number, pod) for number, pod in enumerate(lives)]
    heapq.heapify(queue)
    busy: dict[str, np.ndarray] = {pool: np.zeros((0, window.hours), bool) for pool in fleet.POOLS}
    placed: list[Pod] = []
    while queue:
        *_, number, pod = heapq.heappop(queue)
        taken = busy[pod.pool_id]
        for node in range(len(taken) + 1):
            if node == len(taken):
                taken = np.vstack([taken, np.zeros((1, window.hours), bool)])
                busy[pod.pool_id] = taken
            fails = pod.pool_id == "aws-h100" and node == fleet.NODE_OUTAGE_INDEX
            if fails and down_from <= pod.start < down_to:
                continue
            end = down_from if fails and pod.start < down_from < pod.end else pod.end
            if not taken[node, pod.start : end].any():
                break
        if end < pod.end:
            rest = Pod(pod.deployment_id, pod.namespace, pod.cluster, pod.pool_id, pod.slot, end, pod.end)
            heapq.heappush(queue, (rank(rest), rest.start, rest.deployment_id, rest.slot, number, rest))
            pod.end = end
        taken[node, pod.start : pod.end] = True
        pod.node = node
        placed.append(pod)

    rng = window.rng("names")
    for pool_id, taken in busy.items():
        _instances(pool_id, taken, capacity, window, rng, (down_from, down_to))
    stateful = {deployment.deployment_id for deployment in fleet.DEPLOYMENTS if deployment.stateful}
    stateful.add(fleet.TRAINING_ID)
    generation: dict[tuple[str, date | None], str] = {}
    rollouts = {deployment.deployment_id: deployment.rollouts for deployment in fleet.DEPLOYMENTS}
    for pod in placed:
        day = window.dates[pod.start // 24]
        if pod.deployment_id in stateful:
            pod.name = f"{pod.deployment_id}-{pod.slot}"
        else:
            since = max((cut for cut in rollouts[pod.deployment_id] if cut <= day), default=None)
            key = (pod.deployment_id, since)
            if key not in generation:
                generation[key] = _letters(rng, 9)
            pod.name = f"{pod.deployment_id}-{generation[key]}-{_letters(rng, 5)}"
        pod.ip = f"10.{rng.integers(16, 32)}.{rng.integers(0, 256)}.{rng.integers(4, 250)}"
    capacity.pods = placed


def _letters(rng: np.random.Generator, count: int) -> str:
    return "".join(rng.choice(list("bcdfghjklmnpqrstvwxz2456789"), count))


def _instances(
    pool_id: str,
    taken: np.ndarray,
    capacity: Capacity,
    window: Window,
    rng: np.random.Generator,
    outage: tuple[int, int],
) -> None:
    pool = fleet.POOLS[pool_id]
    always = reserved_nodes(window) if pool_id == "aws-h100" else 0
    if len(taken) < always:
        taken = np.vstack([taken, np.zeros((always - len(taken), window.hours), bool)])
    for index, hours in enumerate(taken):
        running = hours.copy()
        running[1:] |= hours[:-1]  # an hour before it is scaled in
        if index < always:
            running[:] = True
            if index == fleet.NODE_OUTAGE_INDEX:
                running[max(outage[0], 0) : max(outage[1], 0)] = False
        elif pool.provider == "azure":
            running[:-1] |= hours[1:]  # batch nodes are started ahead
        edges = np.flatnonzero(np.diff(np.concatenate([[False], running, [False]])))
        name = ""
        for start, end in edges.reshape(-1, 2):
            if pool.provider == "azure":
                instance_id = (
                    f"/subscriptions/{fleet.AZURE_SUBSCRIPTION}/resourceGroups/{fleet.AZURE_RESOURCE_GROUP}"
                    f"/providers/Microsoft.Compute/virtualMachines/aks-a100-{index}"
                )
                node_name, provider_id = f"aks-a100-{index}", f"azure://{instance_id}"
            else:
                # A reserved node keeps its instance over a stop; others are new each time.
                if not name or index >= always:
                    name = "".join(rng.choice(list("0123456789abcdef"), 16))
                    node_name = (
                        f"ip-10-{rng.integers(16, 32)}-{rng.integers(0, 256)}-{rng.integers(4, 250)}.ec2.internal"
                    )
                instance_id = f"i-0{name}"
                provider_id = f"aws:///{pool.zone}/{instance_id}"
            capacity.instances.append(
                Instance(pool_id, index, instance_id, node_name, provider_id, int(start), int(end))
            )
