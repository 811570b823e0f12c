"""Pipelines: save, read, list, and start runs of them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint

from services.api.auth import caller, database
from services.api.problems import Refused
from services.api.recipes import save
from services.api.recipes.planned import planned
from services.api.resources import documents
from services.api.resources.runs import run_json
from services.api.schemas.documents import TEXT_BODY, PipelinePage, PipelinesQuery, Plan, Saved, SaveQuery, Shown
from services.api.schemas.runs import Run, StartRun
from shared.store import idempotency, resources, run_views, runs
from shared.store.database import Tx
from shared.store.identifiers import new_id

blueprint = Blueprint("pipelines", __name__, url_prefix="/api/v1/pipelines", description="Pipelines")
START_BODY: dict[str, Any] = {"requestBody": {"content": {"application/json": {"schema": StartRun}}}}


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
        rows = resources.listed(tx, "Pipeline", who.visible, _after(query.get("cursor")), limit + 1)
        items = [_listed(tx, row) for row in rows[:limit]]
    following = rows[limit - 1] if len(rows) > limit else None
    cursor = base64.urlsafe_b64encode(json.dumps([following["namespace"], following["name"]]).encode()).decode() if following else None
    return {"items": items, "nextCursor": cursor}


def _after(cursor: str | None) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    try:
        namespace, name = json.loads(base64.urlsafe_b64decode(cursor))
    except ValueError as error:
        raise Refused(422, f"cursor is {cursor!r}; it must be the nextCursor of an earlier page") from error
    return str(namespace), str(name)


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
    raw = request.get_data()
    body = _body(raw)
    key = request.headers.get("Idempotency-Key")
    with database().transaction() as tx:
        if key is not None and (earlier := idempotency.find(tx, who.token_id, key)) is not None:
            if bytes(earlier["body_hash"]) != idempotency.digest(request.path.encode() + raw):
                raise Refused(422, "this Idempotency-Key was used for another call; choose a new one")
            return _accepted(earlier["reply"], earlier["location"], replayed=True)
        version = _runnable(tx, namespace, name, body.get("version"))
        run = new_id()
        now = datetime.now(UTC)
        runs.create(
            tx,
            run=run,
            namespace=namespace,
            pipeline=name,
            resource_uid=version["uid"],
            version=version["version"],
            git_commit_sha=version["git_commit_sha"],
            trigger={"type": "manual"},
            parameters={},
            logical_date=_logical_date(body, now),
            reason=body.get("reason"),
            created_by=who.name,
        )
        row = run_views.run(tx, run)
        assert row is not None
        reply = run_json(tx, row)
        location = f"/api/v1/runs/{run}"
        if key is not None:
            idempotency.put(tx, who.token_id, key, idempotency.digest(request.path.encode() + raw), 202, location, reply)
    return _accepted(reply, location)


def _accepted(reply: Any, location: str | None, *, replayed: bool = False) -> Response:
    response = jsonify(reply)
    response.status_code = 202
    response.headers["Location"] = location or ""
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw) if raw.strip() else {}
    except ValueError as error:
        raise Refused(400, f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(422, "the body must be a JSON object")
    for field, found in StartRun().validate(body).items():
        said = "is not known here; there is version, logicalDate, reason" if field not in StartRun().fields else f"is wrong: {found[0]}"
        raise Refused(422, f"{field} {said}")
    if body.get("parameters"):
        raise Refused(422, "parameters are not available yet in this release")
    return body


def _logical_date(body: dict[str, Any], now: datetime) -> datetime:
    text = body.get("logicalDate")
    if text is None:
        return now
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Refused(422, f"logicalDate is {text!r}; it must be a time as in RFC 3339, 2026-03-29T02:00:00Z") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _runnable(tx: Tx, namespace: str, name: str, version: Any) -> dict[str, Any]:
    row = resources.current(tx, "Pipeline", namespace, name)
    if row is None:
        raise Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")
    if version is not None:
        newest = row["version"]
        row = resources.at_version(tx, "Pipeline", namespace, name, version) if 0 < version <= newest else None
        if row is None:
            raise Refused(404, f"there is no pipeline {namespace}/{name} of version {version}; there is 1 to {newest}")
    errors = [problem.to_json() for problem in save.errors(tx, row["document"])]
    if errors:
        first = errors[0]
        raise Refused(
            409, f"version {row['version']} cannot run: line {first['line']}: {first['message']}", errors=errors, kind="invalid-recipe"
        )
    return row


@blueprint.post("/<namespace>/<name>/plan")
@blueprint.doc(**START_BODY)
@blueprint.response(200, Plan)
def plan(namespace: str, name: str) -> dict[str, Any]:
    """What a run would do, from the facts at hand; runs nothing."""
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        row = _runnable(tx, namespace, name, _body(request.get_data()).get("version"))
        return planned(tx, row["document"])
