"""Pipelines: save, read, list, and start runs of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response

from services.api import cursors, ndjson
from services.api.access import request_ids, tracing
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_name
from services.api.incoming import loaded
from services.api.once import accepted, answered
from services.api.problems import Refused, brief
from services.api.recipes.asked import START_BODY, runnable, start_of_interval, values_of
from services.api.resources import documents, plans, retries
from services.api.resources.runs import run_json
from services.api.resources.triggers import starting
from services.api.schemas.documents import TEXT_BODY, ListedPipeline, NamedQuery, PipelinePage, Saved, SaveQuery
from services.api.schemas.runs import RetryRun, Run, StartRun
from services.api.schemas.triggers import ShownPipeline
from shared.dispatch.starting import Asked, New, Version, create
from shared.store import quality, resources, run_views, timetables, triggers
from shared.store.database import Tx
from shared.store.identifiers import new_id

blueprint = Blueprint("pipelines", __name__, url_prefix="/api/v1/pipelines", description="Pipelines")


@blueprint.put("/<namespace>/<name>")
@blueprint.doc(**TEXT_BODY)
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(200, Saved)
@blueprint.alt_response(201, schema=Saved)
def put(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Saves a version, a draft with errors too. 201 when it is new."""
    return documents.put("Pipeline", namespace, name, query["message"])


@blueprint.get("/<namespace>/<name>")
@blueprint.response(200, ShownPipeline)
def read(namespace: str, name: str) -> Any:
    """Its newest version, and whether it starts by itself."""
    body, status, headers = documents.shown("Pipeline", namespace, name)
    with database().transaction() as tx:
        said = triggers.said(tx, [(namespace, name)])
    return {**body, **starting(said.get((namespace, name)))}, status, headers


@blueprint.delete("/<namespace>/<name>")
@blueprint.arguments(SaveQuery, location="query")
@blueprint.response(204)
def delete(query: dict[str, Any], namespace: str, name: str) -> Any:
    """Its history stays."""
    return documents.remove("Pipeline", namespace, name, query["message"])


@blueprint.get("")
@blueprint.arguments(NamedQuery, location="query")
@blueprint.response(200, PipelinePage)
@ndjson.lines(ListedPipeline)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """By namespace and name, with the last run of each and when it fires next."""
    who, limit = caller(), query["limit"]
    with database().transaction() as tx:
        rows = resources.listed(tx, "Pipeline", who.visible, cursors.named(query), limit + 1, **of_name(query))
        named = [(row["namespace"], row["name"]) for row in rows[:limit]]
        said, fires = triggers.said(tx, named), timetables.next_fires(tx, named, datetime.now(UTC))
        last = run_views.newest(tx, named)
        items = [
            _listed(row, last.get(name), fires.get(name)) | starting(said.get(name)) for name, row in zip(named, rows[:limit], strict=True)
        ]
        scores = quality.least_scores(tx, [item["lastRun"]["id"] for item in items if item["lastRun"] is not None])
        for item in items:
            item["qualityScore"] = scores.get((item["lastRun"] or {}).get("id", ""))
    return {"items": items, "nextCursor": cursors.following(rows, limit, "namespace", "name")}


def _listed(row: dict[str, Any], last: dict[str, Any] | None, fires_at: datetime | None) -> dict[str, Any]:
    return {
        "namespace": row["namespace"],
        "name": row["name"],
        "version": row["version"],
        "gitCommitSha": row["git_commit_sha"],
        "valid": row["valid"],
        "savedAt": documents.stamp(row["saved_at"]),
        "lastRun": last,
        "nextFireAt": documents.stamp(fires_at),
    }


@blueprint.post("/<namespace>/<name>/runs")
@blueprint.doc(**START_BODY)
@blueprint.response(202, Run)
def start(namespace: str, name: str) -> Response:
    """202 once the run is durable; it starts as soon as there is room."""
    who = caller()
    who.may("operator", namespace)
    body = loaded(StartRun())
    if "fromNode" in body:
        return accepted(lambda tx: _newest_from(tx, namespace, name, body))
    # The run itself may have changed what its plan was made from.
    if "planId" in body and (before := answered()) is not None:
        return before
    by_plan = plans.still_holding(body["planId"], namespace, name) if "planId" in body else None

    def new(tx: Tx) -> tuple[Any, str]:
        version = runnable(tx, namespace, name, by_plan["version"] if by_plan else body.get("version"))
        run = new_id()
        logical_date = by_plan["logical_date"] if by_plan else body.get("logicalDate", datetime.now(UTC))
        start_of = start_of_interval(tx, namespace, version["document"], logical_date)
        values = values_of(tx, version["document"], by_plan or body, run, logical_date, start_of)
        trigger = {
            "type": "manual",
            **({"planId": body["planId"]} if by_plan else {}),
            **({"approvedBy": by_plan["approved_by"]} if by_plan and by_plan["approved_by"] else {}),
            **({"fullRefresh": True} if body.get("fullRefresh") else {}),
        }
        wanted = Asked(
            trigger,
            logical_date,
            start_of,
            who.name,
            reason=body.get("reason"),
            request_id=request_ids.current(),
            traceparent=tracing.current(),
        )
        create(tx, [New(Version.of(version), wanted, run, values)])
        row = run_views.run(tx, run)
        assert row is not None
        return run_json(tx, row), f"/api/v1/runs/{run}"

    return accepted(new)


def _newest_from(tx: Tx, namespace: str, name: str, body: dict[str, Any]) -> tuple[Any, str]:
    """The pipeline's newest run, done again from a node on."""
    newest = run_views.newest(tx, [(namespace, name)]).get((namespace, name))
    if newest is None:
        raise Refused(404, f"there is no run of {namespace}/{name} that could be done again from {brief(body['fromNode'])}; leave it out")
    again = RetryRun().load({"from": body["fromNode"], **({"reason": body["reason"]} if "reason" in body else {})})
    return retries.done_again(tx, newest["id"], again)
