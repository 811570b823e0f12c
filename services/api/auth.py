"""Who calls, and what they may do: a bearer token, or the session of somebody who logged in with one; its role and, if it is limited to
some, namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app, g, request
from werkzeug.exceptions import MethodNotAllowed

from services.api.access import audit, session
from services.api.access.rate import Limits
from services.api.problems import Refused
from shared.store import sessions, tokens
from shared.store.database import Database, Tx

ROLES = ("viewer", "editor", "operator", "admin")
# Needs one only if the operator says so.
METRICS = "/metrics"
# Prefixes that need no token. The web app's own files are the same for everybody.
OPEN = ("/health/", "/api/docs", "/api/v1/openapi.json", "/api/v1/schemas/", "/hooks/", "/ui/")
OPEN_EXACTLY = {
    ("GET", "/"),
    ("GET", "/ui"),
    ("GET", "/favicon.ico"),
    ("POST", "/api/v1/session"),
    ("GET", "/api/v1/logins"),
    ("GET", "/api/v1/session/oidc"),
    ("GET", "/api/v1/session/oidc/callback"),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """`expires_at`: the token's; None: never. `session`: the id of the session that the call was made with, `session_ends_at` its end."""

    token_id: str
    name: str
    role: str
    namespaces: tuple[str, ...] | None
    expires_at: datetime | None = None
    session: str | None = None
    session_ends_at: datetime | None = None

    @staticmethod
    def of(row: Mapping[str, Any]) -> Caller:
        """From a row of `shared.store.tokens` or `sessions`."""
        return Caller(
            row["id"],
            row["name"],
            row["role"],
            tuple(row["namespaces"]) if row["namespaces"] is not None else None,
            row["expires_at"],
            row.get("session_id"),
            row.get("session_ends_at"),
        )

    def may(self, role: str, namespace: str | None = None) -> None:
        """`namespace`: as the caller names it, whether there is anything or not. Raises Refused(403). Each role may do all that the ones
        before it may.
        """
        if namespace is not None and role != ROLES[0]:
            audit.concerns(namespace)
        if ROLES.index(self.role) < ROLES.index(role):
            raise Refused(403, f"this needs the role {role}; the token {self.name} is {self.role}")
        if namespace is not None and not self.sees(namespace):
            raise Refused(403, f"the token {self.name} may not see namespace {namespace}")

    def met(self, role: str, row: dict[str, Any] | None, called: str) -> dict[str, Any]:
        """The row of a thing that was asked for by its id: `row`, if there is one in a namespace that may be seen. What is elsewhere is as
        good as not there, so that an id tells nothing of others. Raises Refused: 403 for the role, whatever the id; else 404.
        """
        if row is not None and role != ROLES[0]:
            audit.concerns(row["namespace"])
        self.may(role)
        if row is None or not self.sees(row["namespace"]):
            raise Refused(404, f"there is no {called}")
        return row

    def sees(self, namespace: str) -> bool:
        return self.namespaces is None or namespace in self.namespaces

    @property
    def visible(self) -> list[str] | None:
        return list(self.namespaces) if self.namespaces is not None else None


def database() -> Database:
    found: Database = current_app.extensions["penstock.database"]
    return found


def limits() -> Limits:
    found: Limits = current_app.extensions["penstock.limits"]
    return found


def caller() -> Caller:
    found: Caller = g.caller
    return found


def identify() -> None:
    """Before each request: 401 unless a valid token or session is given, or none is needed. A token counts for more than a cookie: no
    other site can make a browser send one.
    """
    if request.method == "OPTIONS" or (request.method, request.path) in OPEN_EXACTLY or request.path.startswith(OPEN):
        return
    if isinstance(request.routing_exception, MethodNotAllowed):
        # What can be done to an address, anybody is told by OPTIONS; that this cannot be is the answer, whoever asks.
        return
    if request.path == METRICS and current_app.extensions["penstock.settings"].metrics != "token":
        return
    _identify()
    if request.path == METRICS and g.caller.namespaces is not None:
        raise Refused(403, f"metrics are of every namespace, and the token {g.caller.name} may see {', '.join(g.caller.namespaces)}")


def _identify() -> None:
    if "Authorization" not in request.headers and (value := session.given()) is not None:
        with database().transaction(of_one=True) as tx:
            row = sessions.find(tx, value)
            if row is None:
                raise Refused(401, "this session has ended, or its token has been revoked or has expired; log in again")
            g.caller = used(tx, row)
        session.check_call(value)
        limits().call(g.caller.token_id)
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(401, "give a token: Authorization: Bearer …; the embedded default keeps one in $PENSTOCK_HOME/api.token")
    with database().transaction(of_one=True) as tx:
        g.caller = known(tx, token.strip())
    limits().call(g.caller.token_id)


def known(tx: Tx, token: str) -> Caller:
    """Who has that token, which counts as used. Raises Refused(401)."""
    row = tokens.find(tx, token)
    if row is None:
        limits().failed(request.remote_addr or "")
        raise Refused(401, "this token is not known, or has been revoked, or has expired")
    return used(tx, row)


def used(tx: Tx, row: Mapping[str, Any]) -> Caller:
    if row["unmarked"]:
        tokens.used(tx, row["id"])
    return Caller.of(row)
