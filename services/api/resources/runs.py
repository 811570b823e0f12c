"""Runs: one, many, cancel."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from services.api import cursors
from services.api.auth import caller, database
from services.api.incoming import identifier
from services.api.problems import Refused
from services.api.resources.documents import stamp
from services.api.resources.waiting import waiting_for
from services.api.schemas.runs import Run, RunPage, RunsQuery
from shared.dispatch import results
from shared.runs.states import RUN_FINAL
from shared.store import quality, run_views, runs
from shared.store.database import Tx

blueprint = Blueprint("runs", __name__, url_prefix="/api/v1", description="Runs")
_DONE = {"COMPLETED", "FAILED", "SKIPPED", "CANCELLED"}
_COUNTED = (
    "rowsIn",
    "rowsOut",
    "rowsRejected",
    "rowsInserted",
    "rowsUpdated",
    "rowsUnchanged",
    "rowsDeleted",
    "ledger",
    "balanced",
    "durationMs",
)


def found(tx: Tx, text: str, role: str = "viewer") -> dict[str, Any]:
    row = run_views.run(tx, identifier(text, "run"))
    if row is None:
        raise Refused(404, f"there is no run {text}")
    caller().may(role, row["namespace"])
    return row


@blueprint.get("/runs/<run>")
@blueprint.response(200, Run)
def read(run: str) -> dict[str, Any]:
    with database().transaction() as tx:
        return run_json(tx, found(tx, run))


@blueprint.get("/runs")
@blueprint.arguments(RunsQuery, location="query")
@blueprint.response(200, RunPage)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first."""
    limit = query["limit"]
    before = cursors.identified(query)
    with database().transaction() as tx:
        rows = run_views.page(
            tx,
            before=before,
            limit=limit + 1,
            namespaces=caller().visible,
            namespace=query.get("namespace"),
            pipeline=query.get("pipeline"),
            status=query.get("status"),
        )
    return {"items": [_head(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


@blueprint.post("/runs/<run>/cancel")
@blueprint.response(202, Run)
def cancel(run: str) -> tuple[dict[str, Any], int]:
    """Stops it; a run that has ended stays as it is."""
    with database().transaction() as tx:
        found(tx, run, "operator")
        locked = runs.lock(tx, identifier(run, "run"))
        if locked is not None:
            results.cancel_run(tx, locked, "cancelled")
            runs.save(tx, locked)
        return run_json(tx, found(tx, run)), 202


def _head(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pipeline": {"namespace": row["namespace"], "name": row["pipeline"]},
        "version": row["version"],
        "gitCommitSha": row["git_commit_sha"],
        "status": row["status"],
        "trigger": row["trigger"],
        "parameters": row["parameters"],
        "logicalDate": stamp(row["logical_date"]),
        # Of a run from before these were kept, both are its logical date.
        "dataIntervalStart": stamp(row["data_interval_start"] or row["logical_date"]),
        "dataIntervalEnd": stamp(row["data_interval_end"] or row["logical_date"]),
        "reason": row["reason"],
        "createdBy": row["created_by"],
        "requestId": row["request_id"],
        "createdAt": stamp(row["created_at"]),
        "startedAt": stamp(row["started_at"]),
        "finishedAt": stamp(row["finished_at"]),
        "waitingFor": row["waiting_for"],
        "error": row["error"],
    }


def run_json(tx: Tx, row: dict[str, Any]) -> dict[str, Any]:
    """A run as api.md shows it."""
    nodes = [node_json(node) for node in run_views.nodes(tx, row["id"])]
    stages = run_views.stages(tx, row["id"])
    return {
        **_head(row),
        "progress": _progress(row, nodes),
        "nodes": nodes,
        "stages": [{**stage_json(stage), "waitingFor": waiting_for(stage, stages, row)} for stage in stages],
        "quality": [
            {
                **{key: q[key] for key in ("dataset", "scope", "score", "partial", "passed", "failed", "errors", "rows", "stage")},
                "ruleSet": q["rule_set"],
            }
            for q in quality.of_run(tx, row["id"])
        ],
        "balanced": together([node["balanced"] for node in nodes]),
        "lastSeq": row["last_seq"],
    }


def together(verdicts: list[bool | None]) -> bool | None:
    """Of all nodes of a run."""
    return False if False in verdicts else None if None in verdicts else True


def node_json(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": node["node"],
        "type": node["type"],
        "status": node["status"],
        "generation": node["generation"],
        "stage": node["stage"],
        "engine": node["engine"],
        **{key: node["figures"].get(key) for key in _COUNTED},
        "attempts": node["attempts"],
        "error": node["error"],
    }


def stage_json(stage: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": stage["stage"],
        "kind": stage["kind"],
        "engine": stage["engine"],
        "nodes": stage["nodes"],
        "inputs": stage["inputs"],
        "generation": stage["generation"],
        "status": stage["status"],
        "epoch": stage["epoch"],
        "retries": stage["retries"],
        "rerun": stage["rerun"],
        "retryAt": stamp(stage["retry_at"]),
        "durationMs": stage["duration_ms"],
        "peakMemoryBytes": stage["peak_memory_bytes"],
        "worker": stage["worker"],
        "error": stage["error"],
    }


def _progress(row: dict[str, Any], nodes: list[dict[str, Any]]) -> dict[str, Any]:
    """Percent of nodes done; sums are null while a part of them is not known."""
    done = sum(node["status"] in _DONE for node in nodes)
    ended = row["status"] in RUN_FINAL

    def total(kind: str | None, key: str) -> int | None:
        chosen = [node[key] for node in nodes if kind is None or node["type"] == kind]
        return None if None in chosen else sum(chosen)

    return {
        "percent": 100.0 if ended and row["status"] == "SUCCEEDED" else round(100.0 * done / len(nodes), 1) if nodes else 0.0,
        "activeNodes": [node["id"] for node in nodes if node["status"] == "RUNNING"],
        "rowsRead": total("connector_source", "rowsOut"),
        "rowsWritten": total("connector_sink", "rowsOut"),
        "rowsRejected": total(None, "rowsRejected"),
        "estimatedFinishAt": None,
    }
