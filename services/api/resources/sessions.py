"""Logging in and out of the web app: a token in, a cookie out, and who somebody is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Response, current_app, g, jsonify, request

from services.api.access import session
from services.api.auth import Caller, caller, database, known, limits
from services.api.blueprint import Blueprint
from services.api.incoming import loaded
from services.api.resources.documents import stamp
from services.api.schemas.sessions import LogIn, Session
from shared.store import sessions

blueprint = Blueprint("sessions", __name__, url_prefix="/api/v1", description="Who is logged in")
_LOG_IN: dict[str, Any] = {
    "security": [{}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": LogIn}}},
}


@blueprint.post("/session")
@blueprint.doc(**_LOG_IN)
@blueprint.response(200, Session)
def log_in() -> Response:
    """Begins a session, whose cookie is in the answer; the one before it in the same browser ends."""
    # Else another page could have somebody work under its own token.
    session.check_origin()
    limits().may_try(request.remote_addr or "")
    token = loaded(LogIn())["token"].strip()
    value, end = session.new_value(), lasts()
    with database().transaction() as tx:
        who = known(tx, token)
        if (before := session.given()) is not None and (row := sessions.find(tx, before)) is not None:
            sessions.end(tx, row["session_id"])
        sessions.begin(tx, value, who.token_id, end)
        row = sessions.find(tx, value)
    assert row is not None
    g.caller = Caller.of(row)
    response = jsonify(_told(g.caller, value))
    session.keep(response, value, int(end.total_seconds()))
    return response


@blueprint.get("/session")
@blueprint.response(200, Session)
def read() -> dict[str, Any]:
    """Whose the session is, or the token; 401 where there is neither."""
    return _told(caller(), session.given())


@blueprint.delete("/session")
@blueprint.response(204)
def log_out() -> Response:
    """Ends the session. A token is not ended by it."""
    who = caller()
    if who.session is not None:
        with database().transaction() as tx:
            sessions.end(tx, who.session)
    response = Response(status=204)
    session.forget(response)
    return response


def lasts() -> timedelta:
    """From a login to its session's end."""
    found: timedelta = current_app.extensions["penstock.settings"].session_lasts
    return found


def _told(who: Caller, value: str | None) -> dict[str, Any]:
    with_cookie = who.session is not None and value is not None
    return {
        "name": who.name,
        "role": who.role,
        "namespaces": who.visible,
        "expiresAt": stamp(who.session_ends_at if with_cookie else who.expires_at),
        "csrf": session.csrf(value) if with_cookie and value is not None else None,
    }
