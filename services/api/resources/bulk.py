"""Many runs at once, by id or by query: cancelled, asked for again, labelled. All in one transaction, each run judged by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response
from marshmallow import Schema

from services.api import cursors
from services.api.access import audit
from services.api.auth import caller
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, loaded
from services.api.once import accepted
from services.api.resources.retries import restart_as
from services.api.resources.runs import chosen
from services.api.schemas.fields import MAX_PAGE
from services.api.schemas.runs import MOST_LABELS, ChangedRuns, ChosenRuns, LabelRuns, RetryRuns
from shared.dispatch import results
from shared.runs.restart import CannotRestart
from shared.runs.states import RUN_FINAL
from shared.store import run_views, runs
from shared.store.database import Tx
from shared.store.runs import LockedRun

blueprint = Blueprint("bulk", __name__, url_prefix="/api/v1/runs", description="Many runs at once")

# Changes a run whose row is held, and says why it did not, or None.
Change = Callable[[Tx, LockedRun], str | None]


def _body(schema: type[Schema]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


@blueprint.post("/cancel")
@blueprint.doc(**_body(ChosenRuns))
@blueprint.response(202, ChangedRuns)
def cancel() -> Response:
    """Stops those that have not ended."""

    def change(tx: Tx, run: LockedRun) -> str | None:
        if run.status in RUN_FINAL:
            return "it has ended"
        results.cancel_run(tx, run, "cancelled")
        return None

    return _changed(ChosenRuns(), "operator", lambda _: change)


@blueprint.post("/retry")
@blueprint.doc(**_body(RetryRuns))
@blueprint.response(202, ChangedRuns)
def retry() -> Response:
    """Puts those that have ended into the queue again, as POST /runs/{id}/retry does with one."""

    def changing(body: dict[str, Any]) -> Change:
        def change(tx: Tx, run: LockedRun) -> str | None:
            try:
                with tx.transaction():
                    restart_as(tx, run, body)
            except CannotRestart as refused:
                return refused.message
            return None

        return change

    return _changed(RetryRuns(), "operator", changing)


@blueprint.post("/label")
@blueprint.doc(**_body(LabelRuns))
@blueprint.response(202, ChangedRuns)
def label() -> Response:
    """Sets and removes labels. The same once more changes nothing."""

    def changing(body: dict[str, Any]) -> Change:
        def change(tx: Tx, run: LockedRun) -> str | None:
            kept = runs.label(tx, run, body.get("set") or {}, body.get("remove") or (), most=MOST_LABELS)
            return None if kept else f"it would have more than {MOST_LABELS} labels; remove some"

        return change

    return _changed(LabelRuns(), "editor", changing)


def _changed(schema: Schema, role: str, changing: Callable[[dict[str, Any]], Change]) -> Response:
    caller().may(role)
    body = loaded(schema)
    change = changing(body)

    def start(tx: Tx) -> tuple[Any, str | None]:
        if "ids" in body:
            named, following = dict.fromkeys(identifier(text, "run") for text in body["ids"]), None
        else:
            rows = run_views.page(tx, chosen(body["query"]), before=cursors.identified(body), limit=MAX_PAGE + 1)
            named, following = dict.fromkeys(row["id"] for row in rows[:MAX_PAGE]), cursors.following(rows, MAX_PAGE, "id")
        # In one order, whoever asks: two that change the same runs wait for one another, and not in a ring.
        done = {run: _one(tx, run, change) for run in sorted(named)}
        items = [done[run] for run in named]
        count = sum(one["done"] for one in items)
        return {"items": items, "done": count, "refused": len(items) - count, "nextCursor": following}, None

    return accepted(start)


def _one(tx: Tx, run: str, change: Change) -> dict[str, Any]:
    locked = runs.lock(tx, run)
    visible = caller().visible
    if locked is None or (visible is not None and locked.namespace not in visible):
        return {"run": run, "done": False, "status": None, "detail": f"there is no run {run}"}
    why = change(tx, locked)
    if why is None:
        runs.save(tx, locked)
        audit.about(locked.namespace, f"run/{run}")
    return {"run": run, "done": why is None, "status": locked.status.value, "detail": why}
