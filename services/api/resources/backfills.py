"""Backfills: fire times of a range, run on somebody's demand. Previewed, begun, looked at, paused, gone on with, cancelled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, jsonify

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_pipeline
from services.api.incoming import identifier, loaded, nothing
from services.api.once import accepted
from services.api.problems import Refused
from services.api.recipes.asked import runnable, values_of
from services.api.resources.documents import stamp
from services.api.resources.looking import NO_BODY
from services.api.schemas.backfills import (
    Backfill,
    BackfillDate,
    BackfillDatePage,
    BackfillPage,
    BackfillPreview,
    BackfillsQuery,
    CancelBackfill,
    StartBackfill,
)
from services.api.schemas.fields import Paged
from shared.dispatch import results
from shared.dispatch.backfills import BadRange, NoSchedule, Wanted, plan
from shared.dispatch.fire_times import start_of_interval
from shared.store import backfills, dependencies, resources, runs
from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.triggers.backfill import Choice

blueprint = Blueprint("backfills", __name__, url_prefix="/api/v1", description="Fire times that have passed, run again")
BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": StartBackfill}}}}
CANCEL_BODY: dict[str, Any] = {"requestBody": {"required": False, "content": {"application/json": {"schema": CancelBackfill}}}}


@blueprint.post("/pipelines/<namespace>/<name>/backfill")
@blueprint.doc(**BODY)
@blueprint.response(202, Backfill)
@blueprint.alt_response(200, schema=BackfillPreview)
def create(namespace: str, name: str) -> Response:
    """202: a run for each fire time that is meant, so many at once. With dryRun, 200 and the preview. 409 where the pipeline has no
    schedule, or another backfill of the same stretch is not over.
    """
    body = loaded(StartBackfill())
    if body["dryRun"]:
        return _previewed(namespace, name, body)
    who = caller()
    who.may("operator", namespace)

    def new(tx: Tx) -> tuple[Any, str]:
        # Two that are asked for at once are begun one after the other.
        resources.hold(tx, "Pipeline", namespace, name)
        from_at, to_at, choices = _planned(tx, namespace, name, body)
        _possible(tx, namespace, name, body, choices)
        other = backfills.overlapping(tx, namespace, name, from_at, to_at)
        if other is not None:
            raise Refused(409, f"backfill {other} of this pipeline has times of the same stretch; cancel it, or wait until it is over")
        backfill = backfills.create(
            tx,
            namespace=namespace,
            pipeline=name,
            from_at=from_at,
            to_at=to_at,
            ordering=body["order"],
            max_parallel=body["maxParallel"],
            which=body["which"],
            version=body["version"],
            parameters=body["parameters"],
            reason=body["reason"],
            created_by=who.name,
            choices=choices,
        )
        return _shown(tx, backfill), f"/api/v1/backfills/{backfill}"

    return accepted(new)


@blueprint.post("/pipelines/<namespace>/<name>/backfill/preview")
@blueprint.doc(**BODY)
@blueprint.response(200, BackfillPreview)
def preview(namespace: str, name: str) -> Response:
    """Every fire time of the range: whether it would be run, why, and by which version. Starts nothing."""
    return _previewed(namespace, name, loaded(StartBackfill()))


@blueprint.get("/backfills")
@blueprint.arguments(BackfillsQuery, location="query")
@blueprint.response(200, BackfillPage)
@ndjson.lines(Backfill)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first."""
    limit, before = query["limit"], cursors.identified(query)
    namespace, pipeline = of_pipeline(query)
    with database().transaction() as tx:
        rows = backfills.page(
            tx,
            before=before,
            limit=limit + 1,
            namespaces=caller().visible,
            namespace=namespace,
            pipeline=pipeline,
            state=query.get("state"),
        )
    return {"items": [_told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


@blueprint.get("/backfills/<backfill>")
@blueprint.response(200, Backfill)
def read(backfill: str) -> dict[str, Any]:
    """How far one is."""
    with database().transaction() as tx:
        return _told(_found(tx, backfill, "viewer"))


@blueprint.get("/backfills/<backfill>/dates")
@blueprint.arguments(Paged, location="query")
@blueprint.response(200, BackfillDatePage)
@ndjson.lines(BackfillDate)
def dates(query: dict[str, Any], backfill: str) -> dict[str, Any]:
    """Those that it runs, oldest first, each with its run."""
    limit, after = query["limit"], cursors.dated(query)
    with database().transaction() as tx:
        row = _found(tx, backfill, "viewer")
        rows = backfills.dates(tx, row["id"], after, limit + 1)
    items = [
        {
            "logicalDate": stamp(one["logical_date"]),
            "version": one["version"],
            "state": one["state"],
            "run": one["run_id"],
            "status": one["ended"],
            "detail": one["detail"],
        }
        for one in rows[:limit]
    ]
    return {"items": items, "nextCursor": cursors.cursor(items[-1]["logicalDate"]) if len(rows) > limit else None}


@blueprint.post("/backfills/<backfill>/pause")
@blueprint.doc(**NO_BODY)
@blueprint.response(200, Backfill)
def pause(backfill: str) -> dict[str, Any]:
    """Starts nothing more for now; what runs goes on. Pausing one that is paused does nothing."""
    return _turned(backfill, "running", "paused")


@blueprint.post("/backfills/<backfill>/resume")
@blueprint.doc(**NO_BODY)
@blueprint.response(200, Backfill)
def resume(backfill: str) -> dict[str, Any]:
    """Goes on with one that is paused."""
    return _turned(backfill, "paused", "running")


@blueprint.post("/backfills/<backfill>/cancel")
@blueprint.doc(**CANCEL_BODY)
@blueprint.response(200, Backfill)
def cancel(backfill: str) -> dict[str, Any]:
    """Starts nothing more, for good; `runs`: what runs is cancelled too. Cancelling one that is over changes nothing of it."""
    body = loaded(CancelBackfill())
    with database().transaction() as tx:
        row = _found(tx, backfill, "operator")
        going = backfills.cancel(tx, row["id"])
        if body["runs"]:
            for run in backfills.unended(tx, row["id"]) if going is None else going:
                if (locked := runs.lock(tx, run)) is not None:
                    results.cancel_run(tx, locked, "cancelled")
                    runs.save(tx, locked)
        return _shown(tx, row["id"])


def _turned(backfill: str, before: str, to: str) -> dict[str, Any]:
    nothing()
    with database().transaction() as tx:
        row = _found(tx, backfill, "operator")
        if not backfills.turn(tx, row["id"], before, to):
            row = _found(tx, backfill, "operator")
            if row["state"] != to:
                raise Refused(409, f"backfill {row['id']} is {row['state']}, so it cannot become {to}; begin a new one")
        return _shown(tx, row["id"])


def _previewed(namespace: str, name: str, body: dict[str, Any]) -> Response:
    caller().may("viewer", namespace)
    with database().transaction() as tx:
        from_at, to_at, choices = _planned(tx, namespace, name, body)
    ordered = choices if body["order"] == "oldest" else choices[::-1]
    meant = sum(one.runs for one in choices)
    return jsonify(
        {
            "pipeline": {"namespace": namespace, "name": name},
            "from": stamp(from_at),
            "to": stamp(to_at),
            **{key: body[key] for key in ("order", "which", "version")},
            "runs": meant,
            "leftOut": len(choices) - meant,
            "dates": [{"logicalDate": stamp(one.date), "runs": one.runs, "why": one.why, "version": one.version} for one in ordered],
        }
    )


def _planned(tx: Tx, namespace: str, name: str, body: dict[str, Any]) -> tuple[datetime, datetime, list[Choice]]:
    """From, to, and every fire time between. Raises Refused."""
    version = runnable(tx, namespace, name, None)
    schedule = dependencies.schedule_of(tx, namespace, name)
    zone = ZoneInfo(schedule["config"]["timezone"]) if schedule else UTC
    from_at = _instant(body["from_"], zone)
    to_at = _instant(body["to"], zone, last=True) if "to" in body else datetime.now(UTC)
    wanted = Wanted(from_at, to_at, body["which"], version["version"] if body["version"] == "now" else None)
    try:
        return from_at, to_at, plan(tx, namespace, name, wanted)
    except NoSchedule as error:
        raise Refused(409, error.message, kind="no-schedule") from error
    except BadRange as error:
        raise Refused(422, error.message, kind="bad-range") from error


def _instant(said: date | datetime, zone: Any, *, last: bool = False) -> datetime:
    """A day is from its first moment to its last, by the pipeline's clock."""
    if isinstance(said, datetime):
        return said
    begins = datetime.combine(said + timedelta(days=1) if last else said, clock(), zone).astimezone(UTC)
    return begins - timedelta(microseconds=1) if last else begins


def _possible(tx: Tx, namespace: str, name: str, body: dict[str, Any], choices: list[Choice]) -> None:
    """Something is to be run, and its parameters are taken. Raises Refused."""
    first = next((one for one in choices if one.runs), None)
    if first is None:
        held = f"; {choices[0].why} ({stamp(choices[0].date)})" if choices else ""
        what = f"none of the {len(choices)} fire times in this range is to be run ({body['which']})" if choices else "it holds no fire time"
        raise Refused(409, f"there is nothing to fill: {what}{held}", kind="nothing-to-fill")
    assert first.version is not None
    row = resources.at_version(tx, "Pipeline", namespace, name, first.version)
    schedule = dependencies.schedule_of(tx, namespace, name)
    assert row is not None and schedule is not None
    values_of(tx, row["document"], body, new_id(), first.date, start_of_interval(tx, namespace, schedule["config"], first.date))


def _found(tx: Tx, text: str, role: str) -> dict[str, Any]:
    return caller().met(role, backfills.shown(tx, identifier(text, "backfill")), f"backfill {text}")


def _shown(tx: Tx, backfill: str) -> dict[str, Any]:
    row = backfills.shown(tx, backfill)
    assert row is not None
    return _told(row)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pipeline": {"namespace": row["namespace"], "name": row["pipeline"]},
        "from": stamp(row["from_at"]),
        "to": stamp(row["to_at"]),
        "order": row["ordering"],
        "maxParallel": row["max_parallel"],
        **{key: row[key] for key in ("which", "version", "parameters", "reason", "state")},
        "createdBy": row["created_by"],
        "createdAt": stamp(row["created_at"]),
        "finishedAt": stamp(row["finished_at"]),
        "dates": {
            **{key: row[key] for key in ("total", "waiting", "succeeded", "failed", "refused", "cancelled")},
            "running": row["going"],
            "leftOut": row["left_out"],
        },
    }
