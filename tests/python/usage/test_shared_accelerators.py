"""From what exporters write to seconds: slices, time-slices, CPU and memory, and a slice that nobody knows.

Ten minutes of a cluster, scraped every minute, so that 1 held throughout is 600 seconds. Node x has one H100 that is
cut into slices, node t one T4 that four pods share.
"""

from __future__ import annotations

import json

import pytest

START = 1_780_000_000_000  # 2026-05-28T20:26:40Z
REQUESTS = "kube_pod_container_resource_requests"
GIB = 2**30

CHAT = {"namespace": "chat", "pod": "chat-large-1", "container": "server", "node": "x"}
CODE = {"namespace": "code", "pod": "c-1", "container": "server", "node": "x"}
SEARCH = {"namespace": "search", "pod": "s-1", "container": "server", "node": "t"}
SLICE = {
    "UUID": "GPU-1",
    "GPU_I_PROFILE": "3g.40gb",
    "GPU_I_ID": "2",
    "Hostname": "x",
    "modelName": "NVIDIA H100 80GB HBM3",
    "namespace": "gpu-operator",
    "pod": "dcgm-exporter-1",
}

SERIES = [
    (REQUESTS, CHAT | {"resource": "nvidia_com_mig_3g_40gb", "unit": "integer"}, 1),
    (REQUESTS, CODE | {"resource": "nvidia_com_mig_1g_10gb", "unit": "integer"}, 2),
    (REQUESTS, SEARCH | {"resource": "nvidia_com_gpu_shared", "unit": "integer"}, 1),
    (REQUESTS, SEARCH | {"resource": "cpu", "unit": "core"}, 2.5),
    (REQUESTS, SEARCH | {"resource": "memory", "unit": "byte"}, 8 * GIB),
    (REQUESTS, SEARCH | {"pod": "s-2", "resource": "nvidia_com_mig_9g_99gb", "unit": "integer"}, 1),
    ("kube_node_info", {"node": "x", "provider_id": "aws:///us-east-1a/i-0X"}, 1),
    ("kube_node_labels", {"node": "x", "label_nvidia_com_gpu_product": "NVIDIA-H100-80GB-HBM3"}, 1),
    (
        "kube_node_labels",
        {"node": "t", "label_nvidia_com_gpu_product": "Tesla-T4", "label_nvidia_com_gpu_replicas": "4"},
        1,
    ),
    ("kube_node_status_capacity", {"node": "t", "resource": "cpu", "unit": "core"}, 16),
    ("kube_node_status_capacity", {"node": "t", "resource": "memory", "unit": "byte"}, 64 * GIB),
    ("kube_node_status_capacity", {"node": "t", "resource": "pods", "unit": "integer"}, 110),
    ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", SLICE | {"exported_namespace": "chat", "exported_pod": "chat-large-1"}, 0.5),
]


@pytest.fixture(scope="module")
def cluster(module_warehouse):
    stamps = [START + 60_000 * minute for minute in range(11)]
    lines = [
        json.dumps({"metric": {"__name__": name} | labels, "values": [value] * len(stamps), "timestamps": stamps})
        for name, labels, value in SERIES
    ]
    module_warehouse.write("telemetry/prometheus/cluster.jsonl", "\n".join(lines) + "\n")
    module_warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_usage__accelerator_seconds_daily", "+int_quality__counted_series"),
        *("+int_usage__host_requests_daily", "+int_usage__host_capacity_daily"),
    )
    return module_warehouse


def test_slices_and_time_slices_are_parts_of_an_accelerator(cluster) -> None:
    # 600 x 3/7 = 257.1, half of it busy; 600 x 2/7 = 171.4; 600 / 4. The rest of x's 600, 172, nobody holds.
    assert cluster.query("""
        select deployment_id, resource_id, reserved_accelerator_seconds, busy_accelerator_seconds, accelerator_seconds
        from intermediate.int_usage__accelerator_seconds_daily order by deployment_id
    """) == [
        ("chat-large", "i-0x", 257, 128, 257),
        ("code-assist", "i-0x", 171, 0, 171),
        ("docs-search", "t", 150, 0, 150),
    ]


