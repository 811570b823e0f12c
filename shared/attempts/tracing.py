"""The span of an attempt, and of each of its nodes, as it is known when its work has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from shared.attempts.ended import Ended
from shared.attempts.place import Place
from shared.dispatch.claims import Claim
from shared.process import traces
from shared.process.traces import Span

# What a row counts of is told, its values never; of an error only its code, since its sentence may quote what it is about.
_FIGURES = {"rowsIn": "rows_in", "rowsOut": "rows_out", "rowsRejected": "rows_rejected"}


def send(claim: Claim, place: Place, ended: Ended, verdict: str | None, began: datetime) -> None:
    """Nothing where nobody traces the run. `verdict`: why it was stopped, where it was."""
    if claim.traceparent is not None and traces.on():
        for span in spans(claim, place, ended, verdict, began, datetime.now(UTC)):
            traces.send(span)


def spans(claim: Claim, place: Place, ended: Ended, verdict: str | None, began: datetime, over: datetime) -> Iterator[Span]:
    """The attempt's, then those of its nodes; nodes of one stage are computed together, so each has the stage's time."""
    assert claim.traceparent is not None
    about = {"penstock.run_id": claim.run, "penstock.stage": claim.stage, "penstock.attempt": claim.epoch}
    error = verdict or (str(ended.error.get("code")) if ended.error else None) or ("lost" if ended.died else None)
    failed_at = (ended.error or {}).get("node")
    named = ", ".join(claim.nodes)
    yield Span(
        name=f"{claim.kind} {named}"[:200],
        id=claim.traceparent,
        parent=claim.run_span,
        start=began,
        end=over,
        attributes={
            **about,
            "penstock.namespace": claim.namespace,
            "penstock.pipeline": claim.pipeline,
            "penstock.nodes": list(claim.nodes),
            "penstock.worker": place.name,
            "penstock.engine": claim.program.get("engine"),
            "penstock.peak_memory_bytes": ended.peak_memory_bytes,
            "penstock.request_id": claim.request_id,
            "error.type": error,
        },
        error=error,
        kind="CONSUMER",
    )
    for node in claim.nodes if claim.kind == "work" else ():
        figures: dict[str, Any] = (ended.outcome.figures.get(node) or {}) if ended.outcome else {}
        told = {f"penstock.{name}": figures[key] for key, name in _FIGURES.items() if figures.get(key) is not None}
        yield Span(
            name=f"node {node}",
            id=traces.of_node(claim.traceparent, node),
            parent=claim.traceparent,
            start=began,
            end=over,
            attributes={**about, "penstock.node_id": node, **told, "error.type": error if node == failed_at else None},
            error=error if node == failed_at else None,
        )
