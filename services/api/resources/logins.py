"""Logging in to the web app at an OpenID provider: sent there, come back, and then the same session as with a token.

Both calls are navigations of a browser, so a person who is not let in is sent to the login page with the reason as a word.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, g, request
from marshmallow import EXCLUDE

from services.api.access import audit, session
from services.api.auth import Caller, database, limits, used
from services.api.blueprint import Blueprint
from services.api.oidc import handshake
from services.api.oidc.provider import NotVouchedFor, Provider, ProviderUnavailable
from services.api.oidc.roles import granted
from services.api.problems import Refused, brief
from services.api.resources.sessions import lasts
from services.api.schemas.logins import Begin, ComeBack, Logins
from shared.store import sessions, tokens

log = logging.getLogger(__name__)

blueprint = Blueprint("logins", __name__, url_prefix="/api/v1", description="Ways in to the web app")
_OPEN: dict[str, Any] = {"security": []}
# By the word that the login page is told; the status is the audit log's.
EXPIRED, FAILED, NOBODY, SHUT_OUT, AWAY = "expired", "failed", "nobody", "shut-out", "away"
_STATUSES = {EXPIRED: 401, FAILED: 401, NOBODY: 403, SHUT_OUT: 403}
_LONGEST_NAME = 100


@blueprint.get("/logins")
@blueprint.doc(**_OPEN)
@blueprint.response(200, Logins)
def ways() -> dict[str, Any]:
    """How one can log in to the web app."""
    provider: Provider | None = current_app.extensions["penstock.oidc"]
    elsewhere = {"label": provider.registration.label, "address": handshake.PATH} if provider is not None else None
    return {"token": True, "oidc": elsewhere}


@blueprint.get("/session/oidc")
@blueprint.doc(**_OPEN)
@blueprint.arguments(Begin, location="query")
@blueprint.response(302, description="To the provider; or to the login page with ?login=away where it does not answer")
def begin(query: dict[str, Any]) -> Any:
    """For browsers: begins a login at the provider."""
    provider = _provider()
    limits().may_try(request.remote_addr or "")
    begun = handshake.Handshake.begin(time.time(), query["after"])
    try:
        response = _sent_to(provider.address(begun.state, begun.nonce, begun.verifier))
    except ProviderUnavailable as error:
        log.warning("nobody can log in by OpenID: %s", error.message)
        return _to_login(AWAY)
    handshake.keep(response, begun)
    return response


@blueprint.get("/session/oidc/callback")
@blueprint.doc(**_OPEN)
# A provider may add words of its own (RFC 6749, section 4.1.2).
@blueprint.arguments(ComeBack, location="query", unknown=EXCLUDE)
@blueprint.response(
    302, description="To the page that was asked for, with the cookie of a session; or to the login page with ?login=why not"
)
def come_back(query: dict[str, Any]) -> Any:
    """For browsers, which the provider sends here: ends a login that was begun in the same browser."""
    provider = _provider()
    limits().may_try(request.remote_addr or "")
    begun = handshake.given(time.time())
    if begun is None or not begun.is_answered_by(query["state"]):
        return _refused(EXPIRED, "the login was not begun in this browser, or too long ago")
    if query["error"] or not query["code"] or query["iss"] not in {None, provider.registration.issuer}:
        return _refused(FAILED, f"the provider says {brief(query['error'])!r}")
    try:
        claims = provider.claims(query["code"], begun.verifier, begun.nonce)
    except NotVouchedFor as error:
        return _refused(FAILED, error.message)
    except ProviderUnavailable as error:
        log.warning("a login by OpenID failed: %s", error.message)
        return _to_login(AWAY)
    return _let_in(provider, claims, begun.after)


def _let_in(provider: Provider, claims: Mapping[str, Any], after: str) -> Response:
    name = _name(claims)
    audit.about(None, f"{name} {claims['sub']}")
    rule = granted(provider.registration.rules, claims)
    if rule is None:
        return _refused(NOBODY, f"no rule of PENSTOCK_OIDC_ROLES fits {name} ({claims['sub']})")
    value, end = session.new_value(), lasts()
    with database().transaction() as tx:
        row = tokens.person(tx, provider.registration.issuer, claims["sub"], name, rule.role, rule.namespaces)
        if row is None:
            return _refused(SHUT_OUT, f"{name} ({claims['sub']}) was shut out here")
        who = used(tx, row)
        sessions.begin(tx, value, who.token_id, end)
        found = sessions.find(tx, value)
    assert found is not None
    g.caller = Caller.of(found)
    response = _sent_to(after)
    handshake.forget(response)
    session.keep(response, value, int(end.total_seconds()))
    return response


def _name(claims: Mapping[str, Any]) -> str:
    """For lists and the audit log, as a token's: one line. Who somebody is says the subject, not this."""
    for claim in ("preferred_username", "email", "name"):
        said = claims.get(claim)
        if isinstance(said, str) and (name := "".join(letter for letter in said if letter.isprintable()).strip()[:_LONGEST_NAME]):
            return name
    return str(claims["sub"])[:_LONGEST_NAME]


def _provider() -> Provider:
    found: Provider | None = current_app.extensions["penstock.oidc"]
    if found is None:
        raise Refused(404, "no OpenID provider is set up here (PENSTOCK_OIDC_ISSUER); log in with a token")
    return found


def _refused(why: str, detail: str) -> Response:
    """Counts like a token that is none. Raises Refused(429) where it is one too many."""
    limits().failed(request.remote_addr or "")
    log.info("a login by OpenID was refused: %s", detail)
    audit.refused(_STATUSES[why])
    return _to_login(why)


def _sent_to(address: str) -> Response:
    return Response(status=302, headers={"Location": address})


def _to_login(why: str) -> Response:
    response = _sent_to(f"/ui/?login={why}")
    handshake.forget(response)
    return response
