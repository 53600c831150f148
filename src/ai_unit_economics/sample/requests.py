"""The gateway's log: one row a request, in the contract's generic request table."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ai_unit_economics.sample import fleet
from ai_unit_economics.sample.demand import HOUR_MS, STATUSES, Customers, Requests, to_ms

SESSION_HOURS = 2


def _text(*parts: object) -> pa.Array:
    """Concatenate numbers, texts and constants, element by element."""
    columns = [part if isinstance(part, str) else pc.cast(pa.array(part), pa.string()) for part in parts]
    return pc.binary_join_element_wise(*columns, "")


def _pick(names: tuple[str, ...] | list[str], index: np.ndarray) -> pa.Array:
    """Names by index; -1 gives null."""
    index = index.astype(np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=index < 0), pa.array(names)).cast(pa.string())


def request_rows(requests: dict[str, Requests], customers: Customers, day: date) -> pa.Table:
    """The rows of one UTC day, all deployments, by time."""
    starts, ends = to_ms(day), to_ms(day + timedelta(days=1))
    deployment_ids = [deployment.deployment_id for deployment in fleet.DEPLOYMENTS]
    parts, deployments, sequence = [], [], []
    for number, deployment_id in enumerate(deployment_ids):
        drawn = requests[deployment_id]
        first, last = np.searchsorted(drawn.ts, [starts, ends])
        index = first + np.flatnonzero(drawn.in_gateway[first:last])
        parts.append(drawn.take(index))
        deployments.append(np.full(len(index), number))
        sequence.append(index)
    rows = Requests(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Requests.__dataclass_fields__)
    )
    order = np.argsort(rows.ts, kind="stable")
    rows = rows.take(order)
    deployment = np.concatenate(deployments)[order]
    number = np.concatenate(sequence)[order]
    customer_id = _pick(customers.ids, rows.customer)
    unknown = rows.user < 0
    user_id = pc.binary_join_element_wise(customer_id, pc.cast(pa.array(rows.user, mask=unknown), pa.string()), "-u")
    session = pa.array(rows.ts // (SESSION_HOURS * HOUR_MS), mask=unknown)
    return pa.table(
        {
            "ts": pa.array(rows.ts, pa.timestamp("ms")),
            "request_id": _text("req-", deployment, pa.array(["-"] * len(rows)), number),
            "deployment_id": _pick(deployment_ids, deployment),
            "customer_id": customer_id,
            "user_id": user_id,
            "session_id": pc.binary_join_element_wise("s", user_id, pc.cast(session, pa.string()), "-"),
            "geography": _pick(fleet.GEOGRAPHIES, rows.geography),
            "input_tokens": pa.array(rows.input_tokens, pa.int64()),
            "cached_input_tokens": pa.array(rows.cached_tokens, pa.int64()),
            "output_tokens": pa.array(rows.output_tokens, pa.int64()),
            "status": _pick(STATUSES, rows.status),
        }
    )