def test_cpu_and_memory_of_a_node(cluster) -> None:
    assert cluster.query("""
        select deployment_id, resource_id, resource_kind, reserved_seconds
        from intermediate.int_usage__host_requests_daily order by resource_kind
    """) == [("docs-search", "t", "cpu", 1500), ("docs-search", "t", "memory", 4800)]
    assert cluster.query("""
        select resource_id, resource_kind, capacity_seconds
        from intermediate.int_usage__host_capacity_daily order by resource_kind
    """) == [("t", "cpu", 9600), ("t", "memory", 38400)]


def test_a_slice_that_nobody_knows_is_shown_with_its_reason(cluster) -> None:
    found = cluster.query("""
        select regexp_extract(series, 'pod=([^,}]*)', 1), detail, affected_samples
        from intermediate.int_quality__counted_series where issue = 'unknown_share'
    """)
    assert found == [("s-2", "no row of mig_profiles for Tesla-T4 and 9g.99gb; add one", 11)]


def test_an_exporter_that_restarts_under_another_address_goes_on(warehouse) -> None:
    """Of 600 seconds the first instance sees 4 minutes and the next 5: what held in between nobody saw, 540 are left.
    s-1 is seen by another instance all the time, and counts once. 16 cores for 540 seconds are 8,640, 2.5 are 1,350."""
    chat, search = CHAT | {"resource": "nvidia_com_gpu"}, SEARCH | {"resource": "nvidia_com_gpu", "node": "x"}
    series = [
        (REQUESTS, chat, 1),
        (REQUESTS, search, 1),
        (REQUESTS, chat | {"resource": "cpu", "unit": "core"}, 2.5),
        ("kube_node_status_capacity", {"node": "x", "resource": "cpu", "unit": "core"}, 16),
        ("DCGM_FI_PROF_GR_ENGINE_ACTIVE", {"UUID": "GPU-1", "Hostname": "x", **CHAT}, 0.5),
    ]
    scraped = [
        *((*one, "10.0.0.1:8080", range(5)) for one in series),
        *((*one, "10.0.0.2:8080", range(5, 11)) for one in series),
        (REQUESTS, search, 1, "10.0.0.9:8080", range(11)),
    ]
    lines = [
        json.dumps(
            {
                "metric": {"__name__": name, "job": "exporter", "instance": instance} | labels,
                "values": [value for _ in minutes],
                "timestamps": [START + 60_000 * minute for minute in minutes],
            }
        )
        for name, labels, value, instance, minutes in scraped
    ]
    warehouse.write("telemetry/prometheus/cluster.jsonl", "\n".join(lines) + "\n")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_usage__accelerator_seconds_daily"),
        *("+int_usage__host_requests_daily", "+int_usage__host_capacity_daily"),
    )
    assert warehouse.query("""
        select deployment_id, reserved_accelerator_seconds, busy_accelerator_seconds
        from intermediate.int_usage__accelerator_seconds_daily order by deployment_id
    """) == [("chat-large", 540, 270), ("docs-search", 600, 0)]
    assert warehouse.query("""
        select reserved_seconds from intermediate.int_usage__host_requests_daily where resource_kind = 'cpu'
        union all
        select capacity_seconds from intermediate.int_usage__host_capacity_daily where resource_kind = 'cpu'
    """) == [(1350,), (8640,)]


DEVICE = {"UUID": "GPU-1", "job": "dcgm", "modelName": "NVIDIA L4"}
ACTIVITY = "DCGM_FI_DEV_GPU_UTIL"


