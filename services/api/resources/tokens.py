"""Tokens: who may call. Made and revoked by admins, and none may do more than the one that made it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

from services.api import cursors, ndjson
from services.api.access import audit
from services.api.auth import Caller, caller, database
from services.api.blueprint import Blueprint
from services.api.incoming import identifier, loaded
from services.api.problems import Refused, brief
from services.api.resources.documents import stamp
from services.api.schemas.tokens import MadeToken, NewToken, Token, TokenPage, TokensQuery
from shared.store import tokens
from shared.store.database import Tx

blueprint = Blueprint("tokens", __name__, url_prefix="/api/v1", description="Who may call")
_NEW: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": NewToken}}}}


@blueprint.get("/tokens")
@blueprint.arguments(TokensQuery, location="query")
@blueprint.response(200, TokenPage)
@ndjson.lines(Token)
def page(query: dict[str, Any]) -> dict[str, Any]:
    """Newest first, without the tokens themselves. An admin of some namespaces sees those that are limited to them."""
    who, limit = caller(), query["limit"]
    who.may("admin")
    before = cursors.identified(query)
    with database().transaction() as tx:
        rows = tokens.page(tx, within=who.visible, before=before, limit=limit + 1, ended=query["ended"])
    return {"items": [_told(row) for row in rows[:limit]], "nextCursor": cursors.following(rows, limit, "id")}


@blueprint.post("/tokens")
@blueprint.doc(**_NEW)
@blueprint.response(201, MadeToken)
def create() -> Any:
    """The token is in the answer, and nowhere afterwards: only its hash is kept."""
    who = caller()
    who.may("admin")
    wanted = loaded(NewToken())
    namespaces, expires_at = wanted.get("namespaces") or who.visible, wanted.get("expiresAt") or who.expires_at
    _no_more_than(who, namespaces, expires_at)
    audit.about(None, wanted["name"])
    token = f"pst_{secrets.token_urlsafe(32)}"
    with database().transaction() as tx:
        row = tokens.create(tx, token, wanted["name"], wanted["role"], namespaces=namespaces, expires_at=expires_at, by=who.name)
    audit.about(None, row["id"])
    return {**_told(row), "token": token}, 201


@blueprint.delete("/tokens/<token>")
@blueprint.response(204)
def revoke(token: str) -> Any:
    """It is good for nothing any more, at once, and sessions that were begun with it have ended. Tokens that it made stay. A person is shut
    out until somebody lets him in again.
    """
    with database().transaction() as tx:
        row = _locked(tx, token)
        if tokens.is_last(tx, row["id"]):
            raise Refused(
                409, f"{row['name']} is the last token of an admin of all namespaces that does not expire; make another one first"
            )
        tokens.revoke(tx, row["id"])
    return "", 204


@blueprint.post("/tokens/<token>/readmit")
@blueprint.response(200, Token)
def readmit(token: str) -> Any:
    """A person who was shut out may log in again, as what the provider and PENSTOCK_OIDC_ROLES say then. A revoked token stays so."""
    with database().transaction() as tx:
        row = _locked(tx, token)
        if row["subject"] is None:
            raise Refused(409, f"{row['name']} is a token, and what was revoked stays so; make another one")
        tokens.readmit(tx, row["id"])
    return {**_told(row), "revokedAt": None}


def _locked(tx: Tx, token: str) -> dict[str, Any]:
    """The token that an admin is about to change. Raises Refused: 403, 404."""
    who = caller()
    who.may("admin")
    row = tokens.lock(tx, identifier(token, "token"), within=who.visible)
    if row is None:
        raise Refused(404, f"there is no token {brief(token)}")
    audit.about(None, f"{row['name']} {row['id']}")
    return row


def _no_more_than(who: Caller, namespaces: list[str] | None, expires_at: datetime | None) -> None:
    """A token does not make another one that may do more, or for longer. Raises Refused: 403, and 422 for one that has expired already."""
    beyond = sorted(set(namespaces or ()) - set(who.namespaces)) if who.namespaces is not None else []
    if beyond:
        raise Refused(403, f"the token {who.name} may not see {brief(', '.join(beyond))}, so it cannot make one that does")
    if who.expires_at is not None and expires_at is not None and expires_at > who.expires_at:
        raise Refused(403, f"the token {who.name} expires {stamp(who.expires_at)}, so it cannot make one that holds for longer")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Refused(422, f"expiresAt is {stamp(expires_at)}, which is over; give a time to come, or leave it out")


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "role": row["role"],
        "namespaces": row["namespaces"],
        "createdAt": stamp(row["created_at"]),
        "createdBy": row["created_by"],
        "lastUsedAt": stamp(row["last_used_at"]),
        "expiresAt": stamp(row["expires_at"]),
        "revokedAt": stamp(row["revoked_at"]),
        "issuer": row["issuer"],
        "subject": row["subject"],
    }
