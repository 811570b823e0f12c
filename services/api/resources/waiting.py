"""Why a stage of a running run has not begun, in a sentence; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.runs.states import STAGE_IN_FLIGHT


def waiting_for(stage: dict[str, Any], stages: Sequence[dict[str, Any]], run: dict[str, Any]) -> dict[str, str] | None:
    """{reason, detail}; reason: inputs, parallelism, connector, breaker, retry or worker. None for a stage that runs or has ended.

    `stages`: all of the run's, as rows of `run_views.stages`; `run`: its row.
    """
    if run["status"] != "RUNNING":
        return None
    if stage["waiting_for"] is not None:
        return dict(stage["waiting_for"])
    if stage["status"] == "RELEASED":
        return _label(run) or {"reason": "worker", "detail": "no worker has taken it yet"}
    if stage["status"] == "RETRYING":
        error = stage["error"] or {}
        why = error.get("message")
        reason = "breaker" if error.get("code") == "breaker_open" else "retry"
        return {"reason": reason, "detail": f"it is tried again at {stage['retry_at']:%H:%M:%S} UTC{f', after: {why}' if why else ''}"}
    if stage["status"] != "WAITING":
        return None
    left = [other["stage"] for other in stages if other["stage"] in stage["inputs"] and other["status"] != "COMPLETED"]
    if left:
        return {"reason": "inputs", "detail": f"stage{'s' if len(left) > 1 else ''} {', '.join(map(str, left))} must be done first"}
    busy = sum(other["kind"] == "work" and other["status"] in STAGE_IN_FLIGHT for other in stages)
    return {
        "reason": "parallelism",
        "detail": f"stages of this run at work: {busy}, the limit is {run['max_parallel_nodes']} (maxParallelNodes)",
    }


def _label(run: dict[str, Any]) -> dict[str, str] | None:
    """What the scheduler found of labels that no worker carries."""
    said = run["waiting_for"]
    return dict(said) if said and said["reason"] == "worker" else None
