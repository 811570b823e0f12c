"""What starts a pipeline by itself: its triggers, what they have done, and the switch."""

from __future__ import annotations

import logging
from typing import Any

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import loaded
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.triggers import SWITCH_BODY, Firing, FiringPage, FiringsQuery, PipelineStarting, SwitchPipeline, Triggers
from shared.pipelines.language import InvalidDocument, starts
from shared.pipelines.language.values import SCHEDULE
from shared.pipelines.validation import stored_document
from shared.store import resources, trigger_views, triggers
from shared.store.database import Tx
from shared.store.timetables import timetable
from shared.triggers.schedule import BadSchedule

blueprint = Blueprint("triggers", __name__, url_prefix="/api/v1/pipelines", description="What starts pipelines by itself")
log = logging.getLogger("api")


@blueprint.post("/<namespace>/<name>/enable")
@blueprint.doc(**SWITCH_BODY)
@blueprint.response(200, PipelineStarting)
def enable(namespace: str, name: str) -> dict[str, Any]:
    """It starts by itself from now on, whatever its recipe says; until a version says otherwise than the recipe does now. Fire times of
    before are not made up for.
    """
    return _switched(namespace, name, on=True)


@blueprint.post("/<namespace>/<name>/disable")
@blueprint.doc(**SWITCH_BODY)
@blueprint.response(200, PipelineStarting)
def disable(namespace: str, name: str) -> dict[str, Any]:
    """It does not start by itself any more; runs that there are go on, and by hand it can be started."""
    return _switched(namespace, name, on=False)


def _switched(namespace: str, name: str, *, on: bool) -> dict[str, Any]:
    who = caller()
    who.may("operator", namespace)
    body = loaded(SwitchPipeline())
    with database().transaction() as tx:
        # Its row is what saves take: the version in force stays that until the switch is.
        if resources.hold(tx, "Pipeline", namespace, name) is None:
            raise _missing(namespace, name)
        version = triggers.in_force(tx, namespace, name)
        row = resources.at_version(tx, "Pipeline", namespace, name, version) if version is not None else None
        if row is None:
            raise Refused(409, f"{namespace}/{name} is a draft: no version of it can run, so it does not start by itself; save a valid one")
        try:
            read = starts(stored_document(row["document"]))
        except InvalidDocument as error:
            raise Refused(
                409, f"version {version} was saved under the rules of an older release, and today's refuse it; save it anew"
            ) from error
        triggers.switch(tx, namespace, name, enabled=on, recipe=read.enabled, by=who.name, reason=body.get("reason"))
        triggers.sync(tx, namespace, name, row["version"], read)
        said = triggers.said(tx, [(namespace, name)])[namespace, name]
    log.info("%s/%s was %s by %s%s", namespace, name, "enabled" if on else "disabled", who.name, f": {body['reason']}" if body else "")
    return {"namespace": namespace, "name": name, "version": row["version"], **starting(said)}


def starting(said: dict[str, Any] | None) -> dict[str, Any]:
    """Of `triggers.said`, as replies show it."""
    if said is None:
        return {"enabled": None, "switched": None}
    switched = said["switched"]
    return {"enabled": said["enabled"], "switched": {**switched, "at": stamp(switched["at"])} if switched is not None else None}


@blueprint.get("/<namespace>/<name>/triggers")
@blueprint.response(200, Triggers)
def listed(namespace: str, name: str) -> dict[str, Any]:
    """All it has, and had: those that are active first."""
    with database().transaction() as tx:
        return {"items": [_trigger(tx, namespace, row) for row in _of(tx, namespace, name)]}


@blueprint.get("/<namespace>/<name>/triggers/<trigger>/firings")
@blueprint.arguments(FiringsQuery, location="query")
@blueprint.response(200, FiringPage)
@ndjson.lines(Firing)
def firings(query: dict[str, Any], namespace: str, name: str, trigger: str) -> dict[str, Any]:
    """What it has seen, and what became of it; the newest first."""
    limit, before = query["limit"], cursors.timed(query)
    with database().transaction() as tx:
        there = {row["name"]: row["id"] for row in _of(tx, namespace, name)}
        if trigger not in there:
            has = f"there is {', '.join(sorted(there))}" if there else "it has none"
            raise Refused(404, f"{namespace}/{name} has no trigger {brief(trigger)}; {has}")
        rows = trigger_views.firings(tx, there[trigger], before, query.get("outcome"), limit + 1)
    items = [{**row, "at": stamp(row["at"])} for row in rows]
    return {"items": items[:limit], "nextCursor": cursors.following(items, limit, "at", "key")}


def _of(tx: Tx, namespace: str, name: str) -> list[dict[str, Any]]:
    caller().may("viewer", namespace)
    found = trigger_views.of_pipeline(tx, namespace, name)
    if not found and resources.current_digest(tx, "Pipeline", namespace, name) is None:
        raise _missing(namespace, name)
    return found


def _missing(namespace: str, name: str) -> Refused:
    return Refused(404, f"there is no pipeline {namespace}/{name}; apply it first")


def _trigger(tx: Tx, namespace: str, row: dict[str, Any]) -> dict[str, Any]:
    last = {key: row[f"last_{key}"] for key in ("key", "run", "outcome", "detail")} | {"at": stamp(row["last_at"])}
    return {
        "name": row["name"],
        "type": row["type"],
        "active": row["active"],
        "version": row["version"],
        "nextFireAt": _next(tx, namespace, row),
        "nextLookAt": stamp(row["look_at"]) if row["active"] else None,
        "behind": row["behind"],
        "problem": row["problem"],
        "lastFiring": last if row["last_key"] is not None else None,
    }


def _next(tx: Tx, namespace: str, row: dict[str, Any]) -> str | None:
    """The first fire time of a schedule that is not dealt with yet."""
    if row["type"] != SCHEDULE or not row["active"]:
        return None
    try:
        times = timetable(tx, namespace, row["config"]).fires(row["handled_to"])
    except BadSchedule:
        # `problem` says so.
        return None
    return stamp(next(iter(times), None))