def test_what_is_held_under_another_name_is_not_idle(warehouse) -> None:
    """Each pod has a node of its own. Ten minutes are 600 seconds: of 2 held 1,200, of a device 90 % busy 540."""
    known = ("nvidia.com/gpu", "google_com_tpu", "aws_amazon_com_neuron", "habana_ai_gaudi", "gpu_intel_com_xe")
    known += ("huawei_com_Ascend910", "qualcomm_com_qaic", "furiosa_ai_rngd", "amd_com_gpu")
    unknown = ("aws_amazon_com_neuroncore", "nvidia_com_A100", "huawei_com_Ascend910_2c", "furiosa_ai_rngd_2core_12gb")
    none = ("vpc_amazonaws_com_efa", "rdma_hca_shared_devices_a", "gpu_intel_com_xe_monitoring", "hugepages_2Mi")
    ksm = {"job": "ksm", "namespace": "llm", "container": "main"}
    series = [
        line
        for number, resource in enumerate((*known, *unknown, *none))
        for line in (
            (REQUESTS, ksm | {"pod": f"p-{number}", "node": f"n{number}", "resource": resource}, 2),
            (REQUESTS, ksm | {"pod": f"p-{number}", "node": f"n{number}", "resource": "cpu"}, 4),
        )
    ]
    series += [
        # a card beside a GPU
        (REQUESTS, ksm | {"pod": "p-0", "node": "n0", "resource": "example_com_card"}, 1),
        # under DCGM's older labels; of a job; of nobody, beside KSM and alone
        (ACTIVITY, DEVICE | {"Hostname": "old", "pod_name": "w", "pod_namespace": "llm", "pod": "dcgm-1"}, 90),
        (ACTIVITY, DEVICE | {"Hostname": "slurm", "hpc_job": "815"}, 90),
        (ACTIVITY, DEVICE | {"Hostname": "n13"}, 90),
        (ACTIVITY, DEVICE | {"Hostname": "bare"}, 90),
        (ACTIVITY, DEVICE | {"Hostname": "rest"}, 0),
        # which p-0 holds
        (ACTIVITY, DEVICE | {"Hostname": "n0"}, 90),
    ]
    stamps = [START + 60_000 * minute for minute in range(11)]
    lines = [
        json.dumps({"metric": {"__name__": name} | labels, "values": [value] * 11, "timestamps": stamps})
        for name, labels, value in series
    ]
    warehouse.write("telemetry/prometheus/cluster.jsonl", "\n".join(lines) + "\n")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_usage__accelerator_seconds_daily", "+int_quality__counted_series"),
        *("+int_usage__watched_seconds_daily", "+int_usage__unnamed_activity_daily"),
    )
    held = dict(
        warehouse.query("""
            select resource_id, sum(accelerator_seconds)
            from intermediate.int_usage__accelerator_seconds_daily group by 1
        """)
    )
    assert held == {f"n{number}": 1200 for number in range(len(known))} | {"old": 540, "slurm": 540}
    watched = {
        node for (node,) in warehouse.query("select resource_id from intermediate.int_usage__watched_seconds_daily")
    }
    nodes = {f"n{number}" for number in (*range(9), *range(13, 17))}
    assert watched == nodes | {"old", "slurm", "bare", "rest"}
    assert warehouse.query("""
        select resource_id, unnamed_seconds from intermediate.int_usage__unnamed_activity_daily order by 1
    """) == [("bare", 540), ("n13", 540)]
    issues = warehouse.query("""
        select issue, regexp_extract(detail, 'knows ([^:]*)', 1) from intermediate.int_quality__counted_series
        where issue in ('unknown_resource', 'activity_without_pod') order by all
    """)
    assert issues == [("unknown_resource", resource) for resource in sorted(unknown)]


