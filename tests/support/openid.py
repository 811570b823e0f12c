"""An OpenID provider in a thread: discovery, the authorization code flow with PKCE, and ID tokens that a test may spoil."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.support import json_server
from tests.support.json_server import JsonHandler

# Made once: that takes longer than all else here.
_KEYS = cache(lambda number: RSAKey.generate_key(2048, {"kid": f"k{number}", "use": "sig", "alg": "RS256"}))
CLIENT, SECRET = "penstock", "c1ient+secret/="


class OpenId(ThreadingHTTPServer):
    """`person`: who is at the browser. `spoil`: what becomes of the claims of the next ID tokens; `sign`: of their signing. `down`: answers
    503. `asked`: the paths of all calls.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.redirect_uri = ""
        self.person: dict[str, Any] = {"sub": "u-1", "preferred_username": "ann", "groups": ["data"]}
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = dict
        self.sign: Callable[[dict[str, Any]], str] = self.signed
        self.document: dict[str, Any] = {}
        self.down = False
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self.number = 0

    @property
    def key(self) -> RSAKey:
        return _KEYS(self.number)

    def renew(self) -> None:
        """Signs with another key from now on."""
        self.number += 1

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    def visited(self, address: str) -> str:
        """Where the browser of `person` is sent back to. `address`: as Penstock sends it here."""
        answer = httpx.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


class _Handler(JsonHandler):
    server: OpenId

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.server.asked.append(url.path)
        here = self.server.issuer
        if self.server.down:
            self.answer(503, {})
        elif url.path == "/.well-known/openid-configuration":
            endpoints = {"authorization_endpoint": f"{here}/authorize", "token_endpoint": f"{here}/token", "jwks_uri": f"{here}/keys"}
            self.answer(200, {"issuer": here, **endpoints, **self.server.document})
        elif url.path == "/keys":
            self.answer(200, {"keys": [{"kty": "unheard-of"}, self.server.key.as_dict(private=False)]})
        else:
            self._authorize({name: values[0] for name, values in parse_qs(url.query).items()})

    def _authorize(self, asked: dict[str, str]) -> None:
        right = {"client_id": CLIENT, "response_type": "code", "redirect_uri": self.server.redirect_uri, "code_challenge_method": "S256"}
        wrong = {name for name, value in right.items() if asked.get(name) != value}
        if wrong or "openid" not in asked["scope"].split() or not all(asked.get(name) for name in ("state", "nonce", "code_challenge")):
            self.answer(400, {"error": "invalid_request", "wrong": sorted(wrong)})
            return
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.server.issuer})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{back}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        said = {name: values[0] for name, values in body.items()}
        who = base64.b64decode(self.headers.get("Authorization", "").removeprefix("Basic ")).decode()
        asked = self.server.codes.pop(said.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(said.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
        if who != f"{CLIENT}:{SECRET}":
            self.answer(401, {"error": "invalid_client"})
        elif asked is None or proof != asked["code_challenge"] or said.get("redirect_uri") != asked["redirect_uri"]:
            self.answer(400, {"error": "invalid_grant"})
        else:
            now = int(time.time())
            times = {"iat": now, "exp": now + 300}
            claims = {"iss": self.server.issuer, "aud": CLIENT, "nonce": asked["nonce"], **times, **self.server.person}
            token = self.server.sign(self.server.spoil(claims))
            self.answer(200, {"access_token": secrets.token_hex(8), "token_type": "Bearer", "id_token": token})


def serving() -> AbstractContextManager[OpenId]:
    return json_server.serving(OpenId())
