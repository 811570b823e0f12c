"""Runs: one, many, cancel."""

from __future__ import annotations

from typing import Any

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_pipeline
from services.api.incoming import identifier
from services.api.resources.documents import stamp
from services.api.resources.progress import progress
from services.api.resources.waiting import waiting_for
from services.api.schemas.runs import Run, RunHead, RunPage, RunsQuery
from shared.dispatch import results
from shared.store import quality, run_views, runs
from shared.store.database import Tx
from shared.store.run_views import Chosen

blueprint = Blueprint("runs", __name__, url_prefix="/api/v1", description="Runs")
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
    return caller().met(role, run_views.run(tx, identifier(text, "run")), f"run {text}")


@blueprint.get("/runs/<run>")
@blueprint.response(200, Run)
def read(run: str) -> dict[str, Any]:
    """One run, with its nodes and stages."""
    with database().transaction() as tx:
        return run_json(tx, found(tx, run))


@blueprint.get("/runs")
@blueprint.arguments(RunsQuery, location="query")
@blueprint.response(200, RunPage)
@ndjson.lines(RunHead)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first."""
    limit = query["limit"]
    before = cursors.identified(query)
    with database().transaction() as tx:
        rows = run_views.page(tx, chosen(query), before=before, limit=limit + 1)
    return {"items": [head_json(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


def chosen(query: dict[str, Any]) -> Chosen:
    """The filters of a list, within what the caller may see."""
    namespace, pipeline = of_pipeline(query)
    return Chosen(
        namespaces=caller().visible,
        namespace=namespace,
        pipeline=pipeline,
        statuses=query.get("status") or (),
        trigger=query.get("trigger"),
        labels=query.get("label") or {},
        since=query.get("from_"),
        until=query.get("to"),
    )


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


def head_json(row: dict[str, Any]) -> dict[str, Any]:
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
        "labels": row["labels"],
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
        **head_json(row),
        "progress": progress(tx, row, nodes, stages),
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
    """Of all nodes of a run; None: not known, as of one that is not planned."""
    return False if False in verdicts else None if None in verdicts or not verdicts else True


def node_json(node: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": node["node"],
        "type": node["type"],
        "status": node["status"],
        "generation": node["generation"],
        "stage": node["stage"],
        "engine": node["engine"],
        "engineWhy": node["engine_why"],
        **{key: node["figures"].get(key) for key in _COUNTED},
        "reusedFrom": node["figures"].get("reusedFrom"),
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
