"""The web app's session: a cookie that scripts cannot read, and what a call with it must show so that no other site can make it.

A browser sends the cookie by itself, whoever made it call. So what changes anything also needs the header X-CSRF-Token, whose value only
our own pages are told, and nothing is done for a page of another origin.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, request

from services.api.problems import Refused, brief
from shared.process import settings

COOKIE = "penstock_session"
_HEADER = "X-CSRF-Token"
_CHANGE_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


def new_value() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def csrf(value: str) -> str:
    """What belongs to a session's cookie: made from it, so it is stored nowhere, and the cookie cannot be had back from it."""
    return hmac.new(value.encode(), b"penstock csrf", hashlib.sha256).hexdigest()


def given() -> str | None:
    return request.cookies.get(COOKIE) or None


def check_origin() -> None:
    """Raises Refused(403) for a page of another host. Who says no origin is no page, or one of ours."""
    origin = request.headers.get("Origin")
    if origin is not None and _host(origin) not in {request.host, _host(settings.public_url() or "")} - {""}:
        raise Refused(
            403,
            f"this call comes from a page of {brief(origin)}, and the session is of {request.host}; set PENSTOCK_PUBLIC_URL if both are one"
            " behind a proxy, or call with a token",
        )


def check_call(value: str) -> None:
    """A call that has nothing but the cookie. Raises Refused(403)."""
    check_origin()
    if request.method in _CHANGE_NOTHING:
        return
    shown = request.headers.get(_HEADER, "")
    if not hmac.compare_digest(shown.encode("utf-8", "replace"), csrf(value).encode()):
        wrong = "is not this session's" if shown else "is missing"
        raise Refused(403, f"{_HEADER} {wrong}; with a session, what changes anything needs the csrf that GET /api/v1/session gives")


def keep(response: Response, value: str, lasts_s: int) -> None:
    """Over https the cookie is sent over nothing else. Behind a proxy that is what X-Forwarded-Proto says, from whom gunicorn takes it."""
    response.set_cookie(COOKIE, value, max_age=lasts_s, path="/", httponly=True, samesite="Strict", secure=request.is_secure)


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="Strict", secure=request.is_secure)


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""
