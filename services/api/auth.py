"""Who calls, and what they may do: bearer tokens with a role and, if they are limited to some, namespaces."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, g, request

from services.api.problems import Refused
from shared.store import tokens
from shared.store.database import Database

ROLES = ("viewer", "editor", "operator", "admin")
# Prefixes that need no token.
OPEN = ("/health/", "/metrics", "/api/docs", "/api/v1/openapi.json", "/api/v1/schemas/", "/hooks/")


@dataclass(frozen=True, slots=True)
class Caller:
    token_id: str
    name: str
    role: str
    namespaces: tuple[str, ...] | None

    def may(self, role: str, namespace: str | None = None) -> None:
        """Raises Refused(403). Each role may do all that the ones before it may."""
        if ROLES.index(self.role) < ROLES.index(role):
            raise Refused(403, f"this needs the role {role}; the token {self.name} is {self.role}")
        if namespace is not None and self.namespaces is not None and namespace not in self.namespaces:
            raise Refused(403, f"the token {self.name} may not see namespace {namespace}")

    @property
    def visible(self) -> list[str] | None:
        return list(self.namespaces) if self.namespaces is not None else None


def database() -> Database:
    found: Database = current_app.extensions["penstock.database"]
    return found


def caller() -> Caller:
    found: Caller = g.caller
    return found


def identify() -> None:
    """Before each request: 401 unless a valid token is given, or none is needed."""
    if request.method == "OPTIONS" or any(request.path.startswith(prefix) for prefix in OPEN):
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(401, "give a token: Authorization: Bearer …; the embedded default keeps one in $PENSTOCK_HOME/api.token")
    with database().transaction() as tx:
        row = tokens.find(tx, token.strip())
    if row is None:
        raise Refused(401, "this token is not known, or has been revoked, or has expired")
    g.caller = Caller(row["id"], row["name"], row["role"], tuple(row["namespaces"]) if row["namespaces"] is not None else None)
