"""The span of a run, once it has ended: its attempts lie within it, its retries are events of it."""

from __future__ import annotations

from datetime import UTC

from shared.process import traces
from shared.process.traces import Event, Span
from shared.store import run_ends
from shared.store.database import Tx
from shared.store.endings import Ending


def span_of(tx: Tx, ending: Ending) -> Span | None:
    """None where nobody traces it. A run that was asked for again has one more for each time, within its first."""
    if not traces.on():
        return None
    row = run_ends.traced(tx, ending.run, ending.at)
    own = traces.of_run(ending.run, row["traceparent"]) if row is not None else None
    if row is None or own is None:
        return None
    first = row["ended_before"] is None
    failed = ending.status in ("FAILED", "TIMED_OUT")
    code = (row["error_code"] or ending.status) if failed else None
    began = row["created_at"] if first else max(row["queued_at"], row["ended_before"])
    return Span(
        name=f"run {ending.namespace}/{ending.pipeline}",
        id=own if first else traces.of_node(own, f"end/{ending.id}"),
        parent=row["traceparent"] if first else own,
        start=began.astimezone(UTC),
        end=max(began, ending.at),
        attributes={
            "penstock.run_id": ending.run,
            "penstock.namespace": ending.namespace,
            "penstock.pipeline": ending.pipeline,
            "penstock.version": row["version"],
            "penstock.status": ending.status,
            "penstock.trigger": row["trigger"],
            "penstock.request_id": row["request_id"],
            "error.type": code,
        },
        error=code,
        events=[
            Event(
                "retry",
                one["at"],
                {
                    "penstock.nodes": one["nodes"] or "",
                    "penstock.stage": one["stage"],
                    "penstock.attempt": one["epoch"],
                    "reason": one["reason"] or "",
                    **({"wait_seconds": one["wait_s"]} if one["wait_s"] is not None else {}),
                },
            )
            for one in run_ends.retries(tx, ending.run, row["ended_before"], ending.at)
        ],
    )
