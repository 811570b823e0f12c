"""The files that a trigger has seen, and what became of each."""

from __future__ import annotations

from typing import Any

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.arrivals import Arrival, ArrivalPage, ArrivalsQuery
from shared.store import arrivals, triggers

blueprint = Blueprint("arrivals", __name__, url_prefix="/api/v1", description="Files that triggers wait for")


@blueprint.get("/pipelines/<namespace>/<name>/triggers/<trigger>/files")
@blueprint.arguments(ArrivalsQuery, location="query")
@blueprint.response(200, ArrivalPage)
@ndjson.lines(Arrival)
def list_files(query: dict[str, Any], namespace: str, name: str, trigger: str) -> dict[str, Any]:
    """By path: what is there, what was, and how many there are of each state."""
    caller().may("viewer", namespace)
    limit = query["limit"]
    with database().transaction() as tx:
        there = {one.name: one for one in triggers.of_pipeline(tx, namespace, name) if one.type == "file"}
        row = there.get(trigger)
        if row is None:
            said = f"it has {', '.join(there)}" if there else "it has none"
            raise Refused(404, f"pipeline {brief(f'{namespace}/{name}')} has no file trigger {brief(trigger)}; {said}")
        rows = arrivals.files(tx, row.id, state=query.get("state"), after=cursors.text(query), limit=limit + 1)
        counts = arrivals.counts(tx, row.id)
        problem, look_at = arrivals.problem(tx, row.id)
    items = [
        {
            "path": one["path"],
            "state": one["state"],
            "size": one["size_bytes"],
            "mtime": stamp(one["modified_at"]),
            "checksum": one["checksum"],
            "since": stamp(one["since"]),
            "runId": one["run_id"],
            "late": one["late"],
            "sameAs": one["same_as"],
            "goneAt": stamp(one["gone_at"]),
        }
        for one in rows[:limit]
    ]
    following = cursors.following(rows, limit, "path")
    return {"items": items, "nextCursor": following, "counts": counts, "problem": problem, "lookAt": stamp(look_at)}
