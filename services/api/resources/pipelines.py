"""Pipelines: save, read, list, and start runs of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, jsonify, request
from flask_smorest import Blueprint
from marshmallow import ValidationError

from services.api import cursors
from services.api.auth import caller, database
from services.api.incoming import json_object
from services.api.problems import Refused, brief
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
# PostgreSQL indexes the key, and takes no more than some 2,700 bytes there.
LONGEST_KEY = 255
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
@blueprint.response(204)
def delete(namespace: str, name: str) -> Any:
    return documents.remove("Pipeline", namespace, name)


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
    body = _body()
    asked = idempotency.digest(request.path.encode() + request.get_data())
    key = _key()
    with database().transaction() as tx:
        if key is not None and (earlier := idempotency.find(tx, who.token_id, key)) is not None:
            if bytes(earlier["body_hash"]) != asked:
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
            logical_date=body.get("logicalDate", now),
            reason=body.get("reason"),
            created_by=who.name,
        )
        row = run_views.run(tx, run)
        assert row is not None
        reply = run_json(tx, row)
        location = f"/api/v1/runs/{run}"
        if key is not None:
            idempotency.put(tx, who.token_id, key, asked, 202, location, reply)
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


def _body() -> dict[str, Any]:
    """What a run is asked for, its times as datetimes. Raises Refused."""
    sent = json_object()
    try:
        body: dict[str, Any] = StartRun().load(sent)
    except ValidationError as error:
        field, found = next(iter(error.messages_dict.items()))
        known = ", ".join(StartRun().fields)
        said = f"is wrong: {found[0]}" if field in StartRun().fields else f"is not known here; there is {known}"
        raise Refused(422, f"{brief(field)} {said}") from error
    if body.get("parameters"):
        raise Refused(422, "parameters are not available yet in this release")
    return body


def _runnable(tx: Tx, namespace: str, name: str, version: Any) -> dict[str, Any]:
    if version is None:
        row = resources.current(tx, "Pipeline", namespace, name)
    else:
        row = resources.at_version(tx, "Pipeline", namespace, name, version)
    if row is None:
        raise Refused(
            404, f"there is no pipeline {namespace}/{name}" + (f" of version {version}" if version is not None else "") + "; apply it first"
        )
    errors = [problem.to_json() for problem in save.errors(tx, row["document"])]
    if errors:
        first = errors[0]
        raise Refused(
            409, f"version {row['version']} cannot run: line {first['line']}: {first['message']}", errors=errors, kind="invalid-recipe"
        )
    return row
