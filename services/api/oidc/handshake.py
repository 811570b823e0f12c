"""What ties a login to the browser that began it, while its person is at the provider: one cookie, and nothing kept here.

`state`, `nonce` and PKCE's verifier are made from the cookie's random bits, each for itself, so that none of them gives away another
and none need be stored. The cookie is Lax: it must come with the provider's redirect, which is a navigation from another site; the
session's own cookie, which that redirect is answered with, stays Strict, since the page that is then loaded asks for all else itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta

from flask import Response, request

COOKIE = "penstock_login"
PATH = "/api/v1/session/oidc"
LASTS = timedelta(minutes=10)
_HOME = "/ui/"
# A page of ours and no other address: no second slash, no backslash that a browser takes for one, nothing that ends a header.
_PAGE = re.compile(r"/ui/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,500}")
_COOKIE = re.compile(r"([A-Za-z0-9_-]{43})\.(\d{1,12})\.([A-Za-z0-9_-]*)")


@dataclass(frozen=True, slots=True)
class Handshake:
    """`begun_s`: since 1970. `after`: the page to go to."""

    bits: str
    begun_s: int
    after: str

    @staticmethod
    def begin(now_s: float, after: str) -> Handshake:
        return Handshake(secrets.token_urlsafe(32), int(now_s), after if _PAGE.fullmatch(after) else _HOME)

    @staticmethod
    def read(cookie: str, now_s: float) -> Handshake | None:
        """None of one that is none, or is over."""
        found = _COOKIE.fullmatch(cookie)
        if found is None or not 0 <= now_s - int(found[2]) <= LASTS.total_seconds():
            return None
        try:
            after = base64.urlsafe_b64decode(found[3] + "=" * (-len(found[3]) % 4)).decode()
        except ValueError:
            return None
        return Handshake(found[1], int(found[2]), after if _PAGE.fullmatch(after) else _HOME)

    @property
    def cookie(self) -> str:
        return f"{self.bits}.{self.begun_s}.{base64.urlsafe_b64encode(self.after.encode()).decode().rstrip('=')}"

    @property
    def state(self) -> str:
        return self._made("state")

    @property
    def nonce(self) -> str:
        return self._made("nonce")

    @property
    def verifier(self) -> str:
        """64 signs that RFC 7636 allows."""
        return self._made("verifier")

    def is_answered_by(self, state: str) -> bool:
        return hmac.compare_digest(state.encode("utf-8", "replace"), self.state.encode())

    def _made(self, what: str) -> str:
        return hmac.new(self.bits.encode(), f"penstock {what} {self.begun_s} {self.after}".encode(), hashlib.sha256).hexdigest()


def given(now_s: float) -> Handshake | None:
    return Handshake.read(request.cookies.get(COOKIE, ""), now_s)


def keep(response: Response, begun: Handshake) -> None:
    response.set_cookie(
        COOKIE, begun.cookie, max_age=LASTS, path=PATH, httponly=True, samesite="Lax", secure=request.is_secure
    )  # fmt: skip


def forget(response: Response) -> None:
    response.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="Lax", secure=request.is_secure)
