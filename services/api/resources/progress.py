"""How far a run is, and when it will have ended."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.api.resources.documents import stamp
from shared.runs.estimate import Ahead, remaining_s
from shared.runs.states import STAGE_FINAL
from shared.store import run_views
from shared.store.database import Tx

_FINAL = frozenset(status.value for status in STAGE_FINAL)
# In no place of maxParallelNodes stand surveys and checks, see shared.dispatch.advance.
_SLOTTED = "work"


def progress(tx: Tx, row: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]], stages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`row` and `stages` as in `run_views`, `nodes` as they are told."""
    return {**so_far(row["status"], nodes), "estimatedFinishAt": stamp(_finishes_at(tx, row, stages))}


def so_far(status: str, nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of a run with that status. Sums are null while a part of them is not known."""
    done = sum(node["status"] == "COMPLETED" for node in nodes)

    def total(kind: str | None, key: str) -> int | None:
        chosen = [node[key] for node in nodes if kind is None or node["type"] == kind]
        return None if None in chosen else sum(chosen)

    return {
        "percent": 100.0 if status == "SUCCEEDED" else round(100.0 * done / len(nodes), 1) if nodes else 0.0,
        "activeNodes": [node["id"] for node in nodes if node["status"] == "RUNNING"],
        # With those that the reader could make no row of.
        "rowsRead": total("connector_source", "rowsIn"),
        "rowsWritten": total("connector_sink", "rowsOut"),
        "rowsRejected": total(None, "rowsRejected"),
    }


def _finishes_at(tx: Tx, row: Mapping[str, Any], stages: Sequence[Mapping[str, Any]]) -> datetime | None:
    """None of a run that does not run, is being cancelled, or has no plan yet."""
    if row["status"] != "RUNNING" or row["planning"] != "planned" or row["cancel_requested_at"] is not None:
        return None
    now, running = datetime.now(UTC), run_views.running_s(tx, row["id"])
    took: defaultdict[Any, list[float]] = defaultdict(list)
    for stage in run_views.earlier_stages(tx, row):
        took[_like(stage)].append(stage["seconds"])
    ahead = [
        Ahead(
            stage["stage"],
            _like(stage),
            stage["inputs"],
            running.get(stage["stage"]),
            max(0.0, (stage["retry_at"] - now).total_seconds()) if stage["status"] == "RETRYING" and stage["retry_at"] else 0.0,
            stage["kind"] == _SLOTTED,
        )
        for stage in stages
        if stage["status"] not in _FINAL
    ]
    left = remaining_s(ahead, took, row["max_parallel_nodes"]) if ahead else None
    return now + timedelta(seconds=left) if left is not None else None


def _like(stage: Mapping[str, Any]) -> tuple[Any, ...]:
    return stage["kind"], stage["engine"], *stage["nodes"]
