"""Notifications: what people were told, or will be; sent again; and a test message through every way that a pipeline names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Response

from services.api import cursors, ndjson
from services.api.auth import caller, database
from services.api.blueprint import Blueprint
from services.api.filters import of_pipeline
from services.api.incoming import identifier, nothing
from services.api.once import accepted
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.resources.looking import NO_BODY
from services.api.schemas.notifications import Notification, NotificationInFull, NotificationPage, NotificationsQuery, Tested
from shared.notifications.events import test_facts
from shared.notifications.messages import message
from shared.notifications.wanted import wishes
from shared.process import settings
from shared.store import notifications, resources
from shared.store.database import Tx
from shared.store.identifiers import new_id
from shared.store.notifications import Note

blueprint = Blueprint("notifications", __name__, url_prefix="/api/v1", description="Who was told of what")


@blueprint.get("/notifications")
@blueprint.arguments(NotificationsQuery, location="query")
@blueprint.response(200, NotificationPage)
@ndjson.lines(Notification)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first."""
    limit, before = query["limit"], cursors.identified(query)
    namespace, pipeline = of_pipeline(query)
    with database().transaction() as tx:
        rows = notifications.page(
            tx,
            before=before,
            limit=limit + 1,
            namespaces=caller().visible,
            namespace=namespace,
            pipeline=pipeline,
            run=identifier(query["run"], "run") if "run" in query else None,
            state=query.get("state"),
            event=query.get("event"),
        )
    return {"items": [told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


@blueprint.get("/notifications/<notification>")
@blueprint.response(200, NotificationInFull)
def read(notification: str) -> dict[str, Any]:
    """With each try to send it."""
    with database().transaction() as tx:
        row = _found(tx, notification, "viewer")
        tries = notifications.tries_of(tx, row["id"])
    return {**told(row), "attempts": [{**one, "at": stamp(one["at"])} for one in tries]}


@blueprint.post("/notifications/<notification>/resend")
@blueprint.doc(**NO_BODY)
@blueprint.response(202, Notification)
def resend(notification: str) -> Response:
    """Sends it again, under the id that it has: a receiver knows it. 409 while it is on its way."""
    nothing()

    def again(tx: Tx) -> tuple[Any, str]:
        row = _found(tx, notification, "operator")
        if row["body"] is None and row["state"] == "held":
            worded = message(row["type"], row["facts"], row["template"])
            notifications.word(tx, row["id"], worded.subject, worded.text)
        if not notifications.resend(tx, row["id"]):
            raise Refused(409, f"notification {row['id']} is {row['state']}, so it will be sent without asking; wait for its end")
        return told(_found(tx, notification, "viewer")), f"/api/v1/notifications/{row['id']}"

    return accepted(again)


@blueprint.post("/pipelines/<namespace>/<name>/notifications/test")
@blueprint.doc(**NO_BODY)
@blueprint.response(202, Tested)
def test(namespace: str, name: str) -> Response:
    """Sends a test message through each way that the newest version names, whatever it is to tell of."""
    nothing()

    def ask(tx: Tx) -> tuple[Any, str]:
        who = caller()
        who.may("operator", namespace)
        row = resources.current(tx, "Pipeline", namespace, name)
        if row is None:
            raise Refused(404, f"there is no pipeline {brief(f'{namespace}/{name}')}")
        if not row["valid"]:
            raise Refused(409, f"the newest version of {namespace}/{name} is a draft with errors; correct it first")
        wanted = wishes(row["document"], mail=settings.mail() is not None).wishes
        if not wanted:
            raise Refused(409, f"pipeline {namespace}/{name} tells nobody anything; give it notifications, or contacts")
        public = settings.public_url()
        link = f"{public}/api/v1/pipelines/{namespace}/{name}" if public else None
        about, facts = f"test/{new_id()}", test_facts(namespace, name, who.name, link)
        made = [
            notifications.add(tx, Note(namespace, name, None, "test", about, wish.type, wish.target, wish.way, facts, who.name))
            for wish in wanted
        ]
        # Two entries may go the same way.
        return {"items": [told(_found(tx, one, "viewer")) for one in made if one]}, f"/api/v1/notifications?pipeline={namespace}/{name}"

    return accepted(ask)


def _found(tx: Tx, text: str, role: str) -> dict[str, Any]:
    return caller().met(role, notifications.one(tx, identifier(text, "notification")), f"notification {brief(text)}")


def told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "pipeline": {"namespace": row["namespace"], "name": row["pipeline"]},
        "run": row["run_id"],
        "event": row["event"],
        "type": row["type"],
        "target": _target(row["target"]),
        "state": row["state"],
        "held": row["held"],
        "toldIn": row["told_in"],
        "tries": row["tries"],
        "nextTryAt": stamp(row["retry_at"]) if row["state"] == "pending" else None,
        "error": row["error"],
        "subject": row["subject"],
        "text": row["body"],
        "createdAt": stamp(row["created_at"]),
        "createdBy": row["created_by"],
        "sentAt": stamp(row["sent_at"]),
    }


def _target(said: dict[str, Any]) -> dict[str, Any]:
    url = said.get("url")
    return {
        "connector": said.get("connector"),
        "url": url if url is None or "{{" in url else _host(url),
        "channel": said.get("channel"),
        "to": [_address(one) for one in said["to"]] if said.get("to") else None,
    }


def _host(url: str) -> str:
    """Of many services the path is the secret."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "…"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _address(text: str) -> str:
    name, _, host = text.rpartition("@")
    return f"{name[:1]}***@{host}"
