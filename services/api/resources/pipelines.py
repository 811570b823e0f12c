"""Pipelines: save, read, list, and start runs of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint

from services.api import cursors
from services.api.auth import caller, database
from services.api.problems import Refused
from services.api.recipes.asked import START_BODY, asked, runnable, start_of_interval, values_of
from services.api.resources import documents, plans
from services.api.resources.runs import run_json
from services.api.schemas.documents import TEXT_BODY, PipelinePage, PipelinesQuery, Saved, SaveQuery, Shown
from services.api.schemas.runs import Run
from shared.kill_points import kill_point
from shared.store import idempotency, resources, run_views, runs
from shared.store.database import Tx
from shared.store.identifiers import new_id

blueprint = Blueprint("pipelines", __name__, url_prefix="/api/v1/pipelines", description="Pipelines")
# PostgreSQL indexes the key, and takes no more than some 2,700 bytes there.
LONGEST_KEY = 255


@blueprint.put("/<namespace>/<name>")
@blueprint.doc(**TEXT_BODY)
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(200, Saved)
@blueprint.alt_response(201, schema=Saved)
def put(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Saves a version, a draft with errors too. 201 when it is new."""
    return documents.put("Pipeline", namespace, name, query["message"])


@blueprint.get("/<namespace>/<name>")
@blueprint.response(200, Shown)
def read(namespace: str, name: str) -> Any:
    return documents.shown("Pipeline", namespace, name)


@blueprint.delete("/<namespace>/<name>")
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(204)
def delete(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Its history stays."""
    return documents.remove("Pipeline", namespace, name, query["message"])


@blueprint.get("")
@blueprint.arguments(PipelinesQuery, location="query")
@blueprint.response(200, PipelinePage)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """By namespace and name, with the last run of each."""
    who, limit = caller(), query["limit"]
    with database().transaction() as tx:
        rows = resources.listed(tx, "Pipeline", who.visible, cursors.named(query), limit + 1)
        items = [_listed(tx, row) for row in rows[:limit]]
    return {"items": items, "nextCursor": cursors.following(rows, limit, "namespace", "name")}


def _listed(tx: Tx, row: dict[str, Any]) -> dict[str, Any]:
    last = run_views.page(tx, before=None, limit=1, namespaces=None, namespace=row["namespace"], pipeline=row["name"], status=None)
    return {
        "namespace": row["namespace"],
        "name": row["name"],
        "version": row["version"],
        "gitCommitSha": row["git_commit_sha"],
        "valid": row["valid"],
        "savedAt": documents.stamp(row["saved_at"]),
        "lastRun": {"id": last[0]["id"], "status": last[0]["status"]} if last else None,
        "nextFireAt": None,
        "qualityScore": None,
    }


@blueprint.post("/<namespace>/<name>/runs")
@blueprint.doc(**START_BODY)
@blueprint.response(202, Run)
def start(namespace: str, name: str) -> Response:
    """202 once the run is durable; it starts as soon as there is room."""
    who = caller()
    who.may("operator", namespace)
    body = asked()
    digest = idempotency.digest(request.path.encode() + request.get_data())
    key = _key()
    by_plan = plans.still_holding(body["planId"], namespace, name) if "planId" in body else None
    with database().transaction() as tx:
        if key is not None and (earlier := idempotency.find(tx, who.token_id, key)) is not None:
            if bytes(earlier["body_hash"]) != digest:
                raise Refused(422, "this Idempotency-Key was used for another call; choose a new one")
            return _accepted(earlier["reply"], earlier["location"], replayed=True)
        version = runnable(tx, namespace, name, by_plan["version"] if by_plan else body.get("version"))
        run = new_id()
        logical_date = by_plan["logical_date"] if by_plan else body.get("logicalDate", datetime.now(UTC))
        start_of = start_of_interval(version["document"], logical_date)
        values = values_of(tx, version["document"], by_plan or body, run, logical_date, start_of)
        runs.create(
            tx,
            run=run,
            namespace=namespace,
            pipeline=name,
            resource_uid=version["uid"],
            version=version["version"],
            git_commit_sha=version["git_commit_sha"],
            trigger={"type": "manual", **({"planId": body["planId"]} if by_plan else {})},
            parameters=values.plain_parameters() if values else {},
            run_values=values.to_json() if values else None,
            logical_date=logical_date,
            interval_start=start_of,
            reason=body.get("reason"),
            created_by=who.name,
        )
        row = run_views.run(tx, run)
        assert row is not None
        reply = run_json(tx, row)
        location = f"/api/v1/runs/{run}"
        if key is not None:
            idempotency.put(tx, who.token_id, key, digest, 202, location, reply)
        kill_point("api.accepting")
    kill_point("api.accepted")
    return _accepted(reply, location)


def _accepted(reply: Any, location: str | None, *, replayed: bool = False) -> Response:
    response = jsonify(reply)
    response.status_code = 202
    response.headers["Location"] = location or ""
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _key() -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Refused(422, f"Idempotency-Key has {len(key)} characters; give it from 1 to {LONGEST_KEY}, such as a UUID, or leave it out")
    return key