def test_what_is_held_by_a_claim_is_not_idle(warehouse) -> None:
    """Ten minutes of Dynamic Resource Allocation: ksm tells of the claim of n0's pod, DCGM of devices of n1's and n2's,
    of which the latter rests. Nobody claims n3's. n4's pod holds a GPU as ever, and a network card by a claim."""
    ksm = {"job": "ksm", "namespace": "llm", "container": "main"}
    claim = {"claim_name": "gpu", "resourceclaim_name": "p-gpu-x7", "resourceclaim_template_name": "one-gpu"}
    series = [(REQUESTS, ksm | {"pod": f"p-{n}", "node": f"n{n}", "resource": "cpu"}, 4) for n in range(5)]
    series += [("kube_pod_resourceclaim_info", ksm | claim | {"pod": f"p-{number}"}, 1) for number in (0, 4)]
    series += [(REQUESTS, ksm | {"pod": "p-4", "node": "n4", "resource": "nvidia_com_gpu"}, 1)]
    claimed = {"dra_claim_name": "p-gpu-x7", "dra_device_name": "gpu-0", "dra_driver_name": "gpu.nvidia.com"}
    series += [
        (ACTIVITY, DEVICE | claimed | {"Hostname": f"n{number}", "pod": f"p-{number}", "namespace": "llm"}, busy)
        for number, busy in ((1, 30), (2, 0))
    ]
    stamps = [START + 60_000 * minute for minute in range(11)]
    lines = [
        json.dumps({"metric": {"__name__": name} | labels, "values": [value] * 11, "timestamps": stamps})
        for name, labels, value in series
    ]
    warehouse.write("telemetry/prometheus/cluster.jsonl", "\n".join(lines) + "\n")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_usage__accelerator_seconds_daily", "+int_quality__counted_series"),
        *("+int_usage__watched_seconds_daily",),
    )
    assert warehouse.query("""
        select resource_id, sum(accelerator_seconds) from intermediate.int_usage__accelerator_seconds_daily
        group by 1 having sum(accelerator_seconds) > 0 order by 1
    """) == [("n1", 180), ("n4", 600)]
    assert warehouse.query("select resource_id from intermediate.int_usage__watched_seconds_daily order by 1") == [
        ("n3",),
        ("n4",),
    ]
    assert warehouse.query("""
        select regexp_extract(series, 'p-[0-9]') from intermediate.int_quality__counted_series
        where issue = 'unknown_resource' order by 1
    """) == [(f"p-{number}",) for number in range(3)]


def test_a_node_that_another_machine_or_cluster_names_alike(warehouse) -> None:
    """Node x is i-1 for 5 minutes and i-2 for 5: of the 2 x 600 seconds that its pod holds, a half is of each. Two
    clusters have a node y and a pod s-1, which holds 1 in the one and 2 in the other."""
    series = [
        ("kube_node_info", {"node": "x", "provider_id": "aws:///a/i-1", "k8s_cluster": "c1"}, 1, range(6)),
        ("kube_node_info", {"node": "x", "provider_id": "aws:///a/i-2", "k8s_cluster": "c1"}, 1, range(5, 11)),
        (REQUESTS, CHAT | {"resource": "nvidia_com_gpu", "k8s_cluster": "c1"}, 2, range(11)),
        *(
            line
            for label, held in (({"k8s_cluster": "c1"}, 1), ({"k8s_cluster": "c2"}, 2))
            for line in (
                ("kube_node_info", label | {"node": "y", "provider_id": f"aws:///a/y-{held}"}, 1, range(11)),
                (REQUESTS, label | SEARCH | {"node": "y", "resource": "nvidia_com_gpu"}, held, range(11)),
            )
        ),
    ]
    lines = [
        json.dumps(
            {
                "metric": {"__name__": name} | labels,
                "values": [value for _ in minutes],
                "timestamps": [START + 60_000 * minute for minute in minutes],
            }
        )
        for name, labels, value, minutes in series
    ]
    warehouse.write("telemetry/prometheus/cluster.jsonl", "\n".join(lines) + "\n")
    warehouse.dbt(
        *("build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
        *("--select", "+int_usage__accelerator_seconds_daily", "+int_usage__watched_seconds_daily"),
    )
    assert warehouse.query("""
        select deployment_id, resource_id, accelerator_seconds
        from intermediate.int_usage__accelerator_seconds_daily order by all
    """) == [
        ("chat-large", "i-1", 600),
        ("chat-large", "i-2", 600),
        ("docs-search", "y-1", 600),
        ("docs-search", "y-2", 1200),
    ]
    # ten minutes and twice 180 seconds, which two machines share
    assert warehouse.query("""
        select resource_id, watched_seconds from intermediate.int_usage__watched_seconds_daily order by all
    """) == [("i-1", 480), ("i-2", 480), ("y-1", 960), ("y-2", 960)]
