"""Whether a delivery comes from who it should, and whether it is the same as another. Pure: headers, body, secret and clock come in.

| scheme | headers | the same delivery |
|---|---|---|
| token | Authorization: Bearer | with the same Idempotency-Key |
| HMAC, Standard Webhooks | webhook-id, webhook-timestamp, webhook-signature | with the same webhook-id |
| HMAC, plain | X-Penstock-Timestamp, X-Penstock-Signature | with the same Idempotency-Key; without it the same signature is a replay |
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from shared.secrets import signing

# PostgreSQL indexes the key.
LONGEST_KEY = 255


class NotLetIn(Exception):
    """401. The sentence says what is missing or wrong, never what would have been right."""


class BadKey(Exception):
    """422."""


@dataclass(frozen=True, slots=True)
class Sent:
    """`key`: what makes it the same as another; None: nothing does. `signature`: what nobody may send again."""

    key: str | None
    signature: str | None = None


def check(scheme: str, secret: str, headers: Mapping[str, str], body: bytes, *, now_s: float, window_s: float) -> Sent:
    """`headers`: by their names in small letters. Raises NotLetIn, BadKey."""
    if scheme == "token":
        _check_token(secret, headers)
        return Sent(_own_key(headers))
    if "webhook-id" in headers or "webhook-signature" in headers:
        return _standard(secret, headers.get("webhook-id", ""), headers, body, now_s, window_s)
    return _plain(secret, headers, body, now_s, window_s)


def _check_token(secret: str, headers: Mapping[str, str]) -> None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        raise NotLetIn("this hook takes a token: Authorization: Bearer …")
    if not hmac.compare_digest(token.strip().encode("utf-8", "replace"), secret.encode()):
        raise NotLetIn("this is not the hook's token")


def _standard(secret: str, identity: str, headers: Mapping[str, str], body: bytes, now_s: float, window_s: float) -> Sent:
    at = _time(headers.get("webhook-timestamp", ""), "webhook-timestamp", now_s, window_s)
    if not identity:
        raise NotLetIn("webhook-id is missing, which the signature is made with")
    if not signing.is_signed(secret, identity, at, body, headers.get("webhook-signature", "")):
        raise NotLetIn("webhook-signature does not fit this body, time and id")
    if identity.isdigit():
        # What was signed, `{id}.{time}.{body}`, is then signed as a plain delivery, too: of that time, with the body `{time}.{body}`.
        raise BadKey("webhook-id is a number, which could be taken for a time; put a letter before it")
    return Sent(_key("id", identity, "webhook-id"))


def _plain(secret: str, headers: Mapping[str, str], body: bytes, now_s: float, window_s: float) -> Sent:
    signature = headers.get("x-penstock-signature", "")
    if not signature:
        raise NotLetIn(
            "this hook takes signed deliveries: webhook-id, webhook-timestamp and webhook-signature, or X-Penstock-Timestamp and"
            " X-Penstock-Signature"
        )
    at = _time(headers.get("x-penstock-timestamp", ""), "X-Penstock-Timestamp", now_s, window_s)
    if not signing.is_signed_plainly(secret, at, body, signature):
        raise NotLetIn("X-Penstock-Signature does not fit this body and time")
    # What was signed, not how it was written down.
    return Sent(_own_key(headers), hashlib.sha256(signing.sign_plain(secret, at, body).encode()).hexdigest())


def _time(said: str, name: str, now_s: float, window_s: float) -> int:
    if not said.strip().isascii() or not said.strip().isdigit() or len(said) > 15:
        raise NotLetIn(f"{name} must be whole seconds since 1970")
    if abs(now_s - int(said)) > window_s:
        raise NotLetIn(f"{name} is more than {window_s:g} seconds from now; sign each delivery when it is sent")
    return int(said)


def _own_key(headers: Mapping[str, str]) -> str | None:
    return _key("key", headers.get("idempotency-key", ""), "Idempotency-Key") if "idempotency-key" in headers else None


def _key(kind: str, said: str, name: str) -> str:
    if not 0 < len(said) <= LONGEST_KEY:
        raise BadKey(f"{name} has {len(said)} characters; give it from 1 to {LONGEST_KEY}, such as a UUID")
    return f"{kind}:{said}"
